package engine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"oktastream/rules/window"
)

// clockBook combines the clocks of all sources into the clock of a task: the event time up to which every live source
// has come. It only rises, unless it has to be mended, see heal.
//
// A source that has not been heard of holds the clock, because its worker may be about to deliver old data; a source
// that is known to be idle does not. The number of partitions is known from the counts that travel with the
// clocks: a task that took just the minimum of those it has heard would let the first worker that starts make everything
// late that the second one reads. For the same reason a source counts as idle only while the workers' group has not been
// formed anew: while nobody read it, it may have filled up, and the worker that begins first must not run ahead of the
// one that has it now.
//
// A partition may hold several sources, of organisations and paths, and nobody knows how many. A worker that has just got
// the partition does not know those that the worker before it has met: they hold the clock until the new one has read what
// there is and waited for them, and are forgotten then. Until they send again they are as good as idle.
type clockBook struct {
	now        int64 // window.NoClock until every partition has been heard of
	epoch      int64 // of the last message
	sources    map[sourceKey]bookedClock
	partitions map[string]int32
}

type bookedClock struct {
	SourceClock
	epoch int64 // of the message that brought it
}

// idleAt reports whether the source is known to be idle.
func (c *bookedClock) idleAt(epoch int64) bool { return c.Idle && c.epoch == epoch }

type sourceKey struct {
	topic     string
	partition int32
	org, path string
}

func (s *SourceClock) key() sourceKey { return sourceKey{s.Topic, s.Partition, s.Org, s.Path} }

func newClockBook() clockBook {
	return clockBook{now: window.NoClock, sources: map[sourceKey]bookedClock{}, partitions: map[string]int32{}}
}

// clone copies the book, so that a transaction can be rolled back.
func (b *clockBook) clone() clockBook {
	return clockBook{now: b.now, epoch: b.epoch, sources: maps.Clone(b.sources), partitions: maps.Clone(b.partitions)}
}

// update takes in what a worker says about its sources, and reports whether the clock has moved. What it says of a source
// that stands beyond limit is not believed: an earlier version took any time for one. 0 is without limit.
func (b *clockBook) update(c *Clocks, limit int64) bool {
	b.epoch = c.Epoch
	for t, n := range c.Partitions {
		b.partitions[t] = max(b.partitions[t], n)
	}
	if limit > 0 {
		b.drop(limit)
	}
	for _, s := range c.Sources {
		if limit > 0 && s.Max > limit {
			s.Max, s.Idle, s.Unsettled = 0, true, false
		}
		// After a worker has moved, the new owner may not know how far the old one had come: Max never goes back.
		s.Max = max(s.Max, b.sources[s.key()].Max)
		b.sources[s.key()] = bookedClock{s, c.Epoch}
	}
	b.forget(c)
	now, ok := b.combined()
	if !ok || now <= b.now {
		return false
	}
	b.now = now
	return true
}

// forget drops the sources that the owner of their partition does not name, when it must have met them if they send.
func (b *clockBook) forget(c *Clocks) {
	if len(b.sources) == len(c.Sources) {
		return // each of them is named
	}
	said := map[sourceKey]bool{}
	for i := range c.Sources {
		said[c.Sources[i].key()] = true
	}
	maps.DeleteFunc(b.sources, func(k sourceKey, s bookedClock) bool {
		whole := sourceKey{topic: k.topic, partition: k.partition}
		return s.isNamed() && !said[k] && said[whole] && !b.sources[whole].Unsettled
	})
}

// combined is the minimum over the live sources, or over the idle ones if none is live.
func (b *clockBook) combined() (int64, bool) {
	for t, n := range b.partitions {
		for p := range n {
			if _, ok := b.sources[sourceKey{topic: t, partition: p}]; !ok {
				return 0, false
			}
		}
	}
	var live, idle int64
	for k, s := range b.sources {
		switch isIdle := s.idleAt(b.epoch); {
		case isIdle && s.Max > 0 && (idle == 0 || s.Max < idle):
			idle = s.Max
		case !isIdle && s.Max == 0 && !b.begun(k):
			return 0, false // live, and nothing seen yet: it may begin anywhere
		case !isIdle && s.Max > 0 && (live == 0 || s.Max < live):
			live = s.Max
		}
	}
	if live == 0 {
		return idle, idle != 0
	}
	return live, true
}

