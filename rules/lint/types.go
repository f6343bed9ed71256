package lint

import (
	"fmt"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// types looks up every event type that a condition names exactly.
func (c *checker) types(s *subject) {
	for _, x := range conditions(s.rule) {
		match.Walk(x, func(x match.Expr) {
			p, ok := x.(*match.Pred)
			if !ok || p == nil || p.Op != match.Equal {
				return
			}
			if _, ok := match.EventTypes(p); !ok {
				return // another field
			}
			for _, name := range p.Literals {
				c.eventType(s, p, name)
			}
		})
	}
}

func (c *checker) eventType(s *subject, p *match.Pred, name string) {
	info, known := event.LookupType(name)
	level, code, hint, message := rules.Warning, "", "", ""
	switch {
	case !known:
		code, message = UnknownType, fmt.Sprintf("Okta's catalogue, release %s, has no event type %q", event.CatalogueRelease, name)
	case info.Internal:
		code, message = InternalType, fmt.Sprintf("the event type %s is internal to Okta: customers' logs do not hold it", info.Name)
	case info.Name != name && p.Fold:
		level = rules.Note
		code, hint, message = TypeCase, "write "+info.Name, fmt.Sprintf("Okta writes the event type %s in other letters", name)
	case info.Name != name:
		code, hint, message = TypeCase, "write "+info.Name, fmt.Sprintf("Okta writes the event type %s in other letters, and the comparison minds them", name)
	default:
		return
	}
	if s.enough(level, code) {
		return
	}
	if near := event.SuggestType(name); !known && near != "" {
		hint = "did you mean " + near + "?"
	}
	for _, at := range s.places(name, p.Pos) {
		c.report(s.rule, at, level, code, hint, "%s", message)
	}
}

// places is where a text is written; if it is not found as it stands, the place of the predicate, when that can only be
// in the rule's own file, or else the rule.
func (s *subject) places(text string, at match.Pos) []span {
	if found := s.mentions(text); len(found) > 0 {
		return found
	}
	if len(s.docs) == 1 && s.own.file != nil && at.Line > 0 {
		line := s.own.file.line(at.Line)
		return []span{{file: s.own.file, pos: at, length: wordLength(line, at.Col)}}
	}
	return []span{s.whole()}
}
