package processor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/processor/encoding"
	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/window"
)

// Run processes events until ctx ends, which is no error: every worker then finishes and commits its batch and leaves
// the group. It returns early with what a new session would meet again; all else is retried. All goroutines are gone
// when it returns.
func Run(ctx context.Context, c Config, set *rules.Set) error {
	p, err := New(c, set)
	if err != nil {
		return err
	}
	return p.Run(ctx)
}

// Processor is a configured run.
type Processor struct {
	config  Config
	engines engines
	encoder *encoding.Encoder
	metrics *metrics
	status  *status
}

// engines makes what the stages run. Tests put simpler ones in.
type engines struct {
	ruleIDs []string // in the order of engine.Stats
	// lateness is the longest of the rules: what comes later is late for all of them.
	lateness time.Duration
	ruleSet  string // fingerprint
	unwrap   func() func(value []byte, dst []element) []element
	decoder  func() eventDecoder
	ingest   func() ingester
	task     func() detector
	// budgeted makes tasks that hold so many bytes, for AutoBudget.
	budgeted func(bytes int) func() detector
}

// New checks c and prepares a run of the rules in set, which may be shared. Nothing is connected yet.
func New(c Config, set *rules.Set) (*Processor, error) {
	e, err := evaluating(c, set)
	if err != nil {
		return nil, err
	}
	for _, r := range set.Rules() {
		if st := r.Stateful; st != nil {
			c.memory = max(c.memory, st.Window.Length+st.Window.Lateness, st.Window.Quiet)
			if st.Window.Episode != window.Unending {
				c.memory = max(c.memory, st.Window.Episode)
			}
		}
	}
	return newProcessor(c, e)
}

// evaluating are the engines that evaluate the rules of set.
func evaluating(c Config, set *rules.Set) (e engines, err error) {
	o := engine.Options{Org: c.Org, Version: c.Version, StateBudget: max(0, c.StateBudget)}
	e = engines{ruleSet: set.Fingerprint(),
		decoder: func() eventDecoder { return event.NewDecoder(set.Fields()) },
		ingest:  func() ingester { return engine.NewIngest(set, o) },
		task:    func() detector { return engine.NewTask(set, o) },
		budgeted: func(bytes int) func() detector {
			o := o
			o.StateBudget = bytes
			return func() detector { return engine.NewTask(set, o) }
		},
	}
	for _, r := range set.Rules() {
		e.ruleIDs = append(e.ruleIDs, r.ID)
		if st := r.Stateful; st != nil {
			e.lateness = max(e.lateness, st.Window.Lateness)
		}
	}
	e.unwrap, err = opener(c.Envelope, c.EnvelopePath)
	return e, err
}

func newProcessor(c Config, e engines) (*Processor, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	if c.Instance == "" {
		c.Instance = rand.Text()[:8]
	}
	encoder, err := encoding.New(encoding.Options{Format: c.Format, Group: c.Group})
	if err != nil {
		return nil, fmt.Errorf("format: %w", err)
	}
	return &Processor{config: c, engines: e, encoder: encoder, metrics: newMetrics(c.Version, e.ruleSet, len(e.ruleIDs)),
		status: newStatus(len(e.ruleIDs), e.ruleSet)}, nil
}

// Readiness is what /readyz answers. It may be called at any time from any goroutine.
func (p *Processor) Readiness() Readiness { return p.status.readiness() }

// Metrics is the registry behind /metrics.
func (p *Processor) Metrics() prometheus.Gatherer { return p.metrics.registry }

// startTimeout bounds the first contact with the cluster.
const startTimeout = 30 * time.Second

