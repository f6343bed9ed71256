package author

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"oktastream/rules"
	"oktastream/rules/window"
)

// content says in plain words what the window of a group must hold, one line for each condition.
func content(st *rules.Stateful) []string {
	w := &st.Window
	var names []string
	for _, in := range st.Inputs {
		names = append(names, in.Name)
	}
	var lines []string
	switch w.Kind {
	case window.Pipeline:
		lines = append(lines, "a row at the end of the query")
	case window.Unordered:
		if len(w.Mixes) > 0 {
			lines = append(lines, "events of "+st.Mixed())
			break
		}
		if w.StepsNeeded() < w.Steps {
			lines = append(lines, fmt.Sprintf("events of at least %d of %s", w.Threshold, strings.Join(names, ", ")))
			break
		}
		lines = append(lines, "at least one event of each of "+strings.Join(names, ", "))
	case window.Sequence:
		lines = append(lines, ordered(st)...)
	case window.FirstSeen:
		lines = append(lines, "an event, and none of the group before it")
	case window.Count:
		if w.Threshold > 0 {
			lines = append(lines, "at least "+rules.Counted(w.Threshold, "event"))
		}
	}
	for _, c := range w.Distinct {
		if c.Threshold > 0 {
			lines = append(lines, fmt.Sprintf("at least %s of %s", rules.Counted(c.Threshold, "different value"), c.Name))
		}
	}
	for _, b := range w.Condition {
		lines = append(lines, fmt.Sprintf("%s %s %s", st.Quantity(), b.Op, strconv.FormatFloat(b.Value, 'g', -1, 64)))
	}
	for _, in := range st.Inputs {
		if in.Join.String() != "" {
			lines = append(lines, fmt.Sprintf("%s of %s agrees with the step before", in.Join, in.Name))
		}
	}
	for _, c := range w.Distinct {
		if c.Threshold == 0 && w.Kind != window.Sum && w.Kind != window.Avg && w.Kind != window.Percentile && len(w.Condition) == 0 {
			lines = append(lines, "(the different values of "+c.Name+" are shown with the alert)")
		}
	}
	return lines
}

// ordered says in which order of time events have to come, and what must not come.
func ordered(st *rules.Stateful) []string {
	var steps, lines []string
	for i, in := range st.Inputs {
		var p window.Step
		if i < len(st.Window.Plan) {
			p = st.Window.Plan[i]
		}
		switch {
		case p.Role == window.Until:
			lines = append(lines, "without "+in.Name+" between the first and the last of them")
		case p.Role == window.Absent:
			steps = append(steps, "none of "+in.Name)
		case p.Runs > 1:
			steps = append(steps, fmt.Sprintf("%d different events of %s", p.Runs, in.Name))
		default:
			steps = append(steps, in.Name)
		}
	}
	return append([]string{"in this order of time: " + strings.Join(steps, ", then ")}, lines...)
}

// timing says in plain words when the window is judged and when there is another alert.
func timing(st *rules.Stateful) []string {
	w := &st.Window
	lines := []string{"within " + span(w.Length)}
	switch {
	case w.AtClose:
		lines[0] += ", judged when the window closes"
	case w.Deferred():
		lines[0] += ", judged when the clock shows that what must not come has not come"
	case w.Waits():
		lines[0] += ", judged when the clock has passed the last event"
	case w.Every > 0:
		lines[0] += ", judged every " + span(w.Every) + " of event time"
	default:
		lines[0] += ", judged as each event arrives"
	}
	lines = append(lines, "an event may arrive up to "+span(w.Lateness)+" behind the clock",
		"after an alert, another one once the condition has not held for "+span(w.Quiet)+orAfter(w))
	if w.Kind == window.FirstSeen {
		lines = append(lines, "silent until it has seen events for "+span(w.Length))
	}
	if st.Updates {
		lines = append(lines, "further events are sent as updates of the alert")
	}
	return lines
}

// orAfter says how long an alert may go on, if there is an end to it.
func orAfter(w *window.Spec) string {
	if w.Kind == window.FirstSeen {
		return ""
	}
	return ", or after " + span(w.Episode)
}

// span writes a duration as authors do.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
