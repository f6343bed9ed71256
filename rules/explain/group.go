package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"oktastream/rules/window"
)

// group explains one observation: its group key, what the window held when it had been taken in, and what follows.
func (p *replay) group(t taken) Group {
	st := p.about().Stateful
	g := Group{Input: st.Inputs[t.input].Name, Alert: t.alert, Key: t.members, Outcome: t.outcome}
	if t.outcome == MissingKey {
		g.Why = missingKey(t.members)
		return g
	}
	spec := &st.Window
	w := p.window(t.group)
	m := spec.Inspect(w, t.o.Time)
	g.Window = p.show(t, m)
	g.Window.Needs = p.needs(m)
	ep := episodeAt(spec, w, m)
	g.Window.Episode = ep
	switch {
	case t.outcome == Duplicate:
		g.Why = "the window has this event already; it counts once"
	case t.outcome == Late:
		g.Why = fmt.Sprintf("it came too late: the clock had passed it by %s, and the rule waits %s",
			short(p.clock-t.o.Time), short(int64(spec.Lateness)))
	case t.outcome == MissingValue:
		g.Why = p.missingValue(t)
	case p.fired[p.alertID(t.group, t.o.ID)]:
		g.Outcome, g.Why = Fired, "it completed the condition: "+met(g.Window.Needs)
		if ep != nil && !ep.Reported {
			g.Why += "; the alert waits until the clock shows that the episode before is over"
		}
	case spec.AtClose:
		g.Outcome, g.Why = p.atClose(t, m, g.Window)
	case spec.Every > 0 && !m.Held:
		g.Why = fmt.Sprintf("the query is judged at %s, and yields no row of the events that have come so far", stamp(instant(m.To)))
	case spec.Every > 0 && (ep == nil || !ep.Reported):
		g.Outcome, g.Why = Waiting, fmt.Sprintf("the query is judged at %s, and yields a row of the events that have come so far", stamp(instant(m.To)))
	case m.Held && ep != nil && ep.Reported:
		g.Outcome = Repeated
		g.Why = fmt.Sprintf("the condition holds, in an episode that is open since %s (event %s): its alert stands, and no second one is raised before the condition has not held for %s, or after %s",
			stamp(ep.Start), ep.EventID, ep.Quiet, ep.Longest)
	case m.Held && spec.Waits() && ep == nil:
		g.Outcome, g.Why = Waiting, "the condition holds so far; the alert waits until the clock shows that nothing undoes it"
	case m.Held:
		g.Outcome, g.Why = Waiting, "the condition holds; the alert waits until the clock shows that the episode before is over"
	default:
		if g.Why = unmet(g.Window.Needs); g.Why == "" {
			g.Why = p.behind(m)
		}
	}
	return g
}

// behind is why an event of a sequence does not complete it although every step is there: it came after the last one.
func (p *replay) behind(m window.Measure) string {
	if len(m.Chain) == 0 {
		return "the condition does not hold at this event"
	}
	steps := p.about().Stateful.Inputs
	last := m.Rows[m.Chain[len(m.Chain)-1]]
	return fmt.Sprintf("the sequence was complete at %s (%s); only another event of step %s can complete it again",
		stamp(instant(last.Time)), last.ID, steps[len(steps)-1].Name)
}

// atClose judges a window that is judged when it closes.
func (p *replay) atClose(t taken, m window.Measure, w *Snapshot) (Outcome, string) {
	if len(m.Rows) == 0 {
		return Short, "the window has closed"
	}
	last := m.Rows[len(m.Rows)-1]
	fired := p.fired[p.alertID(t.group, last.ID)]
	closes := "when the window closes, at " + stamp(w.To)
	switch {
	case !m.Held:
		return Short, "the condition is judged " + closes + ", and does not hold then: " + unmet(w.Needs)
	case fired:
		return Open, fmt.Sprintf("the condition is judged %s, and holds then: the alert is about the last event, %s", closes, last.ID)
	}
	return Repeated, "the condition is judged " + closes + ", and holds then, in an episode whose alert stands"
}

func missingKey(members []Member) string {
	var parts []string
	for _, m := range members {
		if m.Problem != "" {
			parts = append(parts, named(m)+" "+m.Problem)
		}
	}
	return "without a group key the event is not observed: " + strings.Join(parts, "; ")
}

// named is a member's name, with its path where that is another.
func named(m Member) string {
	if m.Name == m.Path {
		return m.Name
	}
	return m.Name + " (" + m.Path + ")"
}

