package processor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/rules/engine"
	"oktastream/state"
)

// detector is what a task runs: the windows of one partition. engine.Task is one.
type detector interface {
	Restore(key, value []byte) error
	Checkpoint() (state.Checkpoint, bool)
	Begin()
	Handle(engine.Message, *engine.Output) error
	Changes(state.Checkpoint) []state.Change
	Commit() error
	Rollback()
	TakeStats() engine.Stats
	Clock(level int) (int64, bool)
	Levels() int
	Windows() int
	Bytes() int
}

// stateFormat is written into checkpoints. Raise it when a changelog written by this version cannot be read by older
// ones.
const stateFormat = 2

// errRepeated: a record came that the state contains already.
var errRepeated = errors.New("a record came twice")

// task is one partition of the repartition topic: its windows and where it stands. It is restored in a goroutine of its
// own, which has it alone until the restore is over.
type task struct {
	partition int32
	engine    detector
	next      int64  // input offset that is expected next, in the open transaction
	committed int64  // … as of the last commit
	sequence  uint64 // transactions so far
	running   bool
	touched   bool // by the open transaction

	progress *progress
	started  time.Time
	cancel   context.CancelFunc
	restored chan error // nil once it has been received
}

// detectStage keeps the tasks of one worker.
type detectStage struct {
	s         *session
	skew      time.Duration
	topic     string // repartition
	changelog string
	group     string
	// installation is the group of the ingest stage.
	installation string
	count        int32  // partitions of both
	ruleSet      string // fingerprint
	ruleIDs      []string
	newTask      func() detector
	restorer     *restorer
	publish      *publisher
	router       *router
	letters      *deadLetters
	metrics      *metrics
	status       *status
	log          *slog.Logger

	tasks  map[int32]*task
	wg     sync.WaitGroup
	slots  chan struct{} // bounds restores that run at once
	out    engine.Output
	levels *levels
	tally  tally
	// skip are offsets whose processing panicked. The transaction was dropped, since the panic may have left the
	// overlay half written; the second time around they are dead letters.
	skip   map[int32]map[int64]string
	warned time.Time // of other rules
	late   lateSources
}

// restoresAtOnce is how many partitions a worker restores at the same time.
const restoresAtOnce = 4

