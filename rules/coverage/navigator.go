package coverage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"oktastream/rules"
)

// Layer is a layer for the ATT&CK Navigator, in version 4.5 of its format.
type Layer struct {
	Name        string      `json:"name"`
	Versions    Versions    `json:"versions"`
	Domain      string      `json:"domain"`
	Description string      `json:"description"`
	Sorting     int         `json:"sorting"`
	Layout      Layout      `json:"layout"`
	Techniques  []Technique `json:"techniques"`
	Gradient    Gradient    `json:"gradient"`
}

// Versions are those of ATT&CK, of the oldest Navigator that reads the format, and of the format.
type Versions struct {
	Attack    string `json:"attack"`
	Navigator string `json:"navigator"`
	Layer     string `json:"layer"`
}

// Layout is how the matrix is shown.
type Layout struct {
	Layout                string `json:"layout"`
	ExpandedSubtechniques string `json:"expandedSubtechniques"`
}

// Technique is one cell: its score is the number of rules that name it.
type Technique struct {
	ID      string `json:"techniqueID"`
	Score   int    `json:"score"`
	Comment string `json:"comment"`
	Enabled bool   `json:"enabled"`
	Show    bool   `json:"showSubtechniques"`
}

// Gradient colours scores.
type Gradient struct {
	Colors   []string `json:"colors"`
	MinValue int      `json:"minValue"`
	MaxValue int      `json:"maxValue"`
}

// Navigator makes a layer of the techniques that rules name. A technique stands under all of its tactics: rules name
// tactics and techniques side by side, and do not say which belong together.
func Navigator(set *rules.Set, name string) Layer {
	by := map[string][]string{}
	without := 0
	for _, r := range set.Rules() {
		if r.Meta.Attack == nil || len(r.Meta.Attack.Techniques) == 0 {
			without++
			continue
		}
		for _, t := range r.Meta.Attack.Techniques {
			by[t.ID] = append(by[t.ID], r.Name)
		}
	}
	l := Layer{
		Name:        name,
		Versions:    Versions{Attack: rules.AttackVersion, Navigator: "4.9.0", Layer: "4.5"},
		Domain:      "enterprise-attack",
		Description: fmt.Sprintf("The score is the number of rules that name a technique. %s, %d without a technique.", rules.Counted(len(set.Rules()), "rule"), without),
		Sorting:     3, // by score, the highest first
		Layout:      Layout{Layout: "side", ExpandedSubtechniques: "annotated"},
		Techniques:  []Technique{},
		Gradient:    Gradient{Colors: []string{"#deebf7", "#3182bd"}, MinValue: 0, MaxValue: 1},
	}
	for _, id := range slices.SortedFunc(maps.Keys(by), cmp.Compare[string]) {
		parent := !strings.Contains(id, ".") && slices.ContainsFunc(slices.Collect(maps.Keys(by)), func(other string) bool { return strings.HasPrefix(other, id+".") })
		l.Techniques = append(l.Techniques, Technique{ID: id, Score: len(by[id]), Comment: strings.Join(by[id], "\n"), Enabled: true, Show: parent})
		l.Gradient.MaxValue = max(l.Gradient.MaxValue, len(by[id]))
	}
	return l
}
