package elastic

import (
	"slices"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// maxTerms is how many fields a new terms rule may combine, by Elastic's schema.
const maxTerms = 3

// threshold is a window over the look-back of a run. Elastic's groups know no placeholders.
func threshold(v source.Values, where match.Expr, s Schedule, r *source.Report) *rules.Stateful {
	if !v.Has("threshold") {
		r.Error(v.Pos(), BadSettings, "add [rule.threshold]", "a threshold rule needs a threshold")
		return nil
	}
	t := v.Object("threshold")
	st := &rules.Stateful{Verbatim: true, Window: window.Spec{Kind: window.Count, Length: s.From, Threshold: t.Int("value", 1)}}
	in := rules.Input{Name: "event", Where: where}
	for _, n := range t.Nodes("field") {
		if n.Text == "" {
			continue // exports have it for no field
		}
		if p, ok := field(n, r); ok {
			in.Group = append(in.Group, p)
			st.GroupBy = append(st.GroupBy, n.Text)
		}
	}
	for _, c := range t.Objects("cardinality") {
		n := c.Node("field")
		if n == nil || n.Text == "" {
			continue
		}
		if p, ok := field(n, r); ok {
			in.Columns = append(in.Columns, p)
			st.Window.Distinct = append(st.Window.Distinct, window.Column{Name: n.Text, Threshold: c.Int("value", 1)})
		}
	}
	// One event of a group is always there, so with a single count of values that count is all there is: a window of that
	// kind drops events that repeat others.
	if st.Window.Threshold <= 1 && len(in.Columns) == 1 {
		st.Window.Kind, st.Window.Threshold = window.Distinct, 0
	}
	st.Inputs = []rules.Input{in}
	return st
}

// newTerms is a window with the tuple of values as its group.
func newTerms(v source.Values, where match.Expr, r *source.Report) *rules.Stateful {
	terms, history := v.Nodes("new_terms_fields"), v.Node("history_window_start")
	if v.Has("new_terms") {
		nt := v.Object("new_terms")
		terms = nt.Nodes("value")
		for _, h := range nt.Objects("history_window_start") {
			history = h.Node("value")
		}
	}
	switch {
	case len(terms) == 0 || len(terms) > maxTerms:
		r.Error(v.Pos(), BadSettings, "add [rule.new_terms]", "a new terms rule has one to %d fields, not %d", maxTerms, len(terms))
		return nil
	case history == nil:
		r.Error(v.Pos(), BadSettings, `add [[rule.new_terms.history_window_start]] with value = "now-14d"`, "a new terms rule needs the start of its history")
		return nil
	}
	st := &rules.Stateful{Verbatim: true, Window: window.Spec{Kind: window.FirstSeen, Length: past(history, "history_window_start", 0, r)}}
	in := rules.Input{Name: "event", Where: where}
	for _, n := range terms {
		if p, ok := field(n, r); ok && !slices.Contains(in.Group, p) {
			in.Group = append(in.Group, p)
			st.GroupBy = append(st.GroupBy, n.Text)
		}
	}
	st.Inputs = []rules.Input{in}
	return st
}

// field reads the name of a field.
func field(n *source.Node, r *source.Report) (event.Path, bool) { return r.Path(n.Pos, n.Text) }
