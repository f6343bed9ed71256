package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawJSON draws a JSON text with names that the paths of these tests use, in any case and repeated, and odd types
// anywhere.
func drawJSON(t *rapid.T, depth int) string {
	kinds := 8
	if depth == 0 {
		kinds = 6
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return "null"
	case 1:
		return rapid.SampledFrom([]string{"true", "false", "0", "-1.50", "1e400", "12345678901234567890"}).Draw(t, "scalar")
	case 2, 3:
		return rapid.SampledFrom([]string{`""`, `"User"`, `"x"`, `"SUCCESS"`, `"a@b"`, `"192.0.2.1"`, `"2001:DB8:0::1"`, `"::ffff:192.0.2.1"`, `"\u00e9\ud800"`, `"\"\\"`, "\"\xff\""}).Draw(t, "string")
	case 4:
		return strconv.Quote(rapid.SampledFrom([]string{"{id=x, type=User}", "[User, x]", `{"id":"y","type":["User"]}`, "Risk{level=LOW}", "{a=POSITIVE, b=NEGATIVE}"}).Draw(t, "text"))
	case 5, 6:
		var b strings.Builder
		b.WriteByte('{')
		for i := range rapid.IntRange(0, 4).Draw(t, "members") {
			if i > 0 {
				b.WriteString(" , ")
			}
			b.WriteString(`"` + drawName(t) + `": ` + drawJSON(t, max(depth-1, 0)*boolInt(depth > 0)))
			if depth == 0 {
				break
			}
		}
		return b.String() + "}"
	}
	var items []string
	for range rapid.IntRange(0, 3).Draw(t, "elements") {
		items = append(items, drawJSON(t, depth-1))
	}
	return "[" + strings.Join(items, ", ") + "]"
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func drawName(t *rapid.T) string {
	return rapid.SampledFrom([]string{"actor", "Actor", "target", "TARGET", "id", "ID", "type", "client", "request", "ipChain", "ip", "outcome", "result",
		"debugContext", "debugData", "risk", "behaviors", "a", "\\u0061", "0"}).Draw(t, "name")
}

func drawEvent(t *rapid.T) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := range rapid.IntRange(0, 6).Draw(t, "top") {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + drawName(t) + `":` + drawJSON(t, 4))
	}
	return b.String() + "}"
}

func drawPath(t *rapid.T) Path {
	if rapid.IntRange(0, 4).Draw(t, "alias") == 0 {
		return MustPath(rapid.SampledFrom([]string{"user.name", "related.user", "event.outcome", "source.ip", "user.target.id", "okta.request.ip_chain.ip",
			"okta.debug_context.debug_data.risk_level", "okta.debug_context.debug_data.risk_behaviors", "event.kind", "okta.target.type"}).Draw(t, "ecs"))
	}
	var parts []string
	for range rapid.IntRange(1, 4).Draw(t, "steps") {
		name := drawName(t)
		if name == `\u0061` {
			name = "A"
		}
		parts = append(parts, name+rapid.SampledFrom([]string{"", "", "", "[0]", "[1]", "[type=user]", "[type=User][0]", "[]", "[id=x]"}).Draw(t, "select"))
	}
	return MustPath(strings.Join(parts, "."))
}

// A projection has the same values as the event, for each of its paths.
func TestProjectKeepsValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := drawEvent(t)
		d := NewDecoder(nil)
		e, err := d.Decode([]byte(raw), Meta{})
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		var paths []Path
		for range rapid.IntRange(0, 5).Draw(t, "paths") {
			paths = append(paths, drawPath(t))
		}
		out := e.Project(NewProjection(paths...))
		if again := e.Project(NewProjection(paths...)); !bytes.Equal(out, again) {
			t.Fatalf("%s: two projections differ: %s and %s", raw, out, again)
		}
		if !json.Valid(out) {
			t.Fatalf("%s: projection %s is not JSON", raw, out)
		}
		small, err := NewDecoder(nil).Decode(out, Meta{})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range paths {
			if diff := cmp.Diff(e.Lookup(p), small.Lookup(p), equateEmpty); diff != "" {
				t.Fatalf("%s\n%s\n%s:\n%s", raw, out, p, diff)
			}
		}
	})
}

