package lang

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// TestBad compares the diagnostics of each file with the lines "# want line:col level code" at its end.
func TestBad(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, line := range strings.Split(string(text), "\n") {
				if w, ok := strings.CutPrefix(line, "# want "); ok {
					want = append(want, w)
				}
			}
			r := Load([]string{file})
			got := list(r.Diagnostics)
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got\n%s%v", diff, r.Diagnostics)
			}
			for _, d := range r.Diagnostics {
				if d.File != filepath.ToSlash(file) {
					t.Errorf("%v is not about %s", d, file)
				}
			}
			agree(t, r)
		})
	}
}

func list(ds []rules.Diagnostic) []string {
	out := []string{}
	for _, d := range ds {
		out = append(out, fmt.Sprintf("%d:%d %s %s", d.Line, d.Col, d.Level, d.Code))
	}
	return out
}

// agree checks that reports, diagnostics and rules tell the same story.
func agree(t testing.TB, r Result) {
	t.Helper()
	loaded := map[string]int{}
	for _, rule := range r.Rules {
		loaded[rule.Name]++
		if (rule.Where == nil) == (rule.Stateful == nil) || rule.ID == "" || rule.Title == "" || rule.Meta.Severity == "" {
			t.Errorf("incomplete rule %+v", rule)
		}
	}
	for _, f := range r.Files {
		said := map[rules.Level]bool{}
		for _, d := range r.Diagnostics {
			if d.File == f.File && d.Rule == f.Name {
				said[d.Level] = true
			}
		}
		switch f.Status {
		case Failed:
			if !said[rules.Error] {
				t.Errorf("%+v without an error", f)
			}
		case Unsupported:
			if !said[rules.Unsupported] {
				t.Errorf("%+v without a reason", f)
			}
		case OK:
			if loaded[f.Name] == 0 && f.Kind != "base" && f.Kind != "filter" {
				t.Errorf("%+v, but no rule", f)
			}
		}
		if f.Kind == "base" || f.Kind == "filter" || f.Status != OK {
			continue
		}
		loaded[f.Name]--
	}
	for name, n := range loaded {
		if n != 0 {
			t.Errorf("%s: %d more rules than reports", name, n)
		}
	}
}

