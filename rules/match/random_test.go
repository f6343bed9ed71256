package match

import (
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"oktastream/rules/event"
)

// The vocabulary is small, so that random predicates and random events often meet.
var (
	anyPath = rapid.SampledFrom([]string{
		"eventType", "event.action", "actor.alternateId", "actor.type", "client.ipAddress", "source.ip", "client.ipAddress or actor.alternateId", "target.type",
		"target.displayName", "target", "[*]", "target.0.type", "outcome.result", "securityContext.isProxy", "n", "published",
	})
	anyText = rapid.SampledFrom([]string{
		"", "a", "A", "ab", "aB", "abc", "k", "\u212a", "ſ", "S", "true", "1", "1.0", "10e-1", "12", "-3", "user.session.start",
		"USER.session.start", "192.0.2.7", "::ffff:192.0.2.7", "::FFFF:c000:207", "10.1.2.3", "2001:DB8::1", "2001:db8:0::1", "::1", "2024-01-01T00:00:00Z", "2024-01-01T01:00:00+01:00",
		"2024-01-01 00:00:00 UTC", "1704067200000", "1704067200", `{"$date":1704067200000}`,
		"unknown", "bca*", "ä", "Ä", "\xff",
	})
	anyPattern = rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "B", "c", "?", "*", `\*`, `\`, "ä", "2001:DB8::1", "::ffff:192.0.2.7"}), 0, 5),
		func(parts []string) string { return strings.Join(parts, "") })
	anyRegexp = rapid.SampledFrom([]*regexp.Regexp{
		regexp.MustCompile(`^a`), regexp.MustCompile(`(?i)b`), regexp.MustCompile(`\d+$`), regexp.MustCompile(``),
	})
	anyNet = rapid.SampledFrom([]netip.Prefix{
		netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::/0"),
		netip.MustParsePrefix("::ffff:192.0.0.0/104"),
	})
)

func drawPred(t *rapid.T) *Pred {
	p := &Pred{
		Path: event.MustPath(anyPath.Draw(t, "path")),
		Op:   Op(rapid.IntRange(int(Exists), int(Element)).Draw(t, "op")),
		Fold: rapid.Bool().Draw(t, "fold"),
		All:  rapid.Bool().Draw(t, "all"),
	}
	literals, most := anyText, 3
	if rapid.IntRange(0, 9).Draw(t, "whole or part") == 0 {
		p.Part = Part(rapid.IntRange(int(Minute), int(Year)).Draw(t, "part"))
	}
	switch p.Op {
	case Element:
		if rapid.IntRange(0, 9).Draw(t, "body") > 0 {
			p.Body = drawBody(t)
		}
	case Regexp:
		p.Re = rapid.SliceOfN(anyRegexp, 0, 2).Draw(t, "re")
	case InCIDR:
		p.Nets = rapid.SliceOfN(anyNet, 0, 2).Draw(t, "nets")
	case EqualsField:
		p.Other = event.MustPath(anyPath.Draw(t, "other"))
		p.Form = rapid.SampledFrom([]Op{0, Prefix, Suffix, Contains}).Draw(t, "form")
	case Wildcard:
		literals = anyPattern
	case Equal:
		most = 20
	}
	p.Literals = rapid.SliceOfN(literals, 0, most).Draw(t, "literals")
	return p
}

// drawBody draws a condition on an element.
func drawBody(t *rapid.T) Expr {
	relative := rapid.SampledFrom([]string{"element", "element.type", "element.displayName", "element.0"})
	var members And
	for range rapid.IntRange(0, 2).Draw(t, "body members") {
		p := pred(relative.Draw(t, "relative"), Equal, anyText.Draw(t, "body literal"))
		p.Fold = true
		var x Expr = p
		if rapid.Bool().Draw(t, "negated") {
			x = Not{p}
		}
		members = append(members, x)
	}
	return members
}

func drawExpr(t *rapid.T, depth int) Expr {
	kind := rapid.IntRange(0, 9).Draw(t, "kind")
	if depth == 0 {
		kind = 9
	}
	switch kind {
	case 0, 1, 2:
		return And(drawExprs(t, depth))
	case 3, 4:
		return Or(drawExprs(t, depth))
	case 5:
		return Not{drawExpr(t, depth-1)}
	case 6:
		return Const(rapid.Bool().Draw(t, "const"))
	}
	return drawPred(t)
}

func drawExprs(t *rapid.T, depth int) []Expr {
	members := make([]Expr, rapid.IntRange(0, 3).Draw(t, "members"))
	for i := range members {
		members[i] = drawExpr(t, depth-1)
	}
	return members
}

func drawValue(t *rapid.T) any {
	switch rapid.IntRange(0, 9).Draw(t, "value kind") {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(t, "bool")
	case 2, 3:
		return json.RawMessage(rapid.SampledFrom([]string{"1", "1.0", "12", "-3", "0", "100e-2"}).Draw(t, "number"))
	case 4:
		return map[string]any{"a": "ab"}
	case 5:
		return []any{anyText.Draw(t, "element"), anyText.Draw(t, "element")}
	}
	return anyText.Draw(t, "text")
}

func drawEvent(t *rapid.T) []byte {
	targets := make([]any, rapid.IntRange(0, 3).Draw(t, "targets"))
	for i := range targets {
		targets[i] = map[string]any{"type": drawValue(t), "displayName": drawValue(t)}
	}
	e := map[string]any{
		"uuid": "u", "eventType": drawValue(t), "target": targets, "n": drawValue(t), "published": anyText.Draw(t, "published"),
		"actor":           map[string]any{"alternateId": drawValue(t), "type": drawValue(t)},
		"client":          map[string]any{"ipAddress": drawValue(t)},
		"outcome":         map[string]any{"result": drawValue(t)},
		"securityContext": map[string]any{"isProxy": drawValue(t)},
	}
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestMatchIsEval: whatever the rules and the event, the index finds exactly what the definition says. Many rules, so
// that buckets overflow and are divided further; several events, so that nothing leaks from one into the next.
func TestMatchIsEval(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		exprs := make([]Expr, rapid.IntRange(1, 40).Draw(t, "expressions"))
		f := event.NewFields()
		b := NewBuilder(f)
		for i := range exprs {
			exprs[i] = drawExpr(t, 3)
			if rapid.Bool().Draw(t, "typed") {
				exprs[i] = And{pred("eventType", Equal, "user.session.start", anyText.Draw(t, "type")), exprs[i]}
			}
			if n := b.Add(exprs[i]); n != i {
				t.Fatalf("expression %d got number %d", i, n)
			}
		}
		m := b.Build().NewMatcher()
		d := event.NewDecoder(f)
		for range rapid.IntRange(1, 5).Draw(t, "events") {
			raw := drawEvent(t)
			ev, err := d.Decode(raw, event.Meta{})
			if err != nil {
				t.Fatalf("%s: %v", raw, err)
			}
			got := m.Match(ev, []int{-1})
			want := []int{-1}
			for i, x := range exprs {
				if Eval(x, ev) {
					want = append(want, i)
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s\ngot  %v\nwant %v", raw, got, want)
			}
		}
	})
}

// TestRewritesKeepMeaning: what normalise and the canonical form rest on.
func TestRewritesKeepMeaning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawExpr(t, 4)
		ev, err := event.NewDecoder(event.NewFields()).Decode(drawEvent(t), event.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		if Eval(normalise(x), ev) != Eval(x, ev) {
			t.Fatalf("normalise changes %s into %s", String(x), String(normalise(x)))
		}
		y := scramble(t, x)
		if String(x) != String(y) {
			t.Fatalf("reordering changes the canonical form from\n%s to\n%s", String(x), String(y))
		}
		// An event that carries several types satisfies conditions that no event type does.
		values := ev.Lookup(path("eventType"))
		if types, ok := EventTypes(x); ok && Eval(x, ev) && len(values) == 1 && values[0].Kind == event.String {
			if !slices.ContainsFunc(types, func(s string) bool { return strings.EqualFold(s, values[0].Text) }) {
				t.Fatalf("%s holds for %q, but its event types are %q", String(x), values[0].Text, types)
			}
		}
	})
}

// scramble changes what must not matter: order, repetition, nesting, double negation.
func scramble(t *rapid.T, x Expr) Expr {
	members := func(in []Expr) []Expr {
		var out []Expr
		for _, m := range in {
			out = append(out, scramble(t, m))
		}
		if len(out) > 0 && rapid.Bool().Draw(t, "repeat") {
			out = append(out, out[0])
		}
		if len(out) < 2 {
			return out
		}
		return rapid.Permutation(out).Draw(t, "order")
	}
	switch y := x.(type) {
	case And:
		x = And(members(y))
	case Or:
		x = Or(members(y))
	case Not:
		x = Not{scramble(t, y.X)}
	case *Pred:
		q := *y
		q.Literals = slices.Clone(y.Literals)
		slices.Reverse(q.Literals)
		q.Pos = Pos{Line: 1, Col: 2}
		x = &q
	}
	switch rapid.IntRange(0, 4).Draw(t, "wrap") {
	case 0:
		return And{x}
	case 1:
		return Or{x, Const(false)}
	case 2:
		return Not{Not{x}}
	}
	return x
}

// TestGlob compares the matcher with a table of all prefixes, the textbook way.
func TestGlob(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := anyPattern.Draw(t, "pattern")
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "B", "c", "*", `\`, "ä", "?"}), 0, 7).Draw(t, "text"), "")
		if got, want := parseGlob(pattern).match(text), tableMatch(pattern, text); got != want {
			t.Fatalf("%q against %q: %v, want %v", pattern, text, got, want)
		}
	})
}

func tableMatch(pattern, text string) bool {
	type unit struct {
		r         rune
		any, many bool
	}
	var units []unit
	in := []rune(pattern)
	for i := 0; i < len(in); i++ {
		switch {
		case in[i] == '\\' && i+1 < len(in) && strings.ContainsRune(`*?\`, in[i+1]):
			i++
			units = append(units, unit{r: in[i]})
		case in[i] == '*':
			units = append(units, unit{many: true})
		default:
			units = append(units, unit{r: in[i], any: in[i] == '?'})
		}
	}
	runes := []rune(text)
	reach := make([]bool, len(runes)+1) // reach[j]: the units so far match runes[:j]
	reach[0] = true
	for _, u := range units {
		next := make([]bool, len(reach))
		for j := range reach {
			switch {
			case u.many:
				next[j] = reach[j] || j > 0 && next[j-1]
			case j > 0:
				next[j] = reach[j-1] && (u.any || u.r == runes[j-1])
			}
		}
		reach = next
	}
	return reach[len(runes)]
}

// TestFold: folded texts are equal exactly where strings.EqualFold says so.
func TestFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(anyText, rapid.StringN(0, 4, -1), rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 4), func(b []byte) string { return string(b) }))
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		if rapid.Bool().Draw(t, "same") {
			b = strings.ToUpper(a)
		}
		if (fold(a) == fold(b)) != strings.EqualFold(a, b) {
			t.Fatalf("fold(%q) = %q, fold(%q) = %q, EqualFold %v", a, fold(a), b, fold(b), strings.EqualFold(a, b))
		}
		if isFolded(a) && string(appendFold(nil, a)) != a {
			t.Fatalf("%q counts as folded, but folds to %q", a, appendFold(nil, a))
		}
	})
}
