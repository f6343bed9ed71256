package rules_test

import (
	"testing"
	"time"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// Windows belong to what a rule means: those of a rule that reads users by name start afresh when the name means something
// else, all others stay.
func TestNamingIsPartOfStateIdentity(t *testing.T) {
	spec := window.Spec{Kind: window.Count, Threshold: 2, Length: time.Minute, Quiet: time.Minute, Episode: time.Hour}
	stateful := func(name, group string) rules.Rule {
		return rules.Rule{ID: name, Name: name, Stateful: &rules.Stateful{GroupBy: []string{"who"}, Window: spec, Inputs: []rules.Input{
			{Name: "any", Where: &match.Pred{Path: event.MustPath("eventType"), Op: match.Exists}, Group: []event.Path{event.MustPath(group)}}}}}
	}
	for group, same := range map[string]bool{"user.name": false, "related.user": false, "user.name or actor.id": false, "actor.alternateId": true, "user.email": true} {
		set, diags := rules.NewSet([]rules.Rule{stateful("r", group)})
		if len(diags) > 0 {
			t.Fatal(diags)
		}
		older := set.Named(event.ByAccount)
		if (older.StateID(0) == set.StateID(0)) != same || (older.Fingerprint() == set.Fingerprint()) != same {
			t.Errorf("%s: same state %v, same fingerprint %v", group, older.StateID(0) == set.StateID(0), older.Fingerprint() == set.Fingerprint())
		}
		if back := older.Named(event.ByAddress); back.StateID(0) != set.StateID(0) || back.Fingerprint() != set.Fingerprint() {
			t.Errorf("%s: there and back is another set", group)
		}
		if like := set.Like(older); like.StateID(0) != older.StateID(0) || like.Fingerprint() != older.Fingerprint() {
			t.Errorf("%s: not like the other", group)
		}
	}
	single, _ := rules.NewSet([]rules.Rule{{ID: "s", Name: "s", Where: &match.Pred{Path: event.MustPath("user.name"), Op: match.Exists}}})
	if single.Fingerprint() == single.Named(event.ByAccount).Fingerprint() {
		t.Error("a rule on single events that reads users by name: same fingerprint")
	}
}
