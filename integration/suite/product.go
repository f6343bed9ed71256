package suite

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/integration/kafkatest"
	"oktastream/integration/oracle"
	"oktastream/integration/workload"
	"oktastream/rules"
	"oktastream/rules/lang"
)

// Env is what the product is tested on.
type Env struct {
	Cluster kafkatest.Cluster
	Binary  string // built by Build
	Logs    string // directory for what the processes print
	Seed    uint64
	Access  Access
}

// Access is how each party reaches the cluster; the zero Access is the cluster's own way for all of them.
type Access struct {
	Product []string  // settings of the product, key=value
	Feeder  []kgo.Opt // who produces the events
	Reader  []kgo.Opt // who reads the alerts
	// grant gives all of them their rights on a new deployment, whose topics are there; nil where nobody needs any.
	grant func(*testing.T, *deployment)
}

// ruleDirs are the rules of every run: those that the product ships, and those that use each operator that the product has.
func ruleDirs(t *testing.T) []string {
	t.Helper()
	root, err := kafkatest.Root()
	if err != nil {
		t.Fatal(err)
	}
	return []string{filepath.Join(root, "rules", "pack"), filepath.Join(root, "integration", "suite", "rules")}
}

// ruleSet loads the rules as the processes do.
func ruleSet(t *testing.T) *rules.Set {
	t.Helper()
	res := lang.Load(ruleDirs(t))
	set, problems := rules.NewSet(res.Rules)
	for _, p := range append(res.Diagnostics, problems...) {
		if p.Level == rules.Error {
			t.Fatal(p)
		}
	}
	return set
}

// scaleVariable makes trouble of processes last so many times as long.
const scaleVariable = "OKTASTREAM_SCALE"

func scale(t *testing.T) int {
	t.Helper()
	text := os.Getenv(scaleVariable)
	if text == "" {
		return 1
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s: %q is no number of times", scaleVariable, text)
	}
	return n
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
	t.Run("Kills", func(t *testing.T) { t.Parallel(); kills(t, env) })
	t.Run("RestartInsideWindow", func(t *testing.T) { t.Parallel(); restartInsideWindow(t, env) })
	t.Run("Processes", func(t *testing.T) { t.Parallel(); Processes(t, env, scale(t)) })
}

// ProductFaults takes brokers down under the running product. It kills and stops every node.
func ProductFaults(t *testing.T, env Env) {
	t.Run("BrokerOutage", func(t *testing.T) { brokerOutage(t, env) })
}

// kills feeds three processes and kills one at random every few seconds, each kill followed by a restart.
func kills(t *testing.T, env Env) {
	rng := rand.New(rand.NewPCG(env.Seed, 1))
	d := newDeployment(t, env, 6)
	kills := d.disturb(t, 3, 20*time.Second, func() time.Duration { return 2*time.Second + time.Duration(rng.Int64N(int64(2*time.Second))) }, func() {
		slot := rng.IntN(3)
		d.kill(t, slot)
		d.start(t, slot)
	})
	if kills < 3 {
		t.Errorf("%d kills prove little", kills)
	}
}

// brokerOutage kills and stops brokers in turn under two processes, which must outlive it.
func brokerOutage(t *testing.T, env Env) {
	d := newDeployment(t, env, 6)
	nodes, turn := len(env.Cluster.Brokers()), 0
	d.disturb(t, 2, 45*time.Second, func() time.Duration { return 5 * time.Second }, func() {
		end, node := env.Cluster.Kill, turn/2%nodes
		if turn%2 == 1 {
			end = env.Cluster.Stop
		}
		turn++
		if err := end(t.Context(), node); err != nil {
			t.Fatal(err)
		}
		if err := env.Cluster.Start(t.Context(), node); err != nil {
			t.Fatal(err)
		}
	})
	if turn < 2 {
		t.Errorf("%d outages, want a kill and a stop", turn)
	}
}

// disturb feeds the processes for so long, disturbs them at the intervals given, and compares the alerts with the
// reference. It returns how often it disturbed.
func (d *deployment) disturb(t *testing.T, processes int, feed time.Duration, interval func() time.Duration, disturb func()) int {
	t.Helper()
	load := workload.Config{Seed: d.env.Seed, Events: 9000}
	events := workload.Generate(load)
	want := eval(t, d.env.Binary, events)
	t.Logf("%d events, %d alerts in the reference", len(events), len(want))
	everyOperator(t, want)
	for slot := range processes {
		d.start(t, slot)
	}
	fed := make(chan error, 1)
	go func() { fed <- d.feed(t, events, feed) }()
	for times := 0; ; {
		select {
		case err := <-fed:
			if err != nil {
				t.Fatal(err)
			}
			d.close(t, load)
			t.Logf("disturbed %d times", times)
			d.settle(t, events, want)
			return times
		case <-time.After(interval()):
			disturb()
			times++
		}
	}
}

// everyOperator wants each rule of the directory beside this file to have found something.
func everyOperator(t *testing.T, alerts []oracle.Alert) {
	t.Helper()
	for _, r := range ruleSet(t).Rules() {
		if strings.HasPrefix(r.Name, "operator_") && !r.Silent && countOf(alerts, r.Name) == 0 {
			t.Errorf("rule %s finds nothing in the workload, so it proves nothing", r.Name)
		}
	}
}

// restartInsideWindow ends the only process, once gracefully and once by kill -9, while sessions have shown some of
// their device tokens and not the last: the windows must be there afterwards.
func restartInsideWindow(t *testing.T, env Env) {
	const hijacked = 8
	load := workload.Config{Seed: env.Seed, Events: 200, Span: 25 * time.Minute, Takeovers: -1,
		Hijacked: hijacked, NearMiss: -1, Campaigns: -1, Late: -1, Future: -1, Hostile: -1, Disorder: -1, Twice: -1}
	events := workload.Generate(load)
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
	d.close(t, load)
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
