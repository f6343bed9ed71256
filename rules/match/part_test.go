package match

import (
	"testing"

	"oktastream/rules/event"
)

func TestPart(t *testing.T) {
	for _, tt := range []struct {
		part    Part
		literal string
		text    string // JSON of the value
		want    bool
	}{
		{Minute, "4", `"2026-01-02T03:04:05.678Z"`, true},
		{Hour, "3", `"2026-01-02T03:04:05Z"`, true},
		{Hour, "3", `"2026-01-02T03:04:05+09:00"`, true}, // as written, whatever the zone
		{Hour, "0", `"2026-01-02T00:04:05Z"`, true},
		{Hour, "18", `"2026-01-02T03:04:05+09:00"`, false},
		{Day, "2", `"2026-01-02T03:04:05Z"`, true},
		{Week, "53", `"2027-01-01T03:04:05Z"`, true},
		{Month, "12", `"2026-12-02T03:04:05Z"`, true},
		{Month, "12.0", `"2026-12-02T03:04:05Z"`, true},
		{Year, "2026", `"2026-12-02T03:04:05Z"`, true},
		{Year, "2026", `"2026"`, false}, // not a time
		{Year, "2026", `2026`, false},
		{Hour, "25", `"2026-01-02T25:04:05Z"`, false},
	} {
		p := pred("published", Equal, tt.literal)
		p.Part = tt.part
		if got := matched(t, p, `{"published":`+tt.text+`}`); got != tt.want {
			t.Errorf("%s of %s = %s: %v", tt.part, tt.text, tt.literal, got)
		}
	}
	late := pred("published", GreaterEqual, "22")
	late.Part = Hour
	if !matched(t, late, `{"published":"2026-01-02T23:00:00Z"}`) || matched(t, late, `{"published":"2026-01-02T21:59:59Z"}`) {
		t.Error("hour >= 22")
	}
}

func TestElement(t *testing.T) {
	both := &Pred{Path: path("target"), Op: Element, Body: And{
		pred("element.type", Equal, "User"), pred("element.alternateId", Suffix, "@example.com"),
	}}
	one := &Pred{Path: path("list"), Op: Element, Body: pred("element", Prefix, "a")}
	nested := &Pred{Path: path("target"), Op: Element, Body: And{
		pred("element.type", Equal, "Group"),
		&Pred{Path: path("element.members"), Op: Element, Body: pred("element.id", Equal, "1")},
	}}
	for _, tt := range []struct {
		name, raw string
		x         Expr
		want      bool
	}{
		{"same element", `{"target":[{"type":"App"},{"type":"User","alternateId":"a@example.com"}]}`, both, true},
		{"different elements", `{"target":[{"type":"User"},{"type":"App","alternateId":"a@example.com"}]}`, both, false},
		{"no array", `{"target":{"type":"User","alternateId":"a@example.com"}}`, both, true},
		{"nothing", `{"target":[]}`, both, false},
		{"null element", `{"target":[null]}`, Not{&Pred{Path: path("target"), Op: Element, Body: Const(true)}}, true},
		{"text elements", `{"list":["b","ab"]}`, one, true},
		{"quotes in a text", `{"list":["a\"\\\u0001"]}`, one, true},
		{"number element", `{"list":[12]}`, &Pred{Path: path("list"), Op: Element, Body: pred("element", Equal, "12.0")}, true},
		{"nested", `{"target":[{"type":"Group","members":[{"id":2},{"id":1}]}]}`, nested, true},
		{"nested, in another", `{"target":[{"type":"Group"},{"type":"x","members":[{"id":1}]}]}`, nested, false},
		{"no body", `{"list":["a"]}`, &Pred{Path: path("list"), Op: Element}, false},
	} {
		if got := matched(t, tt.x, tt.raw); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	if got := String(both); got != `(element "target" "(and (equal \"element.type\" \"User\") (suffix \"element.alternateId\" \"@example.com\"))")` {
		t.Errorf("canonical form %s", got)
	}
	if got := Paths(both); len(got) != 1 || got[0] != path("target") {
		t.Errorf("paths %v", got)
	}
}

func TestEveryValue(t *testing.T) {
	any := pred("[*]", Contains, "needle")
	any.Fold = true
	if !matched(t, any, `{"a":{"b":[1,{"c":"a NEEDLE"}]}}`) || matched(t, any, `{"needle":"x"}`) {
		t.Error("contains")
	}
	if x, _ := build(t, []Expr{any, And{any, pred("eventType", Equal, "a")}}, `{}`); len(x.Unindexed()) != 1 {
		t.Errorf("unindexed %v", x.Unindexed())
	}
}

// matched is the verdict of Eval, which the index must share.
func matched(t *testing.T, x Expr, raw string) bool {
	t.Helper()
	index, ev := build(t, []Expr{x}, raw)
	got := Eval(x, ev)
	if indexed := len(index.NewMatcher().Match(ev, nil)) == 1; indexed != got {
		t.Errorf("%s on %s: index %v, Eval %v", String(x), raw, indexed, got)
	}
	return got
}

// TestElementAllocations: what a Matcher needs for elements it keeps.
func TestElementAllocations(t *testing.T) {
	x := &Pred{Path: path("target"), Op: Element, Body: pred("element", Equal, "User")}
	f := event.NewFields()
	b := NewBuilder(f)
	b.Add(x)
	m, d := b.Build().NewMatcher(), event.NewDecoder(f)
	raw := []byte(`{"uuid":"u","published":"2026-01-02T03:04:05Z","target":["x","y",1,true]}`)
	var found []int
	run := func() {
		ev, err := d.Decode(raw, event.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		found = m.Match(ev, found[:0])
	}
	run()
	if n := testing.AllocsPerRun(100, run); n > 0 {
		t.Errorf("%v allocations per event", n)
	}
}
