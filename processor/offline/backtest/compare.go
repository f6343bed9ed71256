package backtest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"oktastream/processor/offline"
	"oktastream/rules"
)

// Compare says how the alerts differ from those of the baseline. An alert of one side is there on the other side too if
// the same rule (by id, or else by name) has an alert about the same event, or about the same group with an episode that
// overlaps. An alert about one event and an episode are the same if they are about the same subject and the event lies
// in the episode, so that adding a suppression loses nothing that it covers.
type Compare struct {
	Rules []RuleDiff `json:"rules"` // those that differ or are on one side only, by name
	New   []Sighting `json:"new"`   // in order of time
	Lost  []Sighting `json:"lost"`
}

// RuleDiff is the difference in one rule. Was and Now count alerts; nil: that side does not have the rule.
type RuleDiff struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Was  *int   `json:"was"`
	Now  *int   `json:"now"`
	New  int    `json:"new"`
	Lost int    `json:"lost"`
}

// Sighting is an alert that the other side does not have.
type Sighting struct {
	Rule  string     `json:"rule"`
	Time  time.Time  `json:"time"`
	Group string     `json:"group"`
	Event string     `json:"event_id,omitempty"` // for an alert about one event
	Until *time.Time `json:"until,omitempty"`    // latest completion of the episode and one window more
}

func compare(ctx context.Context, o Options, rec *offline.Recording, now []finding) (*Compare, error) {
	was, err := play(ctx, "baseline", o, rec, o.Baseline)
	if err != nil {
		return nil, err
	}
	diffs, old := pairRules(o.Rules.Rules(), o.Baseline.Rules())
	for i := range now {
		*diffs[now[i].ruleID].Now++
	}
	for i := range was {
		was[i].ruleID = old[was[i].ruleID]
		*diffs[was[i].ruleID].Was++
	}
	c := &Compare{Rules: []RuleDiff{}, New: []Sighting{}, Lost: []Sighting{}}
	for _, f := range unmatched(now, was) {
		diffs[f.ruleID].New++
		c.New = append(c.New, f.sighting())
	}
	for _, f := range unmatched(was, now) {
		diffs[f.ruleID].Lost++
		c.Lost = append(c.Lost, f.sighting())
	}
	for _, d := range diffs {
		if d.Was == nil || d.Now == nil || d.New > 0 || d.Lost > 0 || *d.Was != *d.Now {
			c.Rules = append(c.Rules, *d)
		}
	}
	slices.SortFunc(c.Rules, func(a, b RuleDiff) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return c, nil
}

// pairRules finds the rules that are versions of each other: those of one id, and of what is left those of one name.
// diffs has a member for each pair and each rule without one, under the id that it has now, or else had; old translates
// the ids of the baseline into those.
func pairRules(now, was []rules.Rule) (diffs map[string]*RuleDiff, old map[string]string) {
	diffs, old = map[string]*RuleDiff{}, map[string]string{}
	byName := map[string]string{}
	for _, r := range now {
		diffs[r.ID] = &RuleDiff{ID: r.ID, Name: r.Name, Now: new(int)}
		byName[r.Name] = r.ID
	}
	for _, r := range was {
		if d := diffs[r.ID]; d != nil {
			d.Was, old[r.ID] = new(int), r.ID
		}
	}
	for _, r := range was {
		if old[r.ID] != "" {
			continue
		}
		id, ok := byName[r.Name]
		if !ok || diffs[id].Was != nil {
			id = r.ID
			diffs[id] = &RuleDiff{ID: r.ID, Name: r.Name}
		}
		diffs[id].Was, old[r.ID] = new(int), id
	}
	return diffs, old
}

func (f *finding) sighting() Sighting {
	s := Sighting{Rule: f.rule, Time: f.at, Group: f.whom()}
	if f.single {
		s.Event = f.event
	} else {
		s.Until = &f.to
	}
	return s
}

// unmatched lists the findings that have no counterpart among others, in order of time.
func unmatched(findings, others []finding) []*finding {
	type key struct {
		rule, what string
		single     bool
	}
	events, groups, subjects := map[key]bool{}, map[key][]*finding{}, map[key][]*finding{}
	for i := range others {
		o := &others[i]
		subject := key{o.ruleID, o.subject, o.single}
		subjects[subject] = append(subjects[subject], o)
		if o.single {
			events[key{o.ruleID, o.event, true}] = true
		} else {
			k := key{o.ruleID, o.group, false}
			groups[k] = append(groups[k], o)
		}
	}
	var out []*finding
	for i := range findings {
		f := &findings[i]
		overlaps := func(o *finding) bool { return !f.to.Before(o.from) && !o.to.Before(f.from) }
		there := events[key{f.ruleID, f.event, true}]
		if !f.single {
			there = slices.ContainsFunc(groups[key{f.ruleID, f.group, false}], overlaps)
		}
		if there || slices.ContainsFunc(subjects[key{f.ruleID, f.subject, !f.single}], overlaps) {
			continue
		}
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b *finding) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.rule, b.rule), cmp.Compare(a.whom(), b.whom()))
	})
	return out
}
