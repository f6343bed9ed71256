package lint

import (
	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// fields looks up every field that a rule reads.
func (c *checker) fields(s *subject) {
	seen := map[string]bool{"": true}
	var look func(p event.Path)
	look = func(p event.Path) {
		if reads := p.Reads(); reads != nil {
			for _, q := range reads {
				look(q)
			}
			return
		}
		name := p.String()
		if seen[name] {
			return
		}
		seen[name] = true
		known, near := event.KnownPath(p)
		spelling := event.Spelling(p)
		if known && spelling == "" {
			return
		}
		level, code := rules.Warning, UnknownField
		if known {
			level, code = rules.Note, FieldCase
		}
		if s.enough(level, code) {
			return
		}
		hint, message := "", "the System Log has no field %s that we know of"
		switch {
		case known:
			hint, message = "write "+spelling, "Okta writes the field %s in other letters"
		case near != "":
			hint = "did you mean " + near + "?"
		}
		for _, at := range s.places(name, match.Pos{}) {
			c.report(s.rule, at, level, code, hint, message, name)
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
		if !in.ObservesEvents() { // conditions leaves it out
			for _, p := range match.Paths(in.Where) {
				look(p)
			}
		}
		for _, p := range in.Group {
			look(p)
		}
		for _, p := range in.Columns {
			look(p)
		}
		look(in.Join)
	}
}
