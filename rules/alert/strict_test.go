package alert

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"oktastream/rules/event"
	"pgregory.net/rapid"
)

func TestStrict(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1,"a":2}`: `{"a":2}`,
		`{"a":1,"b":{"c":1,"c":[],"d":0},"a":"x"}`: `{"b":{"c":[],"d":0},"a":"x"}`,
		`{"a":1,"\u0061":2}`:                       `{"a":2}`,
		`{"a":1,"A":2}`:                            `{"a":1,"A":2}`,
		`[1e999,-1e999,1e-999,1e308,123456789012345678901234567890]`: `["1e999","-1e999",1e-999,1e308,123456789012345678901234567890]`,
		`["\ud83d","\ud83d\ude00","\udc00x","\u00e9"]`:               "[\"\uFFFD\",\"😀\",\"\uFFFDx\",\"\\u00e9\"]",
		`{"\ud83d":1,"\udc00":2}`:                                    "{\"\uFFFD\":2}",
		` [ 1 , { } , [ ] ] `:                                        `[1,{},[]]`,
		`1e999`:                                                      `"1e999"`,
	} {
		if got, err := marshal(RawJSON(in)); err != nil || string(got) != want {
			t.Errorf("%s: %s, want %s (%v)", in, got, want, err)
		}
	}
}

// Many members of one name cost each their own length.
func TestStrictManyDuplicates(t *testing.T) {
	in := "{" + strings.Repeat(`"a":[1e999],`, 200_000) + `"a":1}`
	if got, err := marshal(RawJSON(in)); err != nil || string(got) != `{"a":1}` {
		t.Errorf("%.40s (%v)", got, err)
	}
}

// Whatever an event holds, its evidence has no name twice in one object and only numbers that floats hold, and every field
// reads there as it did where the rules read it.
func TestStrictReadsAsTheEvent(t *testing.T) {
	name := rapid.SampledFrom([]string{`"a"`, `"A"`, `"b"`, `"\u0061"`, `"eventType"`, `"eventtype"`})
	scalar := rapid.SampledFrom([]string{`1`, `1e999`, `-1e400`, `"x"`, `"\ud83d"`, `true`, `null`, `2`})
	var value func(depth int) *rapid.Generator[string]
	value = func(depth int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			switch k := rapid.IntRange(0, 5).Draw(t, "kind"); {
			case depth > 0 && k < 3:
				var members []string
				for range rapid.IntRange(0, 4).Draw(t, "members") {
					members = append(members, name.Draw(t, "name")+":"+value(depth-1).Draw(t, "value"))
				}
				return "{" + strings.Join(members, ",") + "}"
			case depth > 0 && k == 3:
				return "[" + value(depth-1).Draw(t, "el") + "," + value(depth-1).Draw(t, "el") + "]"
			}
			return scalar.Draw(t, "scalar")
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		raw := `{"uuid":"u","x":` + value(3).Draw(t, "x") + `,"a":` + value(2).Draw(t, "a") + `}`
		written, err := marshal(RawJSON(raw))
		if err != nil {
			t.Fatal(err)
		}
		if err := refused(string(written)); err != nil {
			t.Fatalf("%s becomes %s: %v", raw, written, err)
		}
		read := func(text []byte, path string) string {
			e, err := event.NewDecoder(nil).Decode(text, event.Meta{})
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, v := range e.Lookup(event.MustPath(path)) {
				if v.Kind != event.Object {
					out = append(out, v.Text)
				}
			}
			return fmt.Sprint(out)
		}
		for _, path := range []string{"a", "x", "x.a", "x.b", "x.eventType", "a.b", "x.a.b", "x.b.a", "eventType"} {
			if before, after := read([]byte(raw), path), read(written, path); before != after {
				t.Fatalf("%s of %s is %s, of %s %s", path, raw, before, written, after)
			}
		}
	})
}

// refused says what a strict reader has against a text.
func refused(text string) error {
	d := json.NewDecoder(strings.NewReader(text))
	var names []map[string]bool // of the objects that are open; nil for arrays
	key := false
	for {
		token, err := d.Token() // refuses numbers that no float holds
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'):
			names, key = append(names, map[string]bool{}), true
			continue
		case json.Delim('['):
			names, key = append(names, nil), false
			continue
		case json.Delim('}'), json.Delim(']'):
			names = names[:len(names)-1]
		default:
			if key {
				name := token.(string)
				if names[len(names)-1][name] {
					return fmt.Errorf("%q is there twice", name)
				}
				names[len(names)-1][name] = true
				key = false
				continue
			}
		}
		key = len(names) > 0 && names[len(names)-1] != nil
	}
}
