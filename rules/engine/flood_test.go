package engine

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/window"
)

// floodRules are a count by actor over minutes, and one by address over a day, whose windows somebody can make in numbers
// and which are all due after those of the first.
func floodRules(t fataler) *rules.Set {
	count := func(id, eventType, path string, length time.Duration) rules.Rule {
		return rules.Rule{ID: id, Name: id, Title: id, Meta: rules.Meta{Severity: alert.High, Risk: 73},
			Stateful: &rules.Stateful{GroupBy: []string{path},
				Window: window.Spec{Kind: window.Count, Threshold: 3, Length: length, Lateness: 5 * time.Minute, Quiet: length, Episode: 48 * time.Hour},
				Inputs: []rules.Input{{Name: "any", Where: is("eventType", eventType), Group: []event.Path{event.MustPath(path)}}}}}
	}
	set, diags := rules.NewSet([]rules.Rule{
		count("quiet", "fail", "actor.alternateId", 10*time.Minute), count("flooded", "spray", "client.ipAddress", 24*time.Hour)})
	if len(diags) > 0 {
		t.Fatalf("%v", diags)
	}
	return set
}

func flooding(n int, eventType, actor, ip string, at time.Duration) string {
	return fmt.Sprintf(`{"uuid":"u%d","published":%q,"eventType":%q,"actor":{"alternateId":%q},"client":{"ipAddress":%q}}`,
		n, start.Add(at).Format(time.RFC3339Nano), eventType, actor, ip)
}

// TestFlood: a flood of group keys of one rule costs another rule nothing, wherever the task is restored from its
// changelog meanwhile, and the same windows are given up then.
func TestFlood(t *testing.T) {
	const actors, floods, budget = 10, 150, 8_000
	type outcome struct {
		Fired    map[string]int
		Operator []string
		Log      map[string][]byte
	}
	play := func(t fataler, restart func() bool) (o outcome) {
		l := NewLocal(floodRules(t), Options{StateBudget: budget})
		d := l.NewDecoder()
		var out Output
		n := 0
		send := func(eventType, actor, ip string) {
			ev, err := d.Decode([]byte(flooding(n, eventType, actor, ip, time.Duration(n)*100*time.Millisecond)), event.Meta{Origin: event.Origin{Topic: "t", Offset: int64(n)}})
			if err != nil {
				t.Fatalf("%v", err)
			}
			if err := l.Process(ev, &out); err != nil {
				t.Fatalf("%v", err)
			}
			n++
			if restart != nil && restart() {
				if err := l.Restart(); err != nil {
					t.Fatalf("%v", err)
				}
			}
			if l.task.txns != nil && l.task.txns[0].Bytes() > budget || l.task.txns == nil && l.task.Bytes() > budget {
				t.Fatalf("the budget is exceeded after event %d", n)
			}
		}
		for i := range 2 * actors {
			send("fail", fmt.Sprint("actor", i%actors, "@example.com"), "192.0.2.1")
		}
		for i := range floods {
			send("spray", "mallory@example.com", fmt.Sprintf("198.51.%d.%d", i/250, i%250))
		}
		for i := range actors {
			send("fail", fmt.Sprint("actor", i, "@example.com"), "192.0.2.1")
		}
		stats := l.Stats()
		if err := l.Restart(); err != nil {
			t.Fatalf("%v", err)
		}
		o = outcome{Fired: map[string]int{}, Log: maps.Clone(l.log)}
		for _, a := range out.Alerts {
			if a.Kind == "operator" {
				o.Operator = append(o.Operator, a.Rule.ID+" "+a.ID)
			} else {
				o.Fired[a.Rule.ID]++
			}
		}
		if restart != nil {
			return o // the counts went with the tasks
		}
		evicted := map[string]int{}
		for i, r := range l.set.Rules() {
			evicted[r.ID] = stats[i].Evicted
		}
		if quiet, flooded := evicted["quiet"], evicted["flooded"]; quiet != 0 || flooded == 0 {
			t.Fatalf("the quiet rule lost %d windows, the flooded one %d", quiet, flooded)
		}
		return o
	}
	want := play(t, nil)
	if want.Fired["quiet"] != actors || want.Fired["flooded"] != 0 || len(want.Operator) != 1 || want.Operator[0][:7] != "flooded" {
		t.Fatalf("fired %v, operator alerts %v", want.Fired, want.Operator)
	}
	delete(want.Log, "c") // says how many transactions there were
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		got := play(t, func() bool { return r.IntN(40) == 0 })
		delete(got.Log, "c")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("restarts of seed %d (-without +with)\n%s", seed, diff)
		}
	}
}
