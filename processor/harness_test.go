package processor

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"oktastream/integration/ghosts"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// These tests wait more than they work. The command line still has the last word.
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

func newCluster(t testing.TB, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(100 * time.Millisecond)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// fast are client options that keep tests quick.
func fast(c *kfake.Cluster) []kgo.Opt {
	return []kgo.Opt{
		kgo.SeedBrokers(c.ListenAddrs()...),
		kgo.MetadataMinAge(20 * time.Millisecond),
		kgo.FetchMaxWait(50 * time.Millisecond),
		kgo.RetryBackoffFn(func(n int) time.Duration { return min(time.Duration(n)*10*time.Millisecond, 200*time.Millisecond) }),
	}
}

func newClient(t testing.TB, c *kfake.Cluster, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append(fast(c), opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

func testLog(t testing.TB) *slog.Logger {
	var w io.Writer = io.Discard
	level := slog.LevelInfo
	if os.Getenv("OKTASTREAM_TEST_LOG") == "debug" {
		level = slog.LevelDebug
	}
	if os.Getenv("OKTASTREAM_TEST_LOG") != "" {
		w = os.Stderr
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level})).With("test", t.Name())
}

// testConfig has time-outs that suit a test. The rebalance time-out is below the session time-out, since kfake lets the
// session of a member that waits in JoinGroup expire, and never answers it then.
func testConfig(t testing.TB, c *kfake.Cluster, n *network) Config {
	return Config{
		Client: append(fast(c), kgo.Dialer(n.DialContext)),
		Group:  "g", Workers: 1, CreateTopics: true, Partitions: 4,
		CommitInterval: 20 * time.Millisecond, SessionTimeout: 2 * time.Second, HeartbeatInterval: 100 * time.Millisecond,
		RebalanceTimeout: 1500 * time.Millisecond, TransactionTimeout: 4 * time.Second, Escape: 300 * time.Millisecond,
		Logger: testLog(t),
	}
}

// process is one running Processor.
type process struct {
	*Processor
	net    *network
	cancel context.CancelFunc
	done   chan error
	// stopped: in an orderly way, or killed.
	stopped bool
}

func start(t testing.TB, c *kfake.Cluster, e engines, edit func(*Config)) *process {
	t.Helper()
	n := newNetwork()
	cfg := testConfig(t, c, n)
	if edit != nil {
		edit(&cfg)
	}
	p, err := newProcessor(cfg, e)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	run := &process{Processor: p, net: n, cancel: cancel, done: make(chan error, 1)}
	go func() { run.done <- p.Run(ctx) }()
	t.Cleanup(func() { cancel() })
	return run
}

// stop ends the process in an orderly way.
func (p *process) stop(t testing.TB) {
	t.Helper()
	p.stopped = true
	p.cancel()
	if err := <-p.done; err != nil {
		t.Errorf("Run: %v", err)
	}
}

// kill ends it as kill -9 would, as far as the cluster can tell. What remains of it gives up in its own time.
func (p *process) kill(t testing.TB) {
	p.stopped = true
	p.net.cut()
	p.cancel()
	t.Cleanup(func() { <-p.done })
}

func eventJSON(id, actor string, at time.Time) []byte {
	return fmt.Appendf(nil, `{"uuid":%q,"published":%q,"eventType":"user.session.start","actor":{"alternateId":%q}}`, id, at.UTC().Format(time.RFC3339Nano), actor)
}

const inputTopic = "okta.system-log"

func createInput(t testing.TB, c *kfake.Cluster, partitions int) {
	t.Helper()
	if err := c.CreateTopic(inputTopic, int32(partitions), nil); err != nil {
		t.Fatal(err)
	}
}

// newInput is a cluster with the input topic, and a client that writes to the partition that a record says.
func newInput(t testing.TB, partitions int) (*kfake.Cluster, *kgo.Client) {
	t.Helper()
	c := newCluster(t)
	createInput(t, c, partitions)
	return c, newClient(t, c, kgo.RecordPartitioner(kgo.ManualPartitioner()))
}

// exorcised keeps dead members out of the groups of a cluster on which processes are killed.
func exorcised(t testing.TB, c *kfake.Cluster) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cl, ended := newClient(t, c), make(chan struct{})
	go func() {
		ghosts.Exorcise(ctx, t, cl, 5*time.Second)
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
}

// feed produces n events of the given number of actors, spread over the input's partitions.
func feed(t testing.TB, cl *kgo.Client, from, n, actors, partitions int) {
	t.Helper()
	var rs []*kgo.Record
	for i := from; i < from+n; i++ {
		rs = append(rs, &kgo.Record{Topic: inputTopic, Partition: int32(i % partitions),
			Value: eventJSON(fmt.Sprint("e", i), fmt.Sprint("u", i%actors), time.Unix(1700000000+int64(i), 0))})
	}
	if err := cl.ProduceSync(context.Background(), rs...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// readAll returns every committed record of a topic up to its present end.
func readAll(t testing.TB, c *kfake.Cluster, topic string) []*kgo.Record {
	t.Helper()
	return readCommitted(t, newClient(t, c), topic, 20*time.Second)
}

func readCommitted(t testing.TB, cl *kgo.Client, topic string, stall time.Duration) []*kgo.Record {
	t.Helper()
	ends, err := kadm.NewClient(cl).ListEndOffsets(context.Background(), topic)
	if err != nil {
		t.Fatal(err)
	}
	r := &restorer{client: cl, topic: topic, stall: stall}
	var out []*kgo.Record
	for _, o := range ends[topic] {
		if errors.Is(o.Err, kerr.UnknownTopicOrPartition) {
			return nil // not created yet
		}
		if err := r.read(context.Background(), o.Partition, func(rec *kgo.Record) error { out = append(out, rec); return nil }, new(progress)); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func eventually(t testing.TB, within time.Duration, what string, f func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !f() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", within, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// lag is what a group has still to commit of a topic.
func lag(t testing.TB, adm *kadm.Client, group, topic string) int64 {
	t.Helper()
	ctx := context.Background()
	ends, err := adm.ListEndOffsets(ctx, topic)
	if err != nil {
		return -1
	}
	have, err := stableOffsets(ctx, adm, group)
	if err != nil {
		return -1
	}
	var n int64
	for _, o := range ends[topic] {
		n += o.Offset - have[topic][o.Partition]
	}
	return n
}

func sorted[T any](in []T, key func(T) string) []T {
	return slices.SortedFunc(slices.Values(in), func(a, b T) int { return strings.Compare(key(a), key(b)) })
}

// metricValue sums a metric over its labels; it is 0 if nothing was counted yet.
func metricValue(t testing.TB, p *process, name string) (sum float64) {
	t.Helper()
	for _, value := range metricSeries(t, p, name) {
		sum += value
	}
	return sum
}

// metricSeries ranges over the series of a metric.
func metricSeries(t testing.TB, p *process, name string) iter.Seq2[map[string]string, float64] {
	t.Helper()
	families, err := p.Metrics().Gather()
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(map[string]string, float64) bool) {
		for _, f := range families {
			if f.GetName() != name {
				continue
			}
			for _, m := range f.GetMetric() {
				labels := map[string]string{}
				for _, l := range m.GetLabel() {
					labels[l.GetName()] = l.GetValue()
				}
				if !yield(labels, m.GetCounter().GetValue()+m.GetGauge().GetValue()) {
					return
				}
			}
		}
	}
}
