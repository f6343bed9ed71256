package processor

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/processor/envelope"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/rules/event"
)

// ingester is the first half of detection. engine.Ingest is one.
type ingester interface {
	Process(*event.Event, *engine.Output)
	TakeStats() engine.Stats
}

// eventDecoder makes an event of a LogEvent's JSON. event.Decoder is one.
type eventDecoder interface {
	Decode(raw []byte, m event.Meta) (*event.Event, error)
}

// element is one thing inside a record: the text of a LogEvent, or what could not be used and why.
type element struct {
	raw      []byte
	index    int    // position inside the record
	envelope string // every wrapping, from the outermost in
	carrier  []byte // what the wrappings say, see event.Meta
	kind     string // the outermost wrapping: one of a few, for a metric
	reason   string // of err, for a metric: one of a few
	err      error
	empty    bool // an envelope that may hold nothing, and does
}

// ingestStage reads the input topics.
type ingestStage struct {
	s       *session
	skew    time.Duration
	ruleIDs []string
	unwrap  func(value []byte, dst []element) []element
	decoder eventDecoder
	engine  ingester
	clocks  *clocks
	names   names
	doubts  *doubts
	publish *publisher
	router  *router
	letters *deadLetters
	metrics *metrics
	log     *slog.Logger

	mu     sync.Mutex // the client's callbacks add to losses
	losses []loss     // to be announced
	told   int        // how many of them the open transaction announces
	alert  func(loss, time.Time) alert.Alert

	maxRecord int                          // bytes
	skipped   []*kgo.ErrDecompressTooLarge // since the last transaction

	partitions map[string]int32 // of the input topics
	asked      time.Time        // when membership was last asked for
	now        time.Time        // of the open transaction's begin
	elements   []element
	carried    []byte // space for carrier
	single     bool   // the record at hand has one element
	bare       bool   // the record before was a LogEvent without any wrapping
	seen       seen
	out        engine.Output
	tally      tally
	envelopes  map[string]prometheus.Counter
}

// seen sums up consecutive records of one source and one envelope, so that what is kept by source and by envelope is not
// looked up for each. settle must come before anybody asks for either.
type seen struct {
	from    source // as the records say
	source  source // as it is kept
	any     bool
	newest  int64 // event time; 0 if none says anything about how far the source has come
	kind    string
	decoded int
}

func (g *ingestStage) settle() {
	if g.seen.any {
		g.clocks.arrived(g.seen.source, g.seen.newest, g.now)
	}
	if g.seen.decoded > 0 {
		g.tally.add(g.decoded(g.seen.kind), float64(g.seen.decoded))
	}
	g.seen = seen{}
}

func (g *ingestStage) reconcile(ctx context.Context, changes []assignment, now time.Time) error {
	fresh := false
	for _, c := range changes {
		if c.kind != assigned {
			g.skipped = g.skipped[:0] // what was polled is read again
		}
		for t, ps := range c.parts {
			for _, p := range ps {
				g.drop(source{topic: t, partition: p})
				if c.kind == assigned {
					g.clocks.assign(source{topic: t, partition: p}, now)
					g.metrics.assigned.WithLabelValues(Ingest.String()).Inc()
					fresh = true
				}
			}
		}
	}
	if fresh {
		g.countPartitions(ctx)
	}
	g.findIdle(ctx, now)
	return nil
}

// adminTimeout bounds the questions that the loop asks the cluster.
const adminTimeout = 5 * time.Second

// countPartitions learns of partitions that were added to an input topic: the clocks of tasks wait for them.
func (g *ingestStage) countPartitions(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	names := make([]string, 0, len(g.partitions))
	for t := range g.partitions {
		names = append(names, t)
	}
	counts, err := describe(ctx, g.s.adm, names)
	if err != nil {
		g.log.Warn("partitions of the input topics cannot be counted; going by the last count", "err", err)
		return
	}
	next := maps.Clone(g.partitions) // the old map may be in a message
	for t, n := range counts {
		next[t] = max(next[t], n)
	}
	g.partitions = next
}

// findIdle makes sources idle that are silent and read to their end. Silence alone would not do: a source may be behind.
func (g *ingestStage) findIdle(ctx context.Context, now time.Time) {
	silent := g.clocks.silent(now)
	if len(silent) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	var names []string
	for t := range g.partitions {
		names = append(names, t)
	}
	// These are the ends of what was written. What lies behind an open transaction counts: it cannot be read yet, and is no
	// silence.
	ends, err := g.s.adm.ListEndOffsets(ctx, names...)
	if err != nil {
		g.log.Warn("the ends of the input topics cannot be read; silent sources stay live", "err", err)
		return
	}
	for _, src := range silent {
		end, ok := ends.Lookup(src.topic, src.partition)
		at, _, known := g.s.position(src.topic, src.partition)
		if ok && end.Err == nil && known {
			g.clocks.position(src, at, end.Offset, now)
		}
	}
}

