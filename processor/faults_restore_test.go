//go:build synctests

package processor

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"oktastream/state"
)

// restarted stops p, lets something happen, and starts it again.
func restarted(meanwhile func(w *world), after func(w *world, p *process) func() bool) strike {
	return func(w *world, p *process) func() bool {
		p.stop(w.t)
		meanwhile(w)
		next := w.start("again", nil)
		if after == nil {
			return nil
		}
		return after(w, next)
	}
}

// What can come between a changelog and the task that it is to become, and passes.
func TestFaultRestore(t *testing.T) {
	onFetch := kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "g-changelog"}
	failing := func(err *kerr.Error) func(*world) {
		return func(w *world) {
			f := onFetch
			f.Err, f.Count = err, -1
			h := w.c.Fault(f)
			time.AfterFunc(2*time.Minute, h.Remove)
		}
	}
	for _, f := range []fault{
		{name: "slow", strike: func(w *world, p *process) func() bool {
			var slow atomic.Bool
			slow.Store(true)
			return restarted(func(w *world) {
				id := w.c.TopicInfo("g-changelog").TopicID
				w.c.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
					w.c.KeepControl()
					if ts := req.(*kmsg.FetchRequest).Topics; slow.Load() && len(ts) == 1 && ts[0].TopicID == id {
						w.c.SleepControl(func() { time.Sleep(5 * time.Second) })
					}
					return nil, nil, false
				})
			}, func(w *world, p *process) func() bool {
				return func() bool {
					time.Sleep(time.Second)
					restoring := strings.Contains(strings.Join(p.Readiness().Reasons, ","), "is being restored")
					slow.Store(!restoring)
					return restoring
				}
			})(w, p)
		}},
		{name: "the leader moves", strike: restarted(func(w *world) {
			go func() {
				for range 20 {
					for p := range int32(worldPartitions) {
						_ = w.c.MoveTopicPartition("g-changelog", p, (w.c.LeaderFor("g-changelog", p)+1)%3)
					}
					time.Sleep(50 * time.Millisecond)
				}
			}()
		}, nil)},
		{name: "the broker cannot read the log", strike: restarted(failing(kerr.CorruptMessage), nil), log: "CORRUPT_MESSAGE"},
		{name: "no leader", strike: restarted(failing(kerr.LeaderNotAvailable), nil)},
		{name: "stalled by a transaction that hangs", log: "a transaction has been open for longer than it may", strike: restarted(func(w *world) {
			cl := w.client(kgo.TransactionalID("foreign"), kgo.TransactionTimeout(5*time.Minute), kgo.RecordPartitioner(kgo.ManualPartitioner()))
			defer cl.Close()
			if err := cl.BeginTransaction(); err != nil {
				w.t.Fatal(err)
			}
			if err := cl.ProduceSync(context.Background(), &kgo.Record{Topic: "g-changelog", Key: []byte("wu1"), Value: []byte("junk")}).FirstErr(); err != nil {
				w.t.Fatal(err)
			}
		}, nil)},
		{name: "the group's offsets have expired", log: "following the checkpoint", strike: restarted(func(w *world) {
			if _, err := w.adm.DeleteGroups(context.Background(), "g-detect"); err != nil {
				w.t.Error(err)
			}
		}, nil)},
		// And without the group's offsets the task asks where the repartition topic begins and ends.
		{name: "a broker that has not heard of the topics answers every fourth time", log: "following the checkpoint", strike: func(w *world, p *process) func() bool {
			var unheard []*kfake.FaultHandle
			return restarted(func(w *world) {
				if _, err := w.adm.DeleteGroups(context.Background(), "g-detect"); err != nil {
					w.t.Error(err)
				}
				for _, topic := range []string{"g-changelog", "g-repartition"} {
					asked := 0
					unheard = append(unheard, w.c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Metadata}, Topic: topic, Err: kerr.UnknownTopicOrPartition,
						Count: -1, When: func(kmsg.Request) bool { asked++; return asked%4 == 0 }}))
				}
			}, func(w *world, p *process) func() bool {
				return func() bool {
					if !p.Readiness().Ready {
						return false
					}
					for _, h := range unheard {
						h.Remove()
					}
					return true
				}
			})(w, p)
		}},
		{name: "the changelog has been compacted", strike: restarted(func(w *world) { w.c.Compact() }, nil)},
		{name: "aborted transactions at the end of the changelog", strike: restarted(func(w *world) {
			cl := w.client(kgo.TransactionalID("foreign"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
			defer cl.Close()
			for range 3 {
				if err := cl.BeginTransaction(); err != nil {
					w.t.Fatal(err)
				}
				_ = cl.ProduceSync(context.Background(), &kgo.Record{Topic: "g-changelog", Key: []byte("wu1"), Value: []byte("junk")})
				if err := cl.EndTransaction(context.Background(), kgo.TryAbort); err != nil {
					w.t.Fatal(err)
				}
			}
		}, nil)},
	} {
		t.Run(f.name, f.run)
	}
}

