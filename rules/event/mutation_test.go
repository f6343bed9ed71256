package event

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"oktastream/rules/event/jsontree"
)

// The long run: go test ./rules/event -run Mutated -mutations 2000000
var mutations = flag.Int("mutations", 4000, "mutated events to compare with encoding/json")

// mutate damages or rearranges an event in a few places. Pieces of JSON come in whole as often as bytes, so that many
// mutated events are still valid and differ in what they say.
func mutate(r *rand.Rand, raw []byte) []byte {
	pieces := []string{`"`, `\`, `{`, `}`, `[`, `]`, `,`, `:`, "0", "-", ".", "e", "nul", "true", " ", "\n", "\x00", "\x1f", "\x7f", "\xff", "\xc3\xa9",
		`\u0041`, `\ud83d\ude00`, `\ud83d`, `\uZZZZ`, `\"`, `\\`, `"eventType":"x",`, `"EVENTTYPE":1,`, `"actor":{"id":"y"},`, `"actor":null,`, `"target":[{"id":1},[{"id":2}]],`,
		`,"uuid":"v"`, `"\u0061ctor":{"id":"z"},`, `"\u212a":1,`, `{"id":"x","ID":"X"}`, `1e400`, `12345678901234567890`, `[[[[]]]]`}
	for range 1 + r.IntN(4) {
		at := r.IntN(len(raw) + 1)
		switch r.IntN(5) {
		case 0:
			raw = slices.Insert(raw, at, []byte(pieces[r.IntN(len(pieces))])...)
		case 1: // a member where one may stand
			if comma := slices.Index(raw[at:], ','); comma >= 0 {
				piece := pieces[r.IntN(len(pieces))]
				raw = slices.Insert(raw, at+comma+1, []byte(piece)...)
			}
		case 2:
			raw = slices.Delete(raw, at, min(len(raw), at+1+r.IntN(3)))
		case 3:
			end := min(len(raw), at+r.IntN(80))
			raw = slices.Insert(raw, at, slices.Clone(raw[at:end])...)
		case 4:
			if at < len(raw) {
				raw[at] = byte(r.IntN(256))
			}
		}
	}
	if r.IntN(8) == 0 {
		raw = raw[:r.IntN(len(raw)+1)]
	}
	return raw
}

// Whatever becomes of an event, it is refused or read as encoding/json does, and its fields, which the decoder selects
// while it parses, have the values that a walk through all of the event finds.
func TestMutatedEvents(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	fields := NewFields()
	for _, p := range slices.Concat(hot, []string{"target[type=User].id", "target[type!=User][0].displayName", "target.0.id", "client", "user.name", "related.user",
		"debugContext.debugData.risk.level", "debugContext.debugData.logOnlySecurityData.risk.level", "request.ipChain.ip", "ACTOR.Id", "target or actor.id"}) {
		fields.Add(MustPath(p))
	}
	d, full := NewDecoder(fields), new(Event)
	full.fields = NewFields()
	valid := 0
	for n := range *mutations {
		raw := mutate(r, []byte(signIn))
		// The bytes lie at the very end of their memory, so that reading beyond them shows.
		raw = slices.Clip(raw)
		if err := differ(raw, plainPaths); err != nil {
			t.Fatalf("seed %d, event %d: %q: %v", seed, n, raw, err)
		}
		e, err := d.Decode(raw, Meta{})
		full.reset()
		wholeErr := full.tree.Parse(raw)
		if (err == nil) != (wholeErr == nil && full.tree.Kind(jsontree.Root) == jsontree.Object) {
			t.Fatalf("seed %d, event %d: %q: selecting gives %v, parsing all %v", seed, n, raw, err, wholeErr)
		}
		if err != nil {
			continue
		}
		valid++
		full.raw = raw
		for id := range fields.Len() {
			p := fields.Path(FieldID(id))
			if got, want := e.Field(FieldID(id)), full.Lookup(p); !slices.EqualFunc(got, want, sameValue) {
				t.Fatalf("seed %d, event %d: %q: %s is %v, a walk finds %v", seed, n, raw, p, got, want)
			}
		}
	}
	t.Logf("%d of %d mutated events were valid", valid, *mutations)
	if valid < *mutations/20 {
		t.Errorf("seed %d: hardly any mutated event was valid", seed)
	}
}

// sameValue compares objects by what they say: the text of one is written anew where a walk meets a dotted name anywhere in
// the event, and a field that does not read there has it as it came.
func sameValue(a, b Value) bool {
	said := func(text string) (v any) {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			return err
		}
		return v
	}
	return a == b || a.Kind == Object && b.Kind == Object && reflect.DeepEqual(said(a.Text), said(b.Text))
}

// Neither decoding nor reading fields costs memory, also where texts have escapes or hold JSON.
func TestFieldsDoNotAllocate(t *testing.T) {
	fields := NewFields()
	for _, p := range slices.Concat(hot, []string{"debugContext.debugData.logOnlySecurityData.risk.level",
		"user.name", "source.ip", "target[type=User].id"}) {
		fields.Add(MustPath(p))
	}
	d, raw := NewDecoder(fields), []byte(undotted)
	values := 0
	run := func() {
		e, err := d.Decode(raw, Meta{})
		if err != nil {
			t.Fatal(err)
		}
		for id := range fields.Len() {
			values += len(e.Field(FieldID(id)))
		}
	}
	run()
	if n := testing.AllocsPerRun(100, run); n > 0 {
		t.Errorf("%v allocations per event", n)
	}
	if values < 101*fields.Len()/2 {
		t.Errorf("%d values in 101 events: the test tests something else", values)
	}
}
