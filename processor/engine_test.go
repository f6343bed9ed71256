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

// twoRules are a stateless one and a count of three failures of an actor within ten minutes.
func twoRules(t testing.TB) *rules.Set {
	t.Helper()
	is := func(eventType string) match.Expr {
		return &match.Pred{Path: event.MustPath("eventType"), Op: match.Equal, Literals: []string{eventType}}
	}
	meta := rules.Meta{Severity: alert.Medium, Risk: 47, Kind: "detection"}
	set, problems := rules.NewSet([]rules.Rule{
		{ID: "token", Name: "token", Title: "Token", Language: "okta", Meta: meta, Where: is("system.api_token.create")},
		{ID: "failures", Name: "failures", Title: "Failures", Language: "okta", Meta: meta, Stateful: &rules.Stateful{
			Inputs:  []rules.Input{{Name: "failure", Where: is("user.session.start"), Group: []event.Path{event.MustPath("actor.alternateId")}}},
			GroupBy: []string{"actor.alternateId"},
			Window: window.Spec{Kind: window.Count, Length: 10 * time.Minute, Lateness: 5 * time.Minute, Quiet: 10 * time.Minute,
				Episode: 24 * time.Hour, Threshold: 3},
		}},
	})
	for _, p := range problems {
		t.Log(p)
	}
	if set == nil {
		t.Fatal("no rule set")
	}
	return set
}

// The real engine, two workers a stage, a restart in the middle of a window, and sources that fall silent.
func TestRunWithEngine(t *testing.T) {
	t.Parallel()
	c, cl := newInput(t, 2)
	set := twoRules(t)
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	publish := func(partition int32, id, eventType, actor string, after time.Duration) {
		t.Helper()
		value := fmt.Appendf(nil, `{"uuid":%q,"published":%q,"eventType":%q,"actor":{"alternateId":%q,"type":"User"}}`,
			id, at.Add(after).Format(time.RFC3339Nano), eventType, actor)
		if err := cl.ProduceSync(context.Background(), &kgo.Record{Topic: inputTopic, Partition: partition, Value: value}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	run := func(until func(*process) bool) {
		t.Helper()
		edit := func(cfg *Config) {
			cfg.Workers, cfg.IdleTimeout, cfg.Org, cfg.HTTP = 2, 500*time.Millisecond, "example", "127.0.0.1:0"
		}
		runRules(t, c, set, edit, "what is to happen", until)
	}
	fired := func() []string {
		var out []string
		for _, a := range alertsOut(t, c) {
			if a.Created == nil || a.Org != "example" {
				t.Errorf("%+v", a)
			}
			who := ""
			if len(a.Group) > 0 {
				who = a.Group[0].Value
			}
			out = append(out, fmt.Sprint(a.Rule.ID, " ", who, " ", a.Count))
		}
		return sorted(out, func(s string) string { return s })
	}
	publish(0, "1", "user.session.start", "eve@example.com", 0)
	publish(1, "2", "user.session.start", "eve@example.com", time.Minute)
	publish(0, "3", "system.api_token.create", "mallory@example.com", 2*time.Minute)
	// Until both input partitions are idle: their clocks then go on by themselves.
	clock := func(p *process) float64 { return metricValue(t, p, "oktastream_task_watermark_timestamp_seconds") }
	run(func(p *process) bool { return len(fired()) == 1 && clock(p) >= 4*float64(at.Unix()) })
	if diff := cmp.Diff([]string{"token  1"}, fired()); diff != "" {
		t.Error(diff)
	}
	publish(1, "2", "user.session.start", "eve@example.com", time.Minute) // again
	publish(1, "4", "user.session.start", "eve@example.com", 3*time.Minute)
	run(func(*process) bool { return len(fired()) == 2 })
	if diff := cmp.Diff([]string{"failures eve@example.com 3", "token  1"}, fired()); diff != "" {
		t.Error(diff)
	}
}
