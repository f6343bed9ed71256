package coverage

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// Reach is the event types whose events can meet a condition of a rule, whatever else they hold.
type Reach struct {
	// Any says that an event of any type can, also of one that nobody has heard of, but for those of Except. Types is empty
	// then.
	Any bool
	// Except are the types whose events cannot, sorted; only with Any.
	Except []string
	// Types are the types in the catalogue's spelling, sorted; those that the catalogue lacks are in the author's.
	Types []string
	// Named are the types that the rule names, also beside conditions that do not confine the type.
	Named []string
}

// Has tells whether events of a type can meet a condition, letter case ignored.
func (r Reach) Has(eventType string) bool {
	among := func(types []string) bool {
		return slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(t, eventType) })
	}
	return among(r.Types) || r.Any && !among(r.Except)
}

// Of finds the reach of every rule of a set, among the types of the catalogue, those that rules name, and others that are
// given. A rule over alerts of another rule reaches what that one reaches.
func Of(set *rules.Set, others ...string) []Reach {
	s := newSurvey(set, others)
	reach := make([]Reach, len(set.Rules()))
	for i := range reach {
		reach[i] = s.rule(i, 0)
	}
	return reach
}

// survey keeps one event of each type.
type survey struct {
	set    *rules.Set
	events []*event.Event
}

// unlisted stands for a type that nobody has thought of.
const unlisted = "zz.oktastream.unlisted"

func newSurvey(set *rules.Set, others []string) *survey {
	names := []string{unlisted}
	for _, t := range event.Types() {
		names = append(names, t.Name)
	}
	others = slices.Clone(others)
	for _, r := range set.Rules() {
		for _, x := range conditions(&r) {
			others = append(others, named(x)...)
		}
	}
	for _, t := range sorted(others) {
		if _, known := event.LookupType(t); !known {
			names = append(names, t)
		}
	}
	s := &survey{set: set}
	for _, name := range names {
		if ev := ofType(name); ev != nil {
			s.events = append(s.events, ev)
		}
	}
	return s
}

// ofType is an event of which nothing is known but its type.
func ofType(name string) *event.Event {
	text, err := json.Marshal(map[string]string{"eventType": name})
	if err != nil {
		return nil
	}
	ev, err := event.NewDecoder(event.NewFields()).Decode(text, event.Meta{})
	if err != nil {
		return nil // longer than events may be: no event has this type
	}
	return ev
}

// conditions lists the conditions of a rule on events.
func conditions(r *rules.Rule) []match.Expr {
	if r.Stateful == nil {
		return []match.Expr{r.Where}
	}
	var xs []match.Expr
	for _, in := range r.Stateful.Inputs {
		if in.ObservesEvents() {
			xs = append(xs, in.Where)
		}
	}
	return xs
}

// rule finds the reach of rule i. Chains of rules are bounded by their number, as NewSet has no circles.
func (s *survey) rule(i, depth int) Reach {
	r := &s.set.Rules()[i]
	var out Reach
	for _, x := range conditions(r) {
		out.add(s.condition(x))
	}
	if r.Stateful != nil && depth < len(s.set.Rules()) {
		for _, j := range s.set.Feeders(i) {
			out.add(s.rule(j, depth+1))
		}
	}
	return out
}

// add widens r by what o reaches.
func (r *Reach) add(o Reach) {
	var except []string
	for _, t := range append(slices.Clone(r.Except), o.Except...) {
		if !r.Has(t) && !o.Has(t) {
			except = append(except, t)
		}
	}
	r.Any = r.Any || o.Any
	r.Types, r.Named, r.Except = sorted(slices.Concat(r.Types, o.Types)), sorted(slices.Concat(r.Named, o.Named)), sorted(except)
	if r.Any {
		r.Types = nil
	}
}

func sorted(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

func (s *survey) condition(x match.Expr) Reach {
	var out Reach
	for _, t := range named(x) {
		out.Named = append(out.Named, spelled(t))
	}
	for _, ev := range s.events {
		can, _ := possible(x, ev)
		switch {
		case can && ev.Type() == unlisted:
			out.Any = true
		case can:
			out.Types = append(out.Types, ev.Type())
		default:
			out.Except = append(out.Except, ev.Type())
		}
	}
	if out.Any {
		out.Types = nil
	} else {
		out.Except = nil
	}
	return out
}

// spelled is a type as the catalogue writes it.
func spelled(eventType string) string {
	if info, ok := event.LookupType(eventType); ok {
		return info.Name
	}
	return eventType
}

// named lists the types that a condition compares with as they are, except where it excludes them.
func named(x match.Expr) []string {
	switch x := x.(type) {
	case match.And:
		return each(x)
	case match.Or:
		return each(x)
	case *match.Pred:
		if x != nil && x.Op == match.Equal && isType(x) {
			return x.Literals
		}
	}
	return nil
}

func each(members []match.Expr) []string {
	var types []string
	for _, m := range members {
		types = append(types, named(m)...)
	}
	return types
}

// isType tells whether a predicate is about the event type alone.
func isType(p *match.Pred) bool {
	return p.Part == 0 && p.Op != match.EqualsField &&
		slices.ContainsFunc([]string{"eventType", "event.action", "okta.event_type"}, func(name string) bool { return strings.EqualFold(name, p.Path.String()) })
}

// possible tells whether x can hold, and can fail, for events of the type of ev. What is not about the type may do both.
func possible(x match.Expr, ev *event.Event) (hold, fail bool) {
	switch x := x.(type) {
	case match.And:
		hold = true
		for _, m := range x {
			h, f := possible(m, ev)
			hold, fail = hold && h, fail || f
		}
		return hold, fail
	case match.Or:
		fail = true
		for _, m := range x {
			h, f := possible(m, ev)
			hold, fail = hold || h, fail && f
		}
		return hold, fail
	case match.Not:
		hold, fail = possible(x.X, ev)
		return fail, hold
	case match.Const:
		return bool(x), !bool(x)
	case *match.Pred:
		if x != nil && !isType(x) {
			return true, true
		}
		held := x != nil && match.Eval(x, ev)
		return held, !held
	case nil:
		return false, true
	}
	panic(fmt.Sprintf("coverage: an expression of type %T", x))
}
