package suite

import (
	"strings"
	"testing"

	"oktastream/integration/workload"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/lang"
	"oktastream/rules/ruletest"
)

// The rules of the directory rules mean what they are to mean, in every order of arrival, repeated and restarted.
func TestOperatorRules(t *testing.T) {
	dir := []string{"rules"}
	loaded := lang.Load(dir)
	files, problems := ruletest.Load(dir)
	for _, p := range append(loaded.Diagnostics, problems...) {
		t.Error(p)
	}
	report := ruletest.Run(loaded.Rules, loaded.Diagnostics, files, ruletest.Options{})
	if !report.OK() {
		var text strings.Builder
		if err := report.WriteText(&text, false); err != nil {
			t.Fatal(err)
		}
		t.Error("\n" + text.String())
	}
	for _, name := range report.Untested {
		if strings.HasPrefix(name, "operator_") && !strings.Contains(name, "/") { // the others are parts of these
			t.Errorf("%s has no tests", name)
		}
	}
}

// Whatever the seed, the workload has something for every rule of the directory rules.
func TestEveryOperatorFinds(t *testing.T) {
	set := ruleSet(t)
	for seed := range uint64(20) {
		local := engine.NewLocal(set, engine.Options{})
		decoder := local.NewDecoder()
		var out engine.Output
		for i, e := range workload.Generate(workload.Config{Seed: seed, Events: 200, Disorder: -1, Future: -1, Late: -1, Hostile: -1}) {
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
		found := map[string]int{}
		for _, a := range out.Alerts {
			found[a.Rule.Name]++
		}
		for _, r := range set.Rules() {
			if strings.HasPrefix(r.Name, "operator_") && !r.Silent && found[r.Name] == 0 {
				t.Errorf("seed %d: rule %s finds nothing", seed, r.Name)
			}
		}
	}
}
