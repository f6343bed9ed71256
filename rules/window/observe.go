package window

import (
	"math"
	"slices"
)

// Status says what became of an observation.
type Status uint8

const (
	Counted   Status = iota + 1 // it takes part
	Duplicate                   // the window has it already
	Late                        // it takes part, although it came behind the watermark, see late.go
	Closed                      // it came behind the watermark, and what it could have been part of is decided
	Missing                     // Kind Distinct, and it has no value in the first column
)

// Firing is an episode that has begun, or grown.
type Firing struct {
	Start, End int64  // of the episode so far
	At         int64  // the completion that this firing is about
	EventID    string // the event that first completed the condition in this episode
	Revision   int    // 1 for a new episode, then counting up
	// Trigger is the projection of that event if the firing was held back, see episode; empty if the event is the one
	// just observed.
	Trigger string
	// Settled: the episode has fired before; now its start is final, and At is that start. See Spec.Settle.
	Settled bool
	Content Content
}

// NoClock is the clock of a task that has not heard of every source yet: nothing is late and nothing expires.
const NoClock = int64(math.MinInt64)

// Observe adds o to w and returns what fired. clock is the task's clock: event time up to which all sources have come;
// the watermark of the window is clock less Lateness. trigger yields the projection of o, in case the alert must wait.
//
// Observations may come in any order. As long as none is late, the episodes that have been announced once the
// watermark has passed everything are those of the set: the clusters of all times t of observations for which [t-Length, t] holds
// the content. What late ones can still do is said in late.go.
func (s *Spec) Observe(w *Window, o *Observation, trigger func() string, updates bool, clock int64) (Status, []Firing) {
	if !s.measurable(o) {
		return Missing, nil
	}
	watermark := s.watermark(clock)
	late := o.Time < watermark
	step := o.Step
	if s.perEvent() {
		step = 0
	}
	if !late && w.contents == nil && w.fold.add(w.dict, s, o, step, watermark) {
		return Counted, nil
	}
	if w.contents != nil {
		w.pay()
	}
	fired := s.Advance(w, clock)
	status := Counted
	if late {
		if status = Late; !s.admits(w, o.Time, watermark) {
			return Closed, fired
		}
	}
	if s.Kind == FirstSeen {
		status, seen := s.see(w, o, trigger, updates, watermark)
		return status, append(fired, seen...)
	}
	r := w.dict.rowOf(o, step)
	if r.mark = max(o.Time, watermark); late && w.seq != nil && (s.Waits() || w.seq.lost) {
		w.seq = nil // it has gone by where the row stands, or knows rows that are there no more
	}
	i, found := w.place(r.key())
	if found {
		return Duplicate, fired
	}
	w.insert(s, i, r)
	w.touch(r.item())
	if s.Waits() { // below the watermark, where its sweep goes, every order of arrival is the same
		w.await(s, r, watermark, trigger)
		return status, fired
	}
	if s.AtClose {
		w.keepTriggers(s, r.item(), trigger)
		return status, fired
	}
	if s.Every > 0 {
		if late {
			w.skipTicks(watermark)
		}
		w.keepTick(i, trigger)
		return status, fired
	}
	fired = append(fired, s.arrived(w, i, cause{r.key(), o.ID, trigger}, updates, watermark, clock)...)
	if s.Kind == Distinct {
		s.thin(w, i)
	}
	return status, fired
}

// measurable reports whether o has what s measures.
func (s *Spec) measurable(o *Observation) bool {
	if s.Kind != Distinct && !s.numeric() {
		return true
	}
	if len(o.Columns) == 0 || len(o.Columns[0]) == 0 {
		return false
	}
	if s.Kind == Distinct {
		return true
	}
	found := false
	for _, text := range o.Columns[0] {
		n, ok := number(text)
		if ok && n.Sign() < 0 && !s.AtClose {
			return false
		}
		found = found || ok
	}
	return found
}

// insert puts r at place i. What is derived from the rows stays in step.
func (w *Window) insert(s *Spec, i int, r row) {
	w.put(i, r)
	if w.end.known && int(r.step) == s.lastStep() {
		w.end.at = max(w.end.at, r.time)
	}
	switch v := w.view; {
	case v == nil || i >= v.to:
	case i < v.from:
		v.from, v.to = v.from+1, v.to+1
	default: // where it does not belong, the next move takes it out
		v.add(r, 1)
		v.to++
	}
}

// complete finds the completions that the causes, which are in order, may have brought about, up to the time to, and fires
// what is new. hand is the id of the event at hand.
func (s *Spec) complete(w *Window, causes []cause, to int64, updates bool, watermark int64, hand string) []Firing {
	times := w.completions(s, causes[0].time, to, updates)
	if len(times) == 0 {
		return nil
	}
	mark := noMark
	for _, c := range causes {
		if i, found := w.place(c.rowKey); found && w.rows[i].late() {
			mark = max(mark, w.rows[i].mark)
		}
	}
	var grown []uint32
	for _, t := range times {
		for len(causes) > 1 && causes[1].time <= t {
			causes = causes[1:]
		}
		seq, isNew := w.complete(s, t, causes[0].eventID, causes[0].trigger)
		if !isNew && !slices.Contains(grown, seq) {
			grown = append(grown, seq)
		}
		w.outlast(w.episode(seq), mark)
	}
	fired := s.announce(w, watermark, hand)
	if !updates {
		return fired
	}
	for i := range w.eps {
		e := &w.eps[i]
		if e.pending() || !slices.Contains(grown, e.seq) {
			continue
		}
		at := times[0]
		for _, t := range times {
			if e.start <= t && t <= e.end {
				at = t
			}
		}
		e.revision++
		w.touch(e.item())
		fired = append(fired, e.firing(at, w.content(s, at)))
	}
	return fired
}

