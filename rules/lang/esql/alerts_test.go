package esql_test

import (
	"fmt"
	"testing"
	"time"

	"oktastream/rules"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/lang/esql"
)

// Alerts and events in one query: a sign-in after failures that another rule has alerted.
func TestAlertsAndEvents(t *testing.T) {
	feeder := compile(t, from+`| WHERE event.action == "fail" | STATS n = COUNT(*) BY okta.actor.alternate_id | WHERE n >= 3`, esql.Options{From: 10 * minute, Interval: 5 * minute})
	feeder.ID, feeder.Name = "f", "feeder"
	query := `FROM .alerts-security.*, logs-okta.system-*
		| WHERE kibana.alert.rule.rule_id IN ("f", "g") OR (event.action == "login" AND okta.outcome.result == "SUCCESS")
		| EVAL x.user = COALESCE(okta.actor.alternate_id, user.name), x.attack = CASE(kibana.alert.rule.rule_id IN ("f", "g"), @timestamp, null), x.login = CASE(okta.outcome.result == "SUCCESS", @timestamp, null)
		| WHERE x.user IS NOT NULL
		| STATS x.attacks = COUNT(x.attack), x.logins = COUNT(x.login), x.last = MAX(x.attack), x.first = MIN(x.login) BY x.user
		| EVAL x.minutes = DATE_DIFF("minute", x.last, x.first)
		| WHERE x.attacks > 0 AND x.logins > 0 AND x.last < x.first AND x.minutes <= 180`
	joined := compile(t, query, esql.Options{From: 6 * time.Hour, Interval: 30 * minute})
	if in := joined.Stateful.Inputs[0]; in.Alerts != rules.EventsAndAlerts {
		t.Fatalf("alerts %v", in.Alerts)
	}
	set, diags := rules.NewSet([]rules.Rule{feeder, joined})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	run := func(login time.Duration) []string {
		l := engine.NewLocal(set, engine.Options{})
		d := l.NewDecoder()
		var out engine.Output
		feed := func(i int, at time.Duration, fields string) {
			raw := fmt.Sprintf(`{"uuid":"e%d","published":"%s","actor":{"alternateId":"ada"},%s}`, i, start.Add(at).Format(time.RFC3339), fields)
			ev, err := d.Decode([]byte(raw), event.Meta{})
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Process(ev, &out); err != nil {
				t.Fatal(err)
			}
		}
		if login < 0 {
			feed(9, 0, `"eventType":"login","outcome":{"result":"SUCCESS"}`)
		}
		for i := range 3 {
			feed(i, time.Duration(1+i)*minute, `"eventType":"fail","outcome":{"result":"FAILURE"}`)
		}
		if login > 0 {
			feed(9, login, `"eventType":"login","outcome":{"result":"SUCCESS"}`)
		}
		if err := l.Close(&out); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, a := range out.Alerts {
			if a.Kind != "operator" {
				names = append(names, a.Rule.Name)
			}
		}
		return names
	}
	for login, want := range map[time.Duration]string{20 * minute: "[feeder rule]", 4 * time.Hour: "[feeder]", -1: "[feeder]"} {
		if got := fmt.Sprint(run(login)); got != want {
			t.Errorf("a login at %s: alerts of %s, want %s", login, got, want)
		}
	}
}
