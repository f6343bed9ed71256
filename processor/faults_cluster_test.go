//go:build synctests

package processor

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// again strikes n times, feeding in between.
func again(n int, do func(w *world, p *process)) strike {
	return func(w *world, p *process) func() bool {
		return func() bool {
			do(w, p)
			n--
			return n <= 0
		}
	}
}

// Leaders and coordinators that move, brokers that come and go, and routes that break.
func TestFaultCluster(t *testing.T) {
	rows := []fault{
		{name: "every leader moves", strike: again(5, func(w *world, _ *process) { w.c.ShufflePartitionLeaders() })},
		// kfake answers "no such epoch" for a partition that has moved and been written nothing; the client takes that
		// for data loss, and the session must not go on after it.
		{name: "leaders move while nothing is written", strike: again(3, func(w *world, _ *process) {
			time.Sleep(10 * time.Second)
			w.c.ShufflePartitionLeaders()
			time.Sleep(10 * time.Second)
		})},
		{name: "coordinators move", strike: again(5, func(w *world, _ *process) { w.c.RehashCoordinators() })},
		{name: "a broker is added, and removed again", strike: again(2, func(w *world, _ *process) {
			node, _, err := w.c.AddNode(-1, 9095)
			if err != nil {
				w.t.Error(err)
			}
			w.feed(50)
			time.Sleep(5 * time.Second)
			if err := w.c.RemoveNode(node); err != nil {
				w.t.Error(err)
			}
		})},
		{name: "every connection is dropped", strike: again(10, func(_ *world, p *process) { p.net.drop() })},
	}
	for name, d := range map[string]time.Duration{"1s": time.Second, "20s": 20 * time.Second, "10m": 10 * time.Minute} {
		// Unlike a frozen route this one refuses.
		rows = append(rows, fault{name: "no broker can be reached for " + name, strike: again(1, func(_ *world, p *process) {
			p.net.cut()
			time.Sleep(d)
			p.net.mend()
		})})
	}
	for _, topic := range []string{inputTopic, "g-repartition", "g-changelog", "okta.alerts"} {
		rows = append(rows, fault{name: "the leader of " + topic + " moves", strike: again(6, func(w *world, _ *process) {
			for p := range int32(worldPartitions) {
				if err := w.c.MoveTopicPartition(topic, p, (w.c.LeaderFor(topic, p)+1)%3); err != nil {
					w.t.Error(err)
				}
			}
		})})
	}
	for _, err := range []*kerr.Error{kerr.NotLeaderForPartition, kerr.FencedLeaderEpoch, kerr.UnknownLeaderEpoch, kerr.OffsetNotAvailable,
		kerr.KafkaStorageError, kerr.ReplicaNotAvailable, kerr.UnknownServerError, kerr.CorruptMessage, kerr.UnknownTopicOrPartition} {
		for _, topic := range []string{inputTopic, "g-repartition"} {
			rows = append(rows, fault{name: "fetch of " + topic + ": " + err.Message,
				strike: answers(2, kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: topic, Err: err})})
		}
	}
	for _, f := range rows {
		t.Run(f.name, f.run)
	}
}

// Transactions of others, left open in the topics that are read or written.
func TestFaultForeignTransaction(t *testing.T) {
	for _, topic := range []string{inputTopic, "g-repartition", "g-changelog", "okta.alerts"} {
		for name, how := range map[string]func(*kgo.Client){
			"aborted": func(cl *kgo.Client) { _ = cl.EndTransaction(context.Background(), kgo.TryAbort) },
			// Its owner is gone; the broker ends it after a minute.
			"abandoned": func(*kgo.Client) {},
		} {
			for _, restart := range []bool{false, true} {
				f := fault{name: topic + ", " + name, strike: func(w *world, p *process) func() bool {
					cl := w.client(kgo.TransactionalID("foreign"), kgo.TransactionTimeout(time.Minute), kgo.RecordPartitioner(kgo.ManualPartitioner()))
					if err := cl.BeginTransaction(); err != nil {
						w.t.Fatal(err)
					}
					for i := range int32(worldPartitions) {
						// Were it ever read, it would count, or stop a restore.
						if err := cl.ProduceSync(context.Background(), &kgo.Record{Topic: topic, Partition: i, Key: []byte("wu1"),
							Value: eventJSON("foreign", "u1", time.Unix(1700000000, 0))}).FirstErr(); err != nil {
							w.t.Fatal(err)
						}
					}
					if restart {
						p.stop(w.t)
						w.start("again", nil)
					}
					began := time.Now()
					return func() bool {
						if time.Since(began) < 20*time.Second {
							return false
						}
						how(cl)
						cl.Close()
						return true
					}
				}}
				if restart {
					f.name += ", with a restore behind it"
				}
				t.Run(f.name, f.run)
			}
		}
	}
}
