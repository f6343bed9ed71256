package ruletest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktastream/rules/event"
)

func TestPlaces(t *testing.T) {
	for _, c := range []struct{ event, path, value, want string }{
		{`{}`, "actor.id", `"x"`, `{"actor":{"id":"x"}}`},
		{`{"actor":{"alternateId":"a","id":"b"}}`, "actor.alternateid", `"x"`, `{"actor":{"alternateId":"x","id":"b"}}`},
		{`{"outcome":null}`, "outcome.result", `"x"`, `{"outcome":{"result":"x"}}`},
		{`{"actor":{"id":"b"}}`, "actor.id", `null`, `{"actor":{"id":null}}`},
		{`{"target":[{"id":"a"},{"id":"b"}]}`, "target.id", `"x"`, `{"target":[{"id":"x"},{"id":"x"}]}`},
		{`{"target":[]}`, "target.id", `"x"`, `{"target":[{"id":"x"}]}`},
		{`{"target":[{"type":"User","id":"a"},{"type":"AppInstance","id":"b"}]}`, "target[type=user].id", `"x"`,
			`{"target":[{"type":"User","id":"x"},{"type":"AppInstance","id":"b"}]}`},
		{`{"target":null}`, "target[type=User].id", `"x"`, `{"target":[{"type":"User","id":"x"}]}`},
		{`{"target":[{"id":"a"}]}`, "target[1].id", `"x"`, `{"target":[{"id":"a"},{"id":"x"}]}`},
		{`{"target":[{"id":"a"},{"id":"b"}]}`, "target.1.id", `"x"`, `{"target":[{"id":"a"},{"id":"x"}]}`},
		{`{"target":[{"type":"User"}]}`, "target", `[]`, `{"target":[]}`},
		{`{"a":[{"b":[{"t":"y"},{"t":"z"}]}]}`, "a.b[t=y].c", `1`, `{"a":[{"b":[{"t":"y","c":1},{"t":"z"}]}]}`},
		{`{"l":[{"name":"New Device","result":"N"}]}`, "l[name=New Device].result", `"P"`, `{"l":[{"name":"New Device","result":"P"}]}`},
	} {
		t.Run(c.path, func(t *testing.T) {
			var e map[string]any
			var value any
			var want any
			for text, v := range map[string]any{c.event: &e, c.value: &value, c.want: &want} {
				if err := json.Unmarshal([]byte(text), v); err != nil {
					t.Fatal(err)
				}
			}
			p, err := parsePlace(c.path)
			if err != nil {
				t.Fatal(err)
			}
			p.set(e, value)
			if d := cmp.Diff(want, any(e)); d != "" {
				t.Error(d)
			}
		})
	}
	for _, bad := range []string{"", ".", "a.", "a..b", "a[", "a[]", "a[=x]", "a[x]", "a[-1]", "a[1]b", "a[100000]"} {
		if p, err := parsePlace(bad); err == nil {
			t.Errorf("%q is a place: %v", bad, p)
		}
	}
}

func TestDeliveries(t *testing.T) {
	f, diags := Parse("t.yaml", []byte(minimal+`
base: {okta: user.session.start, actor.alternateId: bo@example.com, client.ipAddress: 198.51.100.1}
tests:
  - name: a
    events:
      - {at: 1m, arrives: 2m, client.ipAddress: null}
      - {at: 0s, repeat: 3, every: 30s}
      - {at: 2m, repeat: 2, uuid: same}
      - {at: 3m, uuid: x}
      - {at: 4m, uuid: x, okta: policy.evaluate_sign_on}
    alerts: []
  - name: b
    events: [{at: 0s}]
    alerts: []
`))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	ds, bad := f.deliveries(&f.Tests[0])
	if bad != nil {
		t.Fatal(bad)
	}
	again, _ := f.deliveries(&f.Tests[0])
	if d := cmp.Diff(ds, again, cmp.AllowUnexported(delivery{})); d != "" {
		t.Errorf("the same test makes other events: %s", d)
	}
	var published []string
	ids := map[any]int{}
	for _, d := range ds {
		published = append(published, d.event["published"].(string)[11:19])
		ids[d.event["uuid"]]++
	}
	if d := cmp.Diff([]string{"09:00:00", "09:00:30", "09:01:00", "09:02:00", "09:02:00", "09:01:00", "09:03:00", "09:04:00"}, published); d != "" {
		t.Errorf("order of arrival: %s", d)
	}
	if len(ids) != 6 {
		t.Errorf("%d ids: %v", len(ids), ids)
	}
	other, _ := f.deliveries(&f.Tests[1])
	if ids[other[0].event["uuid"]] > 0 {
		t.Error("two tests share an id")
	}
	client := ds[5].event["client"].(map[string]any)
	if v, there := client["ipAddress"]; v != nil || !there || client["device"] != "Computer" {
		t.Errorf("client of the event without an address: %v", client)
	}
	if got := ds[0].event["actor"].(map[string]any)["alternateId"]; got != "bo@example.com" {
		t.Errorf("actor of the base: %v", got)
	}
	if ds[7].event["eventType"] != "policy.evaluate_sign_on" {
		t.Errorf("type of the last event: %v", ds[7].event["eventType"])
	}
}