// Run is as the function Run. It can be called once.
func (p *Processor) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if p.config.HTTP != "" {
		addr, stop, err := serve(p.config.HTTP, handler(p.metrics, p.status), func(err error) { cancel(fmt.Errorf("http: %w", err)) })
		if err != nil {
			return err
		}
		defer stop()
		p.config.Logger.Info("serving metrics and health", "addr", addr)
	}
	found, err := p.prepare(ctx, "admin")
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	var workers []*worker
	for _, st := range []Stage{Ingest, Detect} {
		if p.config.Stages&st == 0 {
			continue
		}
		for i := range p.config.workers(st, found) {
			workers = append(workers, p.worker(st, i, found))
		}
	}
	p.status.start(workers)
	var wg sync.WaitGroup
	for _, w := range workers {
		wg.Go(func() {
			if err := w.run(ctx); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	cause := context.Cause(ctx)
	switch {
	case cause == nil, errors.Is(cause, context.Canceled), errors.Is(cause, context.DeadlineExceeded):
		return nil
	case errors.Is(cause, kerr.TopicAuthorizationFailed):
		return errors.Join(cause, p.missingRights())
	}
	return cause
}

// workers is how many sessions a stage has in this process. By default one for every two CPUs: its client fetches,
// decompresses and sends in goroutines of its own, and the other stage has as many. One without a partition would do
// nothing but make the group larger.
func (c *Config) workers(st Stage, found topics) int {
	if c.Workers > 0 {
		return c.Workers
	}
	topics := c.Input
	if st == Detect {
		topics = []string{c.Repartition}
	}
	partitions := 0
	for _, t := range topics {
		partitions += int(found.partitions[t])
	}
	return max(1, min(runtime.GOMAXPROCS(0)/2, partitions))
}

// prepare looks at the topics, or creates them. name is that of its client: workers do this at the same time, and two
// clients of one name cannot be counted.
func (p *Processor) prepare(ctx context.Context, name string) (topics, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := p.ping(ctx, name); err != nil {
		return topics{}, err
	}
	// The client answers metadata requests from what it has for this long, 5 s by default: a topic that has just been
	// created would not be seen before.
	cl, err := kgo.NewClient(append(p.client(name), kgo.MetadataMinAge(50*time.Millisecond))...)
	if err != nil {
		return topics{}, fmt.Errorf("kafka client: %w", err)
	}
	defer cl.Close()
	return prepareTopics(ctx, cl, p.config)
}

// ping wants some broker to answer, and says at once what looks like a wrong configuration of TLS.
func (p *Processor) ping(ctx context.Context, name string) error {
	cl, err := kgo.NewClient(p.firstClient(name)...)
	if err != nil {
		return fmt.Errorf("kafka client: %w", err)
	}
	defer cl.Close()
	if err := cl.Ping(ctx); err != nil {
		return fmt.Errorf("no broker answers: %w", err)
	}
	return nil
}

// client are the options of every client after the first. A broker has answered that one, so the configuration fits: a
// connection that ends at once is that of a broker that is going down, or of a proxy before one, and another may answer.
func (p *Processor) client(name string) []kgo.Opt {
	return append(p.firstClient(name), kgo.AlwaysRetryEOF())
}

func (p *Processor) firstClient(name string) []kgo.Opt {
	opts := []kgo.Opt{
		kgo.ClientID("oktastream-" + p.config.Instance + "-" + name),
		kgo.WithLogger(clientLog{p.config.Logger.With("instance", p.config.Instance, "client", name)}),
		kgo.FetchMaxBytes(16 << 20),
		p.metrics.client(name),
	}
	return append(opts, p.config.Client...)
}

func (p *Processor) worker(st Stage, slot int, found topics) *worker {
	name := fmt.Sprintf("%v-%d", st, slot)
	c := &p.config
	w := &worker{
		name: name, sizes: found.sizes, metrics: p.metrics, status: p.status, log: c.Logger.With("instance", c.Instance, "worker", name),
		limits: limits{interval: c.CommitInterval, tick: max(c.CommitInterval, 100*time.Millisecond), records: c.MaxRecords, bytes: c.MaxBytes},
		stride: newStride(pollRecords, c.TransactionTimeout/strideShare),
	}
	p.metrics.pollLimit.WithLabelValues(name).Set(pollRecords)
	w.beat.Store(time.Now().UnixNano())
	first := true
	w.open = func(ctx context.Context) (*session, stage, error) {
		if !first {
			// What ended the session before may be that a topic is not what it was: smaller records, more partitions.
			var err error
			if found, err = p.prepare(ctx, w.name+"-admin"); err != nil {
				return nil, nil, err
			}
			w.sizes = found.sizes
		}
		first = false
		o := p.session(w, st, found)
		if st == Ingest {
			g := p.ingest(w, found)
			o.onRecover, o.onSkip = g.lose, g.skip
			o.client = append(o.client, kgo.MaxDecompressBatchBytes(batchBytes(p.config.MaxRecordBytes)))
			s, err := newSession(o)
			g.s = s
			return s, g, err
		}
		s, err := newSession(o)
		if err != nil {
			return nil, nil, err
		}
		d, err := p.detect(w, s, found)
		if err != nil {
			s.close()
			return nil, nil, err
		}
		return s, d, nil
	}
	return w
}

// detectGroup is the consumer group of the detect stage.
func (c *Config) detectGroup() string { return c.Group + "-detect" }

func (p *Processor) session(w *worker, st Stage, found topics) sessionOptions {
	c := &p.config
	o := sessionOptions{
		group: c.Group, follower: c.detectGroup(), topics: c.Input, txnID: c.Group + "-" + c.Instance + "-" + w.name,
		leave: c.LeaveOnShutdown, end: c.TransactionTimeout, escape: c.Escape, log: w.log,
		start: kgo.NewOffset().AtStart(), startNone: c.Reset == "none", recover: c.Reset != "none",
		onCallback: func(k assignmentKind) { p.metrics.rebalances.WithLabelValues(st.String(), k.String()).Inc() },
	}
	if c.Reset == "latest" {
		o.start = kgo.NewOffset().AtEnd()
	}
	if st == Detect {
		// A task's position is decided by its checkpoint; nothing may be skipped.
		o.group, o.follower, o.topics = c.detectGroup(), "", []string{c.Repartition}
		o.start, o.startNone, o.recover, o.pause = kgo.NewOffset().AtStart(), false, false, true
	}
	if c.StaticID != "" {
		o.instance = c.StaticID + "-" + w.name
	}
	o.client = append(p.client(w.name),
		kgo.SessionTimeout(c.SessionTimeout),
		kgo.HeartbeatInterval(c.HeartbeatInterval),
		kgo.RebalanceTimeout(c.RebalanceTimeout),
		kgo.TransactionTimeout(c.TransactionTimeout),
		kgo.ProducerBatchMaxBytesFn(found.batch),
		kgo.WithPools(new(buffers)),
	)
	return o
}

func (p *Processor) letters(st Stage, found topics) *deadLetters {
	c := &p.config
	group := c.Group
	if st == Detect {
		group = c.detectGroup()
	}
	return &deadLetters{topic: c.DeadLetters, partitions: found.partitions[c.DeadLetters], group: group, stage: st, version: c.Version, metrics: p.metrics}
}

func (p *Processor) publisher(l *deadLetters, found topics, log *slog.Logger) *publisher {
	c := &p.config
	return &publisher{topic: c.Alerts, partitions: found.partitions[c.Alerts], encoder: p.encoder, letters: l, metrics: p.metrics, log: log}
}

func (p *Processor) router(l *deadLetters, found topics, log *slog.Logger) *router {
	c := &p.config
	return &router{topic: c.Repartition, partitions: found.partitions[c.Repartition], stamp: stamp(c.Group, p.engines.ruleSet),
		letters: l, metrics: p.metrics, log: log}
}

// ingest makes a stage that still lacks its session.
func (p *Processor) ingest(w *worker, found topics) *ingestStage {
	c, e := &p.config, &p.engines
	letters := p.letters(Ingest, found)
	g := &ingestStage{
		skew: c.Skew, maxRecord: c.MaxRecordBytes, ruleIDs: e.ruleIDs,
		unwrap: e.unwrap(), decoder: e.decoder(), engine: e.ingest(), clocks: newClocks(c.IdleTimeout), names: names{}, doubts: newDoubts(p.metrics, w.log, c.IdleTimeout),
		publish: p.publisher(letters, found, w.log), router: p.router(letters, found, w.log), letters: letters, metrics: p.metrics, log: w.log,
		partitions: make(map[string]int32), tally: make(tally), envelopes: make(map[string]prometheus.Counter),
		alert: func(l loss, now time.Time) alert.Alert { return l.alert(c.Org, c.Version, e.ruleSet, now) },
	}
	for _, t := range c.Input {
		g.partitions[t] = found.partitions[t]
	}
	return g
}

func (p *Processor) detect(w *worker, s *session, found topics) (*detectStage, error) {
	c, e := &p.config, &p.engines
	// A new leader is to be found soon, see prepare.
	cl, err := kgo.NewClient(append(p.client(w.name+"-restore"), kgo.MetadataMinAge(250*time.Millisecond))...)
	if err != nil {
		return nil, fmt.Errorf("kafka client: %w", err)
	}
	letters := p.letters(Detect, found)
	newTask := e.task
	if c.StateBudget == AutoBudget {
		memory, source := memoryLimit()
		budget := taskBudget(memory, found.partitions[c.Repartition])
		w.log.Info("budget of the state", "bytes_per_task", budget, "tasks", found.partitions[c.Repartition], "memory", memory, "limited_by", source)
		newTask = e.budgeted(budget)
	}
	return &detectStage{
		s: s, skew: c.Skew, topic: c.Repartition, changelog: c.Changelog, group: c.detectGroup(), installation: c.Group, count: found.partitions[c.Repartition],
		ruleSet: e.ruleSet, ruleIDs: e.ruleIDs, newTask: newTask,
		restorer: &restorer{client: cl, topic: c.Changelog, stall: 3 * c.TransactionTimeout},
		publish:  p.publisher(letters, found, w.log), router: p.router(letters, found, w.log), letters: letters, metrics: p.metrics, status: p.status, log: w.log,
		tasks: make(map[int32]*task), slots: make(chan struct{}, restoresAtOnce), levels: newLevels(), tally: make(tally), skip: make(map[int32]map[int64]string),
		late: lateSources{lateness: e.lateness},
	}, nil
}
