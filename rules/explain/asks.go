package explain

import (
	"fmt"
	"strings"

	"oktastream/rules"
	"oktastream/rules/window"
)

func describe(r *rules.Rule) Rule {
	d := Rule{ID: r.ID, Name: r.Name, Title: r.Title, File: r.File, Line: r.Pos.Line, Kind: r.Kind()}
	if r.Stateful != nil {
		d.Asks = asks(r.Stateful)
	}
	return d
}

// asks says in a sentence what a window must hold.
func asks(st *rules.Stateful) string {
	spec := &st.Window
	var names, parts []string
	for _, in := range st.Inputs {
		names = append(names, in.Name)
	}
	switch {
	case spec.Kind == window.Sequence:
		parts = append(parts, "in this order: "+strings.Join(names, ", "))
	case len(spec.Mixes) > 0:
		parts = append(parts, st.Mixed())
	case spec.Kind == window.Unordered && len(spec.Condition) > 0:
		parts = append(parts, "of "+strings.Join(names, ", "))
	case spec.Kind == window.Unordered && spec.StepsNeeded() < spec.Steps:
		parts = append(parts, fmt.Sprintf("at least %d of %s", spec.Threshold, strings.Join(names, ", ")))
	case spec.Kind == window.Unordered:
		parts = append(parts, "all of "+strings.Join(names, ", "))
	case spec.Kind == window.FirstSeen:
		parts = append(parts, "an event with none before it")
	case spec.Kind == window.Count && spec.Threshold > 0:
		parts = append(parts, fmt.Sprintf("events >= %d", spec.Threshold))
	}
	if spec.Program != nil {
		parts = append(parts, "the query yields a row")
	}
	for _, c := range spec.Distinct {
		if c.Threshold > 0 {
			parts = append(parts, fmt.Sprintf("distinct %s >= %d", c.Name, c.Threshold))
		}
	}
	for _, b := range spec.Condition {
		parts = append(parts, fmt.Sprintf("%s %s %s", st.Quantity(), b.Op, decimal(b.Value)))
	}
	s := strings.Join(parts, " and ") + " within " + short(int64(spec.Length))
	if spec.AtClose {
		s += ", judged when the window closes"
	}
	if spec.Every > 0 {
		s += ", judged every " + short(int64(spec.Every))
	}
	if len(st.GroupBy) > 0 {
		s += ", by " + strings.Join(st.GroupBy, ", ")
	}
	return s
}
