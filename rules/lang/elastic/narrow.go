package elastic

import (
	"slices"
	"strings"
	"time"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

func isTime(text string) bool {
	_, _, ok := event.ParseTime(text)
	return ok
}

// narrow adds the rule's filters and exceptions to its conditions on events.
func narrow(doc *source.Node, v source.Values, where match.Expr, st *rules.Stateful, r *source.Report) match.Expr {
	for _, ref := range items(v.Node("exceptions_list")) {
		if doc.Get(Key).Get(exceptionsKey) == nil { // only an export brings the items along
			r.Warn(ref.Pos, BadFilter, "export the rule from Kibana with its exceptions, or write them into the query",
				"the items of the exception list %s are not in this file: nothing is excepted", textOf(ref.Get("list_id")))
		}
	}
	extra := filters(v.Node("filters"), r)
	if any := exceptions(doc.Get(Key).Get(exceptionsKey), r); len(any) > 0 {
		extra = append(extra, match.Not{X: any})
	}
	if len(extra) == 0 || !r.OK() {
		return where
	}
	if st == nil {
		return append(match.And{where}, extra...)
	}
	for i := range st.Inputs {
		if in := &st.Inputs[i]; in.From == "" {
			in.Where = append(match.And{in.Where}, extra...)
		}
	}
	return where
}

var units = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}

// suppress makes a rule on single events one that alerts once for a group and while, and lengthens the quiet of one that
// has windows. Without a duration Elastic suppresses within one run, which is its interval here. Elastic counts the
// duration from the first alert, so an episode lasts no longer than it has to: see EQUIVALENCE.md.
func suppress(v source.Values, s Schedule, where match.Expr, st *rules.Stateful, r *source.Report) (match.Expr, *rules.Stateful) {
	if !v.Has("alert_suppression") {
		return where, st
	}
	block := v.Object("alert_suppression")
	length := s.Interval
	if block.Has("duration") {
		d := block.Object("duration")
		length = time.Duration(d.Int("value", 1)) * units[d.Text("unit")]
	}
	if length <= 0 || length > source.MaxDuration {
		r.Error(block.Pos(), BadSettings, "", "the duration of the suppression is longer than %d days", source.MaxDuration/(24*time.Hour))
		return nil, nil
	}
	if st != nil {
		if len(block.Nodes("group_by")) > 0 {
			r.Warn(block.Node("group_by").Pos, NoEffect, "", "the rule has groups of its own: its alerts are suppressed by those, and group_by has no effect")
		}
		if st.Window.Kind != window.FirstSeen {
			st.Window.Quiet = max(length, st.Window.Length)
			st.Window.Episode = st.Window.Quiet
		}
		return nil, st
	}
	by := block.Nodes("group_by")
	if len(by) == 0 {
		r.Error(block.Pos(), BadSettings, "add group_by", "a suppression needs fields to group by")
		return nil, nil
	}
	in := rules.Input{Name: "event", Where: where}
	st = &rules.Stateful{Verbatim: true, Window: window.Spec{Kind: window.Count, Threshold: 1, Length: length, Episode: length}}
	var paths []event.Path
	for _, n := range by {
		if p, ok := field(n, r); ok {
			paths = append(paths, p)
			st.GroupBy = append(st.GroupBy, n.Text)
		}
	}
	if block.Text("missing_fields_strategy") == "doNotSuppress" {
		fields := slices.Clone(paths)
		for i, p := range fields {
			paths[i] = orEvent(p, fields)
		}
	} else {
		st.NullGroup = true
	}
	in.Group = paths
	st.Inputs = []rules.Input{in}
	return nil, st
}

// orEvent is a field, or the id of the event if it lacks any of the fields: such an event is in a group of its own.
func orEvent(p event.Path, all []event.Path) event.Path {
	names := make([]string, len(all))
	for i, q := range all {
		names[i] = q.String()
	}
	return event.Computed("=elastic "+p.String()+" unless an event lacks "+strings.Join(names, ", "), all, func(ev *event.Event) []event.Value {
		for _, q := range all {
			if len(ev.Lookup(q)) == 0 {
				return []event.Value{{Kind: event.String, Text: ev.ID()}}
			}
		}
		return ev.Lookup(p)
	})
}
