package processor

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// A rule over the alerts of rules on single events goes on where the process before it ended: the first alert is the one's,
// the second the other's, and an alert that is raised again because its event comes again counts once.
func TestAlertsAsInputRestart(t *testing.T) {
	t.Parallel()
	c, cl := newInput(t, 2)
	is := func(path string, value string) match.Expr {
		return &match.Pred{Path: event.MustPath(path), Op: match.Equal, Literals: []string{value}}
	}
	user := []event.Path{event.MustPath("user.name")}
	meta := rules.Meta{Severity: alert.Medium, Risk: 47, Kind: "detection"}
	set, problems := rules.NewSet([]rules.Rule{
		{ID: "proxy", Name: "proxy", Title: "Proxy", Meta: meta, Where: is("eventType", "user.session.start")},
		{ID: "token", Name: "token", Title: "Token", Meta: meta, Where: is("eventType", "system.api_token.create")},
		{ID: "over", Name: "over", Title: "Over", Meta: meta, Stateful: &rules.Stateful{GroupBy: []string{"user.name"},
			Window: window.Spec{Kind: window.Sequence, Steps: 2, Plan: []window.Step{{Runs: 2}, {}}, Length: time.Hour, Lateness: 5 * time.Minute,
				Quiet: time.Hour, Episode: 24 * time.Hour},
			Inputs: []rules.Input{
				{Name: "first", Alerts: rules.OnlyAlerts, Where: is("kibana.alert.rule.rule_id", "proxy"), Group: user},
				{Name: "then", Alerts: rules.OnlyAlerts, Where: match.Not{X: is("kibana.alert.rule.rule_id", "proxy")}, Group: user},
			}}},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	publish := func(partition int32, id, eventType string, after time.Duration) {
		t.Helper()
		value := fmt.Appendf(nil, `{"uuid":%q,"published":%q,"eventType":%q,"actor":{"alternateId":"eve@example.com","type":"User"}}`,
			id, at.Add(after).Format(time.RFC3339Nano), eventType)
		if err := cl.ProduceSync(context.Background(), &kgo.Record{Topic: inputTopic, Partition: partition, Value: value}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	fired := func() map[string]int {
		ids := map[string]map[string]bool{}
		for _, a := range alertsOut(t, c) {
			if ids[a.Rule.ID] == nil {
				ids[a.Rule.ID] = map[string]bool{}
			}
			ids[a.Rule.ID][a.ID] = true
		}
		n := map[string]int{}
		for id, s := range ids {
			n[id] = len(s)
		}
		return n
	}
	run := func(want map[string]int) {
		t.Helper()
		runRules(t, c, set, nil, "the alerts", func(*process) bool {
			if !cmp.Equal(want, fired()) {
				return false
			}
			time.Sleep(300 * time.Millisecond) // for what comes too many
			return true
		})
		if diff := cmp.Diff(want, fired()); diff != "" {
			t.Error(diff)
		}
	}
	publish(0, "1", "user.session.start", 0)
	run(map[string]int{"proxy": 1})
	publish(1, "1", "user.session.start", 0) // again: one alert, one observation
	publish(1, "2", "system.api_token.create", 3*time.Minute)
	run(map[string]int{"proxy": 1, "token": 1})
	publish(0, "3", "user.session.start", 2*time.Minute) // late, and between the two
	run(map[string]int{"proxy": 2, "token": 1, "over": 1})
}
