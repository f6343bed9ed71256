package window

import "time"

// Kind names an operator.
type Kind uint8

const (
	Count     Kind = iota + 1 // at least Threshold observations
	Distinct                  // at least Distinct[i].Threshold different values in every column i
	Unordered                 // at least one observation of every step
	Sequence                  // one observation of every step, in order of time
)

func (k Kind) String() string {
	switch k {
	case Count:
		return "count"
	case Distinct:
		return "distinct"
	case Unordered:
		return "unordered"
	case Sequence:
		return "sequence"
	}
	return "unknown"
}

// DefaultLateness is how far behind the clock an observation may arrive and still count.
const DefaultLateness = 5 * time.Minute

// DefaultEpisode is the longest an episode lasts before the next completion opens a new one.
const DefaultEpisode = 24 * time.Hour

// Spec is what a rule asks of the window of a group.
type Spec struct {
	Kind Kind
	// Length of the window. An interval [t-Length, t], both ends included, must hold the content.
	Length time.Duration
	// Lateness: an observation with a time before clock-Lateness is late: it is counted, and does not take part.
	Lateness time.Duration
	// Quiet is how long the condition must not have held before the next completion opens a new episode;
	// at least Length.
	Quiet time.Duration
	// Episode is the longest an episode lasts. It must exceed Quiet + Lateness.
	Episode time.Duration
	// Threshold for Count.
	Threshold int
	// Steps is the number of steps for Unordered and Sequence.
	Steps int
	// Distinct lists the columns. For Kind Distinct the first column is the counted one: a row without a value in it
	// is no observation at all; in the other columns a missing value adds nothing. For other kinds columns with a
	// positive Threshold are further conditions, and columns with Threshold 0 only give context to the alert.
	Distinct []Column
}

// Column is one field whose different values are counted.
type Column struct {
	Name      string
	Threshold int
}
