package state

// queue is a heap of hints for the committed windows of one owner, see timers.go. A window has at most one hint, and its
// record says where it stands, so that it can be moved and removed.
type queue struct{ hints paged[timer] }

// timer is a hint in 12 bytes.
type timer struct {
	at   instant
	slot uint32
}

func newQueue() queue { return queue{paged[timer]{shift: 15}} }

const arity = 4 // children of one parent lie in one cache line

func (q *queue) len() uint32 { return q.hints.len() }

// top is the first hint of a queue that is not empty.
func (q *queue) top() (due int64, slot uint32) {
	h := q.hints.at(0)
	return h.at.nanoseconds(), h.slot
}

func (t *table) before(a, b timer) bool {
	if a.at != b.at {
		return a.at.nanoseconds() < b.at.nanoseconds()
	}
	return compareIDs(t.records.at(a.slot).id, t.records.at(b.slot).id) < 0
}

// push gives the window in slot, which has none, a hint.
func (q *queue) push(t *table, slot uint32, due int64) {
	h := timer{instantOf(due), slot}
	q.hints.push(h)
	q.rise(t, q.len()-1, h)
}

// move changes the hint of the window in slot.
func (q *queue) move(t *table, slot uint32, due int64) {
	i := t.records.at(slot).timer
	h := timer{instantOf(due), slot}
	if t.before(h, *q.hints.at(i)) {
		q.rise(t, i, h)
	} else {
		q.sink(t, i, h)
	}
}

// remove takes the hint of the window in slot away.
func (q *queue) remove(t *table, slot uint32) {
	r := t.records.at(slot)
	i := r.timer
	r.timer = none
	n := q.len() - 1
	last := *q.hints.at(n)
	q.hints.pop()
	if i == n {
		return
	}
	t.records.at(last.slot).timer = i
	*q.hints.at(i) = last
	if i > 0 && t.before(last, *q.hints.at((i - 1) / arity)) {
		q.rise(t, i, last)
	} else {
		q.sink(t, i, last)
	}
}

func (q *queue) set(t *table, i uint32, h timer) {
	*q.hints.at(i) = h
	t.records.at(h.slot).timer = i
}

func (q *queue) rise(t *table, i uint32, h timer) {
	for i > 0 {
		parent := (i - 1) / arity
		p := *q.hints.at(parent)
		if !t.before(h, p) {
			break
		}
		q.set(t, i, p)
		i = parent
	}
	q.set(t, i, h)
}

func (q *queue) sink(t *table, i uint32, h timer) {
	n := q.len()
	for {
		first := arity*i + 1
		if first >= n {
			break
		}
		child := first
		least := *q.hints.at(first)
		for c := first + 1; c < min(first+arity, n); c++ {
			if o := *q.hints.at(c); t.before(o, least) {
				child, least = c, o
			}
		}
		if !t.before(least, h) {
			break
		}
		q.set(t, i, least)
		i = child
	}
	q.set(t, i, h)
}

// load appends a hint without a place in the order; build must follow.
func (q *queue) load(slot uint32, at instant) { q.hints.push(timer{at, slot}) }

// build makes a heap of what was loaded.
func (q *queue) build(t *table) {
	n := q.len()
	for i := range n {
		t.records.at(q.hints.at(i).slot).timer = i
	}
	for i := int64(n+arity-2)/arity - 1; i >= 0; i-- {
		q.sink(t, uint32(i), *q.hints.at(uint32(i)))
	}
}