// Advance fires what has been waiting for the clock, and drops what no observation that may still arrive can need.
func (s *Spec) Advance(w *Window, clock int64) []Firing {
	w.unfold()
	watermark := s.watermark(clock)
	fired := s.judgeWaiting(w, clock, watermark)
	if watermark == math.MinInt64 {
		return fired
	}
	fired = append(fired, s.pass(w, watermark)...)
	w.leave()
	return fired
}

// pass is Advance to a watermark.
func (s *Spec) pass(w *Window, watermark int64) []Firing {
	switch {
	case s.AtClose:
		return s.close(w, watermark)
	case s.Every > 0:
		return s.tick(w, watermark)
	}
	if s.Waits() {
		if s.decide(w, watermark); w.lateRows().n > 0 {
			// They may be kept longer than what came after them and told against them: no sweep may judge them again.
			w.setPace(pace{w.pace.next, max(w.pace.passed, watermark)})
		}
	}
	watermark = w.unsettled(watermark)
	final := watermark // completions before it are known
	if s.Deferred() {
		final = subSaturated(watermark, s.Length)
	}
	fired := append(s.announce(w, final, ""), s.confirm(w, final)...)

	// A row takes part in intervals up to its time plus Length, for observations at or above the watermark; for late ones see
	// late.go. And a pending episode still has to show what it held.
	needed := watermark
	for i := range w.eps {
		switch e := &w.eps[i]; {
		case e.pending():
			needed = min(needed, e.at)
		case s.Settle && !e.settled:
			needed = min(needed, e.start)
		}
	}
	s.drop(w, needed)
	if s.Kind == FirstSeen {
		s.keepFirst(w, row{})
	}
	w.forget(s, watermark)
	return fired
}

// forget drops the episodes that nothing can join any more. A window that is judged when it closes completes at its last
// observation, up to Length before that is known.
func (w *Window) forget(s *Spec, watermark int64) {
	if s.AtClose || s.Deferred() {
		watermark = subSaturated(watermark, s.Length)
	}
	w.eps = slices.DeleteFunc(w.eps, func(e episode) bool {
		over := !e.pending() && closed(e.remembered(), s, watermark)
		if over {
			w.bytes -= e.size()
			w.touch(e.item())
		}
		return over
	})
}

// announce fires the pending episodes that can be decided. eventID is the event at hand; an episode that another event
// completed hands out its stored trigger.
func (s *Spec) announce(w *Window, watermark int64, eventID string) []Firing {
	if !slices.ContainsFunc(w.eps, func(e episode) bool { return e.pending() }) {
		return nil
	}
	var fired []Firing
	for _, i := range w.settle(s, watermark) {
		e := &w.eps[i]
		f := e.firing(e.at, w.content(s, e.at))
		if e.eventID != eventID {
			f.Trigger = e.trigger
		}
		if !s.Settle {
			w.bytes -= len(e.trigger)
			e.trigger = ""
		}
		fired = append(fired, f)
	}
	return fired
}

// confirm fires for the episodes whose start is final.
func (s *Spec) confirm(w *Window, watermark int64) []Firing {
	var fired []Firing
	for _, i := range w.confirm(s, watermark) {
		e := &w.eps[i]
		f := e.firing(e.start, w.content(s, e.start))
		f.Trigger, f.Settled = e.trigger, true
		w.bytes -= len(e.trigger)
		e.trigger = ""
		fired = append(fired, f)
	}
	return fired
}

func (e *episode) firing(at int64, c Content) Firing {
	return Firing{Start: e.start, End: e.end, At: at, EventID: e.eventID, Revision: e.revision, Content: c}
}

// covering is the announced episode that holds all of [from, to], or nil.
func (w *Window) covering(from, to int64) *episode {
	for i := range w.eps {
		if e := &w.eps[i]; !e.pending() && e.start <= from && to <= e.end {
			return e
		}
	}
	return nil
}

// place is where the row with this key stands, or would stand. Most are looked for behind the others, or are the last.
func (w *Window) place(k rowKey) (i int, found bool) {
	n := len(w.rows)
	if n == 0 {
		return 0, false
	}
	switch c := w.rows[n-1].compare(k); {
	case c < 0:
		return n, false
	case c == 0:
		return n - 1, true
	}
	return slices.BinarySearchFunc(w.rows, k, row.compare)
}

// expired reports whether no interval that ends at needed or later reaches back to t.
func (s *Spec) expired(t, needed int64) bool { return t < subSaturated(needed, s.Length) }

func (s *Spec) watermark(clock int64) int64 {
	if clock < math.MinInt64+int64(s.Lateness) {
		return math.MinInt64
	}
	return clock - int64(s.Lateness)
}

func addSaturated(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
