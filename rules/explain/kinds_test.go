package explain

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"oktastream/rules"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

func is(path, literal string) match.Expr {
	return &match.Pred{Path: event.MustPath(path), Op: match.Equal, Literals: []string{literal}}
}

// kinds has one rule of every kind, and chains. Minutes are short enough for random events to matter.
func kinds(t testing.TB) map[string]rules.Rule {
	spec := func(k window.Kind) window.Spec {
		return window.Spec{Kind: k, Length: 10 * time.Minute, Lateness: 5 * time.Minute, Quiet: 10 * time.Minute, Episode: time.Hour}
	}
	user, ip, size := event.MustPath("actor.id"), event.MustPath("client.ipAddress"), event.MustPath("size")
	input := func(name string) rules.Input {
		return rules.Input{Name: name, Where: is("eventType", name), Group: []event.Path{user}}
	}
	alertGroup, err := rules.GroupPath("user")
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]rules.Rule{}
	add := func(name string, s window.Spec, inputs ...rules.Input) {
		m[name] = rules.Rule{ID: name, Name: name, Title: name, File: name + ".yaml",
			Stateful: &rules.Stateful{GroupBy: []string{"user"}, Window: s, Inputs: inputs}}
	}
	m["single"] = rules.Rule{ID: "single", Name: "single", Title: "single", Where: is("eventType", "a")}
	s := spec(window.Count)
	s.Threshold = 3
	add("count", s, input("a"), rules.Input{Name: "b", Where: match.Or{is("eventType", "a"), is("eventType", "b")}, Group: []event.Path{user}})
	s = spec(window.Distinct)
	s.Distinct = []window.Column{{Name: "ip", Threshold: 3}, {Name: "size", Threshold: 2}}
	in := input("a")
	in.Columns = []event.Path{ip, size}
	add("distinct", s, in)
	s = spec(window.Unordered)
	s.Steps = 2
	add("unordered", s, input("a"), input("b"))
	s = spec(window.Sequence)
	s.Steps = 3
	first, second := input("a"), input("b")
	first.Join, second.Join = ip, ip
	add("sequence", s, first, second, input("c"))
	in = input("a")
	in.Columns = []event.Path{size}
	for name, b := range map[string]struct {
		kind  window.Kind
		bound window.Bound
		close bool
	}{
		"sum":        {window.Sum, window.Bound{Op: window.AtLeast, Value: 10}, false},
		"average":    {window.Avg, window.Bound{Op: window.Below, Value: 3}, true},
		"percentile": {window.Percentile, window.Bound{Op: window.Above, Value: 4}, true},
		"few":        {window.Count, window.Bound{Op: window.AtMost, Value: 2}, true},
	} {
		s = spec(b.kind)
		s.Condition, s.AtClose, s.Percentile = []window.Bound{b.bound}, b.close, 95
		s.Distinct = []window.Column{{Name: "size"}}
		add(name, s, in)
	}
	s = spec(window.Sequence)
	s.Steps = 2
	add("chain", s, rules.Input{Name: "brute", From: "count", Where: match.Const(true), Group: []event.Path{alertGroup}}, input("c"))
	return m
}

// setOf is the rule with what it is made of.
func setOf(t testing.TB, names ...string) *rules.Set {
	all := kinds(t)
	var rs []rules.Rule
	for _, n := range names {
		rs = append(rs, all[n])
	}
	set, diags := rules.NewSet(rs)
	for _, d := range diags {
		t.Fatal(d)
	}
	return set
}

// at is an event of the given minute.
func at(id string, minute float64, eventType, user, ip string, size int) Input {
	published := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Add(time.Duration(minute * float64(time.Minute)))
	return Input{JSON: fmt.Appendf(nil, `{"uuid":%q,"published":%q,"eventType":%q,"actor":{"id":%q},"client":{"ipAddress":%q},"size":%d}`,
		id, published.Format(time.RFC3339Nano), eventType, user, ip, size)}
}

