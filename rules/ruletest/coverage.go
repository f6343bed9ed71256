package ruletest

import (
	"cmp"
	"slices"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// Coverage says which branches of a tested rule its tests go through. Every predicate has two: it holds where that
// matters, and it fails where that alone matters (the rest of the condition holds, so it is this predicate that keeps the
// rule from matching). A rule has two more: a test in which it fires, and one in which it sees an event and does not.
type Coverage struct {
	Rule, File        string
	Branches, Covered int
	Gaps              []Gap // in the order of the text
}

// Gap is a branch that no test goes through.
type Gap struct {
	Pos  match.Pos
	What string
}

// cover gathers what tests exercise, by rule of the loaded ones.
type cover struct {
	rules map[string]*exercised
}

type exercised struct {
	rule         *rules.Rule
	held, failed map[*match.Pred]bool
	fired, quiet bool
}

func newCover() *cover { return &cover{rules: map[string]*exercised{}} }

// note takes in a test as written. A test that is expected to fail exercises nothing.
func (c *cover) note(t *trial) error {
	if t.test.Todo != "" {
		return nil
	}
	about := map[string]bool{t.file.Rule: true}
	for _, w := range t.test.Alerts {
		if w.Rule != "" {
			about[w.Rule] = true
		}
	}
	dec := event.NewDecoder(t.set.Fields())
	rs := t.set.Rules()
	for i := range rs {
		if !about[rs[i].Name] {
			continue
		}
		x := c.rules[rs[i].Name]
		if x == nil {
			x = &exercised{rule: t.byName[rs[i].Name], held: map[*match.Pred]bool{}, failed: map[*match.Pred]bool{}}
			c.rules[rs[i].Name] = x
		}
		for _, d := range t.given {
			raw, err := d.raw()
			if err != nil {
				return err
			}
			ev, err := dec.Decode(raw, event.Meta{Timestamp: d.arrival.UnixNano()})
			if err != nil {
				return err
			}
			for _, where := range conditions(x.rule) {
				x.visit(where, ev)
			}
		}
		fired := false
		for j := range t.plain.alerts {
			fired = fired || t.plain.alerts[j].Rule.Name == rs[i].Name
		}
		x.fired = x.fired || fired
		x.quiet = x.quiet || !fired
	}
	return nil
}

// conditions are those that rule puts to events; what it asks of alerts of other rules is covered by those.
func conditions(r *rules.Rule) []match.Expr {
	if r.Stateful == nil {
		return []match.Expr{r.Where}
	}
	var list []match.Expr
	for i := range r.Stateful.Inputs {
		if in := &r.Stateful.Inputs[i]; in.ObservesEvents() {
			list = append(list, in.Where)
		}
	}
	return list
}

// visit notes which predicates of x decide that x holds for ev, or that it does not. Of several alternatives that hold
// each is taken to matter: they often say the same in two ways.
func (x *exercised) visit(e match.Expr, ev *event.Event) {
	switch e := e.(type) {
	case match.And:
		if failing := withOutcome(e, ev, false); len(failing) == 0 {
			x.all(e, ev)
		} else if len(failing) == 1 {
			x.visit(failing[0], ev)
		}
	case match.Or:
		if holding := withOutcome(e, ev, true); len(holding) == 0 {
			x.all(e, ev)
		} else {
			x.all(holding, ev)
		}
	case match.Not:
		x.visit(e.X, ev)
	case *match.Pred:
		if e == nil {
			return
		}
		if match.Eval(e, ev) {
			x.held[e] = true
		} else {
			x.failed[e] = true
		}
	}
}

func (x *exercised) all(list []match.Expr, ev *event.Event) {
	for _, e := range list {
		x.visit(e, ev)
	}
}

// withOutcome lists the members whose outcome is held.
func withOutcome(list []match.Expr, ev *event.Event, held bool) []match.Expr {
	var out []match.Expr
	for _, e := range list {
		if match.Eval(e, ev) == held {
			out = append(out, e)
		}
	}
	return out
}

// result lists the rules that have tests, by name.
func (c *cover) result() []Coverage {
	var out []Coverage
	for _, x := range c.rules {
		out = append(out, x.coverage())
	}
	slices.SortFunc(out, func(a, b Coverage) int { return cmp.Compare(a.Rule, b.Rule) })
	return out
}

func (x *exercised) coverage() Coverage {
	c := Coverage{Rule: x.rule.Name, File: x.rule.File}
	branch := func(covered bool, pos match.Pos, what string) {
		c.Branches++
		if covered {
			c.Covered++
		} else {
			c.Gaps = append(c.Gaps, Gap{pos, what})
		}
	}
	branch(x.fired, x.rule.Pos, "no test in which it fires")
	branch(x.quiet, x.rule.Pos, "no test in which it does not fire")
	seen := map[*match.Pred]bool{}
	for _, where := range conditions(x.rule) {
		match.Walk(where, func(e match.Expr) {
			p, ok := e.(*match.Pred)
			if !ok || p == nil || seen[p] {
				return
			}
			seen[p] = true
			branch(x.held[p], p.Pos, "no test in which this holds: "+match.String(p))
			branch(x.failed[p], p.Pos, "no test in which this alone fails: "+match.String(p))
		})
	}
	slices.SortStableFunc(c.Gaps, func(a, b Gap) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	return c
}