func (d *detectStage) reconcile(ctx context.Context, changes []assignment, now time.Time) error {
	for _, c := range changes {
		for _, p := range c.parts[d.topic] {
			// Also for an assignment: one may have been missed, so whatever was known of the partition is stale.
			d.drop(p)
			if c.kind == assigned && p >= d.count {
				return permanent(fmt.Errorf("%w: %s had %d partitions when this process started, and has been given more: keys are routed elsewhere from now on. "+
					"Stop all processes, recreate %s and %s with one number of partitions, or begin without state under another group.id",
					errForeign, d.topic, d.count, d.topic, d.changelog))
			}
			if c.kind == assigned {
				d.start(p, now)
			}
		}
	}
	for _, t := range d.tasks {
		if err := d.settle(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

func (d *detectStage) start(partition int32, now time.Time) {
	ctx, cancel := context.WithCancel(context.Background())
	t := &task{partition: partition, engine: d.newTask(), progress: new(progress), started: now, cancel: cancel, restored: make(chan error, 1)}
	d.tasks[partition] = t
	d.status.restoring(d, partition, t.progress)
	d.metrics.assigned.WithLabelValues(Detect.String()).Inc()
	done := t.restored
	d.wg.Go(func() {
		select {
		case d.slots <- struct{}{}:
			defer func() { <-d.slots }()
			done <- d.restore(ctx, t)
		case <-ctx.Done():
		}
	})
}

// restore runs in its own goroutine.
func (d *detectStage) restore(ctx context.Context, t *task) (err error) {
	defer func() {
		if v := recover(); v != nil {
			d.log.Error("restore panicked", "partition", t.partition, "panic", v, "stack", string(debug.Stack()))
			err = permanent(fmt.Errorf("restore of %s/%d: %s", d.changelog, t.partition, panicText(v)))
		}
	}()
	return d.restorer.run(ctx, t.partition, t.engine.Restore, t.progress)
}

// drop forgets a task. Its restore ends in its own time; the task belongs to it until then.
func (d *detectStage) drop(partition int32) {
	t, ok := d.tasks[partition]
	if !ok {
		return
	}
	t.cancel()
	delete(d.tasks, partition)
	delete(d.skip, partition)
	d.levels.forget(partition)
	d.status.gone(d, partition)
	d.metrics.assigned.WithLabelValues(Detect.String()).Dec()
	d.metrics.forget(d.topic, partition)
	d.metrics.forgetTask(partition)
}

// settle starts a task whose restore is over and whose state agrees with the group's offset.
func (d *detectStage) settle(ctx context.Context, t *task) error {
	if t.running {
		return nil
	}
	if remaining, _, _ := t.progress.remaining(); remaining > 0 {
		d.metrics.restoring.WithLabelValues(label(t.partition)).Set(float64(remaining))
	}
	if t.restored != nil {
		select {
		case err := <-t.restored:
			if err != nil {
				return fmt.Errorf("restore of task %d: %w", t.partition, err)
			}
			t.restored = nil
		default:
			return nil
		}
	}
	at, fresh, ok := d.s.position(d.topic, t.partition)
	if !ok {
		return nil // the client still fetches offsets
	}
	next, err := d.agree(ctx, t, at, fresh)
	if err != nil {
		return err
	}
	cp, _ := t.engine.Checkpoint()
	t.next, t.committed, t.sequence, t.running = next, next, cp.Sequence, true
	t.cancel()
	d.s.client().ResumeFetchPartitions(map[string][]int32{d.topic: {t.partition}})
	d.status.running(d, t.partition)
	took := time.Since(t.started)
	_, _, total := t.progress.remaining()
	d.metrics.restoring.WithLabelValues(label(t.partition)).Set(0)
	d.metrics.restoreDuration.Observe(took.Seconds())
	d.log.Info("task restored", "partition", t.partition, "records", total, "windows", t.engine.Windows(), "offset", next, "took", took.Round(time.Millisecond))
	return nil
}

func (d *detectStage) due(time.Time) bool { return false }

func (d *detectStage) begin(time.Time) {
	d.out.Alerts, d.out.Observations, d.out.Forwarded = d.out.Alerts[:0], d.out.Observations[:0], d.out.Forwarded[:0]
	d.levels.begin()
	clear(d.tally)
}

func (d *detectStage) process(r *kgo.Record, out *transaction) error {
	t := d.tasks[r.Partition]
	if t == nil || !t.running {
		return fmt.Errorf("%w: partition %d is not ready", errAbort, r.Partition)
	}
	if !t.touched {
		t.touched = true
		t.engine.Begin()
	}
	// Upwards there may be gaps: aborted records. Downwards there is no excuse.
	if r.Offset < t.next {
		return fmt.Errorf("%w: %s/%d offset %d, and the state holds everything before %d", errRepeated, d.topic, r.Partition, r.Offset, t.next)
	}
	if !r.Attrs.IsControl() {
		if err := d.handle(t, r, out); err != nil {
			return err
		}
	}
	t.next = r.Offset + 1
	return nil
}

func (d *detectStage) handle(t *task, r *kgo.Record, out *transaction) error {
	if why, ok := d.skip[r.Partition][r.Offset]; ok {
		return d.letters.write(out, d.tally, deadLetter{record: r, code: codePanic, message: why, element: -1})
	}
	if err := d.belongs(r); err != nil {
		return err
	}
	m, err := engine.DecodeMessage(r.Value)
	if err == nil {
		m.Limit = engine.LimitAt(r.Timestamp.UnixNano(), d.skew)
		err = d.guarded(t, r, m)
	}
	switch {
	case errors.Is(err, errAbort):
		return err
	case err != nil:
		return d.letters.write(out, d.tally, deadLetter{record: r, code: codeUnreadable, message: err.Error(), element: -1})
	}
	if clock, known := t.engine.Clock(0); known && m.Observation != nil {
		d.late.see(m.Observation, clock)
	}
	if err := d.publish.alerts(out, d.tally, r, d.out.Alerts); err != nil {
		return err
	}
	// Alerts that other rules observe.
	err = d.router.observations(out, d.tally, deadLetter{record: r, element: -1}, d.out.Observations)
	d.out.Alerts, d.out.Observations, d.out.Forwarded = d.out.Alerts[:0], d.out.Observations[:0], d.out.Forwarded[:0]
	return err
}

// guarded keeps a panic inside one record from taking the process down.
func (d *detectStage) guarded(t *task, r *kgo.Record, m engine.Message) (err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		d.metrics.panics.Inc()
		d.log.Error("detection panicked; the record becomes a dead letter", "topic", r.Topic, "partition", r.Partition, "offset", r.Offset,
			"panic", v, "stack", string(debug.Stack()))
		if d.skip[r.Partition] == nil {
			d.skip[r.Partition] = make(map[int64]string)
		}
		d.skip[r.Partition][r.Offset] = panicText(v)
		err = fmt.Errorf("%w: %s", errAbort, panicText(v))
	}()
	return t.engine.Handle(m, &d.out)
}

// finish writes what changed in every touched task, and where it stands now.
func (d *detectStage) finish(out *transaction, now time.Time) error {
	if err := d.announce(out, now); err != nil {
		return err
	}
	for _, t := range d.tasks {
		if !t.touched {
			continue
		}
		changes := t.engine.Changes(state.Checkpoint{Input: t.next, Sequence: t.sequence + 1, Partitions: d.count,
			Format: stateFormat, Topic: d.s.id(d.topic, t.partition), RuleSet: d.ruleSet, Group: d.group})
		for _, c := range changes {
			if err := out.produce(&kgo.Record{Topic: d.changelog, Partition: t.partition, Key: c.Key, Value: c.Value}); err != nil {
				// Without it the changelog would not equal the state, and nobody else can store it.
				return permanent(fmt.Errorf("state of task %d: %w: raise max.message.bytes of the topic and max.request.size", t.partition, err))
			}
		}
	}
	return nil
}

func (d *detectStage) commit(now time.Time) error {
	for p, t := range d.tasks {
		if !t.touched {
			continue
		}
		if err := t.engine.Commit(); err != nil {
			// The broker has the changes and memory has not: only a restore helps.
			return fmt.Errorf("task %d: a committed transaction could not be merged: %w", p, err)
		}
		t.touched, t.committed = false, t.next
		t.sequence++
		d.metrics.rules(d.tally, d.ruleIDs, t.engine.TakeStats())
		d.metrics.windows.WithLabelValues(label(p)).Set(float64(t.engine.Windows()))
		d.metrics.state.WithLabelValues(label(p)).Set(float64(t.engine.Bytes()))
		if at, ok := t.engine.Clock(0); ok {
			d.metrics.taskClock.WithLabelValues(label(p)).Set(float64(at) / 1e9)
		}
		delete(d.skip, p)
	}
	d.levels.commit()
	d.late.tell(d.log, now)
	d.tally.commit()
	d.publish.commit(now)
	return nil
}

func (d *detectStage) rollback() {
	for _, t := range d.tasks {
		if !t.touched {
			continue
		}
		t.engine.Rollback()
		t.engine.TakeStats() // of what did not happen
		t.touched, t.next = false, t.committed
	}
	clear(d.tally)
	d.publish.rollback()
}

func (d *detectStage) close() {
	for p := range d.tasks {
		d.drop(p)
	}
	d.wg.Wait()
	d.restorer.client.Close()
}
