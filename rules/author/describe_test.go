package author

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"oktastream/integration/golden"
	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/lang"
	"oktastream/rules/match"
	"oktastream/rules/pack"
	"oktastream/rules/window"
)

var described = map[string]string{
	"console.yml": `title: Console opened
id: 3f2504e0-4f89-41d3-9a0c-0305e82c3301
status: test
description: |
  Somebody opened it.

  Twice.
level: high
tags: [attack.initial-access, attack.t1078, attack.t1078.004, attack.t1539, attack.t1550]
falsepositives: [Administrators.]
fields: [actor.alternateId]
language: okta
query: |
  eventType eq "user.session.access_admin_app" and not (outcome.result eq "SUCCESS" or client.ipAddress sw "10.") and displayMessage pr
oktastream: {kind: signal, triage: "1. Ask."}
`,
	"streams.yml": "title: s\nid: 3f2504e0-4f89-41d3-9a0c-0305e82c3302\nlevel: low\nlanguage: okta\nquery: eventType sw \"system.log_stream.lifecycle\"\n",
	"message.yml": "title: m\nid: 3f2504e0-4f89-41d3-9a0c-0305e82c3303\nlevel: low\nlanguage: okta\nquery: displayMessage co \"x\" or eventType eq \"no.such.type\"\n",
	"steps.yml": `title: Sign-in, then console
id: 3f2504e0-4f89-41d3-9a0c-0305e82c3304
level: critical
correlation:
  type: temporal_ordered
  rules: [signed_in, opened]
  aliases: {user: {signed_in: actor.id, opened: target.id}}
  group-by: [user, client.ipAddress]
  timespan: 1h30m
oktastream:
  distinct: [{field: client.userAgent.rawUserAgent, gte: 2}, {field: client.device}]
  join: {opened: authenticationContext.externalSessionId}
  suppress: {for: 2h, max: 2d, update: open}
---
title: a
name: signed_in
level: low
detection: {a: {eventType: user.session.start}, condition: a}
---
title: b
name: opened
level: low
detection: {a: {eventType|startswith: user.session.access}, condition: a}
`,
	"all.yml": `title: Many
id: 3f2504e0-4f89-41d3-9a0c-0305e82c3305
level: low
correlation: {type: event_count, rules: [any], timespan: 9m, condition: {gte: 20}}
---
title: a
name: any
level: low
detection: {a: {outcome.result: FAILURE}, condition: a}
`,
}

func describedSet(t *testing.T) *rules.Set {
	res, _ := load(described)
	set, diags := rules.NewSet(res.Rules)
	if len(diags) > 0 || len(set.Rules()) != len(described) {
		t.Fatal(res.Diagnostics, diags)
	}
	return set
}

func TestList(t *testing.T) {
	list := Summaries(describedSet(t))
	var b bytes.Buffer
	if err := WriteList(&b, list); err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "list.txt", b.Bytes())
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "list.json", append(text, '\n'))
}

func TestShow(t *testing.T) {
	set := describedSet(t)
	for _, rule := range set.Rules() {
		name := rule.Name
		d, ok := Describe(set, name)
		if !ok {
			t.Fatal(name)
		}
		var b bytes.Buffer
		if err := d.WriteText(&b); err != nil {
			t.Fatal(err)
		}
		golden.Equal(t, "show_"+name+".txt", b.Bytes())
		if byID, ok := Describe(set, d.ID); !ok || byID.Name != name {
			t.Errorf("%s is not found by its id", name)
		}
	}
	d, _ := Describe(set, "steps")
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "show_steps.json", append(text, '\n'))
	if _, ok := Describe(set, "nobody"); ok {
		t.Error("a rule that is not there is described")
	}
}

