package kuery

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"oktastream/rules/event"
	"oktastream/rules/match"
)

// meaning is a condition as the test draws it: how it is written, and whether it holds for an event, worked out on the
// event's plain JSON without any of the product's code.
type meaning struct {
	text  string
	holds func(ev map[string]any) bool
}

var fields = []string{"a", "b", "c.d", "e"}

// valuesOf are the texts at a path, through arrays.
func valuesOf(v any, path string) []string {
	if list, ok := v.([]any); ok {
		var out []string
		for _, item := range list {
			out = append(out, valuesOf(item, path)...)
		}
		return out
	}
	if path == "" {
		switch v := v.(type) {
		case string:
			return []string{v}
		case bool:
			return []string{fmt.Sprint(v)}
		case float64:
			return []string{fmt.Sprint(v)}
		}
		return nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	head, rest, _ := strings.Cut(path, ".")
	return valuesOf(m[head], rest)
}

// like matches * by trying every length.
func like(text, pattern string) bool {
	if pattern == "" {
		return text == ""
	}
	if pattern[0] == '*' {
		for i := range len(text) + 1 {
			if like(text[i:], pattern[1:]) {
				return true
			}
		}
		return false
	}
	return text != "" && text[0] == pattern[0] && like(text[1:], pattern[1:])
}

func spaces(t *rapid.T) string {
	return rapid.SampledFrom([]string{" ", "  ", "\n", "\t"}).Draw(t, "blank")
}

func keyword(t *rapid.T, word string) string {
	return spaces(t) + rapid.SampledFrom([]string{word, strings.ToUpper(word), word[:1] + strings.ToUpper(word[1:])}).Draw(t, word) + spaces(t)
}

// drawValue draws a value and what it asks of a text.
func drawValue(t *rapid.T) (string, func(string) bool) {
	v := rapid.SampledFrom([]string{"x", "xy", "X", "x y", "true", "1", "", "not", "x*y", `q"r`, "né", `b\c`}).Draw(t, "value")
	switch rapid.IntRange(0, 2).Draw(t, "form") {
	case 0:
		pattern := rapid.SampledFrom([]string{"x*", "*y", "*x*", "x*y", "*"}).Draw(t, "pattern")
		return pattern, func(s string) bool { return s != "" && like(s, pattern) }
	case 1:
		if v != "" && strings.Trim(v, " ") == v {
			text := v
			for _, c := range special {
				if c != '\\' {
					text = strings.ReplaceAll(strings.ReplaceAll(text, string(c), "\\"+string(c)), "\\\\"+string(c), "\\"+string(c))
				}
			}
			if v == `b\c` {
				text = `b\\c`
			}
			if v == "not" {
				text = `\not`
			}
			return text, func(s string) bool { return s == v }
		}
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`, func(s string) bool { return s == v }
}

func drawList(t *rapid.T, field string, depth int) meaning {
	kind := rapid.IntRange(0, 3).Draw(t, "list")
	if depth == 0 || kind == 0 {
		text, fits := drawValue(t)
		return meaning{text, func(ev map[string]any) bool { return slices.ContainsFunc(valuesOf(ev, field), fits) }}
	}
	return combine(t, kind, func() meaning { return drawList(t, field, depth-1) }, true)
}

func combine(t *rapid.T, kind int, draw func() meaning, brackets bool) meaning {
	var m meaning
	switch a := draw(); kind {
	case 1:
		b := draw()
		m = meaning{"(" + a.text + ")" + keyword(t, "and") + "(" + b.text + ")", func(ev map[string]any) bool { return a.holds(ev) && b.holds(ev) }}
	case 2:
		b := draw()
		m = meaning{"(" + a.text + ")" + keyword(t, "or") + "(" + b.text + ")", func(ev map[string]any) bool { return a.holds(ev) || b.holds(ev) }}
	default:
		m = meaning{"not " + "(" + a.text + ")", func(ev map[string]any) bool { return !a.holds(ev) }}
	}
	if brackets {
		m.text = "(" + m.text + ")"
	}
	return m
}

func drawCondition(t *rapid.T, depth int) meaning {
	kind := rapid.IntRange(0, 3).Draw(t, "condition")
	if depth > 0 && kind > 0 {
		return combine(t, kind, func() meaning { return drawCondition(t, depth-1) }, false)
	}
	field := rapid.SampledFrom(fields).Draw(t, "field")
	m := drawList(t, field, 2)
	m.text = field + rapid.SampledFrom([]string{":", " : ", ": "}).Draw(t, "colon") + m.text
	return m
}

func drawEvent(t *rapid.T) map[string]any {
	scalar := func() any {
		return rapid.SampledFrom([]any{"x", "xy", "X", "x y", "", "not", "x*y", `q"r`, "né", `b\c`, "true", true, false, 1.0, nil, "zzx"}).Draw(t, "scalar")
	}
	some := func() any {
		switch rapid.IntRange(0, 3).Draw(t, "shape") {
		case 0:
			return []any{scalar(), scalar()}
		default:
			return scalar()
		}
	}
	ev := map[string]any{}
	for _, f := range []string{"a", "b", "e"} {
		if rapid.Bool().Draw(t, f) {
			ev[f] = some()
		}
	}
	switch rapid.IntRange(0, 2).Draw(t, "c") {
	case 0:
		ev["c"] = map[string]any{"d": some()}
	case 1:
		ev["c"] = []any{map[string]any{"d": some()}, map[string]any{"d": some()}, "other"}
	}
	return ev
}

// TestEvaluation compares compiled queries with what they mean, over random queries and events.
func TestEvaluation(t *testing.T) {
	held, decoder := 0, event.NewDecoder(event.NewFields())
	rapid.Check(t, func(t *rapid.T) {
		m := drawCondition(t, 3)
		x, r := compileText(m.text)
		if x == nil {
			t.Fatalf("%s: %v", m.text, r.Diagnostics)
		}
		for range 5 {
			drawn := drawEvent(t)
			raw, err := json.Marshal(drawn)
			if err != nil {
				t.Fatal(err)
			}
			ev, err := decoder.Decode(raw, event.Meta{ID: "1", Time: 1})
			if err != nil {
				t.Fatal(err)
			}
			want := m.holds(drawn)
			if got := match.Eval(x, ev); got != want {
				t.Fatalf("%s\non %s: got %v, want %v\n%s", m.text, raw, got, want, match.String(x))
			}
			if want {
				held++
			}
		}
	})
	if held == 0 {
		t.Error("no query held for any event: the test shows nothing")
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{`a:(b or not "c*") and d >= 5`, `okta.actor.*:x`, `target:{type:User and not id:*}`, `\and:\*\\ or "x\u00e9`, `published < now-5m`, `*:*`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		if strings.Contains(query, "'''") {
			return
		}
		n, p := parse(query)
		if p != nil && (p.offset < 0 || p.offset > len(query)) {
			t.Errorf("problem at %d of %d", p.offset, len(query))
		}
		if p != nil && n != nil {
			t.Error("a query with a problem has a meaning")
		}
	})
}
