package rules

import (
	"reflect"
	"strings"
	"testing"

	"oktastream/rules/event"
)

// A condition on an alert may name what the engine says of it, and nothing else.
func TestAlertNamesAreKnown(t *testing.T) {
	members := reflect.TypeFor[AlertMember]()
	for i := range members.NumField() {
		name, _, _ := strings.Cut(members.Field(i).Tag.Get("json"), ",")
		if known, _ := event.KnownPath(event.MustPath("alert." + name)); !known {
			t.Errorf("alert.%s is not known", name)
		}
	}
	for path, near := range map[string]string{"alert.rulee": "alert.rule", "alert.risk_scor": "alert.risk_score", "alert.sevrity": "alert.severity", "alert.nothing": ""} {
		if known, got := event.KnownPath(event.MustPath(path)); known || got != near {
			t.Errorf("%s: known %v, suggestion %q, want %q", path, known, got, near)
		}
	}
	for _, path := range []string{`alert.group["actor.alternateId"]`, "kibana.alert.rule.name", "signal.rule.threat.tactic.name"} {
		if known, _ := event.KnownPath(event.MustPath(path)); !known {
			t.Errorf("%s is not known", path)
		}
	}
}
