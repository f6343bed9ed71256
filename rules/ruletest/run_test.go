package ruletest

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

func fieldPath(t testing.TB, text string) event.Path {
	t.Helper()
	p, err := event.ParsePath(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func typeIs(t testing.TB, eventType string) match.Expr {
	return &match.Pred{Path: fieldPath(t, "eventType"), Op: match.Equal, Literals: []string{eventType}}
}

// denials fires on three denied pushes of one user within five minutes; lock, in the same file, on every lockout.
func denials(t testing.TB) []rules.Rule {
	return []rules.Rule{
		{
			ID: "c0d1", Name: "denials", Title: "Denied pushes", File: "denials.yaml",
			Meta: rules.Meta{Severity: alert.High, Risk: 73},
			Stateful: &rules.Stateful{
				Inputs: []rules.Input{{Name: "denied", Where: typeIs(t, "user.mfa.okta_verify.deny_push"),
					Group: []event.Path{fieldPath(t, "actor.alternateId")}}},
				GroupBy: []string{"actor.alternateId"},
				Window: window.Spec{Kind: window.Count, Threshold: 3, Length: 5 * time.Minute, Lateness: 5 * time.Minute,
					Quiet: 5 * time.Minute, Episode: 24 * time.Hour},
			},
		},
		{ID: "c0d2", Name: "lock", Title: "Locked", File: "denials.yaml", Meta: rules.Meta{Severity: alert.Low, Risk: 21},
			Where: typeIs(t, "user.account.lock")},
		{ID: "c0d3", Name: "elsewhere", Title: "Another file", File: "elsewhere.yaml", Where: typeIs(t, "user.account.lock")},
	}
}

func run(t *testing.T, text string, o Options) Report {
	t.Helper()
	f, diags := Parse("denials_test.yaml", []byte(text))
	if hasError(diags) {
		t.Fatal(diags)
	}
	return Run(denials(t), nil, []File{f}, o)
}

const header = `rule: denials
start: 2026-01-10T09:00:00Z
base: {okta: user.mfa.okta_verify.deny_push}
tests:
`

func TestRunPasses(t *testing.T) {
	r := run(t, header+`
  - name: three
    events: [{at: 0s, repeat: 3, every: 1m}]
    alerts:
      - at: 2m
        severity: high
        count: 3
        group: {actor.alternateId: ada@example.com}
        fields:
          source.ip: 203.0.113.7
          evidence.events.event_type: user.mfa.okta_verify.deny_push
          evidence.client.userAgent.os: Linux
          evidence.total: 3
          reason: {contains: 3 events}
          notes: null
  - name: two
    events: [{at: 0s, repeat: 2, every: 1m}]
    alerts: []
  - name: one event three times
    events: [{at: 0s, repeat: 3, uuid: same}]
    alerts: []
  - name: late and in time
    events: [{at: 0s, repeat: 2, every: 1m}, {at: 30s, arrives: 5m}]
    alerts: [{count: 3}]
  - name: the other rule of the file
    events: [{at: 0s, okta: user.account.lock}]
    alerts: [{rule: lock, severity: low, fields: {group: null}}]
`, Options{})
	if !r.OK() {
		t.Error(text(t, r))
	}
	ran := map[string]map[Case]bool{}
	for _, x := range r.Results {
		if ran[x.Test] == nil {
			ran[x.Test] = map[Case]bool{}
		}
		ran[x.Test][x.Case] = true
	}
	for test, want := range map[string][]Case{
		"three":            {AsWritten, Shuffled, Duplicated, Restarted, NullGroupKey},
		"two":              {AsWritten, Shuffled, Duplicated, Restarted},
		"late and in time": {AsWritten, Duplicated, Restarted, NullGroupKey},
	} {
		if len(ran[test]) != len(want) {
			t.Errorf("%s ran in %v, want %q", test, ran[test], want)
		}
		for _, c := range want {
			if !ran[test][c] {
				t.Errorf("%s did not run %q", test, c)
			}
		}
	}
	if len(r.Untested) != 1 || r.Untested[0] != "elsewhere" {
		t.Errorf("untested: %v", r.Untested)
	}
}

// What is not as expected is told field by field, with the evidence.
func TestRunFails(t *testing.T) {
	for _, c := range []struct {
		name, test string
		want       []string
	}{
		{"fields", `
  - name: x
    events: [{at: 0s, repeat: 3, every: 1m}]
    alerts: [{at: 3m, severity: low, count: 4, rule: lock, group: {actor.alternateId: bo, x: y}, fields: {source.ip: [a, b], notes: {contains: late}}}]
`, []string{"fail denials: x", "different: alert 1, expected at 8:15", "at: want 3m0s, got 2m0s", "severity: want low, got high", "count: want 4, got 3",
			"rule: want lock, got denials", "group.actor.alternateId: want bo, got ada@example.com", "group.x: want y, got no such member",
			"source.ip: want a, b, got 203.0.113.7", "notes: want text with late, got nothing",
			"1m0s user.mfa.okta_verify.deny_push from 203.0.113.7", "denials: 3 events matched"}},
		{"missing", `
  - name: x
    events: [{at: 0s, repeat: 2, every: 1m}, {at: 2m, actor.alternateId: null}]
    alerts: [{at: 2m, count: 3}]
`, []string{"missing: alert 1, expected at 8:15: at 2m0s, count 3", "denials: 3 events matched, 1 without group key or counted value"}},
		{"unexpected", `
  - name: x
    events: [{at: 0s, repeat: 3, every: 1m}]
    alerts: []
`, []string{"unexpected: high of denials at 2m0s, count 3, actor.alternateId ada@example.com: 3 events"}},
		{"one of two", `
  - name: x
    events: [{at: 0s, repeat: 3, every: 1m}, {at: 0s, repeat: 3, every: 1m, actor.alternateId: bo@example.com}]
    alerts: [{group: {actor.alternateId: bo@example.com}}]
`, []string{"unexpected: high of denials at 2m0s, count 3, actor.alternateId ada@example.com"}},
		{"group of the rule", `
  - name: x
    events: [{at: 0s, repeat: 3, every: 1m}]
    alerts: [{group: {}}]
`, []string{"group.actor.alternateId: want no such member, got ada@example.com"}},
		{"todo that works", `
  - name: x
    todo: later
    events: [{at: 0s, repeat: 3, every: 1m}]
    alerts: [{}]
`, []string{"the test passes: remove its todo"}},
		{"late", `
  - name: x
    events: [{at: 0s, repeat: 2, every: 1m}, {at: 20m}, {at: 30s, arrives: 20m}]
    alerts: [{}]
`, []string{"1 late"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, header+c.test, Options{})
			out := text(t, r)
			if r.OK() {
				t.Error("the report is fine")
			}
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
			if len(r.Results) != 1 {
				t.Errorf("%d results: a failed test is not run in other cases", len(r.Results))
			}
		})
	}
}

func TestTodo(t *testing.T) {
	r := run(t, header+`
  - name: gap
    todo: not counted yet
    events: [{at: 0s, repeat: 2, every: 1m}]
    alerts: [{}]
`, Options{})
	if out := text(t, r); !r.OK() || r.Results[0].Status != Todo || !strings.Contains(out, "todo: not counted yet") {
		t.Error(out)
	}
}

func TestSelection(t *testing.T) {
	const two = header + `
  - {name: first, events: [{at: 0s}], alerts: []}
  - {name: second, events: [{at: 0s}], alerts: []}
`
	r := run(t, two, Options{Run: regexp.MustCompile("^denials/sec")})
	for _, x := range r.Results {
		if x.Test != "second" {
			t.Errorf("%s was run", x.Test)
		}
	}
	if !r.OK() {
		t.Error(text(t, r))
	}
	if r := run(t, two, Options{Run: regexp.MustCompile("third")}); r.OK() {
		t.Error("nothing was run, and that is fine")
	}
}

func TestSkip(t *testing.T) {
	r := run(t, "skip: [restarted, null-group]\n"+header+`
  - {name: three, events: [{at: 0s, repeat: 3, every: 1m}], alerts: [{}]}
`, Options{})
	for _, x := range r.Results {
		if x.Case == Restarted || x.Case == NullGroupKey {
			t.Errorf("%s was run", x.Case)
		}
	}
	if len(r.Results) != 3 {
		t.Errorf("%d results", len(r.Results))
	}
}

// A rule that does not load is an error with the reason, never a pass.
func TestRuleMissing(t *testing.T) {
	f, _ := Parse("x_test.yaml", []byte("rule: x\nstart: 2026-01-10T09:00:00Z\ntests: []\n"))
	r := Run(denials(t), nil, []File{f}, Options{})
	if out := text(t, r); r.OK() || !strings.Contains(out, `x_test.yaml:1:1: error OKS0504: there is no rule "x"`) {
		t.Error(out)
	}
	for name, want := range map[string]string{"denial": "did you mean denials?", "something": "load the file that holds it too"} {
		other, _ := Parse("x_test.yaml", []byte("rule: "+name+"\nstart: 2026-01-10T09:00:00Z\ntests: []\n"))
		if out := text(t, Run(denials(t), nil, []File{other}, Options{})); !strings.Contains(out, want) {
			t.Errorf("%s: no %q in %s", name, want, out)
		}
	}
	own := denials(t)
	own[0].Name, own[0].File = "named by its author", "rules/x.yaml"
	beside, _ := Parse("rules/x_test.yaml", []byte("rule: x\nstart: 2026-01-10T09:00:00Z\ntests: []\n"))
	if out := text(t, Run(own, nil, []File{beside}, Options{})); !strings.Contains(out, "the rule beside this file is called named by its author") {
		t.Error(out)
	}
	r = Run(denials(t), []rules.Diagnostic{
		{File: "x.yaml", Pos: match.Pos{Line: 7, Col: 3}, Level: rules.Error, Code: "OKS0112", Message: "broken", Rule: "x"},
	}, []File{f}, Options{})
	if out := text(t, r); r.OK() || !strings.Contains(out, `the rule "x" does not load (x.yaml:7:3: error OKS0112: broken)`) {
		t.Error(out)
	}
	twice := append(denials(t), denials(t)[1])
	twice[3].Name = "lock again"
	f.Rule = "denials"
	if r := Run(twice, nil, []File{f}, Options{}); r.OK() {
		t.Error("two rules with one id are fine")
	}
}

// The cases must tell when the engine answers differently; here the answer they compare with is wrong.
func TestCasesCanFail(t *testing.T) {
	f, diags := Parse("denials_test.yaml", []byte(header+`
  - {name: three, events: [{at: 0s, repeat: 3, every: 1m}], alerts: [{}]}
`))
	if hasError(diags) {
		t.Fatal(diags)
	}
	rs := denials(t)
	set, bad := rules.NewSet(rs[:2])
	if hasError(bad) {
		t.Fatal(bad)
	}
	tr := &trial{file: &f, test: &f.Tests[0], rule: &rs[0], set: set}
	var d *rules.Diagnostic
	if tr.given, d = f.deliveries(tr.test); d != nil {
		t.Fatal(d)
	}
	var err error
	if tr.plain, err = tr.play(tr.given, false); err != nil || len(tr.plain.alerts) != 1 {
		t.Fatal(tr.plain, err)
	}
	tr.plain.alerts[0].Group[0].Value = "somebody else"
	for _, c := range []Case{Shuffled, Duplicated, Restarted} {
		problem, ran, err := tr.run(c)
		if err != nil || !ran || !strings.Contains(problem, "missing: ") || !strings.Contains(problem, "unexpected: ") {
			t.Errorf("%s: %v %v %s", c, ran, err, problem)
		}
	}
	// A group member that cannot be emptied is no member at all for the case.
	tr.rule.Stateful.Inputs[0].Group[0] = fieldPath(t, "eventType")
	tr.rule.Stateful.GroupBy[0] = "eventType"
	set, _ = rules.NewSet(rs[:1])
	tr.set = set
	if _, ran, err := tr.run(NullGroupKey); err != nil || !ran {
		t.Errorf("event type as group: %v %v", ran, err)
	}
	tr.rule.Stateful.Inputs[0].Group[0] = fieldPath(t, "user.name")
	set, _ = rules.NewSet(rs[:1])
	tr.set = set
	if _, ran, err := tr.run(NullGroupKey); err != nil || ran {
		t.Errorf("a computed name as group: %v %v", ran, err)
	}
}

func text(t *testing.T, r Report) string {
	t.Helper()
	var b strings.Builder
	if err := r.WriteText(&b, true); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
