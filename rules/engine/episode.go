package engine

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/window"
)

// episode is the alert about a group whose condition has come to hold. ev is the event that completed it; nil if that
// event's projection is lost.
func (b *builder) episode(rule int, group []string, f window.Firing, ev *event.Event) alert.Alert {
	r := &b.set.Rules()[rule]
	st := r.Stateful
	a := b.base(rule, ev)
	a.ID = alert.EpisodeID(b.opts.Org, r.ID, group, f.EventID)
	a.Revision = f.Revision
	if f.Revision > 1 {
		a.Status = alert.Update
	}
	a.Time = instant(f.At)
	for i, name := range st.GroupBy {
		a.Group = append(a.Group, alert.Field{Name: name, Value: strings.Clone(group[i])})
	}
	a.Window = &alert.Window{Kind: "sliding", LengthSeconds: st.Window.Length.Seconds()}
	a.Episode = &alert.Episode{Start: instant(f.Start), End: instant(f.End)}

	rows := slices.Concat(f.Content.First, f.Content.Last)
	a.Count = f.Content.Count
	a.FirstSeen, a.LastSeen = a.Time, a.Time
	if len(rows) > 0 {
		a.FirstSeen, a.LastSeen = instant(rows[0].Time), instant(rows[len(rows)-1].Time)
	}
	if f.Content.Late > 0 {
		a.Late = true
		a.Notes = append(a.Notes, fmt.Sprintf("%s of it came later than the rule's lateness of %s allows for", rules.Counted(f.Content.Late, "event"), short(st.Window.Lateness)))
	}
	if f.Content.Thinned {
		a.Notes = append(a.Notes, "the window is busy and keeps no repeated values: count and evidence are a lower bound")
	}
	for i, c := range st.Window.Distinct {
		a.Distinct = append(a.Distinct, distinct(f.Content.Values[i], c))
	}
	b.outputs(f.Content.Outputs, &a)
	if st.Window.Kind == window.Sequence || st.Window.Kind == window.Unordered {
		a.Progress = progressOf(st, f.Content)
	}
	a.Evidence = evidence(st, f, ev)
	a.Title = title(a.Rule.Title, a.Subject())
	a.Reason = reason(st, &a)
	if q := f.Content.Quantity; q != nil && len(st.Window.Condition) > 0 {
		quantity(st, q, &a)
	}
	return a
}

// outputs shows what a pipeline yields, as it names it.
func (b *builder) outputs(outputs []window.Output, a *alert.Alert) {
	for _, o := range outputs {
		switch n := len(o.Values); {
		case n == 1:
			detail(a, o.Name, o.Values[0])
		case n > alert.MaxValues:
			detail(a, o.Name, o.Values[:alert.MaxValues])
			a.Notes = append(a.Notes, fmt.Sprintf("%s has %d values, of which %d are shown", o.Name, n, alert.MaxValues))
		case n > 1:
			detail(a, o.Name, o.Values)
		}
	}
}

// distinct lists the values of a column in order of first sight.
func distinct(v window.Values, c window.Column) alert.Distinct {
	return alert.Distinct{Field: c.Name, Threshold: c.Threshold, Count: v.Count, Truncated: v.Count > len(v.First),
		Values: append([]string{}, v.First...)}
}

// progressOf tells for each step which event stands for it.
func progressOf(st *rules.Stateful, c window.Content) []alert.Step {
	steps := make([]alert.Step, len(st.Inputs))
	for i, in := range st.Inputs {
		steps[i].Name = in.Name
	}
	set := func(i int, o window.Observation) {
		if i < len(steps) && !steps[i].Seen {
			t := instant(o.Time)
			steps[i] = alert.Step{Name: steps[i].Name, Seen: true, Time: &t, EventID: o.ID}
		}
	}
	for _, o := range slices.Concat(c.Chain, c.Steps) { // a window has one of them
		set(o.Step, o)
	}
	return steps
}

// evidence lists the first and the last events of the window; a sequence's chain is always among them.
func evidence(st *rules.Stateful, f window.Firing, ev *event.Event) alert.Evidence {
	c := &f.Content
	e := alert.Evidence{Events: []alert.EvidenceEvent{}, EventIDs: append([]string{}, c.EventIDs...), Total: c.Events}
	rows := slices.Concat(c.First, c.Chain, c.Last)
	slices.SortStableFunc(rows, window.Observation.Compare)
	rows = slices.CompactFunc(rows, func(a, b window.Observation) bool { return a.Compare(b) == 0 })
	for _, o := range rows {
		x := alert.EvidenceEvent{ID: o.ID, Published: instant(o.Time), Type: o.Type, IP: o.IP, Result: o.Result,
			Topic: o.Origin.Topic, Partition: o.Origin.Partition, Offset: o.Origin.Offset, Index: o.Origin.Index}
		if st.Window.Steps > 0 && o.Step < len(st.Inputs) {
			x.Step = st.Inputs[o.Step].Name
		}
		for c, vs := range o.Columns[:min(len(o.Columns), len(st.Window.Distinct))] {
			for _, v := range vs[:min(len(vs), alert.MaxValues)] {
				x.Values = append(x.Values, alert.Field{Name: st.Window.Distinct[c].Name, Value: v})
			}
		}
		if ev != nil && ev.ID() == o.ID {
			x.Raw = bytes.Clone(ev.Raw())
		}
		e.Events = append(e.Events, x)
	}
	e.Truncated = len(rows) < c.Count || len(e.EventIDs) < e.Total
	return e
}

