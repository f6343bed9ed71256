package ruletest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oktastream/rules/match"
)

const minimal = `rule: r
start: 2026-01-10T09:00:00Z
`

func TestParse(t *testing.T) {
	f, diags := Parse("r_test.yaml", []byte(`
rule: push_bombing
start: 2026-01-10T09:00:00Z
skip: [shuffled]
base:
  okta: user.mfa.okta_verify.deny_push
  actor.alternateId: ada@example.com
tests:
  - name: seven
    events:
      - {at: 0s, repeat: 7, every: 20s}
      - {at: 4m, okta: user.authentication.auth_via_mfa, outcome: {result: SUCCESS, reason: null}, uuid: same, arrives: 1h30m}
    alerts:
      - at: 4m
        severity: high
        rule: other
        group: {actor.alternateId: ada@example.com}
        count: 7
        fields: {source.ip: [203.0.113.7], notes: {contains: late}, title: null, count: 7}
      - at: 2026-01-10T09:10:00Z
      - {}
  - name: gap
    todo: not yet
    file: samples.ndjson
    alerts: []
`))
	if len(diags) > 0 {
		t.Fatalf("diagnostics: %v", diags)
	}
	start := time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC)
	at, abs, seven := start.Add(4*time.Minute), start.Add(10*time.Minute), 7
	want := File{
		Name: "r_test.yaml", Rule: "push_bombing", Start: start, Skip: []Case{Shuffled},
		base: base{Type: "user.mfa.okta_verify.deny_push", Set: []Assign{{Path: "actor.alternateId", Value: "ada@example.com"}}},
		Tests: []Test{
			{
				Name: "seven",
				Events: []Step{
					{Repeat: 7, Every: 20 * time.Second},
					{At: 4 * time.Minute, Repeat: 1, Type: "user.authentication.auth_via_mfa", UUID: "same", Arrives: 90 * time.Minute,
						Set: []Assign{{Path: "outcome.result", Value: "SUCCESS"}, {Path: "outcome.reason"}}},
				},
				Alerts: []Want{
					{At: &at, Severity: "high", Rule: "other", Count: &seven, Group: map[string]string{"actor.alternateId": "ada@example.com"},
						Fields: []Field{{Path: "source.ip", Values: []string{"203.0.113.7"}}, {Path: "notes", Contains: "late"},
							{Path: "title"}, {Path: "count", Values: []string{"7"}}}},
					{At: &abs},
					{},
				},
			},
			{Name: "gap", Todo: "not yet", Sample: "samples.ndjson"},
		},
	}
	if d := cmp.Diff(want, f, cmpopts.IgnoreTypes(match.Pos{}), cmp.AllowUnexported(File{}, base{}),
		cmpopts.IgnoreFields(File{}, "read")); d != "" {
		t.Error(d)
	}
	if got := f.Tests[0].Pos; got != (match.Pos{Line: 9, Col: 5}) {
		t.Errorf("position of the first test: %v", got)
	}
	if got := f.Tests[0].Events[1].Set[1].Pos; got != (match.Pos{Line: 12, Col: 85}) {
		t.Errorf("position of a path: %v", got)
	}
}

// What an author gets wrong is told with its place, a code and where possible what to write instead.
func TestParseDiagnostics(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", `t.yaml:1:1: error OKS0113: the test file needs the key "rule"`},
		{"not yaml", "rule: [", `OKS0104`},
		{"unknown key", minimal + "test: []\ntests: []\n", `t.yaml:3:1: error OKS0111: the test file has no key "test" (did you mean tests?)`},
		{"start", "rule: r\nstart: today\ntests: []\n", `t.yaml:2:8: error OKS0114: start is a time, not "today"`},
		{"no alerts", minimal + "tests:\n  - name: a\n    events: [{okta: user.session.start}]\n",
			`t.yaml:4:5: error OKS0501: the test does not say which alerts it expects (alerts: [] if there must be none)`},
		{"no events", minimal + "tests:\n  - {name: a, alerts: []}\n", `error OKS0501: the test has no events`},
		{"same name", minimal + "tests:\n  - &a {name: a, events: [{okta: user.session.start}], alerts: []}\n  - *a\n", `OKS0505: another test at 4:9 has the name "a"`},
		{"event type", minimal + "base: {okta: user.session.strat}\ntests: []\n",
			`t.yaml:3:14: warning OKS0502: Okta's catalogue has no event type user.session.strat (did you mean user.session.start?)`},
		{"no event type", minimal + "tests:\n  - {name: a, events: [{at: 0s}], alerts: []}\n", `OKS0113: nothing says which type of event this is`},
		{"path", minimal + "base: {okta: user.session.start, target[type=User.id: x}\ntests: []\n", `OKS0104`},
		{"quoted path", minimal + "base: {okta: user.session.start, 'target[type=User.id': x}\ntests: []\n", `t.yaml:3:34: error OKS0503: "target[type=User.id"`},
		{"unknown path", minimal + "base: {okta: user.session.start, actor.alternateID2: x}\ntests: []\n", `warning OKS0116`},
		{"duration", minimal + "tests:\n  - {name: a, events: [{okta: user.session.start, at: soon}], alerts: []}\n", `t.yaml:4:55: error OKS0114`},
		{"repeat", minimal + "tests:\n  - {name: a, events: [{okta: user.session.start, repeat: 0}], alerts: []}\n", `OKS0114: repeat of an event is from 1`},
		{"too many", minimal + "tests:\n  - {name: a, events: [{okta: user.session.start, repeat: 9999}, {okta: user.session.start, repeat: 9999}], alerts: []}\n", `OKS0506`},
		{"severity", minimal + "tests:\n  - {name: a, events: [{okta: user.session.start}], alerts: [{severity: hihg}]}\n", `did you mean high?`},
		{"group", minimal + "tests:\n  - {name: a, events: [{okta: user.session.start}], alerts: [{group: {a: [b]}}]}\n", `OKS0112: a has one value in a group key`},
		{"alerts", minimal + "tests:\n  - {name: a, events: [{okta: user.session.start}], alerts: 3}\n", `OKS0112: alerts is a list`},
		{"two documents", minimal + "tests: []\n---\na: b\n", `OKS0104: a test file holds one document`},
		{"case", minimal + "skip: [shufled]\ntests: []\n", `did you mean shuffled?`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, diags := Parse("t.yaml", []byte(c.text))
			var all []string
			for _, d := range diags {
				all = append(all, d.Error())
			}
			if got := strings.Join(all, "\n"); !strings.Contains(got, c.want) {
				t.Errorf("no %q in\n%s", c.want, got)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(minimal + "tests:\n  - {name: a, events: [{okta: user.session.start, 'target[type=User].id': x, a.b: {c: 1}}], alerts: [{fields: {a: [b]}}]}\n")
	f.Add("rule: *a\n&a b: [")
	f.Fuzz(func(t *testing.T, text string) {
		file, diags := Parse("t.yaml", []byte(text))
		if hasError(diags) {
			return
		}
		for i := range file.Tests {
			test := &file.Tests[i]
			events := 0
			for _, s := range test.Events {
				events += s.Repeat
			}
			if test.Sample != "" || events > 50 {
				continue // many events only cost time
			}
			ds, bad := file.deliveries(test)
			if bad != nil {
				t.Fatal(bad.Error())
			}
			for _, d := range ds[:min(len(ds), 3)] {
				if _, err := d.raw(); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
