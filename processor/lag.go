package processor

import (
	"context"
	"fmt"
	"time"
)

// A fetch tells how far the end is only when it brings records. Behind a transaction that somebody has left open there are
// records and none may be read: a fetch brings nothing, as from a partition that is read to its end. So the ends are asked
// for besides, by a goroutine beside the worker's.

const (
	// lagInterval is how often the ends are asked for.
	lagInterval = 5 * time.Second
	// heldAfter is how long an open transaction may hold a partition back before it is told of: most last far shorter.
	heldAfter = 10 * time.Second
	// heldAgain is how often it is told of again.
	heldAgain = time.Minute
)

// held is a partition whose next records are behind an open transaction.
type held struct {
	stable  int64 // where reading stops
	waiting int64 // records and markers behind it
	since   time.Time
	told    time.Time
}

// lagWatch watches the partitions of one session.
type lagWatch struct {
	w    *worker
	s    *session
	held map[source]held
}

// watchLag watches until the returned function is called, which waits for its end.
func (w *worker) watchLag(ctx context.Context, s *session) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		l := &lagWatch{w: w, s: s, held: make(map[source]held)}
		defer l.keep(nil)
		for pause(ctx, lagInterval); ctx.Err() == nil; pause(ctx, lagInterval) {
			l.look(ctx)
		}
	}()
	return func() { cancel(); <-done }
}

func (l *lagWatch) look(ctx context.Context) {
	owned := l.w.status.partitions(l.w)
	l.keep(owned)
	if len(owned) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	// The position last: what is read in between is no lag.
	stable, err1 := l.s.adm.ListCommittedOffsets(ctx, l.s.opts.topics...)
	ends, err2 := l.s.adm.ListEndOffsets(ctx, l.s.opts.topics...)
	if err1 != nil || err2 != nil {
		return // the worker meets the same, and tells
	}
	now := time.Now()
	for src := range owned {
		end, ok1 := ends.Lookup(src.topic, src.partition)
		lso, ok2 := stable.Lookup(src.topic, src.partition)
		at, _, ok3 := l.s.position(src.topic, src.partition)
		if !ok1 || !ok2 || !ok3 || end.Err != nil || lso.Err != nil {
			continue
		}
		l.w.status.ifOwned(l.w, src, func() { l.w.metrics.setLag(src, end.Offset-at) })
		l.judge(src, at, lso.Offset, end.Offset, now)
	}
}

// judge tells of a partition that is read up to its last stable offset, and not to its end, for longer than is usual.
func (l *lagWatch) judge(src source, at, stable, end int64, now time.Time) {
	h, was := l.held[src]
	if at < stable || stable >= end {
		if was {
			l.forget(src)
			if !h.told.IsZero() {
				l.w.log.Info("the transaction that held a partition back has ended", "topic", src.topic, "partition", src.partition, "offset", h.stable)
			}
		}
		return
	}
	if !was || h.stable != stable {
		h = held{stable: stable, since: now}
	}
	h.waiting = end - stable
	open := now.Sub(h.since)
	if open >= heldAfter && now.Sub(h.told) >= heldAgain {
		h.told = now
		l.w.log.Warn("an open transaction holds a partition back: nothing behind it is read until its producer ends it, or its transaction time-out does; "+
			"see kafka-transactions.sh find-hanging", "topic", src.topic, "partition", src.partition, "offset", stable, "waiting", h.waiting,
			"for", open.Round(time.Second))
	}
	l.held[src] = h
	l.w.status.ifOwned(l.w, src, func() { l.w.metrics.held.WithLabelValues(src.topic, label(src.partition)).Set(open.Seconds()) })
	if open >= heldAfter {
		l.w.status.held(l.w, src, fmt.Sprintf("%s/%d is held back at offset %d by an open transaction, for %v now; %d offsets wait behind it",
			src.topic, src.partition, stable, open.Round(time.Second), h.waiting))
	}
}

// keep forgets what is not owned any more.
func (l *lagWatch) keep(owned map[source]bool) {
	for src := range l.held {
		if !owned[src] {
			l.forget(src)
		}
	}
}

func (l *lagWatch) forget(src source) {
	delete(l.held, src)
	l.w.metrics.held.DeleteLabelValues(src.topic, label(src.partition))
	l.w.status.held(l.w, src, "")
}
