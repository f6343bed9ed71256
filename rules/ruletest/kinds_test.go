package ruletest

import (
	"strings"
	"testing"
	"time"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// kinds has one stateful rule of every kind. They group by actor.id under the name user.
func kinds(t *testing.T) []rules.Rule {
	user, ip, size := fieldPath(t, "actor.id"), fieldPath(t, "client.ipAddress"), fieldPath(t, "debugContext.debugData.size")
	input := func(eventType string, columns ...event.Path) rules.Input {
		return rules.Input{Name: eventType, Where: typeIs(t, eventType), Group: []event.Path{user}, Columns: columns}
	}
	const a, b, c = "user.session.start", "user.account.lock", "user.session.end"
	var rs []rules.Rule
	add := func(name string, s window.Spec, inputs ...rules.Input) {
		s.Length, s.Lateness, s.Quiet, s.Episode = 10*time.Minute, 5*time.Minute, 10*time.Minute, time.Hour
		rs = append(rs, rules.Rule{ID: name, Name: name, Title: name, File: name + ".yaml",
			Stateful: &rules.Stateful{GroupBy: []string{"user"}, Window: s, Inputs: inputs}})
	}
	add("count", window.Spec{Kind: window.Count, Threshold: 3}, input(a))
	add("suppression", window.Spec{Kind: window.Count, Threshold: 1}, input(a))
	add("distinct", window.Spec{Kind: window.Distinct, Distinct: []window.Column{{Name: "ip", Threshold: 3}}}, input(a, ip))
	add("unordered", window.Spec{Kind: window.Unordered, Steps: 2}, input(a), input(b))
	add("sequence", window.Spec{Kind: window.Sequence, Steps: 2}, input(a), input(b))
	numbers := []window.Column{{Name: "size"}}
	bound := func(op window.Op, v float64) []window.Bound { return []window.Bound{{Op: op, Value: v}} }
	add("sum", window.Spec{Kind: window.Sum, Condition: bound(window.AtLeast, 6), Distinct: numbers}, input(a, size))
	add("average", window.Spec{Kind: window.Avg, Condition: bound(window.Below, 3), Distinct: numbers, AtClose: true}, input(a, size))
	add("percentile", window.Spec{Kind: window.Percentile, Percentile: 95, Condition: bound(window.AtLeast, 3), Distinct: numbers, AtClose: true}, input(a, size))
	add("few", window.Spec{Kind: window.Count, Condition: bound(window.AtMost, 3), AtClose: true}, input(a))
	member, err := rules.GroupPath("user")
	if err != nil {
		t.Fatal(err)
	}
	add("chain", window.Spec{Kind: window.Sequence, Steps: 2},
		rules.Input{Name: "burst", From: "count", Where: match.Const(true), Group: []event.Path{member}}, input(c))
	return rs
}

// Every kind of stateful rule is run in every automatic case, and passes.
func TestCasesOfEveryKind(t *testing.T) {
	all := kinds(t)
	for _, r := range all {
		want := "[{group: {user: ada}}]"
		if r.Name == "chain" {
			want = "[{rule: count}, {rule: chain, group: {user: ada}}]"
		}
		t.Run(r.Name, func(t *testing.T) {
			f, diags := Parse(r.Name+"_test.yaml", []byte("rule: "+r.Name+`
start: 2026-01-10T09:00:00Z
base: {okta: user.session.start, actor.id: ada}
tests:
  - name: fires
    events:
      - {at: 0s, client.ipAddress: 203.0.113.1, debugContext.debugData.size: 1}
      - {at: 1m, client.ipAddress: 203.0.113.2, debugContext.debugData.size: 2}
      - {at: 2m, client.ipAddress: 203.0.113.3, debugContext.debugData.size: 3}
      - {at: 3m, okta: user.account.lock}
      - {at: 9m, okta: user.session.end}
      - {at: 3h, okta: user.session.end}
    alerts: `+want+"\n"))
			if hasError(diags) {
				t.Fatal(diags)
			}
			rep := Run(all, nil, []File{f}, Options{})
			ran := map[Case]bool{}
			for _, x := range rep.Results {
				ran[x.Case] = true
			}
			for _, c := range append([]Case{AsWritten}, automatic...) {
				if !ran[c] {
					t.Errorf("%q was not run", c)
				}
			}
			if !rep.OK() {
				t.Error(text(t, rep))
			}
		})
	}
}

// A failing test shows the content of the window and what was missing.
func TestFailureShowsWindow(t *testing.T) {
	rep := run(t, header+`
  - name: x
    events: [{at: 0s, repeat: 2, every: 1m, actor.alternateId: ada@example.com}]
    alerts: [{}]
`, Options{})
	out := text(t, rep)
	for _, want := range []string{"missing: alert 1", "events = 2, need >= 3: 1 short", "actor.alternateId = ada@example.com", "2026-01-10T09:01:00Z"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