// TestAgreesWithEngine: for random events in any order, the windows kept for explaining fire as the engine does, each
// alert is explained as fired, and each other event is not.
func TestAgreesWithEngine(t *testing.T) {
	for name := range kinds(t) {
		t.Run(name, func(t *testing.T) {
			parts := []string{name}
			if name == "chain" {
				parts = append(parts, "count")
			}
			set := setOf(t, parts...)
			explained := 0
			rapid.Check(t, func(rt *rapid.T) {
				given := random(rt)
				rep, err := Run(set, name, given, "")
				if err != nil {
					rt.Fatal(err)
				}
				want := engineAlerts(rt, set, name, given)
				if rep.Alerts != want {
					rt.Fatalf("%d alerts, the engine gives %d", rep.Alerts, want)
				}
				for _, n := range rep.Notes {
					if name != "chain" || !strings.Contains(n, "at the end of the input") {
						rt.Fatal(n)
					}
				}
				if rep.Chosen == Firings {
					for _, v := range rep.Verdicts {
						explained++
						if !v.Fired || v.Outcome != Fired {
							rt.Fatalf("event %d fired and is explained as %s: %s", v.Event.N, v.Outcome, v.Why)
						}
						for _, g := range v.Groups {
							if g.Outcome == Fired && slices.ContainsFunc(g.Window.Needs, func(n Need) bool { return !n.Met }) {
								rt.Fatalf("event %d fired although %s", v.Event.N, g.Window.Needs)
							}
						}
					}
				}
				if len(given) > 0 {
					v, err := Run(set, name, given, fmt.Sprint(rapid.IntRange(1, len(given)).Draw(rt, "pick")))
					if err != nil || len(v.Verdicts) != 1 || v.Verdicts[0].Why == "" {
						rt.Fatalf("%+v, %v", v, err)
					}
					if err := v.WriteText(&strings.Builder{}, true); err != nil {
						rt.Fatal(err)
					}
				}
			})
			if explained == 0 {
				t.Error("no random input fired: the test shows nothing")
			}
		})
	}
}

// random draws events, some of them late and some of them copies.
func random(t *rapid.T) []Input {
	var given []Input
	now := 10.0
	for i := range rapid.IntRange(rapid.SampledFrom([]int{0, 10}).Draw(t, "least"), 14).Draw(t, "events") {
		if i > 0 && rapid.IntRange(0, 9).Draw(t, "copy") == 0 {
			given = append(given, given[rapid.IntRange(0, i-1).Draw(t, "of")])
			continue
		}
		now += float64(rapid.IntRange(0, 25).Draw(t, "gap")) / 10
		minute := now - float64(rapid.IntRange(0, 1).Draw(t, "late"))*float64(rapid.IntRange(0, 9).Draw(t, "by"))
		given = append(given, at(fmt.Sprint("e", i), minute, rapid.SampledFrom([]string{"a", "a", "b", "c", "x"}).Draw(t, "type"),
			rapid.SampledFrom([]string{"ada", "ada", "ada", "bo", "-"}).Draw(t, "user"),
			rapid.SampledFrom([]string{"1.1.1.1", "1.1.1.2", "1.1.1.3", "unknown"}).Draw(t, "ip"), rapid.IntRange(-1, 6).Draw(t, "size")))
	}
	return given
}

