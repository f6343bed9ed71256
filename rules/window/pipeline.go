package window

import (
	"fmt"
	"slices"
)

// Program is what Kind Pipeline computes over the rows of an interval: aggregates, and a condition on them. A Program
// must not be changed once it is in use, and is safe for concurrent use.
type Program interface {
	// String says all of what is computed. Programs that print alike are the same, and keep each other's windows.
	fmt.Stringer
	// Begin returns a tally of no rows for the window of a group.
	Begin(group []string) Tally
	// Outputs runs the whole program over the rows of one interval, in order of time, and returns what an alert shows;
	// none if no row is left at its end.
	Outputs(group []string, rows []string) []Output
}

// Tally is the part of a Program that decides, kept up to date as rows come and go. Its answer must depend on the
// rows it holds alone, not on how it came to hold them.
type Tally interface {
	// Add takes in a row, given as the value of the observation's first column; "" if it has none.
	Add(row string)
	// Remove takes back a row that was added.
	Remove(row string)
	// Holds reports whether the condition is met. It is not asked when there are no rows.
	Holds() bool
}

// Output is one column of a Program's result.
type Output struct {
	Name   string
	Values []any // string, int64, float64 or bool; none is null
}

// text is the value of a row that a Program reads.
func (r row) text() string {
	for v := range r.column(0) {
		return unpackText(v)
	}
	return ""
}

// begin adds the Program's part to v.
func (v *sliding) begin(s *Spec, group []string) *sliding {
	if s.Program != nil {
		v.tally = s.Program.Begin(group)
	}
	return v
}

func (w *Window) outputs(s *Spec, lo, hi int) []Output {
	if s.Program == nil || lo >= hi {
		return nil
	}
	rows := make([]string, 0, hi-lo)
	for _, r := range w.rows[lo:hi] {
		rows = append(rows, r.text())
	}
	return s.Program.Outputs(slices.Clone(w.head.Group), rows)
}
