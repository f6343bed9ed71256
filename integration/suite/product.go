package suite

import (
	"bytes"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"oktastream/integration/kafkatest"
	"oktastream/integration/oracle"
	"oktastream/integration/workload"
)

// Env is what the product is tested on.
type Env struct {
	Cluster kafkatest.Cluster
	Binary  string // built by Build
	Logs    string // directory for what the processes print
	Seed    uint64
}

// seedVariable repeats a run.
const seedVariable = "OKTASTREAM_SEED"

// Seed returns the seed that the environment asks for, or a new one, and logs it.
func Seed(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64() >> 32 // short, to be copied
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
	}
	t.Logf("to repeat: %s=%d", seedVariable, seed)
	return seed
}

// Product runs the binary as operators do, and compares the alerts in its output topic with those of eval.
func Product(t *testing.T, env Env) {
	t.Run("Kills", func(t *testing.T) { kills(t, env) })
	t.Run("RestartInsideWindow", func(t *testing.T) { restartInsideWindow(t, env) })
}

// kills feeds three processes and kills one at random every few seconds, each kill followed by a restart.
func kills(t *testing.T, env Env) {
	const processes, feed = 3, 30 * time.Second
	rng := rand.New(rand.NewPCG(env.Seed, 1))
	events := workload.Generate(workload.Config{Seed: env.Seed, Events: 9000})
	want := eval(t, env.Binary, events)
	d := newDeployment(t, env, 6)
	t.Logf("%d events, %d alerts in the reference", len(events), len(want))
	for slot := range processes {
		d.start(t, slot)
	}

	fed := make(chan error, 1)
	go func() { fed <- d.feed(t, events, feed) }()
	killed := 0
	for feeding := true; feeding; {
		select {
		case err := <-fed:
			if err != nil {
				t.Fatal(err)
			}
			feeding = false
		case <-time.After(2*time.Second + time.Duration(rng.Int64N(int64(2*time.Second)))):
			slot := rng.IntN(processes)
			d.kill(t, slot)
			d.start(t, slot)
			killed++
		}
	}
	t.Logf("%d kills", killed)
	if killed < 3 {
		t.Errorf("%d kills prove little", killed)
	}
	d.settle(t, events, want)
}

// restartInsideWindow ends the only process, once gracefully and once by kill -9, while sessions have shown some of
// their device tokens and not the last: the windows must be there afterwards.
func restartInsideWindow(t *testing.T, env Env) {
	const hijacked = 8
	events := workload.Generate(workload.Config{Seed: env.Seed, Events: 200, Span: 25 * time.Minute, Takeovers: -1,
		Hijacked: hijacked, NearMiss: -1, Disorder: -1, Twice: -1})
	want := eval(t, env.Binary, events)
	if n := countOf(want, "okta_session_device_tokens"); n != hijacked {
		t.Fatalf("the reference finds %d sessions, want %d", n, hijacked)
	}
	d := newDeployment(t, env, 2)
	d.start(t, 0)
	// Each cut falls into the middle of a session: some of its device tokens were seen before, the last come after.
	cuts := []int{middle(events, "hijacked-0"), middle(events, "hijacked-1")}
	slices.Sort(cuts)
	for i, part := range [][]workload.Event{events[:cuts[0]], events[cuts[0]:cuts[1]], events[cuts[1]:]} {
		if err := d.feed(t, part, 0); err != nil {
			t.Fatal(err)
		}
		d.drain(t)
		switch i {
		case 0:
			d.processes[0].stop(t)
			d.start(t, 0)
		case 1:
			d.kill(t, 0)
			d.start(t, 0)
		}
	}
	d.settle(t, events, want)
}

// middle returns the place in events where half of the session's have come.
func middle(events []workload.Event, session string) int {
	var at []int
	for i, e := range events {
		if bytes.Contains(e.JSON, []byte(`"`+session+`"`)) {
			at = append(at, i)
		}
	}
	return at[len(at)/2]
}

func countOf(alerts []oracle.Alert, rule string) int {
	n := 0
	for _, a := range alerts {
		if a.Rule.Name == rule && a.Status == "create" {
			n++
		}
	}
	return n
}
