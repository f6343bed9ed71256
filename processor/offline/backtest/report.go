package backtest

import (
	"cmp"
	"math"
	"slices"
	"time"

	"oktastream/processor/offline"
	"oktastream/rules"
)

// Report is the outcome; its JSON is a contract.
type Report struct {
	Files  []File     `json:"files"`
	Events int        `json:"events"`
	Read   int        `json:"events_read"` // of these, the events that meet a condition of some rule
	First  *time.Time `json:"first,omitempty"`
	Last   *time.Time `json:"last,omitempty"`
	// Days is the time between first and last event, at least 1: less says nothing about a day.
	Days    float64  `json:"days"`
	Alerts  int      `json:"alerts"`
	PerDay  float64  `json:"alerts_per_day"`
	Busiest *Day     `json:"busiest_day,omitempty"`
	Rules   []Rule   `json:"rules"` // most alerts first
	Groups  []Group  `json:"noisiest_groups"`
	Seconds Seconds  `json:"seconds"`
	Compare *Compare `json:"compare,omitempty"`
	Broken  []string `json:"broken_gates"` // what each gate that does not hold has to say

	days   map[string]int
	byRule map[string]map[string]int // alerts by rule and day
	source *offline.Report
}

// File accounts for one input.
type File struct {
	Name     string `json:"name"`
	Records  int    `json:"records"`
	Events   int    `json:"events"`
	Rejected int    `json:"rejected"`
	Error    string `json:"error,omitempty"`
}

// Day is a UTC day with its alerts.
type Day struct {
	Date   string `json:"date"`
	Alerts int    `json:"alerts"`
}

// Rule is what one rule did.
type Rule struct {
	ID      string  `json:"id"`
	Name    string  `json:"name"`
	Alerts  int     `json:"alerts"`
	PerDay  float64 `json:"alerts_per_day"`
	Busiest *Day    `json:"busiest_day,omitempty"`
	Events  int     `json:"events"` // that meet one of its conditions
	Cost    Cost    `json:"cost"`
}

// Group is one group key, or the subject of single events, with its alerts.
type Group struct {
	Rule   string `json:"rule"`
	Group  string `json:"group"`
	Alerts int    `json:"alerts"`
}

// Seconds is how long it took, all rules together.
type Seconds struct {
	Reading    float64 `json:"reading"`    // reading files, decoding events, finding the rules that an event concerns
	Evaluating float64 `json:"evaluating"` // windows and alerts
}

func newReport(source *offline.Report, read int) *Report {
	r := &Report{Files: []File{}, Rules: []Rule{}, Groups: []Group{}, Broken: []string{}, Events: source.Events, Read: read, Days: 1,
		source: source, days: map[string]int{}, byRule: map[string]map[string]int{}}
	for _, f := range source.Files {
		out := File{Name: f.Name, Records: f.Records, Events: f.Events, Rejected: f.Rejected}
		if f.Err != nil {
			out.Error = f.Err.Error()
		}
		r.Files = append(r.Files, out)
	}
	if source.Events > source.Timeless {
		r.First, r.Last = &source.First, &source.Last
		r.Days = max(1, source.Last.Sub(source.First).Hours()/24)
	}
	return r
}

// Notes are for the reader of a terminal: each file with what became of it.
func (r *Report) Notes() []string { return r.source.FileSummary() }

// Check is an error where an input could not be read to its end, or none of them held an event.
func (r *Report) Check() error { return r.source.Check() }

// count fills in what was found, and by which rule.
func (r *Report) count(set *rules.Set, hits []int, found []finding, top int) {
	type key struct{ rule, group string }
	groups := map[key]int{}
	alerts := map[string]int{}
	for i := range found {
		f := &found[i]
		alerts[f.rule]++
		groups[key{f.rule, f.whom()}]++
		if d := f.day(); d != "" {
			r.days[d]++
			if r.byRule[f.rule] == nil {
				r.byRule[f.rule] = map[string]int{}
			}
			r.byRule[f.rule][d]++
		}
	}
	for i, rule := range set.Rules() {
		n := alerts[rule.Name]
		r.Rules = append(r.Rules, Rule{ID: rule.ID, Name: rule.Name, Alerts: n, PerDay: r.perDay(n), Events: hits[i],
			Busiest: busiest(r.byRule[rule.Name])})
	}
	slices.SortStableFunc(r.Rules, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(b.Alerts, a.Alerts), cmp.Compare(a.Name, b.Name))
	})
	r.Alerts, r.PerDay, r.Busiest = len(found), r.perDay(len(found)), busiest(r.days)
	for k, n := range groups {
		r.Groups = append(r.Groups, Group{Rule: k.rule, Group: k.group, Alerts: n})
	}
	slices.SortFunc(r.Groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Alerts, a.Alerts), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Group, b.Group))
	})
	r.Groups = r.Groups[:min(len(r.Groups), top)]
}

func (r *Report) perDay(n int) float64 { return math.Round(float64(n)/r.Days*1000) / 1000 }

// busiest is the day with the most alerts, the first of several; nil if there is none.
func busiest(days map[string]int) *Day {
	var found *Day
	for d, n := range days {
		if found == nil || n > found.Alerts || n == found.Alerts && d < found.Date {
			found = &Day{d, n}
		}
	}
	return found
}
