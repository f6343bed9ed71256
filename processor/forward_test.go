package processor

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// chainRules count failures of an actor, and look for a token made from the address of the last one: the alert of one
// partition has to meet events of another.
func chainRules(t testing.TB) *rules.Set {
	t.Helper()
	is := func(eventType string) match.Expr {
		return &match.Pred{Path: event.MustPath("eventType"), Op: match.Equal, Literals: []string{eventType}}
	}
	spec := func(k window.Kind) window.Spec {
		return window.Spec{Kind: k, Length: 10 * time.Minute, Lateness: 5 * time.Minute, Quiet: 10 * time.Minute, Episode: 24 * time.Hour}
	}
	count, chain := spec(window.Count), spec(window.Sequence)
	count.Threshold, chain.Steps = 3, 2
	ip := []event.Path{event.MustPath("client.ipAddress")}
	set, problems := rules.NewSet([]rules.Rule{
		{ID: "failures", Name: "failures", Title: "Failures", Stateful: &rules.Stateful{GroupBy: []string{"actor"}, Window: count,
			Inputs: []rules.Input{{Name: "failure", Where: is("user.session.start"), Group: []event.Path{event.MustPath("actor.alternateId")}}}}},
		{ID: "chain", Name: "chain", Title: "Chain", Stateful: &rules.Stateful{GroupBy: []string{"ip"}, Window: chain,
			Inputs: []rules.Input{
				{Name: "failures", From: "failures", Where: match.Const(true), Group: ip},
				{Name: "token", Where: is("system.api_token.create"), Group: ip},
			}}},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return set
}

// TestChainAcrossTasks: alerts that other rules observe travel between partitions exactly once, also over restarts, and
// the windows of those rules close when the tasks below have moved on.
func TestChainAcrossTasks(t *testing.T) {
	t.Parallel()
	const actors = 8
	set := chainRules(t)
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	type sent struct {
		partition int32
		json      []byte
	}
	var feed [2][]sent
	add := func(run, n int, eventType string, actor int, after time.Duration) {
		feed[run] = append(feed[run], sent{int32(n % 2), fmt.Appendf(nil, `{"uuid":"u%d-%d-%s","published":%q,"eventType":%q,"actor":{"alternateId":"a%d@x.example"},"client":{"ipAddress":"192.0.2.%d"}}`,
			actor, n, eventType, at.Add(after+time.Duration(actor)*time.Second).Format(time.RFC3339Nano), eventType, actor, actor)})
	}
	for a := range actors {
		for n := range 3 {
			add(n/2, n, "user.session.start", a, time.Duration(n)*time.Minute) // the third comes after the restart
		}
		if a%2 == 0 {
			add(1, 3, "system.api_token.create", a, 4*time.Minute)
		}
	}
	// Time goes on, so that everything closes.
	for n := range 2 {
		add(1, n, "noise", 0, time.Hour)
	}

	c, cl := newInput(t, 2)
	keys := func(as []alert.Alert) (ids []string) {
		for _, a := range as {
			ids = append(ids, fmt.Sprint(a.Rule.Name, " ", a.Group)) // which event completes a group depends on the order
		}
		slices.Sort(ids)
		return ids
	}
	var fed [][]byte
	for i, part := range feed {
		for _, s := range part {
			send(t, cl, inputTopic, s.partition, string(s.json))
			fed = append(fed, s.json)
		}
		edit := func(cfg *Config) { cfg.Workers, cfg.IdleTimeout = 2, 500*time.Millisecond }
		runRules(t, c, set, edit, "alerts and windows as expected", func(p *process) bool {
			windows := metricValue(t, p, "oktastream_window_keys")
			if i == 0 {
				return windows == actors
			}
			return len(alertsOut(t, c)) == actors+actors/2 && windows == 0
		})
	}
	if diff := cmp.Diff(keys(localAlerts(t, set, fed)), keys(alertsOut(t, c))); diff != "" {
		t.Error(diff)
	}
}
