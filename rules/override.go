package rules

import (
	"oktastream/rules/alert"
	"oktastream/rules/event"
)

// Override takes parts of the alert from the event that completed it. The zero Override takes none.
type Override struct {
	Title    event.Path         // the alert's title
	Risk     event.Path         // a number from 0 to 100
	Severity []SeverityOverride // the highest severity whose value the event has
}

// SeverityOverride is the severity for events that have a value at a path.
type SeverityOverride struct {
	Path     event.Path
	Value    string
	Severity alert.Severity
}

// paths lists what the override reads.
func (o *Override) paths() []event.Path {
	var paths []event.Path
	for _, p := range []event.Path{o.Title, o.Risk} {
		if !p.IsZero() {
			paths = append(paths, p)
		}
	}
	for _, s := range o.Severity {
		paths = append(paths, s.Path)
	}
	return paths
}
