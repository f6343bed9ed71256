package lint

import (
	"strings"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// fields looks up every field that a rule reads.
func (c *checker) fields(s *subject) {
	seen := map[string]bool{"": true}
	look := func(p event.Path) {
		name := p.String()
		if seen[name] || observesAlerts(s.rule) && strings.HasPrefix(name, "alert.") {
			return
		}
		seen[name] = true
		known, near := event.KnownPath(p)
		spelling := event.Spelling(p)
		if known && spelling == "" {
			return
		}
		for _, at := range s.places(name, match.Pos{}) {
			switch {
			case known:
				c.report(s.rule, at, rules.Note, FieldCase, "write "+spelling, "Okta writes the field %s in other letters", name)
			case near != "":
				c.report(s.rule, at, rules.Warning, UnknownField, "did you mean "+near+"?", "the System Log has no field %s that we know of", name)
			default:
				c.report(s.rule, at, rules.Warning, UnknownField, "", "the System Log has no field %s that we know of", name)
			}
		}
	}
	r := s.rule
	for _, x := range conditions(r) {
		for _, p := range match.Paths(x) {
			look(p)
		}
	}
	for _, p := range r.Context {
		look(p)
	}
	if r.Stateful == nil {
		return
	}
	for i := range r.Stateful.Inputs {
		in := &r.Stateful.Inputs[i]
		for _, p := range in.Group {
			look(p)
		}
		for _, p := range in.Columns {
			look(p)
		}
		look(in.Join)
	}
}
