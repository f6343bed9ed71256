package explain

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
)

// verdict explains event i, which was the last step.
func (p *replay) verdict(i int, ev *event.Event, got []taken) Verdict {
	r := p.about()
	o := ev.Origin()
	v := Verdict{Event: Event{N: i + 1, ID: strings.Clone(ev.ID()), Time: instant(ev.Time()), Type: strings.Clone(ev.Type()),
		File: o.Topic, Record: o.Offset + 1, Index: o.Index}, Conditions: []Condition{}, Notes: ev.Flags().Notes()}
	v.Indicators = indicators(r, ev)
	if r.Stateful == nil {
		c := Condition{Tree: condition(r.Where, ev)}
		c.Held = c.Tree.Held
		v.Conditions = append(v.Conditions, c)
		v.single(p.fired[alert.StatelessID("", r.ID, ev.ID())])
		return v
	}
	for j := range r.Stateful.Inputs {
		in := &r.Stateful.Inputs[j]
		c := Condition{Input: in.Name, From: in.From, Held: slices.ContainsFunc(got, func(t taken) bool { return t.input == j })}
		if in.ObservesEvents() {
			c.Tree = condition(in.Where, ev)
			c.Held = c.Tree.Held
		}
		v.Conditions = append(v.Conditions, c)
	}
	for _, t := range got {
		v.Groups = append(v.Groups, p.group(t))
	}
	v.conclude()
	return v
}

// single concludes about a rule on single events.
func (v *Verdict) single(fired bool) {
	c := v.Conditions[0]
	v.Fired = fired
	v.Outcome, v.Why = Unmatched, c.Tree.why()
	if c.Held {
		v.Outcome, v.Why = Fired, "the condition holds"
		if stale := len(v.Indicators); stale > 0 && !slices.ContainsFunc(v.Indicators, func(i Indicator) bool { return !i.Stale }) {
			v.Why += ", but the indicator is stale: the alert is informational"
		}
	}
}

// ranks orders outcomes by how much they say: an event that is counted in one group and ignored in another is counted.
var ranks = []Outcome{Fired, Repeated, Waiting, Open, Short, Duplicate, Late, MissingValue, MissingKey}

// conclude takes the verdict about the event from its groups or, if it has none, from the conditions.
func (v *Verdict) conclude() {
	v.Fired, v.Outcome = false, Unmatched
	best, share := len(ranks), 0.0
	for i := range v.Groups {
		g := &v.Groups[i]
		rank := slices.Index(ranks, g.Outcome)
		if rank < best || rank == best && g.share() > share {
			best, share, v.Outcome, v.Why = rank, g.share(), g.Outcome, g.Why
			v.Fired = g.Outcome == Fired
		}
	}
	if len(v.Groups) > 0 {
		return
	}
	var whys []string
	for _, c := range v.Conditions {
		if c.Tree != nil {
			whys = append(whys, c.Input+": "+c.Tree.why())
		} else {
			whys = append(whys, fmt.Sprintf("%s: the event completes no alert of %s", c.Input, c.From))
		}
	}
	v.Why = strings.Join(whys, "; ")
}

// indicators lists the entries of the rule's list that the event shows, as the alert does.
func indicators(r *rules.Rule, ev *event.Event) []Indicator {
	if r.Indicators == nil {
		return nil
	}
	var hits []Indicator
	for _, path := range r.Indicators.Fields {
		for _, v := range ev.Lookup(path) {
			addr, err := netip.ParseAddr(v.Text)
			if err != nil || slices.ContainsFunc(hits, func(h Indicator) bool { return h.Address == v.Text }) {
				continue
			}
			for _, ind := range r.Indicators.List {
				if ind.Net.Contains(addr.Unmap()) {
					hits = append(hits, Indicator{Field: path.String(), Address: strings.Clone(v.Text), Network: ind.Net.String(),
						FirstSeen: day(ind.FirstSeen), LastSeen: day(ind.LastSeen), Source: ind.Source, Stale: !ind.Valid(instant(ev.Time()))})
					break
				}
			}
		}
	}
	return hits
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}
