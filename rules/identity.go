package rules

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// stateID hashes what shapes the state of a stateful rule: its id, what it observes, how it groups, and the operator.
// Windows are kept under it, so editing a title, a severity or the lateness keeps them, and editing what the rule means
// starts them afresh. The text that is hashed is part of the state format: it must not change between releases.
func stateID(r *Rule, n event.Naming) [16]byte {
	st := r.Stateful
	w := st.Window
	h := sha256.New()
	fmt.Fprintf(h, "v1 %q %s %d %d %d %d %d\n", r.ID, w.Kind, w.Length, w.Quiet, w.Episode, w.Threshold, w.Steps)
	for _, b := range w.Condition {
		fmt.Fprintf(h, "condition %s %g\n", b.Op, b.Value)
	}
	for _, m := range w.Mixes {
		fmt.Fprintf(h, "mix %x %x\n", m.With, m.Without)
	}
	if w.AtClose {
		fmt.Fprintf(h, "at close\n")
	}
	for i, p := range w.Plan {
		fmt.Fprintf(h, "step %d %s %d\n", i, p.Role, p.Runs)
	}
	if w.Every > 0 {
		fmt.Fprintf(h, "every %d\n", w.Every)
	}
	if w.Program != nil {
		fmt.Fprintf(h, "program %s\n", w.Program)
	}
	if w.Kind == window.Percentile {
		fmt.Fprintf(h, "percentile %g\n", w.Percentile)
	}
	if st.Verbatim || st.NullGroup {
		fmt.Fprintf(h, "verbatim %v null group %v\n", st.Verbatim, st.NullGroup)
	}
	for i, c := range w.Distinct {
		fmt.Fprintf(h, "column %d %d\n", i, c.Threshold)
	}
	for i := range st.Inputs {
		in := &st.Inputs[i]
		fmt.Fprintf(h, "input %s\n", match.String(in.Where))
		if in.From != "" {
			fmt.Fprintf(h, "from %q\n", in.From)
		}
		if in.Alerts != NoAlerts {
			fmt.Fprintf(h, "alerts %d\n", in.Alerts)
		}
		for _, p := range in.Group {
			fmt.Fprintf(h, "group %s\n", p)
		}
		for _, p := range in.Columns {
			fmt.Fprintf(h, "column %s\n", p)
		}
		fmt.Fprintf(h, "join %s\n", in.Join)
	}
	// The account is what a user's name was before there was a choice.
	if n != event.ByAccount && slices.ContainsFunc(r.statePaths(), event.Path.NamesUsers) {
		fmt.Fprintf(h, "users by %s\n", n)
	}
	return [16]byte(h.Sum(nil))
}
