package match

import (
	"strings"

	"oktastream/rules/event"
)

// Trace says why an expression holds for an event or does not: one Trace for each part, in the author's order. Every
// part is evaluated, also those that the outcome does not depend on.
type Trace struct {
	// Text is and, or, not, true, false, or a predicate in canonical form.
	Text string
	// Pos is where the author wrote the predicate; zero for the rest.
	Pos Pos
	// Held is the outcome.
	Held bool
	// Values are what the event has at a predicate's path; empty if it has nothing there. They are copies.
	Values []event.Value
	// Parts are the members of and, or, not.
	Parts []Trace
}

// Explain evaluates x for ev, as Eval does, and keeps the steps.
func Explain(x Expr, ev *event.Event) Trace {
	t := Trace{Held: Eval(x, ev)}
	switch x := x.(type) {
	case And:
		t.Text, t.Parts = "and", explainAll(x, ev)
	case Or:
		t.Text, t.Parts = "or", explainAll(x, ev)
	case Not:
		t.Text, t.Parts = "not", explainAll([]Expr{x.X}, ev)
	case *Pred:
		t.Text = String(x)
		if x == nil {
			break
		}
		t.Pos = x.Pos
		for _, v := range ev.Lookup(x.read()) {
			t.Values = append(t.Values, event.Value{Kind: v.Kind, Text: strings.Clone(v.Text)})
		}
	default:
		t.Text = String(x)
	}
	return t
}

func explainAll(members []Expr, ev *event.Event) []Trace {
	parts := make([]Trace, len(members))
	for i, m := range members {
		parts[i] = Explain(m, ev)
	}
	return parts
}
