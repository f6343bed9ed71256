package lang

import (
	"slices"
	"time"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/lang/sigma"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// options are the settings under the key oktastream.
type options struct {
	block source.Values

	risk     int // -1: by severity
	kind     string
	triage   string
	context  []event.Path
	distinct []distinct

	suppress struct {
		block source.Values
		by    []event.Path
	}
	indicators struct {
		given  bool
		block  source.Values
		fields []event.Path
	}
}

type distinct struct {
	at        match.Pos
	path      event.Path
	threshold int
}

func parseOptions(v source.Values) options {
	o := options{block: v, risk: v.Int("risk", -1), kind: v.Text("kind"), triage: v.Text("triage"), context: v.Paths("context")}
	if o.kind == "" {
		o.kind = "detection"
	}
	for _, d := range v.Objects("distinct") {
		if paths := d.Paths("field"); len(paths) == 1 {
			o.distinct = append(o.distinct, distinct{at: d.Pos(), path: paths[0], threshold: d.Int("gte", 0)})
		}
	}
	o.suppress.block = v.Object("suppress")
	o.suppress.by = o.suppress.block.Paths("by")
	o.indicators.given = v.Has("indicators")
	o.indicators.block = v.Object("indicators")
	o.indicators.fields = o.indicators.block.Paths("fields")
	return o
}

// suppressed makes a rule on single events stateful if its author asks for one alert per group and while; else nil.
func (o *options) suppressed(where match.Expr, r *source.Report) *rules.Stateful {
	if !o.block.Has("suppress") {
		return nil
	}
	s := o.suppress.block
	if !s.Has("for") || len(o.suppress.by) == 0 {
		r.Error(s.Pos(), source.MissingKey, "suppress: {by: [actor.alternateId], for: 1h}",
			"suppress of a rule on single events needs by and for")
		return nil
	}
	in := rules.Input{Name: "event", Where: where, Group: o.suppress.by}
	st := &rules.Stateful{Window: window.Spec{Kind: window.Count, Threshold: 1, Length: s.Span("for", 0)}}
	for _, p := range o.suppress.by {
		st.GroupBy = append(st.GroupBy, p.String())
	}
	st.Inputs = []rules.Input{in}
	return st
}

// grouped reports a second grouping on a rule that has one.
func (o *options) grouped(r *source.Report) {
	if n := o.suppress.block.Node("by"); n != nil {
		r.Error(n.Pos, source.Misplaced, "leave by out; alerts are suppressed by the correlation's group-by", "by has no effect on a correlation")
	}
}

// unheard reports settings of a rule that does not alert by itself.
func (o *options) unheard(r *source.Report) {
	for _, f := range Options {
		if n := o.block.Node(f.Name); n != nil && f.Name != "indicators" {
			r.Note(n.Pos, source.Misplaced, "set it in the correlation", "%s has no effect on a rule that only correlations use", f.Name)
		}
	}
}

// stateless reports settings that have no effect on a rule without a window.
func (o *options) stateless(r *source.Report) {
	for _, key := range []string{"lateness", "distinct", "join", "history"} {
		if n := o.block.Node(key); n != nil {
			r.Error(n.Pos, source.Misplaced, "write a correlation, or add suppress:", "%s has no effect on a rule without a window", key)
		}
	}
}

// shape completes a window by the author's settings or the defaults.
func (o *options) shape(st *rules.Stateful, r *source.Report) {
	o.columns(st, r)
	o.joins(st, r)
	w, s := &st.Window, o.suppress.block
	st.Updates = s.Text("update") == "open"
	w.Lateness = o.block.Span("lateness", window.DefaultLateness)
	if w.Kind == window.FirstSeen {
		o.history(st, r)
		return
	}
	if n := o.block.Node("history"); n != nil {
		r.Error(n.Pos, source.Misplaced, "", "history has no effect on a rule that does not look for what is new")
	}
	w.Quiet = s.Span("for", max(w.Length, w.Every, w.Quiet))
	if w.Quiet < w.Length {
		r.Error(s.Node("for").Pos, source.BadWindow, "", "suppress for %s is shorter than the window of %s", short(w.Quiet), short(w.Length))
		return
	}
	least := w.Quiet + w.Lateness
	standard := window.DefaultEpisode
	switch {
	case w.Episode > 0: // of the rule's language: as near as an episode comes to it
		standard = max(w.Episode, least+time.Nanosecond)
	case standard <= least:
		standard = 2 * least
	}
	w.Episode = s.Span("max", standard)
	if w.Episode <= least {
		r.Error(s.Node("max").Pos, source.BadWindow, "leave max out, or make it longer",
			"suppress max %s is not longer than for %s and lateness %s together", short(w.Episode), short(w.Quiet), short(w.Lateness))
	}
}

// history completes a first-seen window: it alerts again when the group was not seen for a whole history, and never else.
func (o *options) history(st *rules.Stateful, r *source.Report) {
	for _, key := range []string{"for", "max"} {
		if n := o.suppress.block.Node(key); n != nil {
			r.Error(n.Pos, source.Misplaced, "", "%s has no effect on a rule about what is seen for the first time", key)
		}
	}
	st.AssumeHistory = o.block.Text("history") == "assumed"
	st.Window.Quiet, st.Window.Episode = st.Window.Length, window.Unending
}

// short writes a span as authors write it.
func short(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"0s", "0m"} {
		if n := len(s) - len(zero); n > 0 && s[n:] == zero && (s[n-1] == 'm' || s[n-1] == 'h') {
			s = s[:n]
		}
	}
	return s
}

func (o *options) columns(st *rules.Stateful, r *source.Report) {
	for _, d := range o.distinct {
		if st.Window.Program != nil {
			r.Error(d.at, source.Misplaced, "use COUNT_DISTINCT or VALUES", "distinct has no effect on a query that aggregates by itself")
			return
		}
		name := d.path.String()
		if slices.ContainsFunc(st.Window.Distinct, func(c window.Column) bool { return c.Name == name }) {
			r.Error(d.at, source.Misplaced, "leave one out", "the different values of %s are counted already", name)
			continue
		}
		st.Window.Distinct = append(st.Window.Distinct, window.Column{Name: name, Threshold: d.threshold})
		for i := range st.Inputs {
			st.Inputs[i].Columns = append(st.Inputs[i].Columns, d.path)
		}
	}
}

func (o *options) joins(st *rules.Stateful, r *source.Report) {
	join := o.block.Node("join")
	if join == nil {
		return
	}
	if st.Window.Kind != window.Sequence {
		r.Error(join.Pos, source.Misplaced, "use group-by", "join works only between the steps of temporal_ordered")
		return
	}
	var names []string
	for _, in := range st.Inputs {
		names = append(names, in.Name)
	}
	for _, p := range join.Pairs {
		i := slices.Index(names, p.Key.Text)
		if i < 0 {
			r.Error(p.Key.Pos, sigma.UnknownRuleInKey, source.DidYouMean(p.Key.Text, names), "the correlation lists no rule %q", p.Key.Text)
			continue
		}
		if path, ok := r.Path(p.Value.Pos, p.Value.Text); ok {
			st.Inputs[i].Join = path
		}
	}
}