// refusal is a row after which a process must not go on: it stops, and says what to do.
type refusal struct {
	name  string
	spoil func(w *world)
	edit  func(*Config)
	want  error
	text  []string
}

// What must not be gone on with: state that is gone, or belongs to something else.
func TestFaultRefused(t *testing.T) {
	deleteAll := func(topic string) func(w *world) {
		return func(w *world) {
			var to kadm.Offsets
			ends, err := w.adm.ListEndOffsets(context.Background(), topic)
			if err != nil {
				w.t.Fatal(err)
			}
			ends.Each(func(o kadm.ListedOffset) { to.Add(kadm.Offset{Topic: o.Topic, Partition: o.Partition, At: o.Offset}) })
			if _, err := w.adm.DeleteRecords(context.Background(), to); err != nil {
				w.t.Error(err)
			}
		}
	}
	write := func(key, value []byte) func(w *world) {
		return func(w *world) {
			for p := range int32(worldPartitions) {
				if err := w.cl.ProduceSync(context.Background(), &kgo.Record{Topic: "g-changelog", Partition: p, Key: key, Value: value}).FirstErr(); err != nil {
					w.t.Error(err)
				}
			}
		}
	}
	for _, r := range []refusal{
		{name: "the changelog has been emptied", spoil: deleteAll("g-changelog"), want: errDisagree, text: []string{"holds no checkpoint", "delete the offsets of the group"}},
		{name: "the changelog has been recreated", spoil: func(w *world) {
			if _, err := w.adm.DeleteTopics(context.Background(), "g-changelog"); err != nil {
				w.t.Error(err)
			}
		}, want: errDisagree, text: []string{"holds no checkpoint"}},
		{name: "an entry is garbage", spoil: write([]byte("wu1"), []byte("not a count")), text: []string{"g-changelog/", " offset ", "cannot be restored"}},
		{name: "the checkpoint is garbage", spoil: write(state.CheckpointKey, []byte{1, 2, 3}), want: state.ErrCheckpoint, text: []string{"g-changelog/", " offset ", "cannot be restored"}},
		{name: "the state is of a newer format", spoil: write(state.CheckpointKey, state.Checkpoint{Format: stateFormat + 1, Partitions: 2, Group: "g-detect"}.Encode()),
			want: errForeign, text: []string{"written by a newer version", "reads up to"}},
		{name: "the checkpoint is of a newer version", spoil: write(state.CheckpointKey, []byte{200, 0, 0}), want: state.ErrVersion, text: []string{"cannot be restored"}},
		{name: "the observations have expired unread, and so have the offsets", spoil: func(w *world) {
			if _, err := w.adm.DeleteGroups(context.Background(), "g-detect"); err != nil {
				w.t.Error(err)
			}
			w.feed(100)
			ingest := w.start("ingest", func(c *Config) { c.Stages = Ingest })
			w.eventually("ingested", func() bool { return lag(w.t, w.adm, "g", inputTopic) == 0 })
			ingest.stop(w.t)
			deleteAll("g-repartition")(w)
		}, want: errInputLost, text: []string{"the checkpoint of task", "g-repartition/"}},
		{name: "the observations have expired unread", spoil: func(w *world) {
			w.feed(100)
			ingest := w.start("ingest", func(c *Config) { c.Stages = Ingest })
			w.eventually("ingested", func() bool { return lag(w.t, w.adm, "g", inputTopic) == 0 })
			ingest.stop(w.t)
			deleteAll("g-repartition")(w)
		}, want: errInputLost, text: []string{"g-repartition/", "Lengthen retention"}},
	} {
		t.Run(r.name, r.run)
	}
}

func (r refusal) run(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		p := w.start("a", nil)
		w.ready(p)
		w.feed(40)
		w.settle()
		p.stop(t)
		r.spoil(w)
		before := w.episodes()
		p = w.start("b", r.edit)
		err := w.ended(p)
		if err == nil || r.want != nil && !errors.Is(err, r.want) {
			t.Fatalf("Run: %v; want %v", err, r.want)
		}
		for _, text := range r.text {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("Run: %v\nwhich does not say %q", err, text)
			}
		}
		if n := w.episodes(); n != before {
			t.Errorf("%d alerts were written all the same", n-before)
		}
	})
}
