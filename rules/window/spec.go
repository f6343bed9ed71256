package window

import (
	"math/big"
	"time"
)

// Kind names an operator.
type Kind uint8

const (
	Count      Kind = iota + 1 // at least Threshold observations
	Distinct                   // at least Distinct[i].Threshold different values in every column i
	Unordered                  // at least one observation of every step, or of Threshold different steps
	Sequence                   // one observation of every step, in order of time
	Sum                        // the sum of the numbers in column 0
	Avg                        // their mean; always AtClose
	Percentile                 // the number that Spec.Percentile per cent of them do not exceed; always AtClose
	Pipeline                   // what Spec.Program computes of column 0
	FirstSeen                  // an observation with none over Length before it
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
	case Sum:
		return "sum"
	case Avg:
		return "average"
	case Percentile:
		return "percentile"
	case Pipeline:
		return "pipeline"
	case FirstSeen:
		return "first seen"
	}
	return "unknown"
}

// DefaultLateness is how far behind the clock an observation may arrive and still count.
const DefaultLateness = 5 * time.Minute

// DefaultEpisode is the longest an episode lasts before the next completion opens a new one.
const DefaultEpisode = 24 * time.Hour

// Unending is for Spec.Episode of windows whose episodes end with their Quiet alone.
const Unending = time.Duration(1 << 62)

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
	// Threshold for Count, and for Unordered, where 0 asks for every step.
	Threshold int
	// Condition is what the measured quantity must meet as well: the number of observations for Count, of different
	// steps for Unordered, of different values in column 0 for Distinct, and what Sum, Avg and Percentile are named for. All bounds must hold.
	Condition []Bound
	// Percentile is between 0 and 100, for that Kind. It is the nearest rank: the smallest number that at least that
	// share of the numbers does not exceed.
	Percentile float64
	// AtClose says that the content is judged when the window closes, because more of it may undo the condition: upper
	// bounds, equality, means. A window then begins with the first observation that lies in no window before it, and
	// lasts Length; without AtClose every interval of that Length counts, and the condition must be one that more
	// observations cannot undo.
	AtClose bool
	// Every, if set, says that the content is judged at ticks, see tick.go: at the multiples T of Every, over (T-Length, T].
	// It is for Programs whose condition more observations may undo.
	Every time.Duration
	// Program for Kind Pipeline; nil for the others.
	Program Program
	// Settle asks for a second firing of each episode, once its start cannot move any more: when the watermark has passed
	// it. Who builds on the time of an episode, such as a rule over alerts, would otherwise depend on which of its events
	// happened to arrive first.
	Settle bool
	// Mixes, for Unordered, are the ways in which steps may have come, instead of a number of different ones: one of them
	// must hold. With AtClose they may say what must not have come.
	Mixes []Mix
	// Steps is the number of steps for Unordered and Sequence.
	Steps int
	// Plan says, for Sequence, what part each of the Steps has; nil means that each is one event.
	Plan []Step
	// Distinct lists the columns. For the kinds that look at values (Distinct, Sum, Avg, Percentile) the first column is the counted one: a row without a value in it
	// is no observation at all (for the numeric kinds, a row
	// without a number, and for a Sum that is not AtClose one with a negative number, which could undo the condition); in the
	// other columns a missing value adds nothing. For other kinds columns with a
	// positive Threshold are further conditions, and columns with Threshold 0 only give context to the alert.
	Distinct []Column
}

// Step is the part that one of the steps of a Sequence has, see sequence.go.
type Step struct {
	Role Role
	Runs int // how many different events stand for the step in a row; for Occurs, 0 is 1
}

// Role says what an observation of a step means to a sequence.
type Role uint8

const (
	Occurs Role = iota // it has to be there
	Absent             // it must not come between the steps around it
	Until              // it ends every chain that is not complete
)

func (r Role) String() string { return [...]string{"occurs", "absent", "until"}[r] }

// Bound compares the measured quantity with a value.
type Bound struct {
	Op    Op
	Value float64
}

// Op is a comparison.
type Op uint8

const (
	AtLeast Op = iota + 1 // gte
	Above                 // gt
	AtMost                // lte
	Below                 // lt
	Equals                // eq
	Differs               // neq
)

func (o Op) String() string { return [...]string{"", ">=", ">", "<=", "<", "==", "!="}[o] }

// Lower reports whether more observations cannot undo the comparison.
func (o Op) Lower() bool { return o == AtLeast || o == Above }

// Holds reports whether q meets the bound. The comparison is exact.
func (b Bound) Holds(q *big.Rat) bool {
	limit := new(big.Rat)
	if limit.SetFloat64(b.Value) == nil {
		return false // not a number
	}
	switch c := q.Cmp(limit); b.Op {
	case AtLeast:
		return c >= 0
	case Above:
		return c > 0
	case AtMost:
		return c <= 0
	case Below:
		return c < 0
	case Equals:
		return c == 0
	case Differs:
		return c != 0
	}
	return false
}

// StepsNeeded is how many different steps an Unordered window must hold, at least.
func (s *Spec) StepsNeeded() int {
	switch {
	case len(s.Mixes) > 0:
		return leastSteps(s.Mixes)
	case s.Threshold > 0:
		return s.Threshold
	}
	return s.Steps
}

// numeric reports whether column 0 holds numbers.
func (s *Spec) numeric() bool { return s.Kind == Sum || s.Kind == Avg || s.Kind == Percentile }

// NeedsValue reports whether an observation without a value in column 0 is none.
func (s *Spec) NeedsValue() bool { return s.Kind == Distinct || s.numeric() }

// perEvent reports whether an event is one observation however many inputs it meets.
func (s *Spec) perEvent() bool { return s.Kind != Unordered && s.Kind != Sequence }

// Column is one field whose different values are counted.
type Column struct {
	Name      string
	Threshold int
}
