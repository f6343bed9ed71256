package simulation

import (
	"fmt"
	"math/rand/v2"
	"time"

	"oktastream/rules"
	"oktastream/rules/lang/esql"
	syntax "oktastream/rules/lang/source"
	"oktastream/rules/window"
)

// plan draws what a sequence of EQL may ask of its steps: several in a row, some that must not come, though not the first
// and the last of them, and one that ends it.
func plan(rng *rand.Rand) []window.Step {
	var steps []window.Step
	for i, n := 0, 2+rng.IntN(2); i < n; i++ {
		occurs := i > 0 && steps[i-1].Role == window.Absent || i == n-1 && steps[0].Role == window.Absent
		if occurs || rng.IntN(3) > 0 {
			steps = append(steps, window.Step{Role: window.Occurs, Runs: 1 + rng.IntN(3)})
		} else {
			steps = append(steps, window.Step{Role: window.Absent})
		}
	}
	if rng.IntN(3) == 0 {
		steps = append(steps, window.Step{Role: window.Until})
	}
	return steps
}

// pipeline draws a query of ES|QL: aggregates by person, and a condition that more rows may undo, or not.
func pipeline(rng *rand.Rand) *rules.Stateful {
	n, m := 1+rng.IntN(6), 1+rng.IntN(4)
	condition := pick(rng,
		fmt.Sprintf("events >= %d AND different >= %d", n, m),
		fmt.Sprintf("events >= %d", n),
		fmt.Sprintf("events >= %d AND events <= %d", n, n+m),
		fmt.Sprintf("events >= %d AND different < %d", n, m+1),
		fmt.Sprintf("different == %d OR events == %d", m, n),
	)
	query := fmt.Sprintf(`FROM logs-okta.system-* | WHERE event.action IN (%q, %q)
| STATS events = COUNT(*), different = COUNT_DISTINCT(%s) BY okta.actor.alternate_id | WHERE %s`,
		pick(rng, types...), pick(rng, types...), pick(rng, "okta.client.ip", "event.action"), condition)
	var r syntax.Report
	o := esql.Options{From: time.Duration(10+rng.IntN(50)) * time.Minute, Interval: time.Duration(1+rng.IntN(20)) * time.Minute}
	_, st := esql.Compile(&syntax.Node{Text: query}, o, &r)
	for _, d := range r.Diagnostics {
		if d.Level == rules.Error {
			panic(fmt.Sprintf("%s: %v", query, d)) // the generator is wrong
		}
	}
	w := spec(rng, window.Pipeline)
	st.Window.Lateness, st.Window.Episode = w.Lateness, w.Episode
	st.Window.Quiet = max(st.Window.Length, st.Window.Every) * time.Duration(1+rng.IntN(2))
	st.Updates = rng.IntN(3) == 0
	return st
}
