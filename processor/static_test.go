package processor

import (
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

func static(id, instance string) func(*Config) {
	return func(c *Config) { c.StaticID, c.Instance = id, instance }
}

// Of two processes with one group.instance.id the one that joined first is the one to end: were it to join again, it would
// throw out the other, which would do the same.
func TestStaticFenced(t *testing.T) {
	t.Parallel()
	c, cl := newInput(t, 2)
	adm := kadm.NewClient(cl)
	first := start(t, c, counting(), static("pod", "old"))
	feed(t, cl, 0, 100, 7, 2)
	wantExactly(t, c, adm, 100, 7, 20*time.Second)
	second := start(t, c, counting(), static("pod", "new"))
	select {
	case err := <-first.done:
		if err == nil || !strings.Contains(err.Error(), "group.instance.id") {
			t.Errorf("the first ended with %v; want an error about group.instance.id", err)
		}
	case <-time.After(15 * time.Second):
		t.Error("the first goes on")
		first.stop(t)
	}
	feed(t, cl, 100, 100, 7, 2)
	wantExactly(t, c, adm, 200, 7, 20*time.Second)
	second.stop(t)
}

// The older process may learn from its transaction that it has been replaced, before its membership tells it: here the
// group asks for a heartbeat only every few seconds.
func TestStaticFencedByTransaction(t *testing.T) {
	t.Parallel()
	c, cl := newInput(t, 2)
	adm := kadm.NewClient(cl)
	rarely := func(cfg *Config) {
		static("pod", "pod")(cfg)
		cfg.SessionTimeout, cfg.HeartbeatInterval, cfg.TransactionTimeout = 30*time.Second, 25*time.Second, time.Minute
	}
	first := start(t, c, counting(), rarely)
	feed(t, cl, 0, 100, 7, 2)
	wantExactly(t, c, adm, 100, 7, 20*time.Second)
	second := start(t, c, counting(), rarely)
	ended := time.After(15 * time.Second)
	fed := 100
	for running := true; running; {
		feed(t, cl, fed, 10, 7, 2)
		fed += 10
		select {
		case err := <-first.done:
			if err == nil || !strings.Contains(err.Error(), "group.instance.id") || !strings.Contains(err.Error(), "before that") {
				t.Errorf("the first ended with %v; want an error about its transaction and group.instance.id", err)
			}
			running = false
		case <-time.After(50 * time.Millisecond):
		case <-ended:
			t.Error("the first goes on")
			first.stop(t)
			running = false
		}
	}
	wantExactly(t, c, adm, fed, 7, 20*time.Second)
	second.stop(t)
}

// A static member that comes back within the session time-out finds what it had, and nobody else is disturbed.
func TestStaticRestart(t *testing.T) {
	t.Parallel()
	c, cl := newInput(t, 4)
	adm := kadm.NewClient(cl)
	stays := start(t, c, counting(), static("stays", "stays"))
	goes := start(t, c, counting(), static("goes", "goes"))
	feed(t, cl, 0, 400, 7, 4)
	wantExactly(t, c, adm, 400, 7, 30*time.Second)
	both := func() bool { return stays.Readiness().Ready && goes.Readiness().Ready }
	eventually(t, 20*time.Second, "both have partitions", both)
	before := metricValue(t, stays, "oktastream_rebalances_total")
	for i := range 2 {
		if i == 0 {
			goes.stop(t)
		} else {
			goes.kill(t)
		}
		goes = start(t, c, counting(), static("goes", "goes"))
		feed(t, cl, 400+100*i, 100, 7, 4)
		wantExactly(t, c, adm, 500+100*i, 7, 30*time.Second)
	}
	if after := metricValue(t, stays, "oktastream_rebalances_total"); after != before {
		t.Errorf("the other saw %v changes of assignment", after-before)
	}
	goes.stop(t)
	stays.stop(t)
}