// due: clocks are announced also without data. Such a transaction carries no offsets and so is not fenced by the group's
// generation; therefore the coordinator is asked first. A member that was thrown out must not speak for a source.
func (g *ingestStage) due(now time.Time) bool {
	if len(g.skipped) > 0 {
		return true // the transaction carries their offsets
	}
	if !g.clocks.due(now) && len(g.lossesNow()) == 0 || now.Sub(g.asked) < clockInterval/2 {
		return false
	}
	g.asked = now
	if err := g.s.member(context.Background()); err != nil {
		g.log.Debug("clocks are not announced while the group rebalances", "err", err)
		return false
	}
	return true
}

func (g *ingestStage) begin(now time.Time) {
	g.now = now
	clear(g.tally)
	g.clocks.begin()
	g.doubts.begin()
	g.seen = seen{}
}

func (g *ingestStage) process(r *kgo.Record, out *transaction) error {
	if r.Attrs.IsControl() {
		return nil
	}
	if from := g.names.source(r, g.seen.from); from != g.seen.from || !g.seen.any {
		g.settle()
		g.seen.from, g.seen.source, g.seen.any = from, g.clocks.admit(from), true
	}
	if len(r.Value) > g.maxRecord {
		return g.oversize(r, out)
	}
	if g.bare {
		if is, err := g.plain(r, out); is || err != nil {
			return err
		}
	}
	var err error
	if g.elements, err = g.open(r); err != nil {
		return g.letters.write(out, g.tally, deadLetter{record: r, code: codePanic, message: err.Error(), element: -1})
	}
	g.elements = slices.DeleteFunc(g.elements, func(e element) bool {
		if e.empty {
			g.tally.add(g.metrics.empty.WithLabelValues(e.kind), 1)
		}
		return e.empty
	})
	g.single = len(g.elements) == 1
	g.bare = g.single && g.elements[0].err == nil && g.elements[0].envelope == envelope.Raw
	for i := range g.elements {
		if err := g.element(r, &g.elements[i], out); err != nil {
			return err
		}
	}
	return nil
}

// plain deals with a record that is what the one before it was, a LogEvent without any wrapping, and reports whether it
// is one. Decoding tells: what is complete is no envelope, and looking for one first would read most of the record twice.
// Whatever else it may be goes the other way, as if this had not been tried.
func (g *ingestStage) plain(r *kgo.Record, out *transaction) (bool, error) {
	e := element{raw: r.Value, envelope: envelope.Raw, kind: envelope.Raw}
	ev, _, err := g.decode(r, &e)
	if err != nil || !ev.Complete() || strings.EqualFold(ev.Type(), envelope.HookType) {
		return false, nil
	}
	g.single = true
	return true, g.event(r, &e, ev, out)
}

// open takes the envelope off. An error is a panic.
func (g *ingestStage) open(r *kgo.Record) (es []element, err error) {
	defer g.recovered(r, &err)
	return g.unwrap(r.Value, g.elements[:0]), nil
}

// recovered turns a panic into an error. It must be deferred itself.
func (g *ingestStage) recovered(r *kgo.Record, err *error) {
	if v := recover(); v != nil {
		g.metrics.panics.Inc()
		g.log.Error("ingest panicked; the record becomes a dead letter", "topic", r.Topic, "partition", r.Partition, "offset", r.Offset,
			"panic", v, "stack", string(debug.Stack()))
		*err = errors.New(panicText(v))
	}
}

// element produces what follows from one element, or one dead letter. Its neighbours are not concerned.
func (g *ingestStage) element(r *kgo.Record, e *element, out *transaction) error {
	if e.err != nil {
		g.tally.add(g.metrics.decodeErrors.WithLabelValues(e.reason), 1)
		return g.letters.write(out, g.tally, deadLetter{record: r, code: codeUndecodable, message: e.err.Error(), element: g.index(e), value: e.raw})
	}
	ev, panicked, err := g.decode(r, e)
	switch {
	case panicked:
		return g.letters.write(out, g.tally, deadLetter{record: r, code: codePanic, message: err.Error(), element: g.index(e), value: e.raw})
	case err != nil:
		g.tally.add(g.metrics.decodeErrors.WithLabelValues("event"), 1)
		return g.letters.write(out, g.tally, deadLetter{record: r, code: codeUndecodable, message: err.Error(), element: g.index(e), value: e.raw})
	}
	return g.event(r, e, ev, out)
}

