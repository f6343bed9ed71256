package suite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/integration/kafkatest"
)

// Broker checks what exactly-once processing needs of a broker: transactions that are seen whole or not at all, an open
// one that holds back readers, fencing, and group offsets that commit with the output.
func Broker(t *testing.T, c kafkatest.Cluster) {
	t.Run("Transactions", func(t *testing.T) { transactions(t, c) })
	t.Run("Fencing", func(t *testing.T) { fencing(t, c) })
	t.Run("GroupOffsets", func(t *testing.T) { groupOffsets(t, c) })
}

// BrokerFaults checks that what was committed outlives the brokers. It kills and restarts every node.
func BrokerFaults(t *testing.T, c kafkatest.Cluster) {
	t.Run("Kill", func(t *testing.T) {
		restart(t, c, func(ctx context.Context, node int) error { return c.Kill(ctx, node) })
	})
	t.Run("Stop", func(t *testing.T) {
		restart(t, c, func(ctx context.Context, node int) error { return c.Stop(ctx, node) })
	})
}

func transactions(t *testing.T, c kafkatest.Cluster) {
	topic := newTopic(t, c, "transactions", 2)
	cl := newClient(t, c, kgo.TransactionalID(topic), kgo.DefaultProduceTopic(topic), kgo.ProducerBatchCompression(kgo.ZstdCompression()))
	begin := func() {
		t.Helper()
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
	}
	end := func(how kgo.TransactionEndTry) {
		t.Helper()
		if err := cl.EndTransaction(t.Context(), how); err != nil {
			t.Fatal(err)
		}
	}
	begin()
	produce(t, cl, "committed", 100)
	end(kgo.TryCommit)
	begin()
	produce(t, cl, "aborted", 100)
	end(kgo.TryAbort)
	begin()
	produce(t, cl, "open", 100)

	want := numbered("committed", 100)
	expect(t, c, topic, want)
	// Anyone may read what is not committed, and then all of it is there: the readers above did not merely come early.
	compare(t, readAll(t, c, topic, false), merge(want, numbered("aborted", 100), numbered("open", 100)))

	end(kgo.TryCommit)
	expect(t, c, topic, merge(want, numbered("open", 100)))
}

func fencing(t *testing.T, c kafkatest.Cluster) {
	topic := newTopic(t, c, "fencing", 1)
	first := newClient(t, c, kgo.TransactionalID(topic), kgo.DefaultProduceTopic(topic))
	if err := first.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	produce(t, first, "zombie", 10)

	second := newClient(t, c, kgo.TransactionalID(topic), kgo.DefaultProduceTopic(topic))
	if err := second.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	produce(t, second, "successor", 10)
	if err := second.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}

	err := first.EndTransaction(t.Context(), kgo.TryCommit)
	if !errors.Is(err, kerr.ProducerFenced) && !errors.Is(err, kerr.InvalidProducerEpoch) {
		t.Errorf("the first producer commits beside its successor: %v", err)
	}
	expect(t, c, topic, numbered("successor", 10))
}

// groupOffsets copies a topic in two lives of one member, the first ended before all was copied.
func groupOffsets(t *testing.T, c kafkatest.Cluster) {
	const count = 200
	in, out := newTopic(t, c, "in", 2), newTopic(t, c, "out", 2)
	feeder := newClient(t, c, kgo.DefaultProduceTopic(in))
	produce(t, feeder, "early", count)

	group := in + "-group"
	copied := copyRecords(t, c, group, in, out, count)
	if copied != count {
		t.Fatalf("%d of %d records were copied", copied, count)
	}
	produce(t, feeder, "late", count)
	if copied := copyRecords(t, c, group, in, out, count); copied != count {
		t.Fatalf("after a restart %d records were copied, of %d new ones", copied, count)
	}
	expect(t, c, out, merge(numbered("early", count), numbered("late", count)))

	adm := kadm.NewClient(newClient(t, c))
	offsets, err := adm.FetchOffsets(t.Context(), group)
	if err != nil {
		t.Fatal(err)
	}
	ends := listed(t, t.Context(), adm.ListEndOffsets, in)
	ends.Each(func(end kadm.ListedOffset) {
		if at, ok := offsets.Lookup(in, end.Partition); !ok || at.At != end.Offset {
			t.Errorf("partition %d is committed at %d (%v), and ends at %d", end.Partition, at.At, ok, end.Offset)
		}
	})
}