// TestPack describes what we ship: every rule in full, and nothing that the words cannot say.
func TestPack(t *testing.T) {
	set, diags := rules.NewSet(lang.LoadFS(pack.FS, ".").Rules)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	for _, rule := range set.Rules() {
		name := rule.Name
		d, _ := Describe(set, name)
		if len(d.Fields) == 0 || len(d.Inputs) == 0 || !d.EveryType && len(d.Types) == 0 || (d.StateID == "") != (d.Kind == "single") {
			t.Errorf("%s: %+v", name, d)
		}
		for _, in := range d.Inputs {
			if text := strings.Join(in.Words, "\n"); strings.Contains(text, "op1") || strings.Contains(text, "nothing") {
				t.Errorf("%s: %s", name, text)
			}
		}
		if d.StateID != "" && (len(d.Content) == 0 || d.Class == "") {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestWords(t *testing.T) {
	p := func(op match.Op, literals ...string) *match.Pred {
		return &match.Pred{Path: event.MustPath("a.b"), Op: op, Fold: true, Literals: literals}
	}
	changed := func(p *match.Pred, change func(*match.Pred)) *match.Pred { change(p); return p }
	tests := []struct {
		x    match.Expr
		want string
	}{
		{nil, "nothing"},
		{match.Const(true), "anything"},
		{match.Const(false), "nothing"},
		{match.And{}, "anything"},
		{match.Or{}, "nothing"},
		{(*match.Pred)(nil), "nothing"},
		{match.And{p(match.Equal, "x")}, `a.b is "x"`},
		{match.And{p(match.Equal, "x"), match.Or{p(match.Prefix, "y"), p(match.Suffix, "z")}}, "all of\n  a.b is \"x\"\n  any of\n    a.b begins with \"y\"\n    a.b ends with \"z\""},
		{match.Not{X: p(match.Exists)}, "not: a.b is there"},
		{match.Not{X: match.And{p(match.Exists), p(match.Empty)}}, "not\n  all of\n    a.b is there\n    a.b is an empty text"},
		{p(match.Equal, "x", "y", "z"), `a.b is one of "x", "y" or "z"`},
		{p(match.Equal), "nothing"},
		{p(match.Contains, "x", "y"), `a.b contains "x" or "y"`},
		{changed(p(match.Contains, "x", "y"), func(p *match.Pred) { p.All = true }), `a.b contains each of "x", "y"`},
		{changed(p(match.Wildcard, "x*"), func(p *match.Pred) { p.Fold = false }), `a.b is like "x*" in this letter case`},
		{changed(p(match.Regexp), func(p *match.Pred) { p.Re = []*regexp.Regexp{regexp.MustCompile("^x")} }), "a.b matches /^x/"},
		{p(match.Less, "3"), "a.b is less than 3"},
		{p(match.LessEqual, "3"), "a.b is at most 3"},
		{p(match.Greater, "3"), "a.b is greater than 3"},
		{changed(p(match.GreaterEqual, "3"), func(p *match.Pred) { p.Part = match.Hour }), "the hour of a.b is at least 3"},
		{changed(p(match.EqualsField), func(p *match.Pred) { p.Other = event.MustPath("c") }), "a.b is the same as c"},
		{changed(p(match.Element), func(p *match.Pred) { p.Body = match.And{p1("element.type", "x"), p1("element.id", "y")} }),
			"an element of a.b for which\n  all of\n    element.type is \"x\"\n    element.id is \"y\""},
		{p(match.Equal, strings.Split("abcdefghijklm", "")...), `a.b is one of "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", … 3 more`},
	}
	for _, tt := range tests {
		if got := strings.Join(Words(tt.x), "\n"); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func p1(path, literal string) *match.Pred {
	return &match.Pred{Path: event.MustPath(path), Op: match.Equal, Fold: true, Literals: []string{literal}}
}

func TestWindows(t *testing.T) {
	base := window.Spec{Length: 9 * time.Minute, Lateness: 5 * time.Minute, Quiet: time.Hour, Episode: 36 * time.Hour}
	with := func(change func(*window.Spec)) *rules.Stateful {
		s := base
		change(&s)
		return &rules.Stateful{Window: s, Inputs: []rules.Input{{Name: "one"}}}
	}
	column := func(threshold int) []window.Column { return []window.Column{{Name: "x", Threshold: threshold}} }
	tests := []struct {
		st   *rules.Stateful
		want string
	}{
		{with(func(s *window.Spec) { s.Kind, s.Threshold = window.Count, 1 }), "at least 1 event"},
		{with(func(s *window.Spec) {
			s.Kind, s.Condition = window.Count, []window.Bound{{Op: window.AtLeast, Value: 3}, {Op: window.Below, Value: 9}}
		}),
			"events >= 3; events < 9"},
		{with(func(s *window.Spec) { s.Kind, s.Distinct = window.Distinct, column(4) }), "at least 4 different values of x"},
		{with(func(s *window.Spec) {
			s.Kind, s.Distinct, s.Condition = window.Sum, column(0), []window.Bound{{Op: window.Above, Value: 1.5}}
		}), "sum of x > 1.5"},
		{with(func(s *window.Spec) {
			s.Kind, s.Distinct, s.Condition = window.Avg, column(0), []window.Bound{{Op: window.Equals, Value: 2}}
		}), "average of x == 2"},
		{with(func(s *window.Spec) {
			s.Kind, s.Percentile, s.Distinct, s.Condition = window.Percentile, 95, column(0), []window.Bound{{Op: window.AtMost, Value: 2}}
		}), "percentile 95 of x <= 2"},
		{with(func(s *window.Spec) { s.Kind, s.Steps, s.Threshold = window.Unordered, 3, 2 }), "events of at least 2 of one"},
		{with(func(s *window.Spec) { s.Kind = window.Sequence }), "in this order of time: one"},
		{with(func(s *window.Spec) { s.Kind = window.Unordered }), "at least one event of each of one"},
	}
	for _, tt := range tests {
		if got := strings.Join(content(tt.st), "; "); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
	got := strings.Join(timing(with(func(s *window.Spec) { s.AtClose = true })), "; ")
	if want := "within 9m, judged when the window closes; an event may arrive up to 5m behind the clock; after an alert, another one once the condition has not held for 1h, or after 36h"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for d, want := range map[time.Duration]string{90 * time.Minute: "1h30m", 24 * time.Hour: "1d", 25 * time.Hour: "25h", 90 * time.Second: "1m30s", 30 * time.Second: "30s", 0: "0s"} {
		if got := span(d); got != want {
			t.Errorf("%v: got %s, want %s", d, got, want)
		}
	}
}
