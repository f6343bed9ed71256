package offline

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
)

// Input is one file to read.
type Input struct {
	Name string
	Size int64 // bytes; 0 if unknown
	Open func() (io.ReadCloser, error)
}

// Problem is a record, or an element of one, that could not be used.
type Problem struct {
	File   string
	Line   int // where the record begins, from 1
	Index  int // element inside the record
	Code   string
	Reason string
}

func (p Problem) String() string {
	at := fmt.Sprintf("%s:%d", p.File, p.Line)
	if p.Index > 0 {
		at = fmt.Sprintf("%s[%d]", at, p.Index)
	}
	return fmt.Sprintf("%s: %s: %s", at, p.Code, p.Reason)
}

// FileReport accounts for one file: every record became events or a Problem.
type FileReport struct {
	Name      string
	Records   int
	Events    int
	Envelopes map[string]int // events by the envelope they came in
	Problems  []Problem      // the first maxProblems
	Rejected  int            // all of them
	Unread    int            // events whose published is there and cannot be read as a time
	// FirstUnread is the number of the first record that holds one, from 1.
	FirstUnread int64
	Empty       int   // pages and other batches without an event
	Err         error // the file could not be read, or not to its end
}

// Report is the outcome of a run.
type Report struct {
	Files      []FileReport
	Alerts     []alert.Alert // of Run, in order of event time
	Raised     int           // alerts
	Events     int
	Repeated   int       // alert records left out because their id and revision were there already
	Timeless   int       // events without a readable time; they come first
	First      time.Time // of the others
	Last       time.Time
	Stats      engine.Stats
	Unreadable int // files with Err
}

const maxProblems = 100

// Check is an error where an input could not be read to its end, or where no event was read at all: then whatever follows is
// about nothing.
func (r *Report) Check() error {
	switch {
	case r.Unreadable > 0:
		return fmt.Errorf("%d of %d inputs could not be read to the end", r.Unreadable, len(r.Files))
	case r.Events == 0:
		return fmt.Errorf("no event was read from %s", rules.Counted(len(r.Files), "input"))
	}
	return nil
}

// Rejected is how much of what was read is no event, in percent.
func (r *Report) Rejected() float64 {
	rejected := 0
	for _, f := range r.Files {
		rejected += f.Rejected
	}
	if rejected == 0 {
		return 0
	}
	return 100 * float64(rejected) / float64(rejected+r.Events)
}

// Run reads all inputs, evaluates set over their events in order of event time, and closes every window at the end. It
// keeps the events that meet a condition of some rule, and the alerts, in memory. The error is about the engine; what is
// wrong with inputs stands in the report.
func Run(set *rules.Set, opts engine.Options, inputs []Input) (Report, error) {
	ctx := context.Background()
	rec, rep, err := Record(ctx, []*rules.Set{set}, inputs)
	if err != nil {
		return rep, err
	}
	var alerts []alert.Alert
	rep.Stats, err = rec.Play(ctx, set, opts, Listener{Alerts: func(as []alert.Alert) { alerts = append(alerts, as...) }})
	if err != nil {
		return rep, err
	}
	rep.Alerts, rep.Repeated = arrange(alerts)
	rep.Raised = len(rep.Alerts)
	return rep, nil
}

// arrange sorts alerts by event time and leaves out repetitions: a stateless rule gives the same alert for each copy of
// an event, and a reader who looks at a file wants to see it once.
func arrange(alerts []alert.Alert) ([]alert.Alert, int) {
	slices.SortStableFunc(alerts, func(a, b alert.Alert) int {
		x, y := lineOf(&a, nil), lineOf(&b, nil)
		return compareLines(&x, &y)
	})
	type key struct {
		id       string
		revision int
	}
	seen := map[key]bool{}
	kept := slices.DeleteFunc(alerts, func(a alert.Alert) bool {
		k := key{a.ID, a.Revision}
		again := seen[k]
		seen[k] = true
		return again
	})
	return kept, len(alerts) - len(kept)
}

// FileSummary says of each file what became of it, line by line.
func (r *Report) FileSummary() []string {
	var lines []string
	for _, f := range r.Files {
		line := fmt.Sprintf("%s: %s, %s", f.Name, rules.Counted(f.Records, "record"), rules.Counted(f.Events, "event"))
		for _, name := range slices.Sorted(maps.Keys(f.Envelopes)) {
			line += fmt.Sprintf(", %d %s", f.Envelopes[name], name)
		}
		if f.Rejected > 0 {
			line += fmt.Sprintf(", %d rejected", f.Rejected)
		}
		if f.Empty > 0 {
			line += fmt.Sprintf(", %d empty", f.Empty)
		}
		if f.Err != nil {
			line += ": " + f.Err.Error()
		}
		lines = append(lines, line)
		for _, p := range f.Problems {
			lines = append(lines, "  "+p.String())
		}
		if n := f.Rejected - len(f.Problems); n > 0 {
			lines = append(lines, fmt.Sprintf("  and %d more", n))
		}
		if f.Unread > 0 {
			lines = append(lines, fmt.Sprintf("  warning: %s with a published that cannot be read as a time, the first in record %d: their time is made up", rules.Counted(f.Unread, "event"), f.FirstUnread))
		}
	}
	return lines
}

// Summary is what the run has to say, line by line: each file with what became of it, then the whole.
func (r *Report) Summary(set *rules.Set) []string {
	lines := r.FileSummary()
	span := ""
	if r.Events > r.Timeless {
		span = fmt.Sprintf(" from %s to %s", r.First.Format(time.RFC3339), r.Last.Format(time.RFC3339))
	}
	line := fmt.Sprintf("%s%s, %s", rules.Counted(r.Events, "event"), span, rules.Counted(r.Raised, "alert"))
	if r.Repeated > 0 {
		line += fmt.Sprintf(" (%s left out)", rules.Counted(r.Repeated, "repetition"))
	}
	lines = append(lines, line)
	if r.Timeless > 0 {
		lines = append(lines, fmt.Sprintf("  %s without a readable time, evaluated first", rules.Counted(r.Timeless, "event")))
	}
	for i, s := range r.Stats {
		if s.Alerts == 0 && s.Missing == 0 && s.Duplicate == 0 {
			continue
		}
		line := fmt.Sprintf("  %s: %s from %s", set.Rules()[i].Name, rules.Counted(s.Alerts, "alert"), rules.Counted(s.Matched, "event"))
		if s.Missing > 0 {
			line += fmt.Sprintf(", %d without group key or counted value", s.Missing)
		}
		if s.Duplicate > 0 {
			line += ", " + rules.Counted(s.Duplicate, "duplicate")
		}
		lines = append(lines, line)
	}
	return lines
}
