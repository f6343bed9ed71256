package rules

import (
	"strconv"
	"strings"

	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// Rule is one detection, compiled from one document of a rule file. Exactly one of Where and Stateful is set.
type Rule struct {
	ID       string // the author's id, a UUID for Sigma
	Name     string // unique in a set: Sigma's name, else the file's name without its ending; see package lang
	Title    string
	File     string // as given to the loader, with /
	Pos      match.Pos
	Language string // sigma, okta, …: the language of the condition

	Meta Meta

	// Silent rules are evaluated for those that consume their alerts, and publish none.
	Silent bool

	Where    match.Expr
	Stateful *Stateful

	// Indicators are the lists that this rule consults, see Indicators.
	Indicators *Indicators
	// Context names further paths whose values the alert shows under details.
	Context []event.Path
	// Override takes parts of the alert from the event.
	Override Override
}

// Meta is what the alert repeats for the analyst. It does not shape state.
type Meta struct {
	Description    string
	Status         string // stable, test, experimental, deprecated, unsupported
	Author         string
	License        string
	Version        string
	References     []string
	FalsePositives []string
	Triage         string
	Tags           []string
	Related        []Related
	Attack         *alert.Attack
	Severity       alert.Severity
	Risk           int    // 0 to 100; derived from Severity when the author gives none
	Kind           string // detection or signal
}

// Related is another rule that the author refers to.
type Related struct {
	ID   string
	Type string // derived, obsolete, merged, renamed or similar
}

// Stateful is the part of a rule that needs windows: which events it observes, how it groups them, and what the window
// of a group must hold.
type Stateful struct {
	// Inputs are the conditions that make an event an observation of this rule. For sequences and unordered sets each
	// Input is one step, in order; for counts any Input counts.
	Inputs []Input
	// GroupBy names the group key's members, in the author's order, e.g. actor.alternateId or an alias.
	// Empty means one group for the whole organisation.
	GroupBy []string
	// Window is the operator over a group's observations.
	Window window.Spec
	// Verbatim is for languages that know no placeholders: "-" and "unknown" are values like others, in group keys as in
	// columns. What is empty is still missing.
	Verbatim bool
	// NullGroup is for languages in which events without a member form a group too: the member is then empty.
	NullGroup bool
	// AssumeHistory is for windows of Kind FirstSeen: their history is taken to be complete from the first event that is
	// evaluated on. Otherwise the rule keeps silent until it has seen events for as long as its history is.
	AssumeHistory bool
	// Updates asks for an update record whenever an episode's content grows.
	Updates bool
}

// Input is one kind of event that a stateful rule observes.
type Input struct {
	Name string
	// From names a rule of the set whose alerts are the observations, instead of events. The alert of a rule on single
	// events is one observation, at the time of its event; an episode of a rule with windows is one at the time of its
	// start, and comes when no late event can move that start any more: the lateness of that rule behind its alert. It is
	// the event that completed the alert's condition, and has a member "alert" besides its own: alert.rule is the rule's
	// name, alert.rule_id, alert.title, alert.severity, alert.risk_score, alert.tags, alert.tactics and alert.techniques are
	// what they say, alert.id is the alert's, and alert.group.MEMBER is the value of a member of the group key; see GroupPath.
	// The ECS names of Elastic's alerts (kibana.alert.rule.rule_id, signal.rule.name) are aliases of them.
	From string
	// Alerts, where From is empty, lets the input observe the alerts of all other rules of the set that can meet Where:
	// instead of events, or beside them. AlertsFor tells which of it a condition needs. Rules that would then observe each
	// other do not, and NewSet says so.
	Alerts Alerts
	Where  match.Expr
	// Group has one path per member of GroupBy: where this kind of event carries that member. An event that lacks a
	// member (null, absent, empty or a placeholder) is not observed, and is counted as such; see Verbatim and NullGroup.
	Group []event.Path
	// Columns has one path per column of Window.Distinct: what is counted. See window.Spec for missing values.
	Columns []event.Path
	// Join has, for sequences, the path whose values must agree with the Join values of the step before, if both are
	// known. The zero Path joins nothing.
	Join event.Path
}

// Quantity names what the bounds of Window.Condition are about.
func (st *Stateful) Quantity() string {
	column := ""
	if len(st.Window.Distinct) > 0 {
		column = st.Window.Distinct[0].Name
	}
	switch w := &st.Window; w.Kind {
	case window.Distinct:
		return "distinct " + column
	case window.Unordered:
		return "different steps"
	case window.Sum:
		return "sum of " + column
	case window.Avg:
		return "average of " + column
	case window.Percentile:
		return "percentile " + strconv.FormatFloat(w.Percentile, 'f', -1, 64) + " of " + column
	}
	return "events"
}

// Mixed says which steps must have come and which not, for windows with Mixes.
func (st *Stateful) Mixed() string {
	var ways []string
	for _, m := range st.Window.Mixes {
		var parts []string
		for i, in := range st.Inputs {
			switch {
			case m.With>>i&1 == 1:
				parts = append(parts, in.Name)
			case m.Without>>i&1 == 1:
				parts = append(parts, "not "+in.Name)
			}
		}
		ways = append(ways, strings.Join(parts, " and "))
	}
	return strings.Join(ways, ", or ")
}

// Kind is the rule's kind as `rules check` and alerts show it: single, count, distinct, unordered or sequence.
func (r *Rule) Kind() string {
	if r.Stateful == nil {
		return "single"
	}
	return r.Stateful.Window.Kind.String()
}

// GroupPath is where an alert, as an observation, carries a member of its rule's group key.
func GroupPath(member string) (event.Path, error) {
	return event.ParsePath("alert.group[" + strconv.Quote(member) + "]")
}

// statePaths are the paths that shape the state of a stateful rule.
func (r *Rule) statePaths() []event.Path {
	var paths []event.Path
	for j := range r.Stateful.Inputs {
		in := &r.Stateful.Inputs[j]
		paths = append(paths, match.Paths(in.Where)...)
		paths = append(paths, in.Group...)
		paths = append(paths, in.Columns...)
		paths = append(paths, in.Join)
	}
	return paths
}

// paths are all paths that the rule reads of an event.
func (r *Rule) paths() []event.Path {
	var paths []event.Path
	if r.Where != nil {
		paths = match.Paths(r.Where)
	}
	if r.Stateful != nil {
		paths = append(paths, r.statePaths()...)
	}
	paths = append(append(paths, r.Context...), r.Override.paths()...)
	if r.Indicators != nil {
		paths = append(paths, r.Indicators.Fields...)
	}
	return paths
}