// reason says in one line why it fired, with the counted values.
func reason(st *rules.Stateful, a *alert.Alert) string {
	within := " within " + short(st.Window.Length)
	var parts []string
	switch st.Window.Kind {
	case window.Count:
		if st.Window.Threshold > 0 {
			parts = append(parts, fmt.Sprintf("%d events (at least %d)", a.Count, st.Window.Threshold))
		}
	case window.Unordered:
		if len(st.Window.Mixes) > 0 {
			parts = append(parts, fmt.Sprintf("%s: %s", st.Mixed(), steps(a)))
		} else if needed := st.Window.StepsNeeded(); needed < st.Window.Steps {
			parts = append(parts, fmt.Sprintf("at least %d of %d: %s", needed, st.Window.Steps, steps(a)))
		} else {
			parts = append(parts, fmt.Sprintf("all of %s", steps(a)))
		}
	case window.Sequence:
		parts = append(parts, fmt.Sprintf("in order: %s", ordered(st, a)))
	case window.FirstSeen:
		return fmt.Sprintf("first seen in %s: %s", short(st.Window.Length), group(a))
	case window.Pipeline:
		parts = append(parts, fmt.Sprintf("the query yields a row for %d events", a.Count))
	}
	for _, d := range a.Distinct {
		if d.Threshold > 0 {
			parts = append(parts, fmt.Sprintf("%d different %s (at least %d): %s", d.Count, d.Field, d.Threshold, values(d)))
		}
	}
	return strings.Join(parts, "; ") + within
}

// quantity tells what the bounds were compared with.
func quantity(st *rules.Stateful, q *big.Rat, a *alert.Alert) {
	value, bounds := number(q), make([]string, len(st.Window.Condition))
	for i, b := range st.Window.Condition {
		bounds[i] = fmt.Sprintf("%s %s", b.Op, strconv.FormatFloat(b.Value, 'f', -1, 64))
	}
	detail(a, "measured", map[string]any{"quantity": st.Quantity(), "value": value, "bounds": bounds})
	text := fmt.Sprintf("%s %s (%s)", st.Quantity(), value, strings.Join(bounds, ", "))
	if !strings.HasPrefix(a.Reason, " within ") {
		text += "; "
	}
	a.Reason = text + a.Reason
}

// number prints a rational exactly if it has at most three decimals, else rounded to that.
func number(q *big.Rat) string {
	return strings.TrimSuffix(strings.TrimRight(q.FloatString(3), "0"), ".")
}

// group lists the values of the group key.
func group(a *alert.Alert) string {
	var s []string
	for _, f := range a.Group {
		s = append(s, f.Name+" "+f.Value)
	}
	return strings.Join(s, ", ")
}

func steps(a *alert.Alert) string {
	var s []string
	for _, p := range a.Progress {
		if p.Seen {
			s = append(s, p.Name+" "+p.Time.Format("15:04:05"))
		}
	}
	return strings.Join(s, ", ")
}

// ordered lists the steps of a sequence, with those that have not come.
func ordered(st *rules.Stateful, a *alert.Alert) string {
	if len(st.Window.Plan) == 0 {
		return steps(a)
	}
	var s []string
	for i, p := range st.Window.Plan {
		switch name := st.Inputs[i].Name; {
		case p.Role != window.Occurs:
			if p.Role == window.Absent {
				s = append(s, "no "+name)
			}
		case i < len(a.Progress) && a.Progress[i].Seen && p.Runs > 1:
			s = append(s, fmt.Sprintf("%d of %s from %s", p.Runs, name, a.Progress[i].Time.Format("15:04:05")))
		case i < len(a.Progress) && a.Progress[i].Seen:
			s = append(s, name+" "+a.Progress[i].Time.Format("15:04:05"))
		}
	}
	return strings.Join(s, ", ")
}

func values(d alert.Distinct) string {
	const show = 5
	list := slices.Clone(d.Values[:min(len(d.Values), show)])
	for i, v := range list {
		if r := []rune(v); len(r) > 40 { // hashes: the whole values stand in Distinct
			list[i] = string(r[:8]) + "…"
		}
	}
	s := strings.Join(list, ", ")
	if d.Count > show {
		s += ", …"
	}
	return s
}

// short prints whole days, hours, minutes or seconds without the zero parts.
func short(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if d >= u.unit && d%u.unit == 0 {
			return fmt.Sprintf("%d%s", d/u.unit, u.name)
		}
	}
	return d.String()
}

// evicted is the operator alert that windows of a rule are being given up. One is raised for each rule and hour of event
// time, with the same id however often it is raised.
func (b *builder) evicted(rule int, group []string, hour, at int64) alert.Alert {
	a := b.base(rule, nil)
	a.Kind = "operator"
	a.ID = alert.StatelessID(b.opts.Org, a.Rule.ID, fmt.Sprintf("evicted/%d", hour))
	a.Severity, a.RiskScore = alert.High, 73
	a.Time = instant(at)
	a.FirstSeen, a.LastSeen = a.Time, a.Time
	a.Title = "Windows of " + a.Rule.Name + " are given up for lack of memory"
	a.Reason = fmt.Sprintf("the state budget of %d bytes a task is full, and this rule holds most of it: its oldest windows go first, and what they held can no longer complete a detection", b.opts.StateBudget)
	a.Description = "Either the budget is too small for the traffic, or somebody is making group keys in numbers."
	a.Triage = "Look at oktastream_window_evictions_total and at the rule's group keys; raise the state budget or add workers."
	detail(&a, "first_group_evicted", group)
	a.Evidence = alert.Evidence{Events: []alert.EvidenceEvent{}, EventIDs: []string{}}
	a.Attack, a.Tags = nil, nil
	return a
}
