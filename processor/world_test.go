// In virtual time a goroutine that waits for a sync.Mutex stops the clock, and the Kafka client does wait so, unless it is built
// with this tag: tests in virtual time are built with it only.

//go:build synctests

package processor

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/integration/oracle"
	"oktastream/integration/reference"
)

// world is a cluster, the processes on it, and what they were fed, in the virtual time of testing/synctest and on kfake's
// network of pipes. Processes run with the product's own time-outs: minutes cost milliseconds, and a hang is a report of
// all goroutines, or a test that fails at its deadline of virtual time.
type world struct {
	t       *testing.T
	c       *kfake.Cluster
	net     kfake.VirtualNetwork
	cl      *kgo.Client // of the test
	adm     *kadm.Client
	log     *logBook
	trial   *trial
	inputs  int           // partitions of the input that are fed
	input   []*kgo.Record // what was fed
	notices int           // alerts about oktastream itself that are expected
	runs    []*process
}

const (
	worldPartitions = 2
	// worldBound is how much virtual time a world has to come to rest: more than every time-out of the product together.
	worldBound = 15 * time.Minute
)

// worldStart is when worlds begin.
var worldStart = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

var worldSeeds = kgo.SeedBrokers("localhost:9092", "localhost:9093", "localhost:9094")

// inWorld runs f in virtual time, with a cluster of three brokers and the input topic.
func inWorld(t *testing.T, f func(*world), opts ...kfake.Opt) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(worldStart)) // virtual time begins before there was an Okta
		w := &world{t: t, log: &logBook{}, trial: newTrial(t), inputs: worldPartitions}
		opts := append([]kfake.Opt{kfake.NumBrokers(3), kfake.Ports(9092, 9093, 9094), kfake.ListenFn(w.net.Listen),
			kfake.SeedTopics(worldPartitions, inputTopic)}, opts...)
		var err error
		if w.c, err = kfake.NewCluster(opts...); err != nil {
			t.Fatal(err)
		}
		defer w.c.Close()
		w.cl = w.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
		defer w.cl.Close()
		w.adm = kadm.NewClient(w.cl)
		defer w.end()
		f(w)
	})
}

// end stops what still runs. The bubble ends when every goroutine has.
func (w *world) end() {
	for _, p := range w.runs {
		p.cancel()
		p.net.thaw()
	}
	for _, p := range w.runs {
		<-p.done
	}
	if w.t.Failed() {
		w.t.Logf("what the processes logged:\n%s", w.log)
	}
}

func (w *world) client(opts ...kgo.Opt) *kgo.Client {
	cl, err := kgo.NewClient(append([]kgo.Opt{worldSeeds, kgo.Dialer(w.net.DialContext), kgo.MetadataMinAge(50 * time.Millisecond)}, opts...)...)
	if err != nil {
		w.t.Fatal(err)
	}
	return cl
}

// start runs a process with the product's defaults.
func (w *world) start(instance string, edit func(*Config)) *process {
	w.t.Helper()
	n := newNetwork()
	n.dial = w.net.DialContext
	c := Config{
		Client: []kgo.Opt{worldSeeds, kgo.Dialer(n.DialContext)},
		Group:  "g", Instance: instance, Workers: 1, CreateTopics: true, Partitions: 2,
		RebalanceTimeout: 8 * time.Second, // below the session time-out, see testConfig
		Logger:           slog.New(w.log),
	}
	if edit != nil {
		edit(&c)
	}
	p, err := newProcessor(c, w.trial.engines)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	run := &process{Processor: p, net: n, cancel: cancel, done: make(chan error, 1)}
	go func() { run.done <- p.Run(ctx); close(run.done) }()
	w.runs = append(w.runs, run)
	return run
}

func (w *world) feed(n int) {
	w.t.Helper()
	w.put(w.trial.take(n, w.inputs)...)
}

