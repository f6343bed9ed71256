package suite

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"oktastream/integration/workload"
)

// Soak feeds three processes for so long, while two of them are killed, stopped, frozen and taken away, and compares at the
// end as every other test does. The third is left alone: what grows in it, grows for lack of care. Samples and the verdict
// are logged as a table, and written to a file beside the processes' logs.
func Soak(t *testing.T, env Env, length time.Duration) {
	rng := rand.New(rand.NewPCG(env.Seed, 3))
	d := newDeployment(t, env, 6)
	d.serve(t, soakProcesses)
	for slot := range soakProcesses {
		d.start(t, slot)
	}
	sampler := d.sampler(t)
	var events []workload.Event
	var last workload.Config
	toll := map[string]int{}
	next := time.Now().Add(soakWarmUp)
	for began, round := time.Now(), 0; time.Since(began) < length; round++ {
		last = soakLoad(env.Seed, round)
		part := workload.Generate(last)
		events = append(events, part...)
		fed := make(chan error, 1)
		go func() { fed <- d.feed(t, part, soakRound) }()
		for feeding := true; feeding; {
			select {
			case err := <-fed:
				if err != nil {
					t.Fatal(err)
				}
				feeding = false
			case <-time.After(time.Second):
				for _, p := range d.processes {
					p.check(t)
				}
				sampler.sample(t, len(events))
				if time.Now().After(next) {
					what := d.soakDisturb(t, rng)
					toll[what]++
					next = time.Now().Add(time.Duration(4+rng.IntN(12)) * time.Second)
				}
			}
		}
	}
	d.close(t, last)
	table := sampler.table(toll)
	t.Log("\n" + table)
	if err := os.WriteFile(filepath.Join(env.Logs, "soak.txt"), []byte(table), 0o644); err != nil {
		t.Error(err)
	}
	if length >= soakJudged {
		for _, growth := range sampler.growth() {
			t.Error(growth)
		}
	}
	d.settle(t, events, eval(t, env.Binary, events))
}

const (
	soakProcesses = 3
	soakJudged    = 10 * time.Minute // what a shorter run grows by is chance
	soakRound     = time.Minute      // in which one workload is played
	soakWarmUp    = 10 * time.Second // before the first disturbance
)

// soakLoad is the workload of one round: six hours of event time, behind those of the round before.
func soakLoad(seed uint64, round int) workload.Config {
	const span = 6 * time.Hour
	return workload.Config{Seed: seed + uint64(round), Suffix: fmt.Sprintf("-r%d", round), Events: 3000, Span: span,
		Start: time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC).Add(time.Duration(round) * span), Takeovers: 2, Campaigns: 3, Hijacked: 10, NearMiss: 10}
}

// soakDisturb does something to one of the processes but the first, and says what.
func (d *deployment) soakDisturb(t *testing.T, rng *rand.Rand) string {
	t.Helper()
	slot := 1 + rng.IntN(soakProcesses-1)
	p := d.processes[slot]
	switch n := rng.IntN(20); {
	case n < 14:
		d.kill(t, slot)
		d.start(t, slot)
		return "kill -9"
	case n < 16:
		p.stop(t)
		d.start(t, slot)
		return "restart"
	case n < 18:
		// Longer than the session time-out: the others take over, and the sleeper's transaction is open.
		p.freeze(t)
		time.Sleep(7 * time.Second)
		p.thaw(t)
		return "frozen 7 s"
	}
	p.stop(t)
	time.Sleep(5 * time.Second)
	d.start(t, slot)
	return "away 5 s"
}

// median of values; 0 of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	values = slices.Sorted(slices.Values(values))
	return values[len(values)/2]
}