// event runs the rules over a decoded element and produces what follows.
func (g *ingestStage) event(r *kgo.Record, e *element, ev *event.Event, out *transaction) error {
	g.out.Alerts, g.out.Observations, g.out.Forwarded = g.out.Alerts[:0], g.out.Observations[:0], g.out.Forwarded[:0]
	if err := g.evaluate(r, ev); err != nil {
		return g.letters.write(out, g.tally, deadLetter{record: r, code: codePanic, message: err.Error(), element: g.index(e), value: e.raw})
	}
	if e.kind != g.seen.kind && g.seen.decoded > 0 {
		g.tally.add(g.decoded(g.seen.kind), float64(g.seen.decoded))
		g.seen.decoded = 0
	}
	g.seen.kind = e.kind
	g.seen.decoded++
	// A time that was assumed says nothing about how far the source has come.
	if ev.Flags()&(event.TimeMissing|event.TimeClamped) == 0 {
		g.seen.newest = max(g.seen.newest, ev.Progress())
		g.metrics.delay.Observe(max(0, g.now.Sub(time.Unix(0, ev.Time())).Seconds()))
	} else {
		g.doubts.note(g.seen.source, ev)
	}
	if err := g.publish.alerts(out, g.tally, r, g.out.Alerts); err != nil {
		return err
	}
	return g.router.observations(out, g.tally, deadLetter{record: r, element: g.index(e), value: e.raw}, g.out.Observations)
}

// index is the element's place for a dead letter, or -1 where the record is the element.
func (g *ingestStage) index(e *element) int {
	if g.single {
		return -1
	}
	return e.index
}

// decode makes an event of the element. panicked tells a panic from an event that cannot be read.
func (g *ingestStage) decode(r *kgo.Record, e *element) (ev *event.Event, panicked bool, err error) {
	panicked = true
	defer g.recovered(r, &err)
	ev, err = g.decoder.Decode(e.raw, event.Meta{
		Origin:    event.Origin{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Index: int32(e.index)},
		Timestamp: stampOf(r), Appended: r.Attrs.TimestampType() == 1, Now: g.now.UnixNano(), Skew: g.skew, Envelope: e.envelope, Carrier: g.carrier(r, e),
	})
	return ev, false, err
}

// evaluate runs the rules. An error is a panic.
func (g *ingestStage) evaluate(r *kgo.Record, ev *event.Event) (err error) {
	defer g.recovered(r, &err)
	g.engine.Process(ev, &g.out)
	return nil
}

func (g *ingestStage) decoded(kind string) prometheus.Counter {
	c, ok := g.envelopes[kind]
	if !ok {
		c = g.metrics.decoded.WithLabelValues(kind)
		g.envelopes[kind] = c
	}
	return c
}

// lose is called by the session when input has been lost. It may come from any goroutine.
func (g *ingestStage) lose(l loss) {
	g.metrics.lost.WithLabelValues(l.topic).Add(float64(l.records()))
	g.mu.Lock()
	defer g.mu.Unlock()
	g.losses = append(g.losses, l)
}

func (g *ingestStage) lossesNow() []loss {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.losses
}

// announceLosses produces an operator alert for each.
func (g *ingestStage) announceLosses(out *transaction, now time.Time) error {
	losses := g.lossesNow()
	g.told = len(losses)
	for _, l := range losses {
		r := &kgo.Record{Topic: l.topic, Partition: l.partition, Offset: l.at, Timestamp: now}
		if err := g.publish.alerts(out, g.tally, r, []alert.Alert{g.alert(l, now)}); err != nil {
			return err
		}
	}
	return nil
}

// finish announces the clocks behind the data.
func (g *ingestStage) finish(out *transaction, now time.Time) error {
	g.settle()
	if err := errors.Join(g.announceLosses(out, now), g.announceSkipped(out, now)); err != nil {
		return err
	}
	m := g.clocks.message(now, g.partitions)
	if m == nil {
		return nil
	}
	_, generation := g.s.client().GroupMetadata()
	m.Epoch = int64(generation)
	return g.router.clocks(out, engine.Message{Clocks: m})
}

func (g *ingestStage) commit(now time.Time) error {
	g.mu.Lock()
	g.losses = g.losses[g.told:]
	g.skipped = g.skipped[:0]
	g.mu.Unlock()
	g.clocks.commit()
	g.doubts.commit(g.clocks, now)
	g.metrics.rules(g.tally, g.ruleIDs, g.engine.TakeStats())
	g.tally.commit()
	g.publish.commit(now)
	for s := range g.clocks.sources {
		if at := g.clocks.lowest(s, now); s == s.whole() && at > 0 {
			g.metrics.clock.WithLabelValues(s.topic, label(s.partition)).Set(float64(at) / 1e9)
		}
	}
	return nil
}

func (g *ingestStage) rollback() {
	g.skipped = g.skipped[:0] // they are met again
	g.clocks.rollback()
	g.doubts.rollback()
	g.engine.TakeStats() // of what did not happen
	clear(g.tally)
	g.publish.rollback()
}

func (g *ingestStage) drop(s source) {
	if !g.clocks.owns(s) {
		return
	}
	g.clocks.revoke(s)
	g.metrics.assigned.WithLabelValues(Ingest.String()).Dec()
	g.metrics.forget(s.topic, s.partition)
}

func (g *ingestStage) close() {
	for s := range g.clocks.sources {
		g.drop(s)
	}
}
