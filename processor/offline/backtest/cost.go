package backtest

import (
	"context"
	"math"
	"slices"
	"time"

	"oktastream/processor/offline"
	"oktastream/rules"
	"oktastream/rules/alert"
)

// Cost is what a rule costs beyond what all rules share. It is measured by evaluating the rule alone, with the rules
// whose alerts it observes, over the events that meet one of their conditions: the first sample of them, in order of
// time. What finding the rules for an event costs is shared, stands in Seconds.Reading, and does not grow with the rules
// except for those with EveryEvent.
type Cost struct {
	Share  float64 `json:"share"`         // of the time of all rules, from 0 to 1
	Micros float64 `json:"micros"`        // microseconds an event
	Sample int     `json:"sample_events"` // events measured
	// EveryEvent: no value of an event rules this rule out at once, so its condition is evaluated for every event.
	EveryEvent bool `json:"every_event,omitempty"`
}

// sample bounds what measuring one rule takes.
const sample = 50_000

func (r *Report) measure(ctx context.Context, o Options, rec *offline.Recording) error {
	all := o.Rules.Rules()
	o.Progress.Begin("measuring", int64(len(all)), false)
	broad := map[int]bool{}
	for _, n := range o.Rules.Index().Unindexed() {
		broad[o.Rules.Entry(n).Rule] = true
	}
	costs := map[string]Cost{}
	spent := map[string]time.Duration{}
	var total time.Duration
	for i := range all {
		with := closure(all, i)
		part := rec.Only(0, with, sample)
		c := Cost{Sample: part.Len(), EveryEvent: broad[i]}
		if part.Len() > 0 {
			var alone []rules.Rule
			for _, k := range with {
				alone = append(alone, all[k])
			}
			set, _ := rules.NewSet(alone) // they stand together in the whole set
			set = set.Like(o.Rules)
			began := o.Now()
			if _, err := part.Play(ctx, set, o.Engine, offline.Listener{Alerts: func([]alert.Alert) {}}); err != nil {
				return err
			}
			took := o.Now().Sub(began)
			c.Micros = round(float64(took) / 1e3 / float64(part.Len()))
			spent[all[i].Name] = time.Duration(float64(took) * float64(r.eventsOf(all, with)) / float64(part.Len()))
			total += spent[all[i].Name]
		}
		costs[all[i].Name] = c
		o.Progress.Add(1)
	}
	for i := range r.Rules {
		c := costs[r.Rules[i].Name]
		if total > 0 {
			c.Share = round(float64(spent[r.Rules[i].Name]) / float64(total))
		}
		r.Rules[i].Cost = c
	}
	return nil
}

// eventsOf is about how many events the rules read; an event that two of them read counts twice.
func (r *Report) eventsOf(all []rules.Rule, with []int) int {
	n := 0
	for _, k := range with {
		i := slices.IndexFunc(r.Rules, func(x Rule) bool { return x.Name == all[k].Name })
		n += r.Rules[i].Events
	}
	return n
}

// closure lists rule i and the rules whose alerts it observes, at first or second hand.
func closure(all []rules.Rule, i int) []int {
	list := []int{i}
	for n := 0; n < len(list); n++ {
		st := all[list[n]].Stateful
		if st == nil {
			continue
		}
		for _, in := range st.Inputs {
			k := slices.IndexFunc(all, func(r rules.Rule) bool { return in.From != "" && r.Name == in.From })
			if k >= 0 && !slices.Contains(list, k) {
				list = append(list, k)
			}
			for k := range all {
				if in.Alerts != rules.NoAlerts && !slices.Contains(list, k) {
					list = append(list, k)
				}
			}
		}
	}
	return list
}

func round(x float64) float64 { return math.Round(x*1000) / 1000 }
