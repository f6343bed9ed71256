package engine

import (
	"slices"

	"oktastream/rules/event"
	"oktastream/rules/window"
)

// fire turns firings into alerts. ev is the event at hand; a firing that was held back brings its own.
func (t *Task) fire(rule int, group []string, fired []window.Firing, ev *event.Event, out *Output) {
	for _, f := range fired {
		trigger := ev
		if f.Trigger != "" {
			if m, err := DecodeMessage([]byte(f.Trigger)); err == nil && m.Observation != nil {
				if held, err := t.held.Decode(m.Observation.Event, m.Observation.meta()); err == nil {
					trigger = held
				}
			}
		}
		a := t.build.episode(rule, group, f, trigger)
		t.history(rule, &a)
		if f.Settled {
			t.forward.alert(rule, &a, trigger, out)
			continue
		}
		if !t.set.Rules()[rule].Silent {
			out.Alerts = append(out.Alerts, a)
			t.stats[rule].Alerts++
		}
	}
}

// evict gives up windows while the budget is exceeded, and says so once an hour of event time and rule. The rule that
// holds most, at whatever level, loses its oldest window.
func (t *Task) evict(at int64, out *Output) {
	for t.opts.StateBudget > 0 {
		bytes := 0
		for _, x := range t.txns {
			bytes += x.Bytes()
		}
		if bytes <= t.opts.StateBudget {
			return
		}
		txn := t.txns[0] // the largest, which takes a look at all rules
		for _, x := range t.txns {
			if x.Largest() > txn.Largest() {
				txn = x
			}
		}
		id, w, ok := txn.Evict()
		if !ok {
			return
		}
		head, _ := w.Head()
		group := slices.Clone(head.Group)
		rule, alive := t.byState[head.Rule]
		txn.Delete(id)
		if !alive {
			continue
		}
		t.stats[rule].Evicted++
		hour := at / int64(3600e9)
		ruleID := t.set.Rules()[rule].ID
		if t.now.evicted[ruleID] < hour+1 {
			t.now.evicted[ruleID] = hour + 1
			out.Alerts = append(out.Alerts, t.build.evicted(rule, group, hour, at))
		}
	}
}
