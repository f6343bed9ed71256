package lint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// types looks up every event type that a condition names exactly.
func (c *checker) types(s *subject) {
	for _, x := range conditions(s.rule) {
		match.Walk(x, func(x match.Expr) {
			p, ok := x.(*match.Pred)
			if !ok || p == nil || !readsType(p.Path) {
				return
			}
			if p.Op != match.Equal {
				c.pattern(s, p)
				return
			}
			for _, name := range p.Literals {
				c.eventType(s, p, name)
			}
		})
	}
}

// readsType reports whether a path is the event type, under whichever name.
func readsType(p event.Path) bool {
	_, ok := match.EventTypes(&match.Pred{Path: p, Op: match.Equal, Literals: []string{""}})
	return ok
}

// pattern finds a beginning, an end, a part or a pattern that no event type of the catalogue has.
func (c *checker) pattern(s *subject, p *match.Pred) {
	one := *p
	one.All = false
	parts := len(p.Literals)
	if p.Op == match.Regexp {
		parts = len(p.Re)
	}
	for i := range parts {
		text := ""
		switch p.Op {
		case match.Prefix, match.Suffix, match.Contains, match.Wildcard:
			text = p.Literals[i]
			one.Literals = p.Literals[i : i+1]
		case match.Regexp:
			text = p.Re[i].String()
			one.Re = p.Re[i : i+1]
		default:
			return
		}
		if c.anyType(&one) || s.enough(rules.Warning, UnknownType) {
			continue
		}
		for _, at := range s.places(text, p.Pos) {
			c.report(s.rule, at, rules.Warning, UnknownType, "", "%s", fmt.Sprintf("Okta's catalogue, release %s, has no event type that %s %q", event.CatalogueRelease, verbs[p.Op], text))
		}
	}
}

var verbs = map[match.Op]string{match.Prefix: "begins with", match.Suffix: "ends with", match.Contains: "contains",
	match.Wildcard: "is like", match.Regexp: "matches"}

// anyType reports whether a predicate on the event type holds for a type of the catalogue. Beginnings, ends and parts are
// compared as texts: a set may have many thousands of them.
func (c *checker) anyType(p *match.Pred) bool {
	compare := map[match.Op]func(s, part string) bool{match.Prefix: strings.HasPrefix, match.Suffix: strings.HasSuffix, match.Contains: strings.Contains}[p.Op]
	if compare != nil {
		want := strings.ToLower(p.Literals[0])
		return slices.ContainsFunc(event.Types(), func(t event.TypeInfo) bool {
			name := t.Name
			if p.Fold {
				name = strings.ToLower(name)
			}
			return compare(name, want) || !p.Fold && compare(name, p.Literals[0])
		})
	}
	key := match.String(p)
	found, known := c.patterns[key]
	if !known {
		fields := event.NewFields()
		fields.Add(p.Path)
		d := event.NewDecoder(fields)
		found = slices.ContainsFunc(event.Types(), func(t event.TypeInfo) bool {
			ev, err := d.Decode([]byte(`{"eventType":`+strconv.Quote(t.Name)+`}`), event.Meta{})
			return err != nil || match.Eval(p, ev)
		})
		c.patterns[key] = found
	}
	return found
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