func engineAlerts(t *rapid.T, set *rules.Set, name string, given []Input) int {
	l := engine.NewLocal(set, engine.Options{})
	dec := l.NewDecoder()
	var out engine.Output
	for _, in := range given {
		ev, err := dec.Decode(in.JSON, in.Meta)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Process(ev, &out); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(&out); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, a := range out.Alerts {
		if a.Rule.Name == name {
			ids[a.ID] = true
		}
	}
	return len(ids)
}

// TestWhy asks about one event of each kind that the golden files do not cover.
func TestWhy(t *testing.T) {
	mails := []Input{at("e1", 0, "a", "ada", "1.1.1.1", 4), at("e2", 1, "a", "ada", "1.1.1.1", 5), at("e3", 2, "a", "ada", "1.1.1.1", 1)}
	failures := []Input{at("e1", 0, "b", "ada", "", 0), at("e2", 1, "b", "ada", "", 0), at("e3", 2, "b", "ada", "", 0), at("e4", 3, "c", "ada", "", 0)}
	for _, tt := range []struct {
		name    string
		rules   []string
		given   []Input
		pick    string
		outcome Outcome
		why     string
	}{
		{"sum short", []string{"sum"}, mails, "e2", Short, "sum of size = 9, need >= 10: 1 short"},
		{"sum", []string{"sum"}, mails, "e3", Fired, "it completed the condition: sum of size = 10, need >= 10"},
		{"sum of a negative number", []string{"sum"}, []Input{at("e1", 0, "a", "ada", "", -1)}, "e1", MissingValue, "the event is no observation: it has no number that could be counted at size"},
		{"average too high", []string{"average"}, mails, "e1", Short,
			"the condition is judged when the window closes, at 2026-03-02T09:10:00Z, and does not hold then: average of size = 3.3333333333333335, need < 3: 0.3333333333333335 too many"},
		{"average", []string{"average"}, append(slices.Clone(mails), at("e4", 3, "a", "ada", "", 0)), "e1", Open,
			"the condition is judged when the window closes, at 2026-03-02T09:10:00Z, and holds then: the alert is about the last event, e4"},
		{"percentile", []string{"percentile"}, mails, "e3", Fired, "it completed the condition: percentile 95 of size = 5, need > 4"},
		{"too many", []string{"few"}, mails, "e1", Short,
			"the condition is judged when the window closes, at 2026-03-02T09:10:00Z, and does not hold then: events = 3, need <= 2: 1 too many"},
		// An alert is observed when its time is final, the lateness of its rule behind it.
		{"chain", []string{"chain", "count"}, append(slices.Clone(failures), at("e5", 20, "z", "ada", "1.1.1.1", 0)), "e5", Fired, "step brute at 2026-03-02T09:02:00Z"},
		{"chain waits", []string{"chain", "count"}, failures, "e4", Short, "step brute is next, and has not come"},
		{"chain without an alert", []string{"chain", "count"}, failures[:2], "e2", Unmatched, "brute: the event completes no alert of count"},
		{"join unknown", []string{"sequence"}, []Input{at("e1", 0, "a", "ada", "1.1.1.1", 0), at("e2", 1, "b", "ada", "unknown", 0), at("e3", 2, "c", "ada", "1.1.1.3", 0)},
			"e3", Fired, "step c at"},
		{"joins", []string{"sequence"}, []Input{at("e1", 0, "a", "ada", "1.1.1.1", 0), at("e2", 1, "b", "ada", "1.1.1.2", 0)},
			"e2", Short, `step b came at 2026-03-02T09:01:00Z (e2), but its client.ipAddress = "1.1.1.2" is not client.ipAddress = "1.1.1.1" of step a (e1)`},
		{"after the last step", []string{"sequence"}, []Input{at("e1", 0, "a", "ada", "", 0), at("e2", 1, "b", "ada", "", 0), at("e3", 2, "c", "ada", "", 0),
			at("e4", 3, "a", "ada", "", 0)}, "e4", Short, "the sequence was complete at 2026-03-02T09:02:00Z (e3); only another event of step c can complete it again"},
		{"waiting", []string{"count"}, []Input{at("e1", 0, "a", "ada", "", 0), at("e2", 0, "a", "ada", "", 0), at("e3", 0, "a", "ada", "", 0),
			at("f1", 11, "a", "ada", "", 0), at("f2", 11, "a", "ada", "", 0), at("f3", 11, "a", "ada", "", 0)},
			"f3", Fired, "the alert waits until the clock shows that the episode before is over"},
		{"late arrivals complete", []string{"count"}, []Input{at("e1", 0, "a", "ada", "", 0), at("e2", 4, "a", "ada", "", 0), at("e3", 2, "a", "ada", "", 0)},
			"e3", Fired, "events = 3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rep, err := Run(setOf(t, tt.rules...), tt.rules[0], tt.given, tt.pick)
			if err != nil {
				t.Fatal(err)
			}
			if v := rep.Verdicts[0]; v.Outcome != tt.outcome || !strings.Contains(v.Why, tt.why) || v.Fired != (v.Outcome == Fired) {
				t.Errorf("%s: %s", v.Outcome, v.Why)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	set := setOf(t, "single")
	if _, err := Run(set, "none", nil, ""); !errors.Is(err, ErrNoRule) {
		t.Error(err)
	}
	if _, err := Run(set, "single", nil, "1"); !errors.Is(err, ErrNoEvent) {
		t.Error(err)
	}
	if _, err := Run(set, "single", []Input{{JSON: []byte("{")}}, ""); err == nil || !strings.Contains(err.Error(), "event 1") {
		t.Error(err)
	}
	rep, err := Run(set, "single", nil, "")
	if err != nil || len(rep.Verdicts) != 0 || rep.Chosen != Closest {
		t.Error(rep, err)
	}
}

func TestMoreFirings(t *testing.T) {
	var given []Input
	for i := range MaxVerdicts + 2 {
		given = append(given, at(fmt.Sprint("e", i), float64(i), "a", "ada", "", 0))
	}
	rep, err := Run(setOf(t, "single"), "single", given, "")
	if err != nil || len(rep.Verdicts) != MaxVerdicts || rep.More != 2 {
		t.Errorf("%d verdicts and %d more: %v", len(rep.Verdicts), rep.More, err)
	}
	text := Window(setOf(t, "single"), "single", given)
	if !strings.Contains(text, "and 9 more firings") || strings.Count(text, "\nfired:") != 3 {
		t.Error(text)
	}
}

func TestWindowOfFailingTest(t *testing.T) {
	given := []Input{at("e1", 0, "a", "ada", "", 0), at("e2", 1, "a", "ada", "", 0)}
	text := Window(setOf(t, "count"), "count", given)
	for _, want := range []string{"events = 2, need >= 3: 1 short", "user (actor.id) = ada", "> 2026-03-02T09:01:00Z  e2", "  2026-03-02T09:00:00Z  e1"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if text := Window(setOf(t, "count"), "none", given); !strings.Contains(text, "no such rule") {
		t.Error(text)
	}
}

// TestBounds: what is shown of a busy window is bounded, and says so.
func TestBounds(t *testing.T) {
	all := kinds(t)
	r := all["count"]
	st := *r.Stateful
	st.Window.Threshold = 10000
	r.Stateful = &st
	set, diags := rules.NewSet([]rules.Rule{r})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	var given []Input
	for i := range 400 {
		given = append(given, at(fmt.Sprint("e", i), float64(i)/50, "a", "ada", "", 0), at(fmt.Sprint("b", i), float64(i)/50, "a", "bo", "", 0))
	}
	rep, err := Run(set, "count", given, "")
	if err != nil {
		t.Fatal(err)
	}
	w := rep.Verdicts[0].Groups[0].Window
	if len(w.Rows) != MaxRows || w.Total != 400 || len(w.Ignored) != MaxIgnored/4 || w.Passed == 0 {
		t.Errorf("%d rows of %d, %d ignored and %d more", len(w.Rows), w.Total, len(w.Ignored), w.Passed)
	}
	var b strings.Builder
	if err := rep.WriteText(&b, false); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "\n"); n > 80 || !strings.Contains(b.String(), "rows left out") {
		t.Errorf("%d lines", n)
	}
}
