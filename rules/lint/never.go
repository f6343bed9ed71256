package lint

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// never finds rules that no event, or no window of events, can satisfy. It says so only where that is certain.
func (c *checker) never(s *subject) {
	if st := s.rule.Stateful; st != nil {
		if why := unreachable(st); why != "" {
			c.report(s.rule, s.keyAt("correlation"), rules.Error, Never, "", "the rule can never match: %s", why)
			return
		}
	}
	xs := conditions(s.rule)
	dead := 0
	for _, x := range xs {
		if contradicts(x) {
			dead++
		}
	}
	switch {
	case dead == 0:
	case s.rule.Stateful == nil:
		c.report(s.rule, s.keyAt("detection", "query"), rules.Error, Never, "", "the rule can never match: its condition contradicts itself")
	case needsAll(s.rule) || dead == len(xs) && !observesAlerts(s.rule):
		c.report(s.rule, s.keyAt("correlation", "detection", "query"), rules.Error, Never, "",
			"the rule can never match: the condition of an event that it waits for contradicts itself")
	default:
		c.report(s.rule, s.keyAt("correlation"), rules.Warning, Never, "",
			"%d of the %d rules that it counts can never match: their conditions contradict themselves", dead, len(xs))
	}
}

// contradicts reports whether x holds for no event at all.
func contradicts(x match.Expr) bool {
	if match.String(x) == match.String(match.Const(false)) {
		return true
	}
	if types, confined := match.EventTypes(x); confined && len(types) == 0 {
		return true
	}
	switch x := x.(type) {
	case match.And:
		return slices.ContainsFunc(x, contradicts) || opposed(flatten(x))
	case match.Or:
		return all(x, contradicts)
	}
	return false
}

// flatten lists everything that x asks for at once.
func flatten(x match.Expr) []match.Expr {
	switch x := x.(type) {
	case match.And:
		var out []match.Expr
		for _, m := range x {
			out = append(out, flatten(m)...)
		}
		return out
	case match.Not:
		switch inner := x.X.(type) {
		case match.Not:
			return flatten(inner.X)
		case match.Or:
			var out []match.Expr
			for _, m := range inner {
				out = append(out, flatten(match.Not{X: m})...)
			}
			return out
		}
	}
	return []match.Expr{x}
}

// opposed reports whether the members of an And exclude each other: one is the negation of another, or those that
// read a field with a single value leave it none.
func opposed(members []match.Expr) bool {
	forms := map[string]bool{}
	for _, m := range members {
		forms[match.String(m)] = true
	}
	byField := map[event.Path][]match.Expr{}
	for _, m := range members {
		if forms[match.String(match.Not{X: m})] {
			return true
		}
		if paths := match.Paths(m); len(paths) == 1 && single(paths[0].String()) {
			byField[paths[0]] = append(byField[paths[0]], m)
		}
	}
	for p, ms := range byField {
		if len(ms) > 1 && valueless(p, ms) {
			return true
		}
	}
	return false
}

// valueless reports whether no value of p satisfies all members, which read nothing else. One of them must list the
// values that it allows, or all must be bounds; each value, and one of each stretch between bounds, is tried.
func valueless(p event.Path, members []match.Expr) bool {
	var candidates []string
	folding, exact, other := false, false, false
	for _, m := range members {
		pred, ok := m.(*match.Pred)
		if ok && pred.Op == match.Equal && !pred.All {
			candidates = append(candidates, pred.Literals...)
		}
		match.Walk(m, func(x match.Expr) {
			if pred, ok := x.(*match.Pred); ok {
				folding = folding || pred.Fold
				exact = exact || !pred.Fold && mindsCase(pred.Op)
				other = other || pred.Part != 0 || pred.Op == match.Element
			}
		})
	}
	if len(candidates) == 0 {
		candidates = between(members)
	}
	// With both, other spellings of a candidate would have to be tried; and a part of a value is not the value.
	if len(candidates) == 0 || folding && exact || other {
		return false
	}
	for _, v := range candidates {
		text := strconv.Quote(v)
		if b, err := json.Marshal(v); err == nil {
			text = string(b)
		}
		for _, form := range []string{text, v} { // as text, and as the number, true or false that it may be
			if form == v && !json.Valid([]byte(v)) {
				continue
			}
			if holds(p, form, members) {
				return false
			}
		}
	}
	return true
}

// between returns a number for each stretch that the bounds among members leave, and each bound: if none of these will
// do, no number does. There are none where a member is no bound.
func between(members []match.Expr) []string {
	var bounds []float64
	for _, m := range members {
		if not, ok := m.(match.Not); ok {
			m = not.X
		}
		p, ok := m.(*match.Pred)
		if !ok || p.Op < match.Less || p.Op > match.GreaterEqual || p.Part != 0 {
			return nil
		}
		for _, l := range p.Literals {
			n, err := strconv.ParseFloat(l, 64)
			if err != nil {
				return nil
			}
			bounds = append(bounds, n)
		}
	}
	slices.Sort(bounds)
	var out []string
	add := func(n float64) { out = append(out, strconv.FormatFloat(n, 'f', -1, 64)) }
	for i, n := range bounds {
		if i == 0 {
			add(n - 1)
		} else {
			add((bounds[i-1] + n) / 2)
		}
		add(n)
		if i == len(bounds)-1 {
			add(n + 1)
		}
	}
	return out
}

func mindsCase(op match.Op) bool {
	switch op {
	case match.Equal, match.Prefix, match.Suffix, match.Contains, match.Wildcard, match.Regexp, match.EqualsField:
		return true
	}
	return false
}

// holds evaluates members for an event that has nothing but a value at p. It is true where that cannot be tried.
func holds(p event.Path, value string, members []match.Expr) bool {
	names := strings.Split(p.String(), ".")
	raw := value
	for _, name := range slices.Backward(names) {
		raw = "{" + strconv.Quote(name) + ":" + raw + "}"
	}
	fields := event.NewFields()
	fields.Add(p)
	ev, err := event.NewDecoder(fields).Decode([]byte(raw), event.Meta{})
	if err != nil {
		return true
	}
	return match.Eval(match.And(members), ev)
}

// singles are fields that have one value an event, or none. Below a name that ends in .* all have.
var singles = []string{"eventType", "severity", "version", "uuid", "displayMessage", "legacyEventType", "outcome.result", "outcome.reason",
	"actor.id", "actor.type", "actor.alternateId", "actor.displayName", "client.id", "client.zone", "client.device", "client.ipAddress",
	"client.userAgent.*", "client.geographicalContext.*", "authenticationContext.externalSessionId", "authenticationContext.rootSessionId",
	"authenticationContext.authenticationProvider", "authenticationContext.credentialProvider", "authenticationContext.credentialType",
	"transaction.id", "transaction.type", "securityContext.asNumber", "securityContext.asOrg", "securityContext.isp",
	"securityContext.domain", "securityContext.isProxy", "device.id", "device.name"}

// single reports whether a field has at most one value. It does not know all that do.
func single(name string) bool {
	return slices.ContainsFunc(singles, func(s string) bool {
		if below, ok := strings.CutSuffix(s, "*"); ok {
			return len(name) > len(below) && strings.EqualFold(name[:len(below)], below) && !strings.ContainsAny(name, "[ ")
		}
		return strings.EqualFold(s, name)
	})
}
