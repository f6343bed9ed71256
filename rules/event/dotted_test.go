package event

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"oktastream/rules/event/jsontree"

	"pgregory.net/rapid"
)

// undotted is signIn as Okta would write it: no member of it has a dotted name, so that it is read without nesting first.
var undotted = strings.Replace(signIn, `"a.b":"dotted",`, "", 1)

// dottedObject writes an object with some of what is below it under dotted names, in another order.
func dottedObject(t *rapid.T, o map[string]any) []byte {
	type member struct {
		name string
		json []byte
	}
	var members []member
	var add func(prefix string, o map[string]any, top bool)
	add = func(prefix string, o map[string]any, top bool) {
		names := make([]string, 0, len(o))
		for name := range o {
			names = append(names, name)
		}
		slices.Sort(names)
		nested := map[string]any{} // what stays below prefix
		for _, name := range names {
			below, isObject := o[name].(map[string]any)
			switch {
			case isObject && len(below) > 0 && !strings.Contains(name, ".") && rapid.Bool().Draw(t, "hoist "+name):
				add(prefix+name+".", below, false)
			case !top && rapid.Bool().Draw(t, "nest "+name):
				nested[name] = o[name]
			default:
				members = append(members, member{prefix + name, writeDotted(t, o[name])})
			}
		}
		if len(nested) > 0 {
			members = append(members, member{strings.TrimSuffix(prefix, "."), writeDotted(t, nested)})
		}
	}
	add("", o, true)
	members = rapid.Permutation(members).Draw(t, "order")
	out := []byte{'{'}
	for i, m := range members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(jsontree.AppendString(out, m.name), ':'), m.json...)
	}
	return append(out, '}')
}

