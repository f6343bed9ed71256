package window

import (
	"math"
	"slices"
	"time"
)

// A sequence is defined over the set of a group's observations, whatever order they came in.
//
// A chain has, for each step that occurs, in the order of the steps, Runs observations of different events. Their times do
// not decrease: what happened at one time may stand in either order, because the System Log's times are no finer than a
// millisecond and nothing else tells the order. Neighbours are different events, and their joins agree wherever both are
// known. No observation of an absent step lies between the observations around it, their times excluded.
//
// Of the chains that end with an observation the one that starts last counts, as in Elastic, where the newer pending
// sequence replaces the older. The observation completes the sequence, at its time t, if that chain, which starts at S,
//
//   - is no longer than Length: t - S <= Length,
//   - has no Until strictly between S and t,
//   - and, for absent steps before the first that occurs, none of those in [t-Length, S),
//   - and, for absent steps behind the last that occurs, none of those in (t, S+Length].
//
// Until and absent steps make a sequence one that a late observation may undo. It is therefore decided by the watermark:
// when it has passed t or, for an absent step at the end, S+Length. Sequences without them are complete on arrival.

// Waits reports whether the watermark decides: the Spec is a sequence with absent steps or Until.
func (s *Spec) Waits() bool {
	return s.Kind == Sequence && slices.ContainsFunc(s.Plan, func(p Step) bool { return p.Role != Occurs })
}

// Deferred reports whether a completion may become known up to Length after its time: an absent step stands at the end.
func (s *Spec) Deferred() bool {
	if s.Kind != Sequence {
		return false
	}
	deferred := false
	for _, p := range s.Plan {
		if p.Role != Until {
			deferred = p.Role == Absent
		}
	}
	return deferred
}

// part is what the sweep has to know of a step.
type part struct {
	role  Role
	runs  int
	stage int // of the first event of a step that occurs; for an absent one, the stage before it, -1 for none
}

// shape is a Plan by stages: each event of a chain is one.
type shape struct {
	parts  []part // by step
	stages int
	last   int // the last step that occurs
	after  bool
}

// lastStep is the last step that occurs.
func (s *Spec) lastStep() int {
	for i := len(s.Plan) - 1; i >= 0; i-- {
		if s.Plan[i].Role == Occurs {
			return i
		}
	}
	return s.Steps - 1
}

func (s *Spec) shape() shape {
	h := shape{parts: make([]part, s.Steps), after: s.Deferred()}
	for i := range h.parts {
		p := part{role: Occurs, runs: 1, stage: h.stages}
		if i < len(s.Plan) {
			p.role, p.runs = s.Plan[i].Role, max(s.Plan[i].Runs, 1)
		}
		if p.role == Occurs {
			h.stages += p.runs
			h.last = i
		} else {
			p.stage--
		}
		h.parts[i] = p
	}
	return h
}

// chain is what matters of the rows of a chain.
type chain struct {
	start int64
	// before is the latest row of an absent first step before start.
	before int64
	link   *link // the rows, the last one first, if they are traced
}

type link struct {
	row  row
	prev *link
}

// none is earlier than any time of a row that matters.
const none = int64(math.MinInt64)

// ending is a chain and the event that it ends with.
type ending struct {
	chain
	id rowID
	ok bool
}

// pair has the two chains that start last among those that end with different events: should the next row be of the
// event that the first ends with, the second stands in.
type pair [2]ending

func (p *pair) offer(e ending) {
	switch {
	case !e.ok:
	case p[0].ok && p[0].id == e.id:
		if e.start > p[0].start {
			p[0] = e
		}
	case !p[0].ok || e.start > p[0].start:
		p[0], p[1] = e, p[0]
	case !p[1].ok || e.start > p[1].start:
		p[1] = e
	}
}

// slot has the chains that end at one stage: at the time at, and before it.
type slot struct {
	at       int64
	old, now pair
}

// turn brings the slot up to a later time. Chains that end before cut, which is before t, cannot go on.
func (l *slot) turn(t, cut int64) {
	if l.at == t {
		return
	}
	switch {
	case cut > l.at:
		l.old = pair{}
	case cut == l.at:
		l.old = l.now
	default:
		l.old.offer(l.now[0])
		l.old.offer(l.now[1])
	}
	l.now, l.at = pair{}, t
}