func (p *replay) missingValue(t taken) string {
	st := p.about().Stateful
	path := st.Inputs[t.input].Columns[0].String()
	what := "has no value that could be counted at "
	if len(t.o.Columns[0]) > 0 {
		what = "has no number that could be counted at "
	}
	return "the event is no observation: it " + what + path
}

// show lists the rows of the interval and what was ignored.
func (p *replay) show(t taken, m window.Measure) *Snapshot {
	w := &Snapshot{From: instant(m.From), To: instant(m.To), Total: len(m.Rows), Thinned: m.Thinned, Rows: []Row{}}
	for i, o := range m.Rows {
		if i < len(m.Rows)-MaxRows && !slices.Contains(m.Chain, i) {
			continue
		}
		w.Rows = append(w.Rows, p.row(o, t, slices.Contains(m.Chain, i)))
	}
	p.ignored(t, m, w)
	return w
}

func (p *replay) row(o window.Observation, t taken, inChain bool) Row {
	st := p.about().Stateful
	r := Row{Time: instant(o.Time), ID: o.ID, Type: o.Type, InChain: inChain, This: o.ID == t.o.ID && o.Time == t.o.Time}
	if st.Window.Steps > 0 && o.Step < len(st.Inputs) {
		r.Step = st.Inputs[o.Step].Name
		if join := st.Inputs[o.Step].Join; !join.IsZero() {
			r.Values = append(r.Values, Field{join.String(), o.Join})
		}
	}
	for c, vs := range o.Columns {
		if c < len(st.Window.Distinct) {
			r.Values = append(r.Values, Field{st.Window.Distinct[c].Name, vs})
		}
	}
	return r
}

// ignored lists what met a condition of the rule around the interval and is not in it. Events of other groups are many,
// so they get a quarter of the room.
func (p *replay) ignored(t taken, m window.Measure, w *Snapshot) {
	var own, others []Ignored
	length := int64(p.about().Stateful.Window.Length)
	for _, x := range p.past {
		if x.o.Time > m.To || x.o.Time < m.From && m.From-x.o.Time > length || x.n == t.n && x.alert == t.alert {
			continue
		}
		ig := Ignored{Time: instant(x.o.Time), ID: x.o.ID, N: x.n + 1, Why: x.outcome}
		same := slices.Equal(x.group, t.group)
		switch {
		case x.outcome == MissingKey:
			ig.Text = missingKey(x.members)
		case !same:
			ig.Why, ig.Text = OtherGroup, "another group: "+difference(x.members, t.members)
			others = append(others, ig)
			continue
		case x.outcome == Late:
			ig.Text = "came too late"
		case x.outcome == Duplicate:
			ig.Text = "a copy of an event that is counted"
		case x.outcome == MissingValue:
			ig.Text = p.missingValue(x)
		case x.o.Time < m.From:
			ig.Why, ig.Text = Outside, short(m.From-x.o.Time)+" before the interval begins"
			if st := p.about().Stateful; st.Window.Steps > 0 {
				ig.Text = "step " + st.Inputs[x.input].Name + ", " + ig.Text
			}
		default:
			continue // in the interval
		}
		own = append(own, ig)
	}
	keepOthers := others[max(0, len(others)-MaxIgnored/4):]
	keepOwn := own[max(0, len(own)-(MaxIgnored-len(keepOthers))):]
	w.Passed = len(own) + len(others) - len(keepOwn) - len(keepOthers)
	w.Ignored = slices.Concat(keepOwn, keepOthers)
	slices.SortStableFunc(w.Ignored, func(a, b Ignored) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.N, b.N)) })
}

// difference names the members that keep two groups apart.
func difference(a, b []Member) string {
	var parts []string
	for m := range a {
		if m < len(b) && a[m].Value != b[m].Value {
			parts = append(parts, a[m].Name+" = "+a[m].Value)
		}
	}
	return strings.Join(parts, ", ")
}

// episodeAt is the episode that the measured interval belongs to or, failing that, one that is still open then.
func episodeAt(spec *window.Spec, w *window.Window, m window.Measure) *Episode {
	var found *Episode
	for _, e := range w.Episodes() {
		if e.Start > m.To || m.To > e.End && m.To-e.End > int64(spec.Quiet) {
			continue
		}
		found = &Episode{Start: instant(e.Start), End: instant(e.End), EventID: e.EventID, Reported: e.Announced,
			Quiet: short(int64(spec.Quiet)), Longest: short(int64(spec.Episode))}
	}
	return found
}
