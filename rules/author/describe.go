package author

import (
	"encoding/hex"
	"slices"

	"oktastream/rules"
	"oktastream/rules/coverage"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// Summary is what one wants to know of each rule of many. Its JSON names are a contract.
type Summary struct {
	Name     string `json:"name"`
	ID       string `json:"id"`
	Title    string `json:"title"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Severity string `json:"severity"`
	Kind     string `json:"kind"`   // single, count, distinct, …
	Output   string `json:"output"` // detection or signal
	Language string `json:"language"`
	// EventTypes are those that the rule can read; with EveryType it reads all, and EventTypes are those that it names.
	EventTypes []string `json:"event_types"`
	EveryType  bool     `json:"every_type"`
	Except     []string `json:"except_types,omitempty"` // with EveryType: those that it cannot read
	Tactics    []string `json:"tactics"`
	Techniques []string `json:"techniques"`
}

// Description is all there is to say about a rule. Its JSON names are a contract.
type Description struct {
	Summary
	Status      string   `json:"status,omitempty"`
	Description string   `json:"description,omitempty"`
	Risk        int      `json:"risk_score"`
	Inputs      []Input  `json:"inputs"` // one for a rule on single events
	GroupBy     []string `json:"group_by,omitempty"`
	Content     []string `json:"window,omitempty"` // what the window must hold, in words
	Timing      []string `json:"timing,omitempty"` // in words
	StateID     string   `json:"state_id,omitempty"`
	Class       string   `json:"routing_class,omitempty"`
	Fields      []string `json:"fields"` // that are read, for conditions or for the alert, sorted
	Types       []Type   `json:"types"`
	FalseAlarms []string `json:"false_positives,omitempty"`
	Triage      string   `json:"triage,omitempty"`
}

// Input is one kind of event that the rule looks for.
type Input struct {
	Name      string   `json:"name,omitempty"`
	From      string   `json:"from,omitempty"`   // the rule whose alerts are looked at instead of events
	Alerts    string   `json:"alerts,omitempty"` // only, or beside events: the alerts of all other rules that can meet the condition
	Condition string   `json:"condition"`        // canonical: equal conditions have equal texts
	Words     []string `json:"words"`
	Group     []string `json:"group,omitempty"` // where the members of the group key are read
}

// Type is an event type that the rule can read.
type Type struct {
	Name  string `json:"event_type"`
	Known bool   `json:"known"`      // in the catalogue
	Hook  bool   `json:"event_hook"` // event hooks can deliver it
}

// Summaries lists the rules of a set, sorted by name.
func Summaries(set *rules.Set) []Summary {
	reach := coverage.Of(set)
	list := make([]Summary, 0, len(reach))
	for i := range reach {
		list = append(list, summary(&set.Rules()[i], reach[i]))
	}
	return list
}

func summary(r *rules.Rule, reach coverage.Reach) Summary {
	s := Summary{
		Name: r.Name, ID: r.ID, Title: r.Title, File: r.File, Line: r.Pos.Line, Severity: string(r.Meta.Severity), Kind: r.Kind(),
		Output: r.Meta.Kind, Language: r.Language, EventTypes: []string{}, EveryType: reach.Any, Except: reach.Except, Tactics: []string{}, Techniques: []string{},
	}
	if reach.Any {
		s.EventTypes = append(s.EventTypes, reach.Named...)
	} else {
		s.EventTypes = append(s.EventTypes, reach.Types...)
	}
	if a := r.Meta.Attack; a != nil {
		for _, t := range a.Tactics {
			s.Tactics = append(s.Tactics, t.ID)
		}
		for _, t := range a.Techniques {
			s.Techniques = append(s.Techniques, t.ID)
		}
	}
	return s
}

// Describe describes the rule with a name or id; ok is false if the set has none.
func Describe(set *rules.Set, name string) (d Description, ok bool) {
	i := slices.IndexFunc(set.Rules(), func(r rules.Rule) bool { return r.Name == name })
	if i < 0 {
		i = slices.IndexFunc(set.Rules(), func(r rules.Rule) bool { return r.ID == name })
	}
	if i < 0 {
		return d, false
	}
	r := &set.Rules()[i]
	d = Description{
		Summary: summary(r, coverage.Of(set)[i]), Status: r.Meta.Status, Description: r.Meta.Description, Risk: r.Meta.Risk,
		FalseAlarms: r.Meta.FalsePositives, Triage: r.Meta.Triage, Fields: fields(r), Types: []Type{},
	}
	for _, name := range d.EventTypes {
		info, known := event.LookupType(name)
		d.Types = append(d.Types, Type{Name: name, Known: known, Hook: info.Hook})
	}
	if r.Stateful == nil {
		d.Inputs = []Input{{Condition: match.String(r.Where), Words: Words(r.Where)}}
		return d, true
	}
	st := r.Stateful
	for _, in := range st.Inputs {
		x := Input{Name: in.Name, From: in.From, Alerts: [...]string{rules.OnlyAlerts: "only", rules.EventsAndAlerts: "beside events"}[in.Alerts], Condition: match.String(in.Where), Words: Words(in.Where)}
		for _, p := range in.Group {
			x.Group = append(x.Group, p.String())
		}
		d.Inputs = append(d.Inputs, x)
	}
	id := set.StateID(i)
	d.GroupBy, d.Content, d.Timing, d.StateID = st.GroupBy, content(st), timing(st), hex.EncodeToString(id[:])
	d.Class = set.Classes()[set.ClassOf(i)].Name
	return d, true
}

// fields lists the paths that a rule reads.
func fields(r *rules.Rule) []string {
	out := []string{}
	add := func(paths ...event.Path) {
		for _, p := range paths {
			if p.String() != "" {
				out = append(out, p.String())
			}
		}
	}
	add(match.Paths(r.Where)...)
	if r.Stateful != nil {
		for _, in := range r.Stateful.Inputs {
			add(match.Paths(in.Where)...)
			add(in.Group...)
			add(in.Columns...)
			add(in.Join)
		}
	}
	add(r.Context...)
	if r.Indicators != nil {
		add(r.Indicators.Fields...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
