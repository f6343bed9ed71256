package suite

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"oktastream/integration/workload"
)

// readiness is what /readyz answers, as far as the tests look at it.
type readiness struct {
	Ready   bool
	Reasons []string
	Tasks   []struct {
		Partition   int32
		Restored    bool
		Done, Total int64
	}
}

// get asks a process of the deployment. A process that is not there yet has status 0.
func (d *deployment) get(slot int, path string) (status int, body []byte, err error) {
	client := http.Client{Timeout: 2 * time.Second}
	resp, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d%s", d.http[slot], path))
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// ready waits until a process says so, with this many tasks restored, and returns how long that took. What /readyz said
// before must have been 503 with a reason, each time.
func (d *deployment) ready(t *testing.T, slot, tasks int) time.Duration {
	t.Helper()
	began := time.Now()
	d.await(t, fmt.Sprintf("process %d to be ready with %d tasks", slot, tasks), func() (string, bool) {
		status, body, err := d.get(slot, "/readyz")
		if err != nil {
			return err.Error(), false
		}
		var r readiness
		if err := json.Unmarshal(body, &r); err != nil {
			t.Fatalf("/readyz answers %s: %v", body, err)
		}
		if r.Ready != (status == http.StatusOK) || !r.Ready && (status != http.StatusServiceUnavailable || len(r.Reasons) == 0) {
			t.Fatalf("/readyz answers %d: %s", status, body)
		}
		restored := 0
		for _, k := range r.Tasks {
			if k.Restored {
				restored++
			}
			if r.Ready && (!k.Restored || k.Done != k.Total) {
				t.Fatalf("/readyz is ready, and task %d has restored %d of %d: %s", k.Partition, k.Done, k.Total, body)
			}
		}
		return string(body), r.Ready && restored == tasks
	})
	return time.Since(began)
}

// takeover lets one of two processes die by kill -9, and then be frozen for longer than its session and thawed: the
// other must take its tasks over, and the thawed one must do no harm.
func takeover(t *testing.T, env Env) {
	d := newDeployment(t, env, 6)
	d.serve(t, 2)
	load := workload.Config{Seed: env.Seed, Events: 3000}
	events := workload.Generate(load)
	want := eval(t, env.Binary, events)
	part := func(i int) []workload.Event { return events[len(events)*i/4 : len(events)*(i+1)/4] }
	both := func() {
		t.Helper()
		d.ready(t, 0, 3)
		d.ready(t, 1, 3)
	}
	feed := func(i int, over time.Duration) {
		t.Helper()
		if err := d.feed(t, part(i), over); err != nil {
			t.Fatal(err)
		}
	}
	d.start(t, 0)
	d.start(t, 1)
	both()
	feed(0, 2*time.Second)

	d.kill(t, 1)
	delete(d.processes, 1)
	feed(1, time.Second)
	t.Logf("after kill -9 the other process has taken over within %v, with a session time-out of 5s and transactions of 8s at most", d.ready(t, 0, 6).Round(100*time.Millisecond)+time.Second)
	d.start(t, 1)
	both()

	d.processes[1].freeze(t)
	frozen := time.Now()
	feed(2, time.Second)
	d.ready(t, 0, 6)
	t.Logf("after SIGSTOP the other process has taken over within %v", time.Since(frozen).Round(100*time.Millisecond))
	d.processes[1].thaw(t)
	thawed := time.Now()
	both()
	t.Logf("after SIGCONT both share the work within %v", time.Since(thawed).Round(100*time.Millisecond))
	feed(3, time.Second)
	d.close(t, load)
	d.settle(t, events, want)
}

// restoreWithoutBroker starts the product again while the broker that led its changelog is away.
func restoreWithoutBroker(t *testing.T, env Env) {
	d := newDeployment(t, env, 6)
	d.serve(t, 1)
	adm := kadm.NewClient(newClient(t, env.Cluster))
	load := workload.Config{Seed: env.Seed, Events: 3000}
	events := workload.Generate(load)
	want := eval(t, env.Binary, events)
	d.start(t, 0)
	d.ready(t, 0, 6)
	if err := d.feed(t, events[:len(events)/2], time.Second); err != nil {
		t.Fatal(err)
	}
	node, err := leader(t, adm, d.group+"-changelog", 0)
	if err != nil {
		t.Fatal(err)
	}
	d.kill(t, 0)
	if err := env.Cluster.Kill(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	d.start(t, 0)
	t.Logf("without node %d the state is restored within %v", node, d.ready(t, 0, 6).Round(100*time.Millisecond))
	if status, body, err := d.get(0, "/healthz"); err != nil || status != http.StatusOK {
		t.Errorf("/healthz answers %d %s, %v", status, body, err)
	}
	if err := d.feed(t, events[len(events)/2:], time.Second); err != nil {
		t.Fatal(err)
	}
	if err := env.Cluster.Start(t.Context(), node); err != nil {
		t.Fatal(err)
	}
	d.close(t, load)
	d.settle(t, events, want)
}
