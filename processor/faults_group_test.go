//go:build synctests

package processor

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Members that the group loses, and members that do not know it.
func TestFaultMember(t *testing.T) {
	bothStages(t, func(_, group string) []fault {
		on := func(key kmsg.Key, err *kerr.Error, count int) strike {
			return answers(count, kfake.Fault{Keys: []kmsg.Key{key}, Err: err, Group: group})
		}
		return []fault{
			{name: "heartbeat unknown member", strike: on(kmsg.Heartbeat, kerr.UnknownMemberID, 1)},
			{name: "heartbeat illegal generation", strike: on(kmsg.Heartbeat, kerr.IllegalGeneration, 1)},
			{name: "heartbeat rebalance in progress", strike: on(kmsg.Heartbeat, kerr.RebalanceInProgress, 2)},
			{name: "heartbeat coordinator not available", strike: on(kmsg.Heartbeat, kerr.CoordinatorNotAvailable, 3)},
			{name: "offset fetch unstable", strike: func(w *world, p *process) func() bool {
				thrownOut(w)
				return on(kmsg.OffsetFetch, kerr.UnstableOffsetCommit, 5)(w, p)
			}},
			{name: "join coordinator load in progress", strike: func(w *world, p *process) func() bool {
				thrownOut(w)
				return on(kmsg.JoinGroup, kerr.CoordinatorLoadInProgress, 3)(w, p)
			}},
			{name: "sync rebalance in progress", strike: func(w *world, p *process) func() bool {
				thrownOut(w)
				return on(kmsg.SyncGroup, kerr.RebalanceInProgress, 2)(w, p)
			}},
		}
	})
	// In the middle of a transaction: the request to end it arrives, and its answer does not.
	away := func(d time.Duration) strike {
		return func(w *world, p *process) func() bool {
			h := w.c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, TxnID: "g-a-ingest-0", Observe: true,
				When: func(kmsg.Request) bool { p.net.freeze(); return true }})
			var began time.Time
			return func() bool {
				switch {
				case h.Hits() == 0:
					return false
				case began.IsZero():
					began = time.Now()
				}
				if time.Since(began) < d {
					return false
				}
				p.net.thaw()
				return true
			}
		}
	}
	for _, f := range []fault{
		{name: "frozen for less than a session", strike: away(5 * time.Second)},
		{name: "frozen for longer than a session", strike: away(30 * time.Second), after: rebuild},
		{name: "frozen for five minutes", strike: away(5 * time.Minute), after: rebuild},
		{name: "zombie: frozen while another takes over", others: []string{"b"}, strike: away(40 * time.Second)},
		{name: "zombie: frozen for five minutes", others: []string{"b"}, strike: away(5 * time.Minute)},
		{name: "killed, the other takes over", others: []string{"b"}, strike: func(w *world, p *process) func() bool { p.kill(w.t); return nil }},
		{name: "killed with a transaction open, and started again", others: []string{"b"}, strike: func(w *world, p *process) func() bool {
			w.feed(20)
			p.kill(w.t)
			w.start("a", nil)
			return nil
		}},
		{name: "killed alone, and started under another name", strike: func(w *world, p *process) func() bool {
			w.feed(20)
			p.kill(w.t)
			w.start("c", nil)
			return nil
		}},
		{name: "stopped, the other takes over", others: []string{"b"}, strike: func(w *world, p *process) func() bool {
			p.stop(w.t)
			return nil
		}},
		// They take the transactional id from each other, until one is stopped.
		{name: "two processes of one instance", log: "perhaps by a process with the same instance", others: []string{"b"}, strike: func(w *world, p *process) func() bool {
			twin := w.start("a", nil)
			began := time.Now()
			return func() bool {
				if time.Since(began) < 30*time.Second {
					return false
				}
				twin.stop(w.t)
				return true
			}
		}},
		{name: "a member joins and leaves again and again", others: []string{"b"}, strike: func(w *world, p *process) func() bool {
			n := 0
			return func() bool {
				other := w.start(fmt.Sprint("c", n%2), nil)
				time.Sleep(time.Second)
				other.stop(w.t)
				n++
				return n == 8
			}
		}},
		{name: "a transactional id is taken over by somebody else", after: rebuild, log: "perhaps by a process with the same instance", strike: func(w *world, p *process) func() bool {
			w.takeOver("g-a-detect-0")
			return nil
		}},
	} {
		t.Run(f.name, f.run)
	}
}

// A process that can reach no broker is not ready, and is again when it has joined.
func TestFaultReadiness(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		p := w.start("a", nil)
		w.ready(p)
		w.feed(40)
		w.settle()
		p.net.cut()
		w.within(20*time.Second, "not ready", func() bool { return !p.Readiness().Ready })
		for range 60 {
			time.Sleep(5 * time.Second)
			if r := p.Readiness(); r.Ready {
				t.Fatalf("ready while no broker can be reached: %+v", r)
			}
		}
		p.net.mend()
		w.feed(20)
		w.ready(p)
		w.settle()
		p.stop(t)
	})
}

// Twenty minutes of a group's life in seconds: processes come, go, freeze and are killed, leaders and coordinators move, and
// brokers answer with errors. OKTASTREAM_SEED repeats what happens.
func TestFaultChurn(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("OKTASTREAM_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("OKTASTREAM_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 2))
	fault{name: "churn", others: []string{"b", "c"}, strike: func(w *world, a *process) func() bool {
		slots := map[string]*process{"a": a, "b": w.runs[1], "c": w.runs[2]}
		pick := func() (string, *process) { name := string(rune('a' + rng.IntN(3))); return name, slots[name] }
		actions := []func(){
			func() { name, p := pick(); p.kill(w.t); slots[name] = w.start(name, nil) },
			func() { name, p := pick(); p.stop(w.t); slots[name] = w.start(name, nil) },
			func() {
				_, p := pick()
				p.net.freeze()
				time.Sleep(time.Duration(rng.IntN(40)) * time.Second)
				p.net.thaw()
			},
			func() { _, p := pick(); p.net.drop() },
			func() { w.c.ShufflePartitionLeaders() },
			func() { w.c.RehashCoordinators() },
			func() { w.takeOver("g-a-ingest-0") },
			func() {
				keys := []kmsg.Key{kmsg.Produce, kmsg.TxnOffsetCommit, kmsg.EndTxn, kmsg.Heartbeat, kmsg.Fetch, kmsg.OffsetFetch, kmsg.InitProducerID}
				_, p := pick()
				p.net.breakAt(keys[rng.IntN(len(keys))], rng.IntN(2) == 0, 1)
			},
		}
		began := time.Now()
		return func() bool {
			actions[rng.IntN(len(actions))]()
			time.Sleep(time.Duration(rng.IntN(60)) * time.Second)
			return time.Since(began) > 20*time.Minute
		}
	}}.run(t)
}