// put produces to the input, each time with a client of its own: one that has seen a broker come, go and come again under
// the same number may, once in a while, wait for ever. The product gives such a client up when the transaction times out.
func (w *world) put(rs ...*kgo.Record) {
	w.t.Helper()
	cl := w.client(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer cl.Close()
	if err := cl.ProduceSync(context.Background(), rs...).FirstErr(); err != nil {
		w.t.Fatal(err)
	}
	w.input = append(w.input, rs...)
}

// settle waits until everything fed has been processed, and judges what was written.
func (w *world) settle() {
	w.t.Helper()
	w.eventually("all input is processed", func() bool {
		return lag(w.t, w.adm, "g", inputTopic) == 0 && w.detectLag() == 0
	})
	time.Sleep(5 * time.Second) // for what comes twice
	topics := w.topics()
	notices := 0
	topics.Alerts = slices.DeleteFunc(topics.Alerts, func(r *kgo.Record) bool {
		a, err := oracle.Parse(r.Value)
		if err == nil && a.Kind == "operator" {
			notices++
		}
		return err == nil && a.Kind == "operator"
	})
	if notices != w.notices {
		w.t.Errorf("%d alerts about oktastream itself, want %d", notices, w.notices)
	}
	w.trial.judge(w.t, topics)
}

// topics reads what lies in the topics, all of one moment: clocks come all the time, and some of them close windows.
func (w *world) topics() (topics reference.Topics) {
	w.t.Helper()
	w.eventually("nothing is written while the topics are read", func() bool {
		before := w.ends()
		topics = reference.Topics{Input: w.input, Repartition: w.read("g-repartition"), Alerts: w.read("okta.alerts"),
			Changelog: w.read("g-changelog"), DeadLetters: w.read("g-dlq"), Partitions: worldPartitions}
		return maps.Equal(before, w.ends())
	})
	return topics
}

// episodes counts the records that tell of windows among the alerts.
func (w *world) episodes() (n int) {
	w.t.Helper()
	for _, r := range w.read("okta.alerts") {
		a, err := oracle.Parse(r.Value)
		if err != nil {
			w.t.Error(err)
		}
		if a.Episode != nil {
			n++
		}
	}
	return n
}

// ends are the ends of the topics that processes write.
func (w *world) ends() map[source]int64 {
	w.t.Helper()
	ends, err := w.adm.ListEndOffsets(context.Background(), "g-repartition", "okta.alerts", "g-changelog", "g-dlq")
	if err != nil {
		w.t.Fatal(err)
	}
	at := map[source]int64{}
	ends.Each(func(o kadm.ListedOffset) { at[source{topic: o.Topic, partition: o.Partition}] = o.Offset })
	return at
}

// detectLag counts observations that wait to be read. Clocks come all the time.
func (w *world) detectLag() (n int64) {
	have, err := stableOffsets(context.Background(), w.adm, "g-detect")
	if err != nil {
		return -1
	}
	for _, r := range w.read("g-repartition") {
		if r.Value[0] == 'O' && r.Offset >= have[r.Topic][r.Partition] {
			n++
		}
	}
	return n
}

// read returns every committed record of a topic.
func (w *world) read(topic string) []*kgo.Record {
	w.t.Helper()
	return readCommitted(w.t, w.cl, topic, worldBound)
}

// ready waits for the process to be ready.
func (w *world) ready(p *process) {
	w.t.Helper()
	w.eventually("ready", func() bool { return p.Readiness().Ready })
}

// ended waits for Run to return.
func (w *world) ended(p *process) error {
	w.t.Helper()
	select {
	case err := <-p.done:
		return err
	case <-time.After(worldBound):
		w.t.Fatalf("Run has not ended after %v", worldBound)
	}
	return nil
}

func (w *world) eventually(what string, f func() bool) {
	w.t.Helper()
	w.within(worldBound, what, f)
}

func (w *world) within(bound time.Duration, what string, f func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(bound)
	for pause := 100 * time.Millisecond; !f(); pause = min(2*pause, 5*time.Second) {
		if time.Now().After(deadline) {
			w.t.Fatalf("not within %v: %s", bound, what)
		}
		time.Sleep(pause)
	}
}

// logBook is a slog.Handler that keeps what operators see.
type logBook struct {
	mu    sync.Mutex
	lines []string
}

func (l *logBook) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }
func (l *logBook) WithAttrs([]slog.Attr) slog.Handler               { return l }
func (l *logBook) WithGroup(string) slog.Handler                    { return l }

func (l *logBook) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %v %s", r.Time.UTC().Format("15:04:05.000"), r.Level, r.Message)
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&b, " %s=%v", a.Key, a.Value)
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, b.String())
	return nil
}

// has reports whether a line of the level or above holds text.
func (l *logBook) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if strings.Contains(line, text) {
			return true
		}
	}
	return false
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// takeOver fences a transactional id and lets go of it.
func (w *world) takeOver(txn string) {
	w.t.Helper()
	cl := w.client(kgo.TransactionalID(txn))
	defer cl.Close()
	if _, _, err := cl.ProducerID(context.Background()); err != nil {
		w.t.Error(err)
	}
}
