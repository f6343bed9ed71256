package engine

import (
	"fmt"
	"maps"
	"time"

	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/window"
)

// A clock that stands in the future makes everything late until then. Since the workers measure event times by their own
// wall clock no source can move one there; an earlier version let it happen, and checkpoints keep it. Every message
// therefore comes with a limit, which no clock of its time can have passed: what stands beyond is taken back, as part of
// handling the message, so that it is committed, repeated and replayed like everything else.

// clockSlack is how much later than it was written a message may come behind one that was written after it: by workers
// whose clocks differ, and over brokers that take their time.
const clockSlack = time.Minute

// LimitAt is the limit of a message that was written at an instant by the wall clock of its worker, see Message.Limit; skew
// is how far workers believe events that lie ahead of them. An instant that is no plausible one gives no limit.
func LimitAt(written int64, skew time.Duration) int64 {
	if !event.Plausible(written, 0, 0) {
		return 0
	}
	return written + int64(skew+clockSlack)
}

// heal takes back what stands beyond limit, and says so for each clock that did.
func (t *Task) heal(limit int64, out *Output) {
	if limit <= 0 {
		return
	}
	for level := range t.now.books {
		b := &t.now.books[level]
		was := b.now
		if !b.heal(limit) {
			continue
		}
		// What was learnt by that clock is as wrong.
		maps.DeleteFunc(t.now.since, func(_ [16]byte, at int64) bool { return at > limit })
		maps.DeleteFunc(t.now.evicted, func(_ string, hour int64) bool { return hour-1 > limit/int64(time.Hour) })
		out.Alerts = append(out.Alerts, t.build.healed(level, was, limit))
	}
}

// heal forgets the sources that stand beyond limit if the clock does, and reports whether it did. The clock then stands
// where the others are, or nowhere until their workers have spoken, which they do every second.
func (b *clockBook) heal(limit int64) bool {
	if b.now <= limit {
		return false
	}
	b.drop(limit)
	b.now = window.NoClock
	if now, ok := b.combined(); ok {
		b.now = now
	}
	return true
}

// drop forgets the sources that stand beyond limit.
func (b *clockBook) drop(limit int64) {
	maps.DeleteFunc(b.sources, func(_ sourceKey, s bookedClock) bool { return s.Max > limit })
}

// healedRule is the rule id of operator alerts about clocks that were taken back.
const healedRule = "oktastream.clock-ahead"

// healed is the operator alert about a clock that was taken back.
func (b *builder) healed(level int, was, limit int64) alert.Alert {
	at := instant(limit)
	return alert.Alert{
		Schema: alert.Schema, ID: alert.StatelessID(b.opts.Org, healedRule, fmt.Sprintf("%d/%d/%d", level, was, limit/int64(time.Hour))),
		Revision: 1, Status: alert.Create, Kind: "operator", Time: at, Org: b.opts.Org, FirstSeen: at, LastSeen: at, Count: 1,
		Rule:     alert.Rule{ID: healedRule, Name: "clock_ahead", Title: "Clock taken back", Kind: "single", Language: "none"},
		Severity: alert.High, RiskScore: 73,
		Title:    "Clock taken back from " + instant(was).Format(time.RFC3339),
		Reason:   fmt.Sprintf("the clock of a task stood at %s, where no event can have brought it by %s: whatever came since it was set was late", instant(was).Format(time.RFC3339), at.Format(time.RFC3339)),
		Triage:   "Find out whose clock is wrong: oktastream_event_times_assumed_total names the sources. Evaluate the time in question with `oktastream eval`.",
		Evidence: alert.Evidence{Events: []alert.EvidenceEvent{}, EventIDs: []string{}},
		Engine:   alert.Engine{Version: b.opts.Version, RuleSet: b.set.Fingerprint()},
	}
}