// copyRecords copies in transactions until count records are committed, and leaves the group.
func copyRecords(t *testing.T, c kafkatest.Cluster, group, in, out string, count int) int {
	t.Helper()
	s, err := kgo.NewGroupTransactSession(append(c.Client(), kgo.ConsumerGroup(group), kgo.ConsumeTopics(in),
		kgo.TransactionalID(group), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.DefaultProduceTopic(out),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.SessionTimeout(6*time.Second))...)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	copied := 0
	for copied < count {
		fetches := s.PollRecords(ctx, 30)
		if err := fetches.Err(); err != nil {
			t.Fatalf("poll after %d records: %v", copied, err)
		}
		if err := s.Begin(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			s.Produce(ctx, &kgo.Record{Key: r.Key, Value: r.Value}, func(_ *kgo.Record, err error) {
				if err != nil {
					t.Error(err)
				}
			})
		})
		committed, err := s.End(ctx, kgo.TryCommit)
		if err != nil {
			t.Fatal(err)
		}
		if committed {
			copied += fetches.NumRecords()
		}
	}
	return copied
}

func restart(t *testing.T, c kafkatest.Cluster, end func(context.Context, int) error) {
	topic := newTopic(t, c, "restart", 2)
	want := []string{}
	for node := range c.Brokers() {
		cl := newClient(t, c, kgo.TransactionalID(topic), kgo.DefaultProduceTopic(topic))
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("before-%d", node)
		produce(t, cl, name, 50)
		if err := cl.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
		want = merge(want, numbered(name, 50))

		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		began := time.Now()
		if err := end(ctx, node); err != nil {
			t.Fatal(err)
		}
		down := time.Now()
		if err := c.Start(ctx, node); err != nil {
			t.Fatal(err)
		}
		t.Logf("node %d was gone after %v and served again after %v", node, down.Sub(began).Round(time.Millisecond), time.Since(down).Round(time.Millisecond))
		expect(t, c, topic, want)

		// The client has lived through the outage, and works on.
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		name = fmt.Sprintf("after-%d", node)
		produce(t, cl, name, 50)
		if err := cl.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
		want = merge(want, numbered(name, 50))
		expect(t, c, topic, want)
	}
}

// expect wants these values to be committed in the topic, in any order, and no others. It waits for the last ones: Kafka
// answers a commit before the transaction's markers are written, so readers see it a little later.
func expect(t *testing.T, c kafkatest.Cluster, topic string, want []string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	records := readAll(t, c, topic, true)
	for len(records) < len(want) && time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond)
		records = readAll(t, c, topic, true)
	}
	compare(t, records, want)
}

func compare(t *testing.T, records []*kgo.Record, want []string) {
	t.Helper()
	var got []string
	for _, r := range records {
		got = append(got, string(r.Value))
	}
	counts := map[string]int{}
	for _, v := range want {
		counts[v]++
	}
	for _, v := range got {
		counts[v]--
	}
	maps.DeleteFunc(counts, func(_ string, n int) bool { return n == 0 })
	if len(counts) > 0 {
		t.Errorf("%d values, want %d; wanted more often (+) or less often (-): %v", len(got), len(want), counts)
	}
}

func numbered(name string, n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("%s %d", name, i))
	}
	return out
}

func merge(lists ...[]string) []string { return slices.Concat(lists...) }

func produce(t *testing.T, cl *kgo.Client, name string, n int) {
	t.Helper()
	var records []*kgo.Record
	for _, v := range numbered(name, n) {
		records = append(records, &kgo.Record{Key: []byte(v), Value: []byte(v)})
	}
	if err := cl.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}
