package eql

import (
	"fmt"
	"time"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// Options are what a rule says about its query outside of it.
type Options struct {
	// From is how far a run of the rule looks back, Interval how often it runs, where the rule comes from a scheduled
	// engine; 0 if it does not. A sequence without maxspan lasts as long as From.
	From, Interval time.Duration
	// CategoryField is the field that the category in front of where is about; empty is event.category.
	CategoryField string
	// Alerts says whether the rule reads the alerts of other rules, instead of events or beside them: where both are read,
	// each step observes what its condition needs, see rules.AlertsFor.
	Alerts rules.Alerts
}

// DefaultCategory is the field that holds the category of an event.
const DefaultCategory = "event.category"

// maxUnknown is how many unknown fields are reported.
const maxUnknown = 20

// Compile compiles a query. Of the results exactly one is not nil, unless an error or something unsupported is reported:
// the condition of an event query, or the windows of a sequence, whose lateness and episodes are still to be set. It takes
// time linear in the length of the query, but for unknown fields, of which only the first are looked for, and never panics.
//
// Where the answers differ from those of Elasticsearch 9, and what was decided:
//
//   - A comparison with a missing field does not hold, and its negation does, with != and not in as with not: Elasticsearch
//     answers so where it translates a condition into its query language, and an exclusion must not hide events that say
//     nothing about what is excluded. Functions of null are null.
//   - A field with several values meets a comparison if any value does, and != if none is equal; Elasticsearch leaves it open.
//   - Numbers that an event holds in strings count as numbers. Where both sides are texts, < compares their characters; a
//     field of addresses is compared as addresses, an IPv4 one where it stands among the others as IPv6 writes it, and a field
//     of times as times, with dates whose end may be left out. Patterns look at an address in its one spelling.
//   - An overflow or a division by zero is null instead of an error of the query. Positions count characters.
//   - Two fields may be compared with each other.
//   - Regular expressions with Lucene's operators ~ & <> are refused, see package regex.
//   - Events of one time may stand in either order in a sequence: there is no tie-breaker in the System Log.
//   - Placeholders (unknown, -) are no values of a join key, because they would join strangers; a missing optional key
//     (?field) is one. A key with several values joins by each of them.
//   - A sequence is one finding for each group and episode, not one for each chain, and lasts up to maxspan however far the
//     rule looks back. Without maxspan it lasts as long as the look-back.
//   - until and missing events are decided when no event may arrive any more that would change the answer.
//   - Alerts about single events do not stand beside their events in a rule that reads both, unless a step asks for what only
//     alerts have, see rules.AlertsFor.
//   - wildcard and match, of the EQL that Elastic's comes from, are understood. sample, join, pipes, fork and relations
//     between processes are refused.
func Compile(q *source.Node, o Options, r *source.Report) (where match.Expr, stateful *rules.Stateful) {
	if q == nil || q.Kind != source.Scalar {
		r.Error(q.Start(), source.WrongType, "", "an EQL query is text")
		return nil, nil
	}
	c := &compiler{query: q, options: o, report: r, seen: map[event.Path]bool{}}
	c.lowerer = lowerer{pos: q.At, warn: func(at int, hint, format string, args ...any) {
		r.Warn(q.At(at), CodeNeverMatches, hint, format, args...)
	}}
	if p := guard(func() { where, stateful = c.compile(q.Text) }); p != nil {
		if p.unsupported {
			r.Unsupported(q.At(p.at), p.code, p.hint, "%s", p.message)
		} else {
			r.Error(q.At(p.at), p.code, p.hint, "%s", p.message)
		}
		return nil, nil
	}
	return where, stateful
}

// guard runs f and returns the problem it stopped at. Any other panic goes on.
func guard(f func()) (p *problem) {
	defer func() {
		if v := recover(); v != nil {
			found, ok := v.(*problem)
			if !ok {
				panic(v)
			}
			p = found
		}
	}()
	f()
	return nil
}

type compiler struct {
	lowerer
	query    *source.Node
	options  Options
	report   *source.Report
	seen     map[event.Path]bool // fields that were looked up
	unknown  int
	category event.Path
}

func (c *compiler) compile(text string) (match.Expr, *rules.Stateful) {
	q := parse(text)
	name := c.options.CategoryField
	if name == "" {
		name = DefaultCategory
	}
	category, err := event.ParsePath(name)
	if err != nil {
		fail(0, CodeSyntax, "", "the category's field %q is not a field: %v", name, err)
	}
	c.category = category
	if q.event != nil {
		where := c.filter(q.event)
		if c.alerts(where) == rules.NoAlerts {
			return where, nil
		}
		return nil, c.single(where)
	}
	return nil, c.sequence(q.sequence)
}

func (c *compiler) filter(f *filter) match.Expr {
	c.known(f.where)
	where := c.condition(f.where)
	if f.category == "" {
		return where
	}
	return match.And{&match.Pred{Path: c.category, Op: match.Equal, Literals: []string{f.category}, Pos: c.pos(f.at)}, where}
}

// known warns of fields that events are not known to have.
func (c *compiler) known(e expr) {
	walk(e, func(e expr) {
		f, ok := e.(*field)
		if !ok || c.seen[f.path] || c.unknown == maxUnknown {
			return
		}
		c.seen[f.path] = true
		known, suggestion := event.KnownPath(f.path)
		if known {
			return
		}
		c.unknown++
		hint := ""
		if suggestion != "" {
			hint = "did you mean " + suggestion + "?"
		}
		c.report.Warn(c.pos(f.at), source.UnknownPath, hint, "the System Log has no field %s that we know of", f.name)
	})
}

func (c *compiler) sequence(s *sequence) *rules.Stateful {
	st := &rules.Stateful{Window: window.Spec{Kind: window.Sequence, Length: s.span}}
	if s.span == 0 {
		if st.Window.Length = c.options.From; st.Window.Length <= 0 {
			fail(s.at, CodeSequence, "write sequence with maxspan=10m", "a sequence needs maxspan: the state of a stream has to end")
		}
		c.report.Note(c.pos(s.at), CodeSequence, "write with maxspan=…", "the sequence has no maxspan: it lasts as long as the rule looks back, %s", st.Window.Length)
	}
	if s.span > c.options.From && c.options.From > 0 {
		c.report.Warn(c.pos(s.at), CodeLookBack, "",
			"the rule looks back %s and its sequence lasts up to %s: run on a schedule it misses what is longer, a stream does not", c.options.From, s.span)
	}
	c.checkTerms(s)
	terms := s.terms
	if s.until != nil {
		terms = append(terms[:len(terms):len(terms)], *s.until)
	}
	for i := range terms {
		t := &terms[i]
		keys := append(s.by[:len(s.by):len(s.by)], t.by...)
		if i == 0 {
			for _, k := range keys {
				st.GroupBy = append(st.GroupBy, keyName(k))
			}
		}
		if len(keys) != len(st.GroupBy) {
			fail(t.at, CodeSequence, "name as many fields as in the first step", "the step joins by %d fields, the first one by %d", len(keys), len(st.GroupBy))
		}
		in := rules.Input{Where: c.filter(&t.filter)}
		in.Alerts = c.alerts(in.Where)
		for _, k := range keys {
			c.known(k)
			in.Group = append(in.Group, c.key(k))
		}
		step := window.Step{Runs: t.runs}
		switch {
		case s.until != nil && i == len(terms)-1:
			step.Role, in.Name = window.Until, "until"
		case t.missing:
			step.Role, in.Name = window.Absent, fmt.Sprintf("no event %d", i+1)
		default:
			in.Name = fmt.Sprintf("event %d", i+1)
		}
		st.Inputs = append(st.Inputs, in)
		st.Window.Plan = append(st.Window.Plan, step)
	}
	st.Window.Steps = len(st.Inputs)
	return st
}

// alerts is what an input with this condition observes.
func (c *compiler) alerts(where match.Expr) rules.Alerts {
	if c.options.Alerts == rules.EventsAndAlerts {
		return rules.AlertsFor(where)
	}
	return c.options.Alerts
}

// single is a rule on single alerts: alerts reach only rules with windows, so each has one of its own.
func (c *compiler) single(where match.Expr) *rules.Stateful {
	id := event.MustPath("alert.id or uuid")
	return &rules.Stateful{GroupBy: []string{"alert.id"}, Window: window.Spec{Kind: window.Count, Threshold: 1, Length: time.Minute},
		Inputs: []rules.Input{{Name: "alert", Where: where, Alerts: c.alerts(where), Group: []event.Path{id}}}}
}

// keyName names a member of the key.
func keyName(e expr) string {
	if f, ok := e.(*field); ok {
		return f.name
	}
	return textOf(e)
}

// checkTerms refuses what contradicts itself.
func (c *compiler) checkTerms(s *sequence) {
	present := 0
	for i, t := range s.terms {
		if !t.missing {
			present++
			continue
		}
		if t.runs > 1 {
			fail(t.at, CodeSequence, "leave out with runs", "an event that is missing has no runs")
		}
		if s.span == 0 {
			fail(t.at, CodeSequence, "write sequence with maxspan=10m", "an event can only be missing within maxspan")
		}
		if i == len(s.terms)-1 && s.terms[0].missing && present > 0 {
			refuse(t.at, "split the query into two rules", "a sequence that begins and ends with a missing event cannot be run")
		}
	}
	switch last := s.terms[len(s.terms)-1]; {
	case present == 0:
		fail(s.at, CodeSequence, "add an event that has to be there", "all events of the sequence are missing ones")
	case s.until != nil && s.until.missing:
		fail(s.until.at, CodeSequence, "write until [ … ]", "until waits for an event, not for a missing one")
	case s.until != nil && s.until.runs > 1:
		fail(s.until.at, CodeSequence, "leave out with runs", "until has no runs")
	case len(s.terms) == 1 && last.runs == 1 && s.until == nil:
		c.report.Note(c.pos(last.at), CodeSequence, "write the condition without sequence", "a sequence of one event is an event")
	}
	runs := 0
	for _, t := range s.terms {
		if runs += t.runs; runs > maxStages {
			tooLarge(t.at, "", "the sequence asks for more than %d events", maxStages)
		}
	}
}

// maxStages bounds the events of a sequence, runs counted.
const maxStages = 255