// begun reports whether a source of an organisation or path has come over the partition of k: the one without either need
// not send anything then.
func (b *clockBook) begun(k sourceKey) bool {
	for o, s := range b.sources {
		if o.topic == k.topic && o.partition == k.partition && o != k && s.Max > 0 {
			return true
		}
	}
	return false
}

// clocks returns the book as a message, in order.
func (b *clockBook) clocks() *Clocks {
	c := &Clocks{Epoch: b.epoch, Partitions: b.partitions}
	for _, s := range b.sources {
		s.Idle = s.idleAt(b.epoch)
		c.Sources = append(c.Sources, s.SourceClock)
	}
	slices.SortFunc(c.Sources, compareSources)
	return c
}

// progress is the part of a task's state that belongs to no window. It is kept in the checkpoint.
type progress struct {
	books   []clockBook        // by level of rules
	evicted map[string]int64   // rule id → hour of event time of its last operator alert
	since   map[[16]byte]int64 // state identity → from when on the rule's history counts, see learn
}

func newProgress(levels int) progress {
	p := progress{evicted: map[string]int64{}, since: map[[16]byte]int64{}}
	for range levels {
		p.books = append(p.books, newClockBook())
	}
	return p
}

func (p *progress) clone() progress {
	c := progress{evicted: maps.Clone(p.evicted), since: maps.Clone(p.since)}
	for i := range p.books {
		c.books = append(c.books, p.books[i].clone())
	}
	return c
}

// clock is that of a level.
func (p *progress) clock(level int) int64 { return p.books[level].now }

// Formats of a checkpoint's engine part. The second has the sources of organisations and paths; where there are none, the
// first is written, which earlier versions read.
const (
	formatPlain = 1
	formatNamed = 2
)

// encode: format byte · count, (clock, clocks as on the wire; in formatNamed with the sources of organisations) by level
// · count, (rule id, hour) pairs · if there are histories: count, (state identity, since) pairs.
func (p *progress) encode() []byte {
	format := byte(formatPlain)
	for level := range p.books {
		if p.books[level].clocks().named() > 0 {
			format = formatNamed
		}
	}
	b := binary.AppendUvarint([]byte{format}, uint64(len(p.books)))
	for level := range p.books {
		c := p.books[level].clocks()
		c.Level = level
		b = binary.AppendVarint(b, p.books[level].now)
		b = c.append(b)
		if format == formatNamed {
			b = c.appendNamed(b)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(p.evicted)))
	for _, id := range slices.Sorted(maps.Keys(p.evicted)) {
		b = putString(b, id)
		b = binary.AppendVarint(b, p.evicted[id])
	}
	if len(p.since) == 0 {
		return b
	}
	b = binary.AppendUvarint(b, uint64(len(p.since)))
	for _, id := range slices.SortedFunc(maps.Keys(p.since), func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) }) {
		b = putString(b, string(id[:]))
		b = binary.AppendVarint(b, p.since[id])
	}
	return b
}

// decodeProgress reads what another process may have written with rules of fewer or more levels: clocks of levels that
// are no more are dropped, new levels begin without one.
func decodeProgress(b []byte, levels int) (progress, error) {
	p := newProgress(levels)
	if len(b) == 0 {
		return p, nil
	}
	format := b[0]
	if format != formatPlain && format != formatNamed {
		return p, fmt.Errorf("checkpoint has engine state of format %d, this version reads formats 1 and 2", format)
	}
	d := decoder{rest: b[1:]}
	n := d.uvarint()
	if n > maxLevels {
		d.bad, n = true, 0
	}
	for level := range int(n) {
		now := d.varint()
		c := d.clocks()
		if format == formatNamed {
			d.named(c)
		}
		if level < levels && !d.bad {
			p.books[level].update(c, 0)
			p.books[level].now = now
		}
	}
	n = d.uvarint()
	if n > uint64(len(d.rest)) {
		d.bad, n = true, 0
	}
	for range n {
		id := d.string()
		p.evicted[id] = d.varint()
	}
	if n = 0; len(d.rest) > 0 {
		n = d.uvarint()
	}
	if n > uint64(len(d.rest)) {
		d.bad, n = true, 0
	}
	for range n {
		id := d.string()
		if len(id) != 16 {
			d.bad = true
			break
		}
		p.since[[16]byte([]byte(id))] = d.varint()
	}
	if d.bad || len(d.rest) > 0 {
		return p, fmt.Errorf("checkpoint: engine state is cut short")
	}
	return p, nil
}
