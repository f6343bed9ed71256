package lint

import (
	"slices"
	"strings"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// gap is a field that events often come without. A name that ends in .* stands for everything below.
type gap struct {
	field string
	level rules.Level
	why   string
	hint  string
}

// gaps says what real events have shown, for fields that authors like to group by. The first entry that fits counts.
var gaps = []gap{
	{"authenticationContext.externalSessionId", rules.Warning, `it is null or "unknown" for failed sign-ins and for events of Okta's own services`,
		"group failed sign-ins by actor.alternateId or client.ipAddress"},
	{"authenticationContext.rootSessionId", rules.Warning, "fewer than half of all events have it", "group by authenticationContext.externalSessionId"},
	{"client.zone", rules.Warning, `it is the text "null" in nearly every event`, "group by client.ipAddress"},
	{"client.device", rules.Note, "it is null for events of jobs and services", ""},
	{"client.geographicalContext.*", rules.Note, "it is null where the address cannot be located", ""},
	{"device.*", rules.Warning, "device is null for everything but managed devices", "group by debugContext.debugData.dtHash or client.ipAddress"},
	{"transaction.type", rules.Warning, "it is null in most events", "group by transaction.id"},
	{"transaction.id", rules.Note, `it is "unknown" where there was no request`, ""},
	{"transaction.detail.*", rules.Warning, "only events that were caused with an API token have it", ""},
	{"outcome.reason", rules.Warning, "it is null for nearly everything that succeeds", "group by outcome.result"},
	{"outcome.*", rules.Note, "outcome is null for some event types", ""},
	{"securityContext.risk.*", rules.Warning, "only new events have it, and only some of them", ""},
	{"securityContext.userBehaviors.*", rules.Warning, "only new events have it, and only some of them", ""},
	{"securityContext.botProtection.*", rules.Warning, "only new events have it, and only some of them", ""},
	{"securityContext.*", rules.Note, "it is null for events without an address", ""},
	{"debugContext.debugData.dtHash", rules.Note, `it is absent or "-" for requests without a device cookie`, ""},
	{"debugContext.debugData.*", rules.Note, "Okta promises nothing about the members of debugData", ""},
	{"target.*", rules.Warning, "target is null for some event types, and holds several objects in no particular order for others",
		"name the type, as in target[type=User].alternateId"},
}

// gapOf returns what is known about a field, or nil.
func gapOf(p event.Path) *gap {
	name := plainName(p.String())
	for i := range gaps {
		g := &gaps[i]
		if below, ok := strings.CutSuffix(g.field, "*"); ok {
			if len(name) < len(below) || !strings.EqualFold(name[:len(below)], below) {
				continue
			}
		} else if !strings.EqualFold(name, g.field) {
			continue
		}
		if strings.HasPrefix(g.field, "target.") && strings.Contains(p.String(), "=") {
			return nil // the author has said which object is meant
		}
		return g
	}
	return nil
}

// plainName is a path without brackets; a name of Elastic's okta.* form becomes Okta's.
func plainName(text string) string {
	if rest, ok := strings.CutPrefix(text, "okta."); ok {
		parts := strings.Split(rest, ".")
		for i := range parts {
			parts[i] = event.Camel(parts[i])
		}
		text = strings.Join(parts, ".")
	}
	var b strings.Builder
	depth := 0
	for _, r := range text {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// group finds members of the group key without which many events come, unless the condition asks for a value: events
// without one are not observed at all.
func (c *checker) group(s *subject) {
	st := s.rule.Stateful
	if st == nil {
		return
	}
	for m, member := range st.GroupBy {
		for i := range st.Inputs {
			in := &st.Inputs[i]
			if !in.ObservesEvents() {
				continue
			}
			g := gapOf(in.Group[m])
			if g == nil || asksFor(in.Where, in.Group[m], true) {
				continue
			}
			c.report(s.rule, s.member(member), g.level, OftenMissing, g.hint,
				"events without %s are not counted, and %s", in.Group[m], g.why)
			break
		}
	}
}

// member is where a member of the group key is written.
func (s *subject) member(name string) span {
	for _, list := range [][]string{{"correlation", "group-by"}, {"oktastream", "suppress", "by"}} {
		n := s.own.root
		for _, key := range list {
			n = n.Get(key)
		}
		for _, item := range values(n) {
			if item.Text == name {
				return s.own.span(item, 0, len([]rune(name)))
			}
		}
	}
	return s.whole()
}

// asksFor reports whether x (or, if holds is false, its negation) can hold only for events with a value at p.
func asksFor(x match.Expr, p event.Path, holds bool) bool {
	asks := func(m match.Expr) bool { return asksFor(m, p, holds) }
	switch x := x.(type) {
	case match.And:
		if holds {
			return slices.ContainsFunc(x, asks)
		}
		return all(x, asks)
	case match.Or:
		if holds {
			return all(x, asks)
		}
		return slices.ContainsFunc(x, asks)
	case match.Not:
		return asksFor(x.X, p, !holds)
	case match.Const:
		return bool(x) != holds
	case *match.Pred:
		return holds && strings.EqualFold(x.Path.String(), p.String()) && x.Op != match.Empty
	}
	return false
}

func all(xs []match.Expr, ok func(match.Expr) bool) bool {
	return len(xs) > 0 && !slices.ContainsFunc(xs, func(x match.Expr) bool { return !ok(x) })
}