// best is the chain that starts last and does not end with event id.
func (l *slot) best(id rowID, than ending) ending {
	for _, p := range []*pair{&l.old, &l.now} {
		for i := range p {
			if e := &p[i]; e.ok && e.id != id && (!than.ok || e.start > than.start) {
				than = *e
			}
		}
	}
	return than
}

// level has the best chains that end at a stage: over all rows, over those without a join, and by value of the join.
type level struct {
	any, unknown slot
	byJoin       map[string]*slot
	// cut is the latest row, before the time at hand, of an absent step behind this stage, cutNow one at that time.
	cut, cutNow int64
}

func (l *level) best(r row, id rowID) ending {
	from := &l.any
	var e ending
	for v := range r.join() {
		from = &l.unknown
		if s, ok := l.byJoin[v]; ok {
			s.turn(r.time, l.cut)
			e = s.best(id, e)
		}
	}
	from.turn(r.time, l.cut)
	return from.best(id, e)
}

func (l *level) offer(r row, e ending) {
	put := func(s *slot) {
		s.turn(r.time, l.cut)
		s.now.offer(e)
	}
	put(&l.any)
	known := false
	for v := range r.join() {
		known = true
		if l.byJoin == nil {
			l.byJoin = map[string]*slot{}
		}
		s, ok := l.byJoin[v]
		if !ok {
			s = &slot{at: r.time}
			l.byJoin[v] = s
		}
		put(s)
	}
	if !known {
		put(&l.unknown)
	}
}

// sweep goes along rows in order and knows, for each, the chain that counts. It looks at each row once, at a cost that
// goes with the row's runs.
type sweep struct {
	shape
	length   int64
	trace    bool
	to       int  // rows before it have been taken
	lost     bool // some of them are there no more
	at       int64
	levels   []level // by stage, but the last
	until    int64   // the latest row before at
	untilNow int64   // one at at
	first    int64   // likewise, of absent steps before the first that occurs
	firstNow int64
	waiting  []waiting // Deferred: sorted by deadline
	deepest  *link     // traced: the chain that has come furthest, and of several the last
	depth    int
	done     chain // of the completions at doneAt, the latest so far, the one that starts last
	doneAt   int64
	undone   int64 // the latest row of an absent last step
	steps    *int  // counts rows
}

// waiting is a completion that a row of an absent step may still undo.
type waiting struct {
	row      row
	deadline int64
}

func (s *Spec) sweep(d *Dictionary, from int) *sweep {
	v := &sweep{steps: &d.steps, shape: s.shape(), length: int64(s.Length), to: from, at: none, until: none, untilNow: none, first: none, firstNow: none, doneAt: none, undone: none}
	v.levels = make([]level, max(v.stages-1, 0))
	for i := range v.levels {
		v.levels[i].cut, v.levels[i].cutNow = none, none
	}
	return v
}

// turn goes to a later time.
func (v *sweep) turn(t int64) {
	v.until = max(v.until, v.untilNow)
	v.first = max(v.first, v.firstNow)
	for _, p := range v.parts {
		if p.role == Absent && p.stage >= 0 && p.stage < len(v.levels) {
			l := &v.levels[p.stage]
			l.cut = max(l.cut, l.cutNow)
		}
	}
	v.at = t
}

// take looks at the next row, and reports the chain that counts if the row completes the sequence, as far as rows up to
// it can tell.
func (v *sweep) take(rows []row) (done chain, ok bool) {
	r := rows[v.to]
	v.to++
	*v.steps++
	if r.time != v.at {
		v.turn(r.time)
	}
	if int(r.step) >= len(v.parts) {
		return chain{}, false
	}
	p := v.parts[r.step]
	switch {
	case p.role == Until:
		v.untilNow = r.time
		return chain{}, false
	case p.role == Absent && p.stage < 0:
		v.firstNow = r.time
		return chain{}, false
	case p.role == Absent:
		if p.stage < len(v.levels) {
			v.levels[p.stage].cutNow = r.time
		}
		return chain{}, false
	}
	id := r.id()
	for stage := p.stage + p.runs - 1; stage >= p.stage; stage-- { // downwards: the row must not follow itself
		e := ending{chain: chain{start: r.time, before: v.first}, ok: true}
		if stage > 0 {
			e = v.levels[stage-1].best(r, id)
		}
		if !e.ok {
			continue
		}
		e.id = id
		if v.trace {
			e.link = &link{r, e.link}
			if stage >= v.depth {
				v.deepest, v.depth = e.link, stage
			}
		}
		if stage < len(v.levels) {
			v.levels[stage].offer(r, e)
			continue
		}
		done, ok = e.chain, within(e.start, r.time, v.length) && v.until <= e.start && (e.before == none || !within(e.before, r.time, v.length))
	}
	if ok && (v.doneAt != r.time || done.start > v.done.start) {
		v.done, v.doneAt = done, r.time
	}
	return done, ok
}

