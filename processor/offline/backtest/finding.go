package backtest

import (
	"slices"
	"strings"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// finding is what is kept of an alert.
type finding struct {
	ruleID, rule string
	at           time.Time
	single       bool   // about one event
	event        string // its uuid
	group        string // name=value of each member of the group key; empty for a single event
	subject      string // whom it is about
	// from and to bound the episode: from its first completion until the condition had not held for one window after the
	// last, so that completions in between belong to it under either version of a rule.
	from, to time.Time
}

// ledger enters alert records: one finding for each alert. An episode grows with the updates of its alert, and with
// the completions that raised none.
type ledger struct {
	set      *rules.Set
	findings []finding
	byID     map[string]int
	latest   map[[2]string]int // by rule id and group
	quiet    map[string]time.Duration
}

func newLedger(set *rules.Set) *ledger {
	l := &ledger{set: set, byID: map[string]int{}, latest: map[[2]string]int{}, quiet: map[string]time.Duration{}}
	for _, r := range set.Rules() {
		if r.Stateful != nil {
			l.quiet[r.ID] = r.Stateful.Window.Quiet
		}
	}
	return l
}

func (l *ledger) enter(a *alert.Alert) {
	if a.Kind == "operator" { // about oktastream itself
		return
	}
	f := finding{ruleID: a.Rule.ID, rule: a.Rule.Name, at: a.Time, subject: a.Subject(), from: a.Time, to: a.Time}
	if a.Episode != nil {
		f.group = groupText(a.Group)
		f.from, f.to = a.Episode.Start, a.Episode.End.Add(l.quiet[a.Rule.ID])
	} else {
		f.single = true
		if len(a.Evidence.EventIDs) > 0 {
			f.event = a.Evidence.EventIDs[0]
		}
	}
	i, known := l.byID[a.ID]
	if !known {
		l.byID[a.ID] = len(l.findings)
		if !f.single {
			l.latest[[2]string{f.ruleID, f.group}] = len(l.findings)
		}
		l.findings = append(l.findings, f)
		return
	}
	old := &l.findings[i]
	if f.from.Before(old.from) {
		old.from = f.from
	}
	if f.to.After(old.to) {
		old.to = f.to
	}
}

// extend notes that the condition of a rule held again at the time of ev, in an episode that has been announced: that
// of a group which the event belongs to.
func (l *ledger) extend(rule int, ev *event.Event) {
	r := &l.set.Rules()[rule]
	at := time.Unix(0, ev.Time()).UTC()
	for _, in := range r.Stateful.Inputs {
		if !in.ObservesEvents() || !match.Eval(in.Where, ev) {
			continue
		}
		for _, group := range groupsOf(r.Stateful.GroupBy, in.Group, ev) {
			i, ok := l.latest[[2]string{r.ID, groupText(group)}]
			if !ok {
				continue
			}
			f := &l.findings[i]
			if to := at.Add(l.quiet[r.ID]); !at.After(f.to) && to.After(f.to) {
				f.to = to
			}
		}
	}
}

// groupsOf lists the group keys of ev, one for each combination of the values of their members.
func groupsOf(names []string, paths []event.Path, ev *event.Event) []alert.Group {
	groups := []alert.Group{nil}
	for m, p := range paths {
		var next []alert.Group
		for _, v := range ev.Lookup(p) {
			for _, g := range groups {
				if len(next) < engine.MaxKeys {
					next = append(next, append(slices.Clone(g), alert.Field{Name: names[m], Value: v.Text}))
				}
			}
		}
		groups = next
	}
	return groups
}

func groupText(g alert.Group) string {
	parts := make([]string, len(g))
	for i, f := range g {
		parts[i] = f.Name + "=" + f.Value
	}
	return strings.Join(parts, " ")
}

// whom names the group for people: the group key, or whom a single event is about.
func (f *finding) whom() string {
	if f.single {
		return f.subject
	}
	return f.group
}

// day is the UTC day of the alert, "" for an event without a readable time.
func (f *finding) day() string {
	if f.at.UnixNano() == 0 {
		return ""
	}
	return f.at.UTC().Format(time.DateOnly)
}
