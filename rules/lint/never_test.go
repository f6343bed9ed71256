package lint

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"oktastream/rules/event"
	"oktastream/rules/match"
)

var (
	someFields = []string{"eventType", "outcome.result", "securityContext.asNumber", "securityContext.isProxy", "target.type"}
	someValues = []string{"a", "A", "ab", "b", "1", "1.0", "2", "true", ""}
)

// drawPred draws a predicate of any operator that compares with texts.
func drawPred(t *rapid.T) match.Expr {
	ops := []match.Op{match.Exists, match.Equal, match.Equal, match.Equal, match.Prefix, match.Suffix, match.Contains, match.Wildcard,
		match.Less, match.GreaterEqual, match.Empty}
	p := &match.Pred{
		Path: event.MustPath(rapid.SampledFrom(someFields).Draw(t, "field")),
		Op:   rapid.SampledFrom(ops).Draw(t, "op"),
		Fold: rapid.Bool().Draw(t, "fold"),
		All:  rapid.Float64Range(0, 1).Draw(t, "all") > 0.9,
	}
	if p.Op != match.Exists && p.Op != match.Empty {
		p.Literals = rapid.SliceOfN(rapid.SampledFrom(someValues), 1, 2).Draw(t, "literals")
	}
	return p
}

func drawExpr(t *rapid.T, depth int) match.Expr {
	if depth == 0 || rapid.Float64Range(0, 1).Draw(t, "leaf") < 0.3 {
		return drawPred(t)
	}
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		return match.Not{X: drawExpr(t, depth-1)}
	case 1:
		return match.Or{drawExpr(t, depth-1), drawExpr(t, depth-1)}
	}
	return match.And{drawExpr(t, depth-1), drawExpr(t, depth-1), drawExpr(t, depth-1)}
}

func drawEvent(t *rapid.T) []byte {
	value := func(name string) any {
		text := rapid.SampledFrom(append(someValues, "B", "AB", "aB", "ba")).Draw(t, name)
		if rapid.Bool().Draw(t, "bare") && json.Valid([]byte(text)) {
			return json.RawMessage(text)
		}
		return text
	}
	e := map[string]any{}
	if rapid.Bool().Draw(t, "type") {
		e["eventType"] = value("eventType")
	}
	if rapid.Bool().Draw(t, "outcome") {
		e["outcome"] = map[string]any{"result": value("result")}
	}
	if rapid.Bool().Draw(t, "security") {
		e["securityContext"] = map[string]any{"asNumber": value("asNumber"), "isProxy": value("isProxy")}
	}
	if rapid.Bool().Draw(t, "target") {
		e["target"] = []any{map[string]any{"type": value("one")}, map[string]any{"type": value("two")}}
	}
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// A condition that is said to contradict itself holds for no event.
func TestContradictionsAreCertain(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		x := drawExpr(t, 3)
		if rapid.Bool().Draw(t, "two values of one field") { // chance alone may draw no contradiction in a run
			p := event.MustPath("eventType")
			x = match.And{x, &match.Pred{Path: p, Op: match.Equal, Literals: []string{"a"}}, &match.Pred{Path: p, Op: match.Equal, Literals: []string{"b"}}}
		}
		if !contradicts(x) {
			return
		}
		found++
		fields := event.NewFields()
		for _, p := range match.Paths(x) {
			fields.Add(p)
		}
		d := event.NewDecoder(fields)
		for range 50 {
			raw := drawEvent(t)
			ev, err := d.Decode(raw, event.Meta{})
			if err != nil {
				t.Fatal(err)
			}
			if match.Eval(x, ev) {
				t.Fatalf("%s holds for %s", match.String(x), raw)
			}
		}
	})
	if found == 0 {
		t.Error("no contradiction was drawn")
	}
}
