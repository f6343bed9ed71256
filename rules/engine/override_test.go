package engine

import (
	"testing"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
)

// TestOverride: title, risk and the highest severity that fits come from the event; what it lacks stays the rule's.
func TestOverride(t *testing.T) {
	level := event.MustPath("debugContext.debugData.level")
	r := rules.Rule{ID: "1", Name: "r", Title: "Rule", Meta: rules.Meta{Severity: alert.Medium, Risk: 47}, Where: is("eventType", "x"),
		Override: rules.Override{Title: event.MustPath("displayMessage"), Risk: event.MustPath("debugContext.debugData.score"),
			Severity: []rules.SeverityOverride{{Path: level, Value: "HIGH", Severity: alert.High}, {Path: level, Value: "LOW", Severity: alert.Low}}}}
	for text, want := range map[string]alert.Alert{
		`{"eventType":"x","displayMessage":"Said so","debugContext":{"debugData":{"score":90,"level":"LOW"}}}`: {Title: "Said so", RiskScore: 90, Severity: alert.Low},
		`{"eventType":"x","debugContext":{"debugData":{"score":"12","level":["LOW","HIGH"]}}}`:                 {Title: "Rule", RiskScore: 12, Severity: alert.High},
		`{"eventType":"x","displayMessage":"","debugContext":{"debugData":{"score":"101","level":"Extreme"}}}`: {Title: "Rule", RiskScore: 47, Severity: alert.Medium},
		`{"eventType":"x"}`: {Title: "Rule", RiskScore: 47, Severity: alert.Medium},
	} {
		got := feed(t, NewLocal(setOf(t, r), Options{}), text)
		if len(got) != 1 || got[0].Title != want.Title || got[0].RiskScore != want.RiskScore || got[0].Severity != want.Severity {
			t.Errorf("%s: %+v", text, got)
		}
	}
}