func TestGood(t *testing.T) {
	r := Load([]string{"testdata/good"})
	for _, d := range r.Diagnostics {
		t.Errorf("%v", d.Error())
	}
	agree(t, r)
	var got []string
	for _, f := range r.Files {
		got = append(got, fmt.Sprintf("%s %s %s %s %s", path.Base(f.File), f.Name, f.Language, f.Kind, f.Status))
	}
	want := []string{
		"listed.yml listed/1 indicators single ok",
		"listed.yml listed_session sigma single ok",
		"many_failures.yml many_failures sigma distinct ok",
		"many_failures.yml many_failures/failed_sign_in sigma base ok",
		"many_failures.yml many_failures/other okta base ok",
		"once_an_hour.yml once_an_hour okta count ok",
		"session.yml session okta single ok",
		"steps.yml steps sigma sequence ok",
		"steps.yml steps/sign_in_steps okta single ok",
		"steps.yml steps/failed_sign_in sigma single ok",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func rule(t *testing.T, r Result, name string) *rules.Rule {
	t.Helper()
	for i := range r.Rules {
		if r.Rules[i].Name == name {
			return &r.Rules[i]
		}
	}
	t.Fatalf("no rule %s in %v", name, r.Diagnostics)
	return nil
}

var showPaths = cmp.Transformer("text", func(p event.Path) string { return p.String() })

func TestMetadata(t *testing.T) {
	got := rule(t, Load([]string{"testdata/good/session.yml"}), "session")
	want := &rules.Rule{
		ID: "0b6f8c1e-4b0a-4e0e-9d54-100000000001", Name: "session", Title: "Sign-in", File: "testdata/good/session.yml",
		Pos: match.Pos{Line: 1, Col: 1}, Language: "okta",
		Meta: rules.Meta{
			Description: "Two\nlines.", Status: "stable", Author: "somebody", License: "Apache-2.0", Version: "2026-02-03",
			References: []string{"https://example.com/one"}, FalsePositives: []string{"none", "some"}, Triage: "Look at it.",
			Tags:    []string{"attack.initial-access", "attack.t1078.004", "attack.t9999", "cve.2021-44228"},
			Related: []rules.Related{{ID: "0b6f8c1e-4b0a-4e0e-9d54-100000000009", Type: "similar"}},
			Attack: &alert.Attack{Version: "19", Tactics: []alert.Technique{{ID: "TA0001", Name: "Initial Access"}},
				Techniques: []alert.Technique{{ID: "T1078.004", Name: "Cloud Accounts"}, {ID: "T9999"}}},
			Severity: alert.High, Risk: 80, Kind: "signal",
		},
		Context: []event.Path{event.MustPath("actor.id"), event.MustPath("client.ipAddress"), event.MustPath("securityContext.asOrg")},
	}
	where := got.Where
	got.Where = nil
	if diff := cmp.Diff(want, got, showPaths); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	var places []match.Pos
	match.Walk(where, func(x match.Expr) {
		if p, ok := x.(*match.Pred); ok {
			places = append(places, p.Pos)
		}
	})
	if diff := cmp.Diff([]match.Pos{{Line: 19, Col: 3}, {Line: 20, Col: 7}}, places); diff != "" {
		t.Errorf("places of predicates: -want +got\n%s", diff)
	}
}

func TestDefaults(t *testing.T) {
	for level, risk := range map[string]int{"informational": 21, "low": 21, "medium": 47, "high": 73, "critical": 99} {
		r := loadText(t, map[string]string{"a.yml": "title: t\nlevel: " + level + "\ndetection: {s: {eventType: user.session.start}, condition: s}\n"})
		if m := rule(t, r, "a").Meta; string(m.Severity) != level || m.Risk != risk || m.Kind != "detection" {
			t.Errorf("%s: %+v", level, m)
		}
	}
	r := loadText(t, map[string]string{"a.yml": "detection: {s: {eventType: user.session.start}, condition: s}\n"})
	got := rule(t, r, "a")
	if got.Title != "a" || got.Meta.Severity != alert.Medium || got.ID != "5995f6cf-6dda-59cb-b435-0d5c3958d38c" {
		t.Errorf("%+v", got)
	}
}

// input is what the tests compare of rules.Input.
type input struct{ Name, Group, Columns, Join string }

func inputs(st *rules.Stateful) []input {
	text := func(ps []event.Path) string {
		var out []string
		for _, p := range ps {
			out = append(out, p.String())
		}
		return strings.Join(out, " ")
	}
	var out []input
	for _, in := range st.Inputs {
		out = append(out, input{in.Name, text(in.Group), text(in.Columns), in.Join.String()})
	}
	return out
}

func TestWindows(t *testing.T) {
	r := Load([]string{"testdata/good"})
	tests := []struct {
		name    string
		groupBy []string
		window  window.Spec
		updates bool
		inputs  []input
	}{
		{"once_an_hour", []string{"actor.id", "client.device"},
			window.Spec{Kind: window.Count, Length: time.Hour, Lateness: 2 * time.Minute, Quiet: time.Hour, Episode: 3 * time.Hour, Threshold: 1,
				Distinct: []window.Column{{Name: "client.ipAddress"}}}, true,
			[]input{{"event", "actor.id client.device", "client.ipAddress", ""}}},
		{"many_failures", []string{"client.ipAddress", "user"},
			window.Spec{Kind: window.Distinct, Length: 90 * time.Minute, Lateness: 5 * time.Minute, Quiet: 2 * time.Hour, Episode: 168 * time.Hour,
				Distinct: []window.Column{{Name: "actor.id", Threshold: 10}, {Name: "eventType", Threshold: 2}, {Name: "client.device"}}}, false,
			[]input{{"failed_sign_in", "client.ipAddress actor.alternateId", "actor.id eventType client.device", ""},
				{"other", "client.ipAddress target.alternateId", "actor.id eventType client.device", ""}}},
		{"steps", []string{"actor.id"},
			window.Spec{Kind: window.Sequence, Length: 24 * time.Hour, Lateness: 5 * time.Minute, Quiet: 24 * time.Hour, Episode: 48*time.Hour + 10*time.Minute, Steps: 2}, false,
			[]input{{"sign_in_steps", "actor.id", "", "client.ipAddress"}, {"failed_sign_in", "actor.id", "", "client.ipAddress"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := rule(t, r, tt.name).Stateful
			if diff := cmp.Diff(tt.window, st.Window); diff != "" {
				t.Errorf("window: -want +got\n%s", diff)
			}
			if diff := cmp.Diff(tt.inputs, inputs(st)); diff != "" {
				t.Errorf("inputs: -want +got\n%s", diff)
			}
			if !slices.Equal(st.GroupBy, tt.groupBy) || st.Updates != tt.updates {
				t.Errorf("group-by %v, updates %v", st.GroupBy, st.Updates)
			}
		})
	}
}

func TestIndicators(t *testing.T) {
	r := Load([]string{"testdata/good/listed.yml"})
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	bad := rule(t, r, "listed/1")
	var got []string
	for _, i := range bad.Indicators.List {
		got = append(got, fmt.Sprintf("%s %s %s %s", i.Net, i.FirstSeen.Format(time.DateOnly), i.LastSeen.Format(time.DateOnly), i.Source))
	}
	want := []string{
		"203.0.113.7/32 2026-01-01 0001-01-01 https://example.com/list",
		"198.51.100.0/24 2026-02-01 2026-02-28 elsewhere",
		"2001:db8::1/128 2026-01-01 0001-01-01 https://example.com/list",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if i := bad.Indicators.List[1]; !i.Valid(day("2026-02-28").Add(23*time.Hour)) || i.Valid(day("2026-03-01")) || i.Valid(day("2026-01-31")) {
		t.Error("both ends of the validity are whole days")
	}
	for _, tt := range []struct {
		rule, event string
		want        bool
	}{
		{"listed/1", `"client":{"ipAddress":"198.51.100.200"}`, true},
		{"listed/1", `"client":{"ipAddress":"10.0.0.1"},"request":{"ipChain":[{"ip":"10.0.0.2"},{"ip":"203.0.113.7"}]}`, true},
		{"listed/1", `"client":{"ipAddress":"203.0.113.8"}`, false},
		{"listed_session", `"eventType":"user.session.start","client":{"ipAddress":"192.0.2.130"}`, true},
		{"listed_session", `"eventType":"user.session.end","client":{"ipAddress":"192.0.2.130"}`, false},
		{"listed_session", `"eventType":"user.session.start","client":{"ipAddress":"192.0.2.2"}`, false},
	} {
		if got := match.Eval(rule(t, r, tt.rule).Where, decode(t, tt.event)); got != tt.want {
			t.Errorf("%s on %s: %v", tt.rule, tt.event, got)
		}
	}
}

func decode(t testing.TB, members string) *event.Event {
	t.Helper()
	raw := `{"uuid":"u","published":"2026-01-02T03:04:05Z",` + members + `}`
	ev, err := event.NewDecoder(event.NewFields()).Decode([]byte(raw), event.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

// loadText loads a file system of texts and checks that the result agrees with itself.
func loadText(t testing.TB, files map[string]string) Result {
	t.Helper()
	r := loadFiles(files)
	agree(t, r)
	return r
}

func loadFiles(files map[string]string) Result {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return LoadFS(fsys, ".")
}

// What cannot be read stands first, and what the other documents of its file miss because of it is not said.
func TestBrokenFile(t *testing.T) {
	const rule = "title: Denials\nid: 3f2504e0-4f89-41d3-9a0c-0305e82c3302\nlevel: low\ncorrelation:\n  type: event_count\n  rules: [%s]\n" +
		"  group-by: [actor.id]\n  timespan: 5m\n  condition: {gt: 4}\n---\ntitle: Denial\nname: denial\ndetection:\n  selection:\n" +
		"    eventType: user.session.start\n   outcome.result: FAILURE\n  condition: selection\n"
	const base = "title: Other\nname: other\nid: 3f2504e0-4f89-41d3-9a0c-0305e82c3303\nlevel: informational\ndetection: {a: {eventType: user.session.end}, condition: a}\n"
	r := loadFiles(map[string]string{"broken.yml": fmt.Sprintf(rule, "denial, other"), "other.yml": base})
	if diff := cmp.Diff([]string{"16:4 error OKS0104", "1:1 error OKS0125"}, list(r.Diagnostics)); diff != "" {
		t.Errorf("-want +got\n%s%v", diff, r.Diagnostics)
	}
	// A rule that only the broken correlation uses must not begin to alert by itself.
	if len(r.Rules) != 0 {
		t.Errorf("%s loads by itself", r.Rules[0].Name)
	}
}

// A threshold in words comes with how to write it.
func TestThresholdHint(t *testing.T) {
	r := loadFiles(map[string]string{"r.yml": "title: t\nid: 3f2504e0-4f89-41d3-9a0c-0305e82c3302\nlevel: low\ncorrelation:\n  type: event_count\n" +
		"  rules: [base]\n  group-by: [actor.id]\n  timespan: 5m\n  condition: {gt: four}\n---\ntitle: b\nname: base\nid: 3f2504e0-4f89-41d3-9a0c-0305e82c3303\n" +
		"level: informational\ndetection: {a: {eventType: user.session.end}, condition: a}\n"})
	if len(r.Diagnostics) == 0 || r.Diagnostics[0].Message != `gt of condition is a number, not "four"` || r.Diagnostics[0].Hint != "gt: 4" {
		t.Errorf("%v", r.Diagnostics)
	}
}
