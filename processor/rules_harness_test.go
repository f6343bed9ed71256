package processor

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/rules/event"
)

// runRules runs a process with the rules until what it is to do has happened, and ends it in order.
func runRules(t testing.TB, c *kfake.Cluster, set *rules.Set, edit func(*Config), what string, until func(*process) bool) {
	t.Helper()
	cfg := testConfig(t, c, newNetwork())
	if edit != nil {
		edit(&cfg)
	}
	p, err := New(cfg, set)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	eventually(t, 30*time.Second, what, func() bool { return until(&process{Processor: p}) })
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// alertsOut are the committed alerts. A record whose key is not its alert's id is an error.
func alertsOut(t testing.TB, c *kfake.Cluster) (as []alert.Alert) {
	t.Helper()
	for _, r := range readAll(t, c, "okta.alerts") {
		var a alert.Alert
		if err := json.Unmarshal(r.Value, &a); err != nil {
			t.Fatal(err)
		}
		if string(r.Key) != a.ID {
			t.Errorf("key %s, alert %s", r.Key, r.Value)
		}
		as = append(as, a)
	}
	return as
}

// localAlerts are the alerts that the rules give for the events without Kafka.
func localAlerts(t testing.TB, set *rules.Set, events [][]byte) []alert.Alert {
	t.Helper()
	local := engine.NewLocal(set, engine.Options{})
	d := local.NewDecoder()
	var out engine.Output
	for _, text := range events {
		ev, err := d.Decode(text, event.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		if err := local.Process(ev, &out); err != nil {
			t.Fatal(err)
		}
	}
	if err := local.Close(&out); err != nil {
		t.Fatal(err)
	}
	return out.Alerts
}
