package window

import "fmt"

// Program is what Kind Pipeline computes over the rows of an interval: aggregates, and a condition on them. A Program
// must not be changed once it is in use, and is safe for concurrent use.
type Program interface {
	// String says all of what is computed. Programs that print alike are the same, and keep each other's windows.
	fmt.Stringer
	// Begin returns a tally of no rows for the window of a group. It keeps what decides, and with all also what else an
	// alert shows.
	Begin(group []string, all bool) Tally
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
	// Outputs is what an alert shows, of a tally that was begun with all; none if no row is left at the end of the program.
	Outputs() []Output
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
		v.tally = s.Program.Begin(group, false)
	}
	return v
}
