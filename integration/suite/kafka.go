package suite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/integration/kafkatest"
)

func newClient(t *testing.T, c kafkatest.Cluster, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	// The proxy of a container's port accepts connections and drops them while the broker behind it is down. Metadata is
	// asked for again and again: who leads what is to be as it is, not as it was some seconds ago.
	cl, err := kgo.NewClient(append(append(c.Client(), kgo.AlwaysRetryEOF(), kgo.MetadataMinAge(50*time.Millisecond)), opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// unique makes a name that no other test on the cluster uses.
func unique(t *testing.T, name string) string {
	return fmt.Sprintf("%s-%s-%x", strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-")), name, time.Now().UnixNano())
}

// newTopic creates a topic with the broker's default replication and a name of its own.
func newTopic(t *testing.T, c kafkatest.Cluster, name string, partitions int32) string {
	t.Helper()
	topic := unique(t, name)
	createTopic(t, c, topic, partitions)
	return topic
}

func createTopic(t *testing.T, c kafkatest.Cluster, topic string, partitions int32) {
	t.Helper()
	if _, err := kadm.NewClient(newClient(t, c)).CreateTopic(t.Context(), partitions, -1, nil, topic); err != nil {
		t.Fatal(err)
	}
}

// readAll reads a topic from its start to the end that a reader could reach when it was called: with committed, what
// read_committed consumers see. Options say who reads, if not the administrator.
func readAll(t *testing.T, c kafkatest.Cluster, topic string, committed bool, opts ...kgo.Opt) []*kgo.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	// Control records are kept so that the position is seen to reach an end that lies behind markers or aborted records.
	isolation := kgo.ReadUncommitted()
	if committed {
		isolation = kgo.ReadCommitted()
	}
	cl := newClient(t, c, append(slices.Clone(opts), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(isolation), kgo.KeepControlRecords(), kgo.FetchMaxWait(100*time.Millisecond))...)
	defer cl.Close()
	list := kadm.NewClient(cl).ListEndOffsets
	if committed {
		list = kadm.NewClient(cl).ListCommittedOffsets
	}
	ends := listed(t, ctx, list, topic)
	left := map[int32]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left[o.Partition] = o.Offset
		}
	})
	var out []*kgo.Record
	for len(left) > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("read %s: %v; still to come, by partition: %v", topic, err, left)
		}
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			for _, r := range p.Records {
				if !r.Attrs.IsControl() {
					out = append(out, r)
				}
				if end, ok := left[r.Partition]; ok && r.Offset+1 >= end {
					delete(left, r.Partition)
				}
			}
		})
	}
	return out
}

// listed asks for the offsets of a topic until every partition answers: a leader that has just been elected does not know
// for a moment where its log ends (OFFSET_NOT_AVAILABLE).
func listed(t *testing.T, ctx context.Context, list func(context.Context, ...string) (kadm.ListedOffsets, error), topic string) kadm.ListedOffsets {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		offsets, err := list(ctx, topic)
		if err == nil {
			err = offsets.Error()
		}
		if err == nil {
			return offsets
		}
		if time.Now().After(deadline) {
			t.Fatalf("list offsets of %s: %v", topic, err)
		}
	}
}