// A field read through the shared places of a reused decoder equals a look-up from the top of a fresh event.
func TestFieldEqualsLookup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fields := NewFields()
		for range rapid.IntRange(1, 12).Draw(t, "paths") {
			fields.Add(drawPath(t))
		}
		d := NewDecoder(fields)
		for range 3 {
			raw := drawEvent(t)
			e, err := d.Decode([]byte(raw), Meta{})
			if err != nil {
				t.Fatal(err)
			}
			fresh, err := NewDecoder(nil).Decode([]byte(raw), Meta{})
			if err != nil {
				t.Fatal(err)
			}
			for id := range fields.Len() {
				p := fields.Path(FieldID(id))
				if diff := cmp.Diff(fresh.Lookup(p), e.Field(FieldID(id)), equateEmpty); diff != "" {
					t.Fatalf("%s: %s: %s", raw, p, diff)
				}
			}
		}
	})
}

// plainLookup is the meaning of a path of plain names over what encoding/json decodes into a map. It gives up when two
// names differ in case only, because a map has forgotten which came last, at a dotted name that begins with the one looked for,
// because an event has it nested, and at strings, which it does not look into.
func plainLookup(v any, names []string) (out []string, ok bool) {
	switch v := v.(type) {
	case nil:
		return nil, true
	case []any:
		for i, el := range v {
			if len(names) > 0 && names[0] == strconv.Itoa(i) {
				return plainLookup(el, names[1:])
			}
		}
		if len(names) > 0 && elementNumber(names[0]) >= 0 {
			return nil, true
		}
		for _, el := range v {
			more, ok := plainLookup(el, names)
			if !ok {
				return nil, false
			}
			out = append(out, more...)
		}
		return out, true
	case map[string]any:
		if len(names) == 0 {
			return []string{"object"}, true
		}
		for name := range v {
			if len(name) > len(names[0]) && name[len(names[0])] == '.' && strings.EqualFold(name[:len(names[0])], names[0]) {
				return nil, false
			}
		}
		if member, ok := v[names[0]]; ok {
			return plainLookup(member, names[1:])
		}
		var hit any
		hits := 0
		for name, member := range v {
			if strings.EqualFold(name, names[0]) {
				hit, hits = member, hits+1
			}
		}
		if hits > 1 {
			return nil, false
		}
		return plainLookup(hit, names[1:])
	case string:
		return []string{v}, len(names) == 0
	}
	if len(names) > 0 {
		return nil, true
	}
	return []string{fmt.Sprint(v)}, true
}

func plainPath(names []string) Path {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = quote(name)
	}
	return MustPath(strings.Join(quoted, "."))
}

// differ compares an event with encoding/json: the same texts are valid, the same values are found.
func differ(raw []byte, names [][]string) error {
	paths := make([]Path, len(names))
	for i := range names {
		paths[i] = plainPath(names[i])
	}
	return differAt(raw, names, paths)
}

// differAt is differ for paths that are read already.
func differAt(raw []byte, names [][]string, paths []Path) error {
	var m map[string]any
	valid := json.Valid(raw)
	object := false
	if valid {
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		object = dec.Decode(&m) == nil && m != nil
	}
	e, err := NewDecoder(nil).Decode(raw, Meta{})
	if err != nil && strings.Contains(err.Error(), "nested more than") {
		return nil
	}
	if (err == nil) != object {
		return fmt.Errorf("decoding gives %v; encoding/json: valid %v, object %v", err, valid, object)
	}
	if err != nil {
		return nil
	}
	for i, path := range names {
		want, ok := plainLookup(m, path)
		if !ok {
			continue
		}
		p := paths[i]
		if strings.EqualFold(path[0], "request") {
			continue // has a second source
		}
		var got []string
		for _, v := range e.Lookup(p) {
			if v.Kind == Object {
				v.Text = "object"
			}
			got = append(got, v.Text)
		}
		if !reflect.DeepEqual(got, want) {
			return fmt.Errorf("%s = %q, encoding/json has %q", p, got, want)
		}
	}
	return nil
}

var plainPaths = [][]string{{"eventType"}, {"uuid"}, {"actor"}, {"actor", "id"}, {"ACTOR", "type"}, {"target", "id"}, {"target", "0", "id"}, {"target", "type"},
	{"client", "ipAddress"}, {"client", "geographicalContext", "city"}, {"outcome", "result"}, {"securityContext", "isProxy"}, {"debugContext", "debugData", "dtHash"},
	{"debugContext", "debugData", "a.b"}, {"a"}, {"id"}, {"target", "detailEntry", "signOnModeType"}}

func TestAgreesWithStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := []byte(drawEvent(t))
		if rapid.Bool().Draw(t, "sample") {
			raw = []byte(signIn)
		}
		for range rapid.IntRange(0, 3).Draw(t, "mutations") {
			at := rapid.IntRange(0, len(raw)-1).Draw(t, "at")
			switch rapid.IntRange(0, 3).Draw(t, "how") {
			case 0:
				raw[at] = rapid.SampledFrom([]byte("\"\\{}[],:0e.nu \x00\xff")).Draw(t, "byte")
			case 1:
				raw = append(raw[:at], raw[at+1:]...)
			case 2:
				raw = raw[:at+1]
			case 3:
				end := min(at+rapid.IntRange(1, 60).Draw(t, "length"), len(raw))
				raw = append(raw[:end:end], raw[at:]...)
			}
			if len(raw) == 0 {
				return
			}
		}
		if err := differ(raw, plainPaths); err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
	})
}

// An execution must be short, and the seeds too: the fuzzer spends a minute on making one new input small, which takes as
// many executions as it has bytes. Paths are read once, and only those are looked up that find something in the seeds.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"uuid":"1","eventType":"a","actor":{"id":"b","type":"User"},"outcome":{"result":"ALLOW"}}`))
	f.Add([]byte(`{"target":[[{"id":1}],null],"actor":"{\"id\":[1]}","ACTOR":{}}`))
	f.Add([]byte(`{"debugContext":{"debugData":{"risk":"{level=LOW, reasons=A}","a.b":"c"}}}`))
	f.Add([]byte(`{"client.ipAddress":"::ffff:192.0.2.1","\u0061":1e400,"a":"\ud83d"}`))
	plain := [][]string{{"actor"}, {"ACTOR", "id"}, {"target", "id"}, {"outcome", "result"}, {"debugContext", "debugData", "risk"}, {"a"}}
	read := make([]Path, len(plain))
	for i, names := range plain {
		read[i] = plainPath(names)
	}
	kept := []Path{MustPath("actor.id"), MustPath("target.id"), MustPath("target[type=User].id"), MustPath("debugContext.debugData.risk.level"), MustPath("event.outcome"), MustPath("source.ip")}
	projection, d, again := NewProjection(kept...), NewDecoder(nil), NewDecoder(nil)
	f.Fuzz(func(t *testing.T, raw []byte) {
		names := plain
		if bytes.ContainsRune(raw, '.') || bytes.Contains(bytes.ToLower(raw), []byte(`\u002e`)) {
			names = nil // a dotted name says more than encoding/json finds in it, see jsontree
		}
		if err := differAt(raw, names, read); err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		e, err := d.Decode(raw, Meta{})
		if err != nil {
			return
		}
		out := e.Project(projection)
		small, err := again.Decode(out, Meta{})
		if err != nil {
			t.Fatalf("%q: projection %q: %v", raw, out, err)
		}
		for _, p := range kept {
			if whole, part := e.Lookup(p), small.Lookup(p); !slices.Equal(whole, part) {
				t.Fatalf("%q: %s is %v, and %v in the projection", raw, p, whole, part)
			}
		}
	})
}

// Every real event that OKTASTREAM_CORPUS holds decodes, agrees with encoding/json and has an identity and a time.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("OKTASTREAM_CORPUS")
	if dir == "" {
		t.Skip("OKTASTREAM_CORPUS does not name a directory of public rules and events")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "events", "*.ndjson"))
	if len(files) == 0 {
		t.Fatalf("no events under %s", dir)
	}
	events := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			if line = bytes.TrimSpace(line); len(line) == 0 || line[0] != '{' {
				continue
			}
			events++
			if err := differ(line, plainPaths); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			e := decode(t, string(line), Meta{})
			if bytes.Contains(line, []byte(`"published":"4000-`)) {
				continue // no time that nanoseconds can hold
			}
			if e.Type() == "" || e.Time() == 0 || e.Flags() != 0 {
				t.Errorf("%s: type %q, id %q, time %d, flags %b", file, e.Type(), e.ID(), e.Time(), e.Flags())
			}
		}
	}
	t.Logf("%d events", events)
}
