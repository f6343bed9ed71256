package explain

import "time"

// Report answers for one rule. It is what `explain -o json` prints; the names are a contract. Times are UTC.
type Report struct {
	Rule     Rule      `json:"rule"`
	Events   int       `json:"events"`  // given
	Matched  int       `json:"matched"` // events that met a condition of the rule
	Alerts   int       `json:"alerts"`  // different alerts, without updates
	Chosen   Choice    `json:"chosen"`  // why these verdicts
	Verdicts []Verdict `json:"verdicts"`
	More     int       `json:"more,omitempty"` // firings beyond MaxVerdicts
	Notes    []string  `json:"notes,omitempty"`
}

// Choice says how the events of a Report were chosen.
type Choice string

const (
	Asked   Choice = "asked"   // the caller named the event
	Firings Choice = "firings" // one verdict for each alert
	Closest Choice = "closest" // nothing fired; this is the last of the events that came closest
)

// MaxVerdicts is the number of firings that are explained when no event is named.
const MaxVerdicts = 10

// Rule is the rule in question, and what it asks for in a sentence.
type Rule struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Title string `json:"title"`
	File  string `json:"file"`
	Line  int    `json:"line,omitempty"`
	Kind  string `json:"kind"`
	Asks  string `json:"asks,omitempty"` // empty for a rule on single events: its condition says it
}

// Event is an event of the input. N counts from 1 in the order of arrival.
type Event struct {
	N      int       `json:"n"`
	ID     string    `json:"id"`
	Time   time.Time `json:"time"`
	Type   string    `json:"type"`
	File   string    `json:"file,omitempty"`
	Record int64     `json:"record"` // from 1
	Index  int32     `json:"index,omitempty"`
}

// Outcome is what became of an event, in a word.
type Outcome string

const (
	Fired        Outcome = "fired"         // it completed the condition, and there is an alert about it
	Repeated     Outcome = "in-episode"    // the condition holds, in an episode whose alert is out
	Waiting      Outcome = "waiting"       // the condition holds; the alert waits until the episode before is over
	Open         Outcome = "open"          // the condition is judged when the window closes
	Short        Outcome = "short"         // it counts, and the condition does not hold yet
	Unmatched    Outcome = "unmatched"     // it meets no condition of the rule
	MissingKey   Outcome = "missing-key"   // it lacks a member of the group key
	MissingValue Outcome = "missing-value" // it lacks the counted value
	Late         Outcome = "late"          // it came after the watermark
	Duplicate    Outcome = "duplicate"     // the window had it already

)

// Verdict is the answer for one event.
type Verdict struct {
	Event      Event       `json:"event"`
	Fired      bool        `json:"fired"`
	Outcome    Outcome     `json:"outcome"`
	Why        string      `json:"why"` // one line
	Conditions []Condition `json:"conditions"`
	Groups     []Group     `json:"groups,omitempty"` // stateful rules: one for each condition met and each group key
	Indicators []Indicator `json:"indicators,omitempty"`
	Notes      []string    `json:"notes,omitempty"`
}

// Condition is the rule's condition, or that of one input of a stateful rule.
type Condition struct {
	Input string `json:"input,omitempty"`
	From  string `json:"from,omitempty"` // the rule whose alerts are observed, instead of events
	Held  bool   `json:"held"`
	Tree  *Node  `json:"tree,omitempty"`
}

// Node is one part of a condition: and, or, not, or a comparison with the values that the event has at its path.
type Node struct {
	Text   string  `json:"text"`
	Held   bool    `json:"held"`
	Values []Value `json:"values,omitempty"`
	Note   string  `json:"note,omitempty"`
	Line   int     `json:"line,omitempty"`
	Col    int     `json:"col,omitempty"`
	Parts  []Node  `json:"parts,omitempty"`

	leaf bool
}

// Value is one value at a path. Held says whether it alone satisfies the comparison; it is left out where there is only one.
type Value struct {
	Text string `json:"text"`
	Held *bool  `json:"held,omitempty"`
}

// Indicator is an entry of the rule's list that the event shows.
type Indicator struct {
	Field     string `json:"field"`
	Address   string `json:"address"`
	Network   string `json:"network"`
	FirstSeen string `json:"first_seen,omitempty"`
	LastSeen  string `json:"last_seen,omitempty"`
	Source    string `json:"source,omitempty"`
	Stale     bool   `json:"stale"`
}

// Group is how a stateful rule takes an event under one condition and one group key.
type Group struct {
	Input   string    `json:"input"`
	Alert   string    `json:"alert,omitempty"` // the observation is this alert of another rule
	Key     []Member  `json:"key,omitempty"`
	Outcome Outcome   `json:"outcome"`
	Why     string    `json:"why"`
	Window  *Snapshot `json:"window,omitempty"` // none if the event has no group
}

// Member is one member of the group key.
type Member struct {
	Name    string   `json:"name"`
	Path    string   `json:"path"`
	Value   string   `json:"value,omitempty"`
	Seen    []string `json:"seen,omitempty"`    // if there is no usable value, what stood there
	Problem string   `json:"problem,omitempty"` // why there is no value
}

// Snapshot is what a group's window held when the event had been taken in.
type Snapshot struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Rows    []Row     `json:"rows"` // the last MaxRows
	Total   int       `json:"total"`
	Thinned bool      `json:"thinned,omitempty"` // a busy window keeps no repetitions
	Needs   []Need    `json:"needs"`
	Episode *Episode  `json:"episode,omitempty"`
	Ignored []Ignored `json:"ignored,omitempty"` // the last MaxIgnored
	Passed  int       `json:"passed,omitempty"`  // how many more were ignored
}

// MaxRows and MaxIgnored bound what a Snapshot shows.
const (
	MaxRows    = 100
	MaxIgnored = 20
)

// Row is one observation.
type Row struct {
	Time    time.Time `json:"time"`
	ID      string    `json:"id"`
	Type    string    `json:"type"`
	Step    string    `json:"step,omitempty"`
	InChain bool      `json:"in_chain,omitempty"` // sequences: it stands for its step
	This    bool      `json:"this,omitempty"`     // the event in question
	Values  []Field   `json:"values,omitempty"`   // counted values, and those that steps must share
}

// Field is a name with what was found there.
type Field struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

// Need is one thing that the window must hold.
type Need struct {
	What    string   `json:"what"` // distinct client.ipAddress, events, step login, …
	Have    string   `json:"have,omitempty"`
	Want    string   `json:"want,omitempty"` // >= 4
	Met     bool     `json:"met"`
	Missing string   `json:"missing,omitempty"` // 1 short; for a step, what kept it from following
	Values  []string `json:"values,omitempty"`  // of a distinct count, at most MaxIgnored

	share float64 // how much of it is there, 0 to 1
}

// Episode is a stretch of time over which the condition has held and one alert stands.
type Episode struct {
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`
	EventID  string    `json:"event_id"` // the event that completed the condition first
	Reported bool      `json:"reported"` // its alert is out
	Quiet    string    `json:"quiet"`    // how long the condition must not hold before another alert
	Longest  string    `json:"longest"`  // after which another alert comes in any case
}

// Ignored is an event that met a condition of the rule and does not count here.
type Ignored struct {
	Time time.Time `json:"time"`
	ID   string    `json:"id"`
	N    int       `json:"n"`
	Why  Outcome   `json:"why"` // or other-group, outside
	Text string    `json:"text"`
}

// Why an event that does count elsewhere is ignored in a window.
const (
	OtherGroup Outcome = "other-group"
	Outside    Outcome = "outside" // the same group, before the interval
)
