package coverage

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/printable"
)

// Report says which event types a rule set reads. Its JSON names are a contract.
type Report struct {
	Rules int `json:"rules"`
	// Arrivals says that the events that arrived are known. Without them, Events, Unread, Absent and Silent say nothing.
	Arrivals bool `json:"arrivals"`
	Events   int  `json:"events"`
	// Types are the types that arrived or that a rule names, sorted.
	Types []Type `json:"types"`
	// Every lists the rules that read events of any type, sorted. Type.Rules has them only at the types that they name, or
	// everything would seem to be covered.
	Every []string `json:"every_type"`
	// Unread are the types that arrived and that no rule but those of Every reads; the most frequent first.
	Unread []string `json:"unread"`
	// Absent are the types that a rule names and that never arrived.
	Absent []string `json:"absent"`
	// Silent are the rules of which no event type arrived: they could not have fired.
	Silent []string `json:"silent_rules"`
}

// Type is one event type.
type Type struct {
	Name string `json:"event_type"`
	// Known says that the catalogue has the type; Hook, that event hooks can deliver it.
	Known  bool     `json:"known"`
	Hook   bool     `json:"event_hook"`
	Events int      `json:"events"`
	Rules  []string `json:"rules"` // that can read it, sorted
}

// New makes a report. arrived counts events by type, in any letter case; nil says that nothing is known about them.
func New(set *rules.Set, arrived map[string]int) Report {
	rep := Report{Rules: len(set.Rules()), Arrivals: arrived != nil, Types: []Type{}, Every: []string{}, Unread: []string{}, Absent: []string{}, Silent: []string{}}
	reach := Of(set, slices.Collect(maps.Keys(arrived))...)
	types := map[string]*Type{}
	at := func(name string) *Type {
		key := strings.ToLower(name)
		if types[key] == nil {
			info, known := event.LookupType(name)
			if known {
				name = info.Name
			}
			types[key] = &Type{Name: name, Known: known, Hook: info.Hook, Rules: []string{}}
		}
		return types[key]
	}
	for name, n := range arrived {
		at(name).Events += n
		rep.Events += n
	}
	for i := range reach {
		for _, name := range reach[i].Named {
			at(name)
		}
	}
	for i, r := range set.Rules() {
		if reach[i].Any {
			rep.Every = append(rep.Every, r.Name)
			for _, name := range reach[i].Named {
				if !reach[i].Has(name) {
					continue
				}
				at(name).Rules = append(at(name).Rules, r.Name)
			}
			continue
		}
		heard := false
		for _, t := range types {
			if reach[i].Has(t.Name) {
				t.Rules = append(t.Rules, r.Name)
				heard = heard || t.Events > 0
			}
		}
		if rep.Arrivals && !heard {
			rep.Silent = append(rep.Silent, r.Name)
		}
	}
	for _, t := range types {
		rep.Types = append(rep.Types, *t)
	}
	slices.SortFunc(rep.Types, func(a, b Type) int { return cmp.Compare(a.Name, b.Name) })
	if rep.Arrivals {
		rep.gaps()
	}
	return rep
}

func (rep *Report) gaps() {
	byEvents := slices.Clone(rep.Types)
	slices.SortStableFunc(byEvents, func(a, b Type) int { return cmp.Compare(b.Events, a.Events) })
	for _, t := range byEvents {
		switch {
		case t.Events > 0 && len(t.Rules) == 0:
			rep.Unread = append(rep.Unread, t.Name)
		case t.Events == 0:
			rep.Absent = append(rep.Absent, t.Name)
		}
	}
}

// WriteText prints the report as a table.
func (rep *Report) WriteText(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	section := func(title string, keep func(Type) bool) {
		first := true
		for _, t := range rep.Types {
			if !keep(t) {
				continue
			}
			if first {
				// A cell of its own would make the column of types as wide as the title.
				tw.Flush()
				printable.Fprintf(w, "%s\n", title)
				first = false
			}
			printable.Fprintf(tw, "  %s\t%s\t%s\t%s\n", t.Name, rep.count(t), hook(t), cmp.Or(strings.Join(t.Rules, ", "), "-"))
		}
		tw.Flush()
	}
	if !rep.Arrivals {
		section("event types that rules name", func(Type) bool { return true })
	} else {
		section("arrives, and rules read it", func(t Type) bool { return t.Events > 0 && len(t.Rules) > 0 })
		section("arrives, and no rule reads it", func(t Type) bool { return t.Events > 0 && len(t.Rules) == 0 })
		section("rules read it, and it never arrived", func(t Type) bool { return t.Events == 0 })
	}
	if len(rep.Every) > 0 {
		printable.Fprintf(w, "rules that read every type: %s\n", strings.Join(rep.Every, ", "))
	}
	if len(rep.Silent) > 0 {
		printable.Fprintf(w, "rules that could not fire, as none of their types arrived: %s\n", strings.Join(rep.Silent, ", "))
	}
	_, err := fmt.Fprintln(w, rep.summary())
	return err
}

func (rep *Report) count(t Type) string {
	if !rep.Arrivals {
		return ""
	}
	return fmt.Sprint(t.Events)
}

func hook(t Type) string {
	switch {
	case !t.Known:
		return "not in the catalogue"
	case t.Hook:
		return "event hook"
	}
	return "no event hook"
}

func (rep *Report) summary() string {
	if !rep.Arrivals {
		return fmt.Sprintf("%s for %s", rules.Counted(rep.Rules, "rule"), rules.Counted(len(rep.Types), "event type"))
	}
	arrived, read, heard := 0, 0, 0
	for _, t := range rep.Types {
		if t.Events > 0 {
			arrived++
			if len(t.Rules) > 0 {
				read++
				heard += t.Events
			}
		}
	}
	return fmt.Sprintf("%s of %s; rules read %d of the types and %d of the events; %s that rules name never arrived",
		rules.Counted(rep.Events, "event"), rules.Counted(arrived, "type"), read, heard, rules.Counted(len(rep.Absent), "type"))
}
