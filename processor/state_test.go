package processor

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// startEngine runs the real engine with one partition.
func startEngine(t testing.TB, c *kfake.Cluster, set *rules.Set, budget int) *process {
	t.Helper()
	n := newNetwork()
	cfg := testConfig(t, c, n)
	cfg.Partitions, cfg.StateBudget, cfg.CommitInterval = 1, budget, 100*time.Millisecond
	p, err := New(cfg, set)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	run := &process{Processor: p, net: n, cancel: cancel, done: make(chan error, 1)}
	go func() { run.done <- p.Run(ctx) }()
	t.Cleanup(cancel)
	return run
}

// publish produces one event for each key, a millisecond apart, ending at the time.
func publishKeys(t testing.TB, cl *kgo.Client, eventType, run string, keys int, from int, at time.Time) {
	t.Helper()
	var rs []*kgo.Record
	for i := range keys {
		rs = append(rs, &kgo.Record{Topic: inputTopic, Partition: 0, Value: fmt.Appendf(nil,
			`{"uuid":"%s-%d","published":%q,"eventType":%q,"actor":{"alternateId":"key%d@example.com","type":"User"}}`,
			run, from+i, at.Add(time.Duration(i-keys)*time.Millisecond).Format(time.RFC3339Nano), eventType, from+i)})
	}
	if err := cl.ProduceSync(context.Background(), rs...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// alertCounts returns how many alerts of each kind and rule are out.
func alertCounts(t testing.TB, c *kfake.Cluster) map[string]int {
	counts := map[string]int{}
	for _, r := range readAll(t, c, "okta.alerts") {
		var a alert.Alert
		if err := json.Unmarshal(r.Value, &a); err != nil {
			t.Fatal(err)
		}
		counts[a.Kind+" "+a.Rule.ID]++
	}
	return counts
}

// A new process restores the windows of the old one, tells meanwhile how far it is, and goes on where that ended. The
// same with a million windows is `go run ./integration/bench/openwindows live-state`.
func TestPipelineRestoresManyWindows(t *testing.T) {
	t.Parallel()
	const windows = 15_000
	c, cl := newInput(t, 1)
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	set := twoRules(t)
	publishKeys(t, cl, "user.session.start", "a", windows, 0, at)
	publishKeys(t, cl, "user.session.start", "b", 100, 50, at.Add(time.Second))
	first := startEngine(t, c, set, 0)
	var bytes float64
	eventually(t, 60*time.Second, "the windows are open", func() bool {
		before := bytes
		bytes = metricValue(t, first, "oktastream_state_bytes")
		time.Sleep(300 * time.Millisecond)
		return metricValue(t, first, "oktastream_window_keys") == windows && bytes == before
	})
	first.stop(t)

	second := startEngine(t, c, set, 0)
	between := 0
	for deadline := time.Now().Add(60 * time.Second); ; {
		r := second.Readiness()
		if len(r.Tasks) == 1 && !r.Tasks[0].Restored && r.Tasks[0].Done > 0 && r.Tasks[0].Done < r.Tasks[0].Total {
			between++
		}
		if r.Ready {
			break
		}
		time.Sleep(time.Millisecond)
		if time.Now().After(deadline) {
			t.Fatalf("not ready: %+v", r)
		}
	}
	if between == 0 {
		t.Error("the restore showed no progress")
	}
	publishKeys(t, cl, "user.session.start", "c", 100, 50, at.Add(2*time.Second))
	eventually(t, 30*time.Second, "the third failures fire", func() bool { return alertCounts(t, c)["detection failures"] == 100 })
	if n := metricValue(t, second, "oktastream_window_keys"); n != windows {
		t.Errorf("%v windows, there were %d", n, windows)
	}
	second.stop(t)
}

// A flood of group keys of one rule: the task stays within its budget, says which rule lost windows, and the windows of
// another rule complete as if nothing had happened, over a restart.
func TestPipelineFlood(t *testing.T) {
	t.Parallel()
	const budget = 100_000
	c, cl := newInput(t, 1)
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	list := append([]rules.Rule(nil), twoRules(t).Rules()...)
	list = append(list, rules.Rule{ID: "flooded", Name: "flooded", Title: "Flooded", Language: "okta", Meta: list[0].Meta, Stateful: &rules.Stateful{
		Inputs: []rules.Input{{Name: "any", Group: []event.Path{event.MustPath("actor.alternateId")},
			Where: &match.Pred{Path: event.MustPath("eventType"), Op: match.Equal, Literals: []string{"user.authentication.sso"}}}},
		GroupBy: []string{"actor.alternateId"},
		Window: window.Spec{Kind: window.Count, Length: 24 * time.Hour, Lateness: 5 * time.Minute, Quiet: 24 * time.Hour,
			Episode: 48 * time.Hour, Threshold: 3},
	}})
	set, problems := rules.NewSet(list)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	publishKeys(t, cl, "user.session.start", "a", 50, 0, at)
	publishKeys(t, cl, "user.session.start", "b", 50, 0, at.Add(time.Second))
	publishKeys(t, cl, "user.authentication.sso", "flood", 3000, 0, at.Add(10*time.Second))
	p := startEngine(t, c, set, budget)
	eventually(t, 60*time.Second, "windows are given up", func() bool { return metricValue(t, p, "oktastream_window_evictions_total") > 2000 })
	p.stop(t)
	p = startEngine(t, c, set, budget)
	publishKeys(t, cl, "user.session.start", "c", 50, 0, at.Add(11*time.Second))
	eventually(t, 30*time.Second, "the quiet rule fires", func() bool { return alertCounts(t, c)["detection failures"] == 50 })
	got := alertCounts(t, c)
	if got["operator flooded"] != 1 || got["operator failures"] != 0 {
		t.Errorf("alerts %v", got)
	}
	if n := metricValue(t, p, "oktastream_state_bytes"); n > budget || n < budget/2 {
		t.Errorf("%v bytes are held", n)
	}
	p.stop(t)
}
