package simulation

import (
	"math/rand/v2"
	"testing"

	"oktastream/integration/workload"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/window"
)

// Random rules of every kind, and sequences with every role a step may have, find something in the workload now and then.
func TestRandomRulesFind(t *testing.T) {
	found := map[string]int{}
	for seed := range uint64(40) {
		set, err := RandomRules(rand.New(rand.NewPCG(seed, 2)))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		local := engine.NewLocal(set, engine.Options{})
		decoder := local.NewDecoder()
		var out engine.Output
		for i, e := range workload.Generate(workload.Config{Seed: seed, Events: 200, Users: 5, Disorder: -1, Future: -1, Late: -1, Hostile: -1}) {
			ev, err := decoder.Decode(e.JSON, event.Meta{Origin: event.Origin{Offset: int64(i)}})
			if err != nil {
				t.Fatal(err)
			}
			if err := local.Process(ev, &out); err != nil {
				t.Fatal(err)
			}
		}
		if err := local.Close(&out); err != nil {
			t.Fatal(err)
		}
		byName := map[string]window.Spec{}
		for _, r := range set.Rules() {
			byName[r.Name] = r.Stateful.Window
		}
		for _, a := range out.Alerts {
			w := byName[a.Rule.Name]
			found[w.Kind.String()]++
			for _, p := range w.Plan {
				found[p.Role.String()]++
				if p.Runs > 1 {
					found["runs"]++
				}
			}
			if w.Every > 0 {
				found["ticks"]++
			}
		}
	}
	for _, what := range []string{"count", "distinct", "unordered", "sequence", "sum", "average", "percentile", "pipeline", "first seen", "occurs", "absent", "until", "runs", "ticks"} {
		if found[what] == 0 {
			t.Errorf("no random rule with %s has found anything", what)
		}
	}
	t.Log(found)
}