func writeDotted(t *rapid.T, v any) []byte {
	switch v := v.(type) {
	case map[string]any:
		return dottedObject(t, v)
	case []any:
		out := []byte{'['}
		for i, el := range v {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, writeDotted(t, el)...)
		}
		return append(out, ']')
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestHalfDotted: however much of an event is written under dotted names, each path has the values that it has in the
// nested one: as a field, looked up, and in a projection.
func TestHalfDotted(t *testing.T) {
	var nested map[string]any
	if err := json.Unmarshal([]byte(undotted), &nested); err != nil {
		t.Fatal(err)
	}
	whole := NewFields()
	for _, c := range lookups {
		whole.Add(MustPath(c.path))
	}
	rapid.Check(t, func(t *rapid.T) {
		raw := dottedObject(t, nested)
		fields := NewFields() // few, so that most of the event is not selected
		for range rapid.IntRange(0, 3).Draw(t, "fields") {
			fields.Add(MustPath(rapid.SampledFrom(lookups).Draw(t, "path").path))
		}
		for _, f := range []*Fields{fields, whole} {
			want, err := NewDecoder(f).Decode([]byte(undotted), Meta{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := NewDecoder(f).Decode(raw, Meta{})
			if err != nil {
				t.Fatalf("%s: %v", raw, err)
			}
			if got.ID() != want.ID() || got.Type() != want.Type() || got.Time() != want.Time() || got.Flags() != want.Flags() {
				t.Fatalf("%s: %s, %s, %d, flags %b", raw, got.ID(), got.Type(), got.Time(), got.Flags())
			}
			for _, c := range lookups {
				p := MustPath(c.path)
				w := values(want.Lookup(p))
				if g := values(got.Lookup(p)); !slices.Equal(g, w) {
					t.Fatalf("%s: %s is %q, nested %q", raw, c.path, g, w)
				}
				again, err := NewDecoder(f).Decode(got.Project(NewProjection(p)), Meta{})
				if err != nil {
					t.Fatal(err)
				}
				if g := values(again.Lookup(p)); !strings.HasPrefix(c.path, "[*]") && !slices.Equal(g, w) {
					t.Fatalf("%s: %s of the projection is %q, nested %q", raw, c.path, g, w)
				}
			}
		}
	})
}

// values are the texts of vals, sorted, since objects that come as a whole may have their members in another order.
func values(vals []Value) []string {
	var out []string
	for _, v := range vals {
		text := v.Text
		if v.Kind == Object {
			text = "an object of " + string(slices.Sorted(slices.Values([]byte(text))))
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}

func TestDottedNames(t *testing.T) {
	for _, c := range []struct{ event, path, want string }{
		{`{"actor.alternateId":"ada"}`, "actor.alternateId", "ada"},
		{`{"Actor.alternateId":"ada","actor":{"id":"1"}}`, "actor.alternateId", "ada"},
		{`{"actor":{"id":"1"},"ACTOR":{"id":"2"},"actor.type":"User"}`, "actor.type", "User"},
		{`{"actor.id":"1","actor":{"alternateId":"ada"}}`, "actor.id", "1"},
		{`{"actor\u002eid":"1"}`, "actor.id", "1"},
		// What both say counts twice, what they say alike once, and null says nothing.
		{`{"actor.id":"1","actor":{"id":"2"}}`, "actor.id", "2|1"},
		{`{"actor.id":"1","actor":{"id":"1"}}`, "actor.id", "1"},
		{`{"actor.id":"1","actor":null}`, "actor.id", "1"},
		{`{"actor.id":null,"actor":{"id":"1"}}`, "actor.id", "1"},
		{`{"actor.id":"1","actor":"ada"}`, "actor.id", "1"},
		{`{"actor.id":"1","actor.id":"2"}`, "actor.id", "2"},
		{`{"actor.id":"1","actor.id.x":"2"}`, "actor.id.x", "2"},
		// Arrays.
		{`{"target.displayName":["a","b"]}`, "target.displayName", "a|b"},
		{`{"target":[{"id":"1"}],"target.id":"2"}`, "target.id", "1|2"},
		{`{"target":[{"detailEntry.x":"1"}]}`, "target.detailEntry.x", "1"},
		{`{"target.0.id":"1","target.0.type":"User","target.1.id":"2","target.1.type":"App"}`, "target[type=User].id", "1"},
		{`{"target.1.id":"2","target.0.id":"1"}`, "target[1].id", "2"},
		{`{"target.1.id":"2"}`, "target.1.id", "2"},
		// What is no dotted name.
		{`{"a":{"New St. Louis":"1"}}`, `a."New St. Louis"`, "1"},
		{`{"a":{".b":"1"}}`, `a.".b"`, "1"},
		{`{"a":{"b..c":"1"}}`, `a."b..c"`, "1"},
		{`{"a":{"b.c":"1"}}`, `a."b.c"`, "1"},
		{`{"a":{"b.c":"1"}}`, "a.b.c", "1"},
		{`{"a":"{\"b.c\":\"1\"}"}`, `a."b.c"`, "1"},
		{`{"okta.debug_context":{"x":1},"debugContext":{"debugData.dtHash":"h"}}`, "okta.debug_context.debug_data.dt_hash", "h"},
	} {
		p := MustPath(c.path)
		f := NewFields()
		id := f.Add(p)
		for _, fields := range []*Fields{f, NewFields()} {
			ev, err := NewDecoder(fields).Decode([]byte(c.event), Meta{})
			if err != nil {
				t.Fatal(err)
			}
			got := texts(ev.Lookup(p))
			if fields == f {
				got = texts(ev.Field(id))
			}
			if got != c.want {
				t.Errorf("%s: %s is %q, want %q", c.event, c.path, got, c.want)
			}
		}
	}
}

// Names made to be expensive cost in proportion to the text, and what nests too deep is refused like any other.
func TestHostileDottedNames(t *testing.T) {
	deep := strings.Repeat(`{"a.a.a.a.a.a.a.a":`, 100) + "1" + strings.Repeat("}", 100)
	if _, err := NewDecoder(nil).Decode([]byte(deep), Meta{}); err == nil || !strings.Contains(err.Error(), "nested more than") {
		t.Errorf("800 levels: %v", err)
	}
	var wide strings.Builder
	for i := range 20_000 {
		wide.WriteString(`,"` + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/200) + `.z":1`)
	}
	if _, err := NewDecoder(nil).Decode([]byte("{"+wide.String()[1:]+"}"), Meta{}); err != nil {
		t.Error(err)
	}
	many := strings.Repeat("a.", 100) + "a"
	ev, err := NewDecoder(nil).Decode([]byte(`{"`+many+`":"1"}`), Meta{})
	if err != nil || texts(ev.Lookup(MustPath(`"`+many+`"`))) != "1" {
		t.Errorf("a name with too many dots: %v", err)
	}
}
