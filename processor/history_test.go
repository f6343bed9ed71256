package processor

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// TestFirstSeenAcrossRestarts: what a rule has seen before a restart is not new after it, the instant from which its
// history counts stays, and nothing is announced twice.
func TestFirstSeenAcrossRestarts(t *testing.T) {
	t.Parallel()
	set, problems := rules.NewSet([]rules.Rule{{ID: "new", Name: "new", Title: "New actor", Stateful: &rules.Stateful{GroupBy: []string{"actor"},
		Window: window.Spec{Kind: window.FirstSeen, Length: time.Hour, Lateness: 5 * time.Minute, Quiet: time.Hour, Episode: window.Unending},
		Inputs: []rules.Input{{Name: "sign-in", Where: &match.Pred{Path: event.MustPath("eventType"), Op: match.Equal, Literals: []string{"user.session.start"}},
			Group: []event.Path{event.MustPath("actor.alternateId")}}}}}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	n := 0
	signIn := func(after time.Duration, who string) []byte {
		n++
		return fmt.Appendf(nil, `{"uuid":"u%d","published":%q,"eventType":"user.session.start","actor":{"alternateId":%q}}`, n, at.Add(after).Format(time.RFC3339Nano), who)
	}
	// clock moves time on without a sign-in.
	clock := func(after time.Duration) []byte {
		n++
		return fmt.Appendf(nil, `{"uuid":"u%d","published":%q,"eventType":"noise","actor":{"alternateId":"clock"}}`, n, at.Add(after).Format(time.RFC3339Nano))
	}
	const m = time.Minute
	runs := []struct {
		feed  [][]byte
		until time.Duration // the clock at its end
		want  int           // alerts, of this run and those before
	}{
		{[][]byte{clock(0)}, 0, 0}, // the history counts from here: of a batch only the last instant would be the clock
		{[][]byte{signIn(m, "ada"), signIn(50*m, "bob"), clock(60 * m)}, 60 * m, 0},      // the first history
		{[][]byte{signIn(70*m, "ada"), signIn(71*m, "bob"), clock(90 * m)}, 90 * m, 1},   // ada was last seen 69 minutes ago
		{[][]byte{signIn(95*m, "ada"), signIn(96*m, "cyd"), clock(120 * m)}, 120 * m, 2}, // ada was announced, cyd never seen
		{[][]byte{signIn(125*m, "cyd"), signIn(126*m, "bob"), clock(150 * m)}, 150 * m, 2},
	}
	c := newCluster(t)
	createInput(t, c, 1)
	cl := newClient(t, c)
	adm := kadm.NewClient(cl)
	published := func() (as []alert.Alert) {
		for _, r := range readAll(t, c, "okta.alerts") {
			var a alert.Alert
			if err := json.Unmarshal(r.Value, &a); err != nil {
				t.Fatal(err)
			}
			as = append(as, a)
		}
		return as
	}
	for i, run := range runs {
		for _, text := range run.feed {
			if err := cl.ProduceSync(context.Background(), &kgo.Record{Topic: inputTopic, Value: text}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		cfg := testConfig(t, c, newNetwork())
		cfg.Partitions, cfg.IdleTimeout = 1, 500*time.Millisecond
		p, err := New(cfg, set)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- p.Run(ctx) }()
		process := &process{Processor: p}
		eventually(t, 20*time.Second, fmt.Sprintf("run %d handles what has come", i), func() bool {
			return metricValue(t, process, "oktastream_task_watermark_timestamp_seconds") >= float64(at.Add(run.until).Unix()) && lag(t, adm, "g", inputTopic) == 0
		})
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if as := published(); len(as) != run.want {
			t.Fatalf("run %d: %d alerts, want %d: %v", i, len(as), run.want, as)
		}
	}
	local := engine.NewLocal(set, engine.Options{})
	d := local.NewDecoder()
	var want engine.Output
	for _, run := range runs {
		for _, text := range run.feed {
			ev, err := d.Decode(text, event.Meta{})
			if err != nil {
				t.Fatal(err)
			}
			if err := local.Process(ev, &want); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := local.Close(&want); err != nil {
		t.Fatal(err)
	}
	said := func(as []alert.Alert) (out []string) {
		for _, a := range as {
			out = append(out, fmt.Sprint(a.Group, a.Details["history_since"], a.Episode))
		}
		slices.Sort(out)
		return out
	}
	if diff := cmp.Diff(said(want.Alerts), said(published())); diff != "" {
		t.Error(diff)
	}
}
