package explain

import (
	"fmt"

	"oktastream/rules/window"
)

// planNeeds says how far a sequence with runs, absent steps or until has come, and what undoes it.
func (p *replay) planNeeds(m window.Measure) []Need {
	st := p.about().Stateful
	came := make([][]window.Observation, len(st.Inputs)) // of the chain, by step
	for _, i := range m.Chain {
		o := m.Rows[i]
		came[o.Step] = append(came[o.Step], o)
	}
	var needs []Need
	next := true // the first step that is short is what the chain waits for
	for i, in := range st.Inputs {
		step := st.Window.Plan[i]
		if step.Role != window.Occurs {
			needs = append(needs, p.undoing(m, i))
			continue
		}
		runs := max(step.Runs, 1)
		n := Need{What: "step " + in.Name, Met: len(came[i]) >= runs, share: float64(len(came[i])) / float64(runs)}
		if k := len(came[i]); k > 0 {
			n.Have = "at " + stamp(instant(came[i][0].Time)) + " (" + came[i][0].ID + ")"
			if runs > 1 {
				n.Have = fmt.Sprintf("%d times since %s (%s)", k, stamp(instant(came[i][0].Time)), came[i][0].ID)
			}
		}
		switch {
		case n.Met:
		case len(came[i]) > 0:
			n.Missing = fmt.Sprintf("%d short", runs-len(came[i]))
		case next:
			n.Missing = "is next, and has not come"
		default:
			n.Missing = "comes after that"
		}
		next = next && n.Met
		needs = append(needs, n)
	}
	return needs
}

// undoing says whether an observation has come that the sequence must not have. It is met as long as the sequence holds or
// none has come at all; whether one that has come lies between the steps, the definition of the sequence says.
func (p *replay) undoing(m window.Measure, step int) Need {
	in := p.about().Stateful.Inputs[step]
	n := Need{What: "no " + in.Name, Met: true, share: 1}
	if p.about().Stateful.Window.Plan[step].Role == window.Until {
		n.What = "no " + in.Name + " in between"
	}
	if m.Held {
		return n
	}
	for _, o := range m.Rows {
		if o.Step == step {
			n.Met, n.share = false, 0
			n.Missing = "one came at " + stamp(instant(o.Time)) + " (" + o.ID + ")"
		}
	}
	return n
}