// Templates are events of types that exist, which read back as what they say they are.
func TestTemplates(t *testing.T) {
	dec := event.NewDecoder(event.NewFields())
	names := Templates()
	if len(names) < 20 {
		t.Errorf("only %d templates", len(names))
	}
	for _, name := range append(names, "app.generic.unauth_app_access_attempt") {
		e := template(name)
		e["uuid"], e["published"] = "id-of-"+name, "2026-03-02T09:00:00.000Z"
		raw, err := delivery{event: e}.raw()
		if err != nil {
			t.Fatal(err)
		}
		ev, err := dec.Decode(raw, event.Meta{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if ev.Type() != name || ev.ID() != "id-of-"+name || ev.Flags() != 0 {
			t.Errorf("%s reads back as %s %s, flags %b", name, ev.Type(), ev.ID(), ev.Flags())
		}
		if _, ok := event.LookupType(name); !ok {
			t.Errorf("the catalogue has no event type %s", name)
		}
		if got := ev.Time(); got != time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).UnixNano() {
			t.Errorf("%s: time %d", name, got)
		}
		// What one test changes, no other may see.
		merge(e, map[string]any{"actor": map[string]any{"alternateId": "changed"}})
		if template(name)["actor"].(map[string]any)["alternateId"] == "changed" {
			t.Fatal("templates are shared")
		}
	}
}

func TestSamples(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("r_test.yaml", minimal+`
tests:
  - {name: good, file: good.ndjson, alerts: []}
  - {name: half, file: half.ndjson, alerts: []}
  - {name: untimed, file: untimed.ndjson, alerts: []}
  - {name: none, file: none.ndjson, alerts: []}
`)
	write("good.ndjson", `{"uuid":"b","published":"2026-01-10T09:00:02.000Z","n":12345678901234567890}
{"uuid":"a","published":"2026-01-10T09:00:01.000Z"}
`)
	write("half.ndjson", `{"uuid":"b","published":"2026-01-10T09:00:02.000Z"}
{"uuid":`)
	write("untimed.ndjson", `{"uuid":"b"}`)
	write("r.yaml", "no test file")
	files, diags := Load([]string{dir})
	if len(diags) > 0 || len(files) != 1 {
		t.Fatal(files, diags)
	}
	f := &files[0]
	ds, bad := f.deliveries(&f.Tests[0])
	if bad != nil {
		t.Fatal(bad)
	}
	if len(ds) != 2 || ds[0].event["uuid"] != "a" || ds[1].event["uuid"] != "b" {
		t.Errorf("events: %v", ds)
	}
	if raw, _ := ds[1].raw(); !strings.Contains(string(raw), `"n":12345678901234567890`) {
		t.Errorf("a number lost digits: %s", raw)
	}
	for i, want := range []string{"event 2", "published is not a time", "none.ndjson"} {
		_, bad := f.deliveries(&f.Tests[i+1])
		if bad == nil || !strings.Contains(bad.Error(), want) || bad.Pos != f.Tests[i+1].Pos {
			t.Errorf("%s: %v", f.Tests[i+1].Name, bad)
		}
	}
}

// The paths of rules find the tests beside them, each once.
func TestLoadFindsTests(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.yaml": "rule", "a_test.yaml": minimal + "tests: []\n", "b.yml": "rule", "sub/c_test.yml": minimal + "tests: []\n",
		".hidden/d_test.yaml": "broken: [", "e_test.yaml": "rule: [",
	} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	for _, c := range []struct {
		paths []string
		files int
		bad   int
	}{
		{[]string{in("a.yaml")}, 1, 0},
		{[]string{in("b.yml")}, 0, 0},
		{[]string{in("a_test.yaml"), in("a.yaml")}, 1, 0},
		{[]string{in("sub")}, 1, 0},
		{[]string{in("a_test.yaml"), dir}, 2, 1},
	} {
		files, diags := Load(c.paths)
		if len(files) != c.files || hasError(diags) != (c.bad > 0) {
			t.Errorf("%v: %d files, %v", c.paths, len(files), diags)
		}
	}
	if files, diags := LoadFS(os.DirFS(dir), "."); len(files) != 2 || !hasError(diags) {
		t.Errorf("%d files, %v", len(files), diags)
	}
}

func TestLoadOfNothing(t *testing.T) {
	if _, diags := Load([]string{filepath.Join(t.TempDir(), "nowhere")}); !hasError(diags) {
		t.Error("a folder that does not exist is no error")
	}
}
