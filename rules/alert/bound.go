package alert

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// MinBytes is the smallest cap that Bound keeps.
const MinBytes = 8 << 10

// Bound cuts a until Marshal(a) is at most maxBytes long, a smaller maxBytes being taken for MinBytes. What an analyst
// can find elsewhere goes first: the raw events of the evidence, then the values, then the event ids; texts and context
// are touched only when that was not enough. Whatever is cut is named in Notes, and Evidence.Truncated is set.
// The same alert is always cut in the same way. Slices and maps that a shares with others are not written to.
func Bound(a *Alert, maxBytes int) {
	maxBytes = max(maxBytes, MinBytes)
	if fits(a, maxBytes) {
		return
	}
	a.Evidence.Truncated = true
	a.Evidence.Events = slices.Clone(a.Evidence.Events)
	a.Distinct = slices.Clone(a.Distinct)
	for _, c := range cuts {
		note := "Cut to keep the record small: " + c.what + "."
		for c.step(a) {
			if n := len(a.Notes); n == 0 || a.Notes[n-1] != note {
				a.Notes = append(slices.Clip(a.Notes), note)
			}
			if fits(a, maxBytes) {
				return
			}
		}
	}
	cutToFinding(a)
}

// cuts are what Bound does, in order. A step cuts a little more and reports whether it found something to cut.
var cuts = []struct {
	what string
	step func(*Alert) bool
}{
	{"raw events of the evidence", cutRaw},
	{"counted values", cutValues},
	{"event ids of the evidence", cutIDs},
	{"details", cutDetails},
	{"long texts", cutTexts},
}

// fits also holds for an alert that cannot be written at all, so that the error shows where it is written.
func fits(a *Alert, maxBytes int) bool {
	b, err := Marshal(a)
	return err != nil || len(b) <= maxBytes
}

// cutRaw takes one event's raw text, from the middle of the evidence outwards; the last event, which normally completed
// the condition, comes last.
func cutRaw(a *Alert) bool {
	es := a.Evidence.Events
	best, rank := -1, -1
	for i := range es {
		if r := min(2*i+1, 2*(len(es)-1-i)); len(es[i].Raw) > 0 && r > rank {
			best, rank = i, r
		}
	}
	if best < 0 {
		return false
	}
	es[best].Raw = nil
	return true
}

func cutValues(a *Alert) bool {
	for i := range a.Evidence.Events {
		if e := &a.Evidence.Events[i]; len(e.Values) > 0 {
			e.Values = nil
			return true
		}
	}
	longest := -1
	for i, d := range a.Distinct {
		if len(d.Values) > 0 && (longest < 0 || len(d.Values) > len(a.Distinct[longest].Values)) {
			longest = i
		}
	}
	if longest < 0 {
		return false
	}
	d := &a.Distinct[longest]
	d.Values = d.Values[:len(d.Values)/2]
	d.Truncated = true
	return true
}

func cutIDs(a *Alert) bool {
	if len(a.Evidence.EventIDs) == 0 {
		return false
	}
	a.Evidence.EventIDs = a.Evidence.EventIDs[:len(a.Evidence.EventIDs)/2]
	return true
}

func cutDetails(a *Alert) bool {
	if len(a.Details) == 0 {
		return false
	}
	a.Details = nil
	return true
}

// longText is what a text that an event or an author wrote may come to.
const longText = 512

func cutTexts(a *Alert) bool {
	found := false
	cut := func(s *string) {
		if c := clip(*s, longText); c != *s {
			*s, found = c, true
		}
	}
	cut(&a.Reason)
	cut(&a.Title)
	cut(&a.Description)
	cut(&a.Triage)
	if a.Client != nil && len(a.Client.UserAgent) > longText {
		c := *a.Client
		cut(&c.UserAgent)
		a.Client = &c
	}
	if a.Okta != nil {
		o := *a.Okta
		for _, s := range []*string{&o.DisplayMessage, &o.Risk, &o.Behaviors, &o.RequestURI, &o.LogOnlySecurity} {
			cut(s)
		}
		a.Okta = &o
	}
	if a.Source != nil && len(a.Source.Chain) > MaxValues {
		s := *a.Source
		s.Chain = s.Chain[:MaxValues]
		a.Source, found = &s, true
	}
	if len(a.Targets) > MaxValues {
		a.Targets, found = a.Targets[:MaxValues], true
	}
	return found
}

// shortText is what a text may come to in an alert that is cut to the finding.
const shortText = 64

// cutToFinding leaves what identifies the finding.
func cutToFinding(a *Alert) {
	group := slices.Clone(a.Group[:min(len(a.Group), 8)])
	for i := range group {
		group[i] = Field{clip(group[i].Name, shortText), clip(group[i].Value, shortText)}
	}
	*a = Alert{
		Schema: a.Schema, ID: a.ID, Revision: a.Revision, Status: a.Status, Kind: a.Kind,
		Created: a.Created, Time: a.Time, Org: clip(a.Org, shortText),
		Rule: Rule{
			ID: clip(a.Rule.ID, shortText), Name: clip(a.Rule.Name, shortText), Title: clip(a.Rule.Title, shortText),
			Kind: a.Rule.Kind, Language: a.Rule.Language,
		},
		Severity: a.Severity, RiskScore: a.RiskScore,
		Title: clip(a.Title, shortText), Reason: clip(a.Reason, shortText),
		Group: group, Count: a.Count, FirstSeen: a.FirstSeen, LastSeen: a.LastSeen,
		Window: a.Window, Episode: a.Episode,
		Evidence: Evidence{Total: a.Evidence.Total, Truncated: true},
		Notes:    []string{"Cut to the finding itself to keep the record small."},
		Engine:   Engine{Version: clip(a.Engine.Version, shortText), RuleSet: clip(a.Engine.RuleSet, shortText)},
	}
}

// clip shortens s to at most n bytes, an ellipsis included, without breaking a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n -= len("…")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.Clone(s[:n]) + "…"
}
