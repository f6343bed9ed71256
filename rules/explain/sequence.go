package explain

import (
	"fmt"
	"slices"

	"oktastream/rules/window"
)

// chainNeeds says which steps of a sequence have come, and what kept the next one from following.
func (p *replay) chainNeeds(m window.Measure) []Need {
	st := p.about().Stateful
	if len(st.Window.Plan) > 0 {
		return p.planNeeds(m)
	}
	var needs []Need
	for i, in := range st.Inputs {
		n := Need{What: "step " + in.Name}
		switch {
		case i < len(m.Chain):
			o := m.Rows[m.Chain[i]]
			n.Met, n.share = true, 1
			n.Have = "at " + stamp(instant(o.Time)) + " (" + o.ID + ")"
		case i == len(m.Chain):
			n.Missing = p.next(m)
		default:
			n.Missing = "comes after that"
			if slices.ContainsFunc(m.Rows, func(o window.Observation) bool { return o.Step == i }) {
				n.Missing = "has come, but must follow the steps before it"
			}
		}
		needs = append(needs, n)
	}
	return needs
}

// next says why no row of the next step follows the chain.
func (p *replay) next(m window.Measure) string {
	st := p.about().Stateful
	step := len(m.Chain)
	text := "is next, and has not come"
	for i, o := range m.Rows {
		if o.Step != step || step == 0 {
			continue
		}
		end := m.Chain[step-1]
		before := m.Rows[end]
		came := fmt.Sprintf("came at %s (%s), ", stamp(instant(o.Time)), o.ID)
		switch {
		case o.ID == before.ID:
			text = came + "but the same event cannot be two steps"
		case i < end:
			text = came + "before step " + st.Inputs[step-1].Name
		case !agree(o.Join, before.Join):
			text = came + fmt.Sprintf("but its %s = %s is not %s = %s of step %s (%s)", st.Inputs[step].Join, quoted(o.Join),
				st.Inputs[step-1].Join, quoted(before.Join), st.Inputs[step-1].Name, before.ID)
		}
	}
	return text
}

// agree reports whether two steps agree in what joins them: unknown agrees with everything.
func agree(a, b []string) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(v string) bool { return slices.Contains(b, v) })
}