// rows are those of a traced chain, in order.
func (l *link) rows() []row {
	var rows []row
	for ; l != nil; l = l.prev {
		rows = append(rows, l.row)
	}
	slices.Reverse(rows)
	return rows
}

// sequences returns the times in [from, to] of rows that complete the sequence, as far as the rows at hand tell. Where
// the row at from is the last one, the window's own sweep serves, and only rows that it has not taken are looked at.
func (w *Window) sequences(s *Spec, from, to int64, updates bool) []int64 {
	n := len(w.rows)
	inOrder := n > 0 && w.rows[n-1].time == from && !s.Waits()
	v := w.seq
	if v == nil || !inOrder || updates && !v.trace {
		lo, _ := w.firstAtOrAfter(subSaturated(from, s.Length))
		v = s.sweep(w.dict, lo)
		v.trace = updates
	}
	var view *sliding // of its own, where it goes along what has been gone along
	if !inOrder && s.counts() {
		view = w.sliding(s)
		view.from, _ = w.firstAtOrAfter(subSaturated(from, s.Length))
		view.to = view.from
	}
	held := func(t int64) bool {
		switch {
		case inOrder && (s.counts() || updates):
			return w.viewAt(s, t, updates).distinct(s)
		case view != nil:
			view.move(w.rows, t, int64(s.Length))
			return view.distinct(s)
		}
		return true
	}
	var times []int64
	if v.doneAt == from && held(from) {
		times = append(times, from) // by another row at that time
	}
	for v.to < n && w.rows[v.to].time <= to {
		t := w.rows[v.to].time
		c, ok := v.take(w.rows)
		if ok && t >= from && (len(times) == 0 || times[len(times)-1] != t) && !w.undone(s, t, c) && held(t) {
			times = append(times, t)
		}
	}
	if v.to == n && !s.Waits() {
		w.seq = v // it knows all that may matter to what comes behind the rows
	}
	return times
}

// undone reports whether a row of an absent step at the end follows a complete chain.
func (w *Window) undone(s *Spec, t int64, c chain) bool {
	if !s.Deferred() {
		return false
	}
	h := s.shape()
	i, _ := w.firstAtOrAfter(addSaturated(t, 1))
	for ; i < len(w.rows) && within(c.start, w.rows[i].time, int64(s.Length)); i++ {
		if int(w.rows[i].step) > h.last && h.parts[w.rows[i].step].role == Absent {
			return true
		}
	}
	return false
}

// counts reports whether columns have thresholds.
func (s *Spec) counts() bool {
	return slices.ContainsFunc(s.Distinct, func(c Column) bool { return c.Threshold > 0 })
}

// chain returns the rows of the chain that completes the sequence at time t, in order, or nil.
func (w *Window) chain(s *Spec, t int64) []row {
	v := w.seq
	if v == nil || !v.trace || v.doneAt != t {
		lo, _ := w.firstAtOrAfter(subSaturated(t, s.Length))
		v = s.sweep(w.dict, lo)
		v.trace = true
		for v.to < len(w.rows) && w.rows[v.to].time <= t {
			v.take(w.rows)
		}
	}
	if v.doneAt != t {
		return nil
	}
	return v.done.link.rows()
}

// furthest returns the rows, counted from lo, of the chain among rows[lo:hi] that has come furthest; of several the one
// that ends last.
func (w *Window) furthest(s *Spec, lo, hi int) []int {
	v := s.sweep(w.dict, lo)
	v.trace = true
	for v.to < hi {
		v.take(w.rows)
	}
	return w.places(v.deepest.rows(), lo)
}

// places are those of rows, counted from lo.
func (w *Window) places(rows []row, lo int) []int {
	var places []int
	for _, r := range rows {
		i, _ := w.place(r.key())
		places = append(places, i-lo)
	}
	return places
}

func subSaturated(t int64, d time.Duration) int64 {
	if t < math.MinInt64+int64(d) {
		return math.MinInt64
	}
	return t - int64(d)
}
