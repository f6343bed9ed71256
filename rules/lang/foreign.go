package lang

import (
	"slices"

	"oktastream/rules"
	"oktastream/rules/lang/elastic"
	"oktastream/rules/lang/source"
)

// Public collections of rules hold more than we read: rules for other products, settings of their own tools, queries that
// people run by hand. What is wrong there is no error of ours, and must not keep the rules beside it from running; it is
// told as unsupported, so that nothing is left out in silence.

// marks are the keys of which a rule has at least one, also when an author has misspelt others. Keys such as name and id
// are none of them: everything has those.
var marks = append([]string{"title", "logsource", "level", "oktastream", "language"}, bodyKeys()...)

// noRule tells whether a document is something else than a rule, and says so. A file that was named is taken for a rule
// whatever it holds, except a hunt.
func (d *document) noRule(found bool) bool {
	if hunt := d.root.Get("hunt"); hunt != nil && d.root.Get(elastic.Key) == nil {
		d.report.Unsupported(hunt.Pos, source.NotOurs, "", "a hunt has queries for people to run, and no rule")
		return true
	}
	if !found || slices.ContainsFunc(marks, func(key string) bool { return d.root.Get(key) != nil }) {
		return false
	}
	d.report.Unsupported(d.root.Pos, source.NotARule, "a rule has title: and detection:, correlation: or query:", "the document is no rule")
	return true
}

// foreign leaves of what was said about a rule for other events only that it is one.
func (d *document) foreign() {
	others := []string{source.NotOurs, elastic.OtherData}
	if slices.ContainsFunc(d.report.Diagnostics, func(said rules.Diagnostic) bool { return slices.Contains(others, said.Code) }) {
		d.report.Only(others...)
	}
}
