package event

import (
	_ "embed"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"oktastream/rules/nearest"
)

// CatalogueRelease is the release of Okta's event type catalogue that this package knows.
const CatalogueRelease = "2026.08.1"

// TypeInfo is what the catalogue says about an event type.
type TypeInfo struct {
	Name          string // as Okta writes it; a few types hold capitals
	Hook          bool   // event hooks can deliver it
	OIE           bool   // only Identity Engine organisations have it
	Beta          bool
	Internal      bool // Okta's own; customers' logs do not hold it
	ChangeDetails bool // targets may say what changed
}

//go:embed eventtypes.txt
var eventTypes string

var catalogue = sync.OnceValue(func() map[string]TypeInfo {
	types := map[string]TypeInfo{}
	for line := range lines(eventTypes) {
		name, flags, _ := strings.Cut(line, " ")
		types[strings.ToLower(name)] = TypeInfo{
			Name:          name,
			Hook:          strings.Contains(flags, "h"),
			OIE:           strings.Contains(flags, "o"),
			Beta:          strings.Contains(flags, "b"),
			Internal:      strings.Contains(flags, "i"),
			ChangeDetails: strings.Contains(flags, "c"),
		}
	}
	return types
})

// lines yields the lines of a data file that are not comments.
func lines(file string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.Lines(file) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' && !yield(line) {
				return
			}
		}
	}
}

// LookupType finds an event type in the catalogue, case ignored. Okta adds and renames types, so an unknown one is a
// reason to warn and no more. It is safe for concurrent use, as are SuggestType and KnownPath.
func LookupType(eventType string) (TypeInfo, bool) {
	info, ok := catalogue()[strings.ToLower(eventType)]
	return info, ok
}

// Types lists the catalogue, sorted by name.
func Types() []TypeInfo {
	return slices.SortedFunc(maps.Values(catalogue()), func(a, b TypeInfo) int { return strings.Compare(a.Name, b.Name) })
}

// SuggestType is the known event type that an unknown one most resembles, "" when none is near.
func SuggestType(eventType string) string { return typeNames().Find(eventType) }

var typeNames = sync.OnceValue(func() *nearest.Index {
	names := make([]string, 0, len(catalogue()))
	for _, info := range catalogue() {
		names = append(names, info.Name)
	}
	return nearest.NewIndex(names)
})
