package oracle

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Differences is the outcome of a comparison; the zero value is agreement.
type Differences struct {
	Missing []Alert // the reference has it, the run does not
	Extra   []Alert // the run has it, the reference does not
	Twice   []Alert // the run has one record (id and revision) more often than the reference
	Orphans []Alert // updates of an alert that the run never created
	Changed []Change
}

// Change is a record that the reference and the run have both, by id and revision, and that says other things.
type Change struct{ Want, Got Alert }

// ByEpisode compares alerts that another order of arrival may have produced. Alerts about one event must be the same
// ones, each at least once and at most as often as its event was delivered: a repeated event repeats the alert under the
// same id, and delivered says which events were repeated (nil: none). Alerts about a group must pair up, one to one, by
// rule, group and episode: the order decides which event completes a condition, hence the id and the exact start, but the
// same episodes are found. Updates depend on the order too, so of them it only asks that each revision comes once and
// belongs to an alert that was created. An episode that outlasts its window can be completed further away than this
// recognises, so the events that are compared must not make such. Alerts about oktastream itself (kind operator) are no
// findings and are left aside.
func ByEpisode(want, got []Alert, delivered map[string]int) Differences {
	var d Differences
	want, got = findings(want), findings(got)
	inWant := records(want)
	created := map[string]bool{}
	for _, a := range got {
		if a.Status == "create" {
			created[a.ID] = true
		}
	}
	seen := map[record]int{}
	var groupsGot []Alert
	for _, a := range got {
		r := a.record()
		seen[r]++
		allowed := 1
		if a.Episode == nil && a.Status == "create" {
			allowed = max(1, delivered[a.event()])
		}
		switch {
		case seen[r] > allowed:
			d.Twice = append(d.Twice, a)
		case a.Status == "update" && !created[a.ID]:
			d.Orphans = append(d.Orphans, a)
		case a.Status == "update":
		case a.Episode != nil:
			groupsGot = append(groupsGot, a)
		case inWant[r] == 0:
			d.Extra = append(d.Extra, a)
		}
	}
	var groupsWant []Alert
	for _, a := range want {
		r := a.record()
		switch {
		case a.Status == "update":
		case a.Episode != nil:
			groupsWant = append(groupsWant, a)
		case seen[r] == 0:
			seen[r] = 1 // reported once, however often the reference repeats it
			d.Missing = append(d.Missing, a)
		}
	}
	d.pairEpisodes(groupsWant, groupsGot)
	return d
}

// ByRecord compares alerts of the same order of arrival: the same records, by id and revision, each as often as in the
// reference and with the same content. Alerts about oktastream itself are compared like all others.
func ByRecord(want, got []Alert) Differences {
	var d Differences
	missing := subtract(want, got, func(a Alert) exact { return exact{a.record(), a.Content} })
	extra := subtract(got, want, func(a Alert) exact { return exact{a.record(), a.Content} })
	inWant := records(want)
	for _, a := range extra {
		i := slices.IndexFunc(missing, func(m Alert) bool { return m.record() == a.record() })
		switch {
		case i >= 0:
			d.Changed = append(d.Changed, Change{missing[i], a})
			missing = slices.Delete(missing, i, i+1)
		case inWant[a.record()] > 0:
			d.Twice = append(d.Twice, a)
		default:
			d.Extra = append(d.Extra, a)
		}
	}
	d.Missing = missing
	return d
}

type exact struct {
	record
	content string
}

// subtract returns the alerts of a that are not in b, each as often as it is more often in a.
func subtract[K comparable](a, b []Alert, key func(Alert) K) []Alert {
	left := map[K]int{}
	for _, x := range b {
		left[key(x)]++
	}
	var out []Alert
	for _, x := range a {
		if k := key(x); left[k] > 0 {
			left[k]--
		} else {
			out = append(out, x)
		}
	}
	return out
}

// record is the identity of one record in the alerts topic.
type record struct {
	rule, id string
	revision int
}

func (a Alert) record() record { return record{a.Rule.Name, a.ID, a.Revision} }

func records(alerts []Alert) map[record]int {
	m := map[record]int{}
	for _, a := range alerts {
		m[a.record()]++
	}
	return m
}

func findings(alerts []Alert) []Alert {
	return slices.DeleteFunc(slices.Clone(alerts), func(a Alert) bool { return a.Kind == "operator" })
}

// pairEpisodes pairs the episodes of each rule and group. Both sides are sorted by time and the episodes of one group
// lie at least a window apart, so pairing the earliest left with the earliest that overlaps it is the best pairing.
func (d *Differences) pairEpisodes(want, got []Alert) {
	wants, gots := byGroup(want), byGroup(got)
	keys := slices.Collect(maps.Keys(wants))
	for k := range gots {
		if _, ok := wants[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		w, g := wants[k], gots[k]
		for len(w) > 0 && len(g) > 0 {
			switch {
			case overlap(w[0], g[0]):
				w, g = w[1:], g[1:]
			case w[0].Episode.Start.Before(g[0].Episode.Start):
				d.Missing = append(d.Missing, w[0])
				w = w[1:]
			default:
				d.Extra = append(d.Extra, g[0])
				g = g[1:]
			}
		}
		d.Missing = append(d.Missing, w...)
		d.Extra = append(d.Extra, g...)
	}
}

func byGroup(alerts []Alert) map[string][]Alert {
	m := map[string][]Alert{}
	for _, a := range alerts {
		k := a.Rule.Name + "\x00" + string(a.Group)
		m[k] = append(m[k], a)
	}
	for _, list := range m {
		slices.SortFunc(list, func(a, b Alert) int {
			return cmp.Or(a.Episode.Start.Compare(b.Episode.Start), a.Episode.End.Compare(b.Episode.End))
		})
	}
	return m
}

// overlap reports whether two alerts tell of the same episode. A create record is written when the condition first
// holds, so its episode is short, and another order may complete the condition anywhere within one window of it.
func overlap(a, b Alert) bool {
	slack := max(a.window(), b.window())
	return !a.Episode.Start.After(b.Episode.End.Add(slack)) && !b.Episode.Start.After(a.Episode.End.Add(slack))
}

func (a Alert) window() time.Duration {
	if a.Window == nil {
		return 0
	}
	return time.Duration(a.Window.LengthSeconds * float64(time.Second))
}

// None reports agreement.
func (d Differences) None() bool {
	return len(d.Missing)+len(d.Extra)+len(d.Twice)+len(d.Orphans)+len(d.Changed) == 0
}

// String lists the differences, at most ten of a kind; it is empty for none.
func (d Differences) String() string {
	var b strings.Builder
	for _, kind := range []struct {
		name   string
		alerts []Alert
	}{{"missing", d.Missing}, {"not in the reference", d.Extra}, {"twice", d.Twice}, {"updates without their alert", d.Orphans}} {
		if len(kind.alerts) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s: %d\n", kind.name, len(kind.alerts))
		for i, a := range kind.alerts {
			if i == 10 {
				fmt.Fprintf(&b, "  … and %d more\n", len(kind.alerts)-i)
				break
			}
			fmt.Fprintf(&b, "  %v\n", a)
		}
	}
	if len(d.Changed) > 0 {
		fmt.Fprintf(&b, "with other content: %d\n", len(d.Changed))
	}
	for i, c := range d.Changed {
		if i == 3 {
			break
		}
		fmt.Fprintf(&b, "  %v\n    want %s\n    got  %s\n", c.Want, c.Want.Content, c.Got.Content)
	}
	return b.String()
}
