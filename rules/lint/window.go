package lint

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"oktastream/rules"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// window finds spans that outlast the state, and windows that are none.
func (c *checker) window(s *subject) {
	st := s.rule.Stateful
	if st == nil {
		return
	}
	w := &st.Window
	switch keep := c.o.Retention; {
	case w.Length+w.Lateness > keep:
		c.report(s.rule, s.span("timespan"), rules.Warning, TooLong, "shorten the window, or keep the changelog topic longer (retention.ms)",
			"the window and its lateness of %s are longer than the %s that state is kept: after a restart its beginning is lost",
			short(w.Length+w.Lateness), short(keep))
	case w.Kind != window.FirstSeen && max(w.Quiet, w.Episode) > keep:
		c.report(s.rule, s.span("max"), rules.Warning, TooLong, "shorten suppress, or keep the changelog topic longer (retention.ms)",
			"an alert may go on for %s, and state is kept for %s: after a restart the same finding may alert again",
			short(max(w.Quiet, w.Episode)), short(keep))
	}
	if s.own.root.Get("correlation") != nil && fillsAtOnce(st) {
		c.report(s.rule, s.at("correlation", "type"), rules.Warning, OneIsEnough, "ask for more, or use suppress: on a rule without a correlation",
			"the first event fills the window: the correlation only groups")
	}
}

// span is where the rule's window, or how long its alerts go on, is written.
func (s *subject) span(of string) span {
	for _, keys := range [][]string{{"oktastream", "suppress", of}, {"correlation", of}, {"oktastream", "suppress", "for"}, {"correlation", "timespan"}} {
		if at := s.at(keys...); at.length > 0 {
			return at
		}
	}
	return s.whole()
}

// short writes a duration the way authors do.
func short(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	s := d.String()
	for _, zero := range []string{"0s", "0m"} {
		if rest, ok := strings.CutSuffix(s, zero); ok && (strings.HasSuffix(rest, "m") || strings.HasSuffix(rest, "h")) {
			s = rest
		}
	}
	return s
}

// fillsAtOnce reports whether any one observation meets the condition.
func fillsAtOnce(st *rules.Stateful) bool {
	w := &st.Window
	if w.AtClose || len(w.Condition) > 0 {
		return false
	}
	for i, col := range w.Distinct {
		if col.Threshold > 1 || i > 0 && col.Threshold > 0 {
			return false
		}
	}
	switch w.Kind {
	case window.Count:
		return w.Threshold <= 1
	case window.Distinct:
		return true
	case window.Unordered:
		return w.StepsNeeded() == 1
	case window.Sequence:
		return w.Steps == 1 && len(w.Plan) == 0
	}
	return false
}

// unreachable says why the window can never hold what its rule asks for; "" if it may. Bounds that contradict each
// other do not load.
func unreachable(st *rules.Stateful) string {
	if name := alone(st); name != "" && !fillsAtOnce(st) && st.Window.Kind <= window.Sequence && !st.Window.AtClose && len(st.Window.Condition) == 0 {
		return "each event has a " + name + " of its own, so a group never holds a second event"
	}
	for i, col := range st.Window.Distinct {
		if col.Threshold < 2 {
			continue
		}
		if grouped(st, i) {
			return "events of one group all have the same " + col.Name + ", so there is never a second value to count"
		}
		if n, ok := typesOf(st, i); ok && n < col.Threshold {
			return "the rules name fewer event types than have to be different"
		}
	}
	return ""
}

// alone returns the member of the group key that no two events share; "" if there is none.
func alone(st *rules.Stateful) string {
	for m, name := range st.GroupBy {
		unique := len(st.Inputs) > 0
		for i := range st.Inputs {
			in := &st.Inputs[i]
			unique = unique && in.ObservesEvents() && slices.Equal(in.Group[m].Sources(), []string{"uuid"})
		}
		if unique {
			return name
		}
	}
	return ""
}

// grouped reports whether column i is a member of the group key that has one value an event.
func grouped(st *rules.Stateful, i int) bool {
	for m := range st.GroupBy {
		same := len(st.Inputs) > 0
		for j := range st.Inputs {
			in := &st.Inputs[j]
			same = same && !in.ObservesAlerts() && single(in.Columns[i].String()) && in.Group[m] == in.Columns[i]
		}
		if same {
			return true
		}
	}
	return false
}

// typesOf counts the event types that column i can have; ok is false if it holds something else, or any type.
func typesOf(st *rules.Stateful, i int) (n int, ok bool) {
	seen := map[string]bool{}
	for j := range st.Inputs {
		in := &st.Inputs[j]
		isType := &match.Pred{Path: in.Columns[i], Op: match.Equal, Literals: []string{""}}
		if _, ok := match.EventTypes(isType); !ok || in.ObservesAlerts() {
			return 0, false
		}
		types, ok := match.EventTypes(in.Where)
		if !ok {
			return 0, false
		}
		for _, t := range types {
			seen[strings.ToLower(t)] = true
		}
	}
	return len(seen), true
}
