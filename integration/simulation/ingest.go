package simulation

import (
	"maps"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/integration/reference"
	"oktastream/rules/engine"
	"oktastream/rules/event"
)

// ingester is one member of the ingest group.
type ingester struct {
	w       *world
	sources map[int32]*source // by partition of the input
	txn     *txn
	now     int64 // wall clock when the records at hand are read
	reader  *reference.Reader
}

// source is an owned partition. What is known of it does not survive a change of owner.
type source struct {
	at, savedAt int64            // position, in the open transaction and as committed
	max, saved  map[string]int64 // highest event time by path of the sender; "" is without
	idle        bool
	settled     bool // it has been read to its end once
}

func (w *world) newIngester() *ingester {
	g := &ingester{w: w, sources: map[int32]*source{}, reader: reference.NewReader(w.set, w.options)}
	g.reader.Now = func(event.Origin, string) int64 { return g.now }
	return g
}

func (g *ingester) assign(p int32) {
	at := g.w.read[p]
	g.sources[p] = &source{at: at, savedAt: at, max: map[string]int64{}, saved: map[string]int64{}}
}

// step reads some records inside a transaction, which it begins if there is none.
func (g *ingester) step() error {
	w := g.w
	if g.txn == nil {
		g.txn = &txn{}
	}
	g.now = w.now.UnixNano()
	for _, p := range sortedKeys(g.sources) {
		s := g.sources[p]
		if w.rng.IntN(4) == 0 {
			continue
		}
		var records []*kgo.Record
		records, s.at = w.input[p].read(s.at, 1+w.rng.IntN(60))
		for _, r := range records {
			found, latest := g.reader.Read(r)
			path := ""
			for _, h := range r.Headers {
				path = string(h.Value)
			}
			if latest = min(latest, g.now); latest > 0 {
				s.max[path], s.idle = max(s.max[path], latest), false
			}
			for _, place := range found.Rejected {
				w.letter(g.txn, place)
			}
			if err := w.produce(g.txn, &engine.Output{Alerts: found.Alerts, Observations: found.Observations}); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish ends the transaction, if there is one, perhaps with the clocks.
func (g *ingester) finish(f fate) {
	if g.txn == nil {
		return
	}
	if g.advanced() || g.w.rng.IntN(3) == 0 {
		g.announce()
	}
	g.txn.end(f)
	g.txn = nil
	for p, s := range g.sources {
		if f == committed {
			s.savedAt, s.saved = s.at, maps.Clone(s.max)
			g.w.read[p] = s.at
		} else {
			s.at, s.max, s.idle = s.savedAt, maps.Clone(s.saved), false
		}
	}
	g.w.ended(f)
}

// advanced: what the transaction has read moves a clock. It is told at once, since the next owner would not know.
func (g *ingester) advanced() bool {
	for _, s := range g.sources {
		if !maps.Equal(s.max, s.saved) {
			return true
		}
	}
	return false
}

func (g *ingester) announce() {
	w := g.w
	m := &engine.Clocks{Epoch: w.epoch, Partitions: map[string]int32{w.input[0].topic: int32(len(w.input))}}
	for _, p := range sortedKeys(g.sources) {
		s := g.sources[p]
		caughtUp := s.at == int64(len(w.input[p].entries))
		s.idle = caughtUp && (s.idle || w.restless && w.rng.IntN(4) == 0)
		s.settled = s.settled || caughtUp
		m.Sources = append(m.Sources, engine.SourceClock{Topic: w.input[p].topic, Partition: p, Max: s.max[""], Idle: s.idle, Unsettled: !s.settled && !s.idle})
		for _, path := range sortedKeys(s.max) {
			if path != "" {
				m.Sources = append(m.Sources, engine.SourceClock{Topic: w.input[p].topic, Partition: p, Path: path, Max: s.max[path], Idle: s.idle})
			}
		}
	}
	w.announce(g.txn, engine.Message{Clocks: m})
}

// behind reports whether there is something to read.
func (g *ingester) behind() bool {
	for p, s := range g.sources {
		if s.at < int64(len(g.w.input[p].entries)) {
			return true
		}
	}
	return false
}
