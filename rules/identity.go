package rules

import (
	"crypto/sha256"
	"fmt"

	"oktastream/rules/match"
)

// stateID hashes what shapes the state of a stateful rule: its id, what it observes, how it groups, and the operator.
// Windows are kept under it, so editing a title, a severity or the lateness keeps them, and editing what the rule means
// starts them afresh. The text that is hashed is part of the state format: it must not change between releases.
func stateID(r *Rule) [16]byte {
	st := r.Stateful
	w := st.Window
	h := sha256.New()
	fmt.Fprintf(h, "v1 %q %s %d %d %d %d %d\n", r.ID, w.Kind, w.Length, w.Quiet, w.Episode, w.Threshold, w.Steps)
	for i, c := range w.Distinct {
		fmt.Fprintf(h, "column %d %d\n", i, c.Threshold)
	}
	for i := range st.Inputs {
		in := &st.Inputs[i]
		fmt.Fprintf(h, "input %s\n", match.String(in.Where))
		for _, p := range in.Group {
			fmt.Fprintf(h, "group %s\n", p)
		}
		for _, p := range in.Columns {
			fmt.Fprintf(h, "column %s\n", p)
		}
		fmt.Fprintf(h, "join %s\n", in.Join)
	}
	return [16]byte(h.Sum(nil))
}
