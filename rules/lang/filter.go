package lang

import (
	"slices"
	"time"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/lang/sigma"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// Filter is a Sigma filter: a condition that the rules it names get as well, so that they leave something out.
type Filter struct {
	Name, Title, File string
	Pos               match.Pos
	Expires           time.Time // the end of its last day, UTC; zero for never
	ExpiresPos        match.Pos
	Owner, Reason     string
	Rules             []string // names of the rules it applies to, in the order of loading
}

// filterOptions are the settings that only filters have.
var filterOptions = []string{"expires", "owner", "reason"}

// detecting reports settings of filters on other documents.
func (o *options) detecting(r *source.Report) {
	for _, key := range filterOptions {
		if n := o.block.Node(key); n != nil {
			r.Error(n.Pos, source.Misplaced, "write it into a filter document", "%s has no effect on a rule", key)
		}
	}
}

// filtering reports settings of rules on filters.
func (o *options) filtering(r *source.Report) {
	for _, f := range Options {
		if n := o.block.Node(f.Name); n != nil && f.Name != "placeholders" && !slices.Contains(filterOptions, f.Name) {
			r.Error(n.Pos, source.Misplaced, "set it in the rules", "%s has no effect on a filter", f.Name)
		}
	}
}

// applyFilters adds the condition of every filter to the documents it names. A filter that does not load applies to
// nothing: its rules alert too much rather than too little.
func applyFilters(docs []*document, names map[string][]*document) []Filter {
	var filters []Filter
	for _, d := range docs {
		if d.body.filter == nil || !d.report.OK() {
			continue
		}
		f := Filter{Name: d.name, Title: d.keys.Text("title"), File: d.file, Pos: d.root.Pos,
			Owner: d.options.block.Text("owner"), Reason: d.options.block.Text("reason"), Expires: d.expiry()}
		targets := d.targets(docs, names)
		if !d.report.OK() {
			continue
		}
		for _, t := range targets {
			t.except(d.body.filter.Where, f.Expires)
			f.Rules = append(f.Rules, t.name)
		}
		if len(f.Rules) == 0 {
			d.report.Warn(d.root.Get("filter").Pos, sigma.FiltersNothing, "", "the filter applies to no rule")
		}
		if n := d.options.block.Node("expires"); n != nil {
			f.ExpiresPos = n.Pos
		}
		filters = append(filters, f)
	}
	return filters
}

// Expired warns of the filters that have expired at now. Loading cannot: what it says depends on the files alone.
func (r *Result) Expired(now time.Time) []rules.Diagnostic {
	var diags []rules.Diagnostic
	for _, f := range r.Filters {
		if !f.Expires.IsZero() && !now.Before(f.Expires) {
			diags = append(diags, rules.Diagnostic{File: f.File, Pos: f.ExpiresPos, Level: rules.Warning, Code: sigma.Expired, Rule: f.Name,
				Message: "the filter has expired: it does not apply to events of " + f.Expires.Format(time.DateOnly) + " and later",
				Hint:    "remove the filter, or extend it"})
		}
	}
	return diags
}

// expiry is the end of the last day of a filter.
func (d *document) expiry() time.Time {
	n := d.options.block.Node("expires")
	if n == nil {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, n.Text)
	if err != nil {
		d.report.Error(n.Pos, sigma.BadFilter, "write the day as 2026-01-31", "%s is not a day", n.Text)
		return time.Time{}
	}
	return day.AddDate(0, 0, 1)
}

// targets lists the documents that a filter applies to: those it names, or all with conditions of their own on events, be it
// with windows over them. What correlations observe is filtered with the rules that they are made of.
func (d *document) targets(docs []*document, names map[string][]*document) []*document {
	var targets []*document
	if d.body.filter.Any {
		for _, t := range docs {
			if t.body.where != nil || t.body.stateful != nil {
				targets = append(targets, t)
			}
		}
		return targets
	}
	for _, ref := range d.body.filter.Rules {
		t := d.find(ref, names)
		switch {
		case t == nil:
		case t.body.filter != nil || t.root.Get("filter") != nil:
			d.report.Error(ref.Pos, sigma.FiltersNothing, "name a rule", "%s is a filter itself", ref.Text)
		case t.body.where != nil || t.body.correlation != nil || t.body.stateful != nil:
			targets = append(targets, t)
		default:
			d.report.Note(ref.Pos, sigma.FiltersNothing, "see "+t.place(), "the rule %s does not load, and is not filtered", ref.Text)
		}
	}
	return targets
}

// except adds a filter's condition. Once it has expired it holds for every event; what counts is the event's time, so
// that old events are judged as they were then, and every process judges alike.
func (d *document) except(filter match.Expr, expires time.Time) {
	if !expires.IsZero() {
		filter = match.Or{filter, &match.Pred{
			Path: event.MustPath("published"), Op: match.GreaterEqual, Literals: []string{expires.Format(time.RFC3339)},
		}}
	}
	if d.body.where != nil {
		d.body.where = match.And{d.body.where, filter}
		return
	}
	d.exceptions = append(d.exceptions, filter)
	if d.body.correlation == nil { // that of a correlation is made later, of its rules
		d.exempt()
	}
}

// exempt adds the conditions of filters to the inputs of a rule with windows, so that what they leave out is never counted,
// never a step and never seen. For an input that observes alerts they are about the event that completed the alert.
func (d *document) exempt() {
	if d.body.stateful == nil || len(d.exceptions) == 0 {
		return
	}
	for i := range d.body.stateful.Inputs {
		in := &d.body.stateful.Inputs[i]
		in.Where = append(match.And{in.Where}, d.exceptions...)
	}
	d.exceptions = nil
}
