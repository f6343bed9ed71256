package processor

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"

	"oktastream/rules"
	"oktastream/rules/alert"
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
	var fed [][]byte
	for i, run := range runs {
		for _, text := range run.feed {
			send(t, cl, inputTopic, 0, string(text))
		}
		fed = append(fed, run.feed...)
		edit := func(cfg *Config) { cfg.Partitions, cfg.IdleTimeout = 1, 500*time.Millisecond }
		runRules(t, c, set, edit, fmt.Sprintf("run %d handles what has come", i), func(p *process) bool {
			return metricValue(t, p, "oktastream_task_watermark_timestamp_seconds") >= float64(at.Add(run.until).Unix()) && lag(t, adm, "g", inputTopic) == 0
		})
		if as := alertsOut(t, c); len(as) != run.want {
			t.Fatalf("run %d: %d alerts, want %d: %v", i, len(as), run.want, as)
		}
	}
	said := func(as []alert.Alert) (out []string) {
		for _, a := range as {
			out = append(out, fmt.Sprint(a.Group, a.Details["history_since"], a.Episode))
		}
		slices.Sort(out)
		return out
	}
	if diff := cmp.Diff(said(localAlerts(t, set, fed)), said(alertsOut(t, c))); diff != "" {
		t.Error(diff)
	}
}
