package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/window"
)

// TestCombinations: an event with several values of its group's members belongs to every combination of them, in order,
// to so many; and to each once, although it meets two inputs.
func TestCombinations(t *testing.T) {
	paths := []event.Path{event.MustPath("actor.id"), event.MustPath("target.id"), event.MustPath("request.ipChain.ip")}
	input := func(name string) rules.Input {
		return rules.Input{Name: name, Where: is("eventType", "x"), Group: paths}
	}
	set, diags := rules.NewSet([]rules.Rule{{ID: "c", Name: "c", Title: "c", Meta: rules.Meta{Severity: alert.Low},
		Stateful: &rules.Stateful{GroupBy: []string{"actor", "target", "ip"}, Inputs: []rules.Input{input("a"), input("b")},
			Window: window.Spec{Kind: window.Count, Threshold: 1, Length: time.Minute, Quiet: time.Minute, Episode: time.Hour}}}})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	if name := set.Classes()[0].Name; name != "actor.id" {
		t.Fatalf("routed by %s", name)
	}
	for _, n := range [][2]int{{1, 1}, {3, 4}, {8, 8}, {9, 9}, {70, 2}, {0, 3}} {
		var targets, chain []map[string]string
		var want []string
		for i := range n[0] {
			targets = append(targets, map[string]string{"id": fmt.Sprint("t", i)})
			for j := range n[1] {
				if i < MaxKeys && len(want) < MaxKeys {
					want = append(want, fmt.Sprintf("ada t%d 192.0.2.%d", i, j))
				}
			}
		}
		for j := range n[1] {
			chain = append(chain, map[string]string{"ip": fmt.Sprint("192.0.2.", j)})
		}
		raw, err := json.Marshal(map[string]any{"uuid": "u", "published": start.Format(time.RFC3339), "eventType": "x", "actor": map[string]string{"id": "ada"},
			"target": targets, "request": map[string]any{"ipChain": chain}})
		if err != nil {
			t.Fatal(err)
		}
		l := NewLocal(set, Options{})
		var got []string
		for _, a := range feed(t, l, string(raw)) {
			var values []string
			for _, f := range a.Group {
				values = append(values, f.Value)
			}
			got = append(got, strings.Join(values, " "))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d targets, %d addresses: %q, want %q", n[0], n[1], got, want)
		}
		if overflow := l.Stats()[0].Overflow > 0; overflow != (min(n[0], MaxKeys)*n[1] > MaxKeys || n[0] > MaxKeys) {
			t.Errorf("%d targets, %d addresses: overflow %v", n[0], n[1], overflow)
		}
	}
}
