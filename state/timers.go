package state

import "math"

// Windows are ordered by (due, ID): the order in which they become due, and in which the budget gives them up.
//
// The order is kept as a heap of hints, lazily: a hint says that its window must be looked at no later than at that due.
// A window has one hint that counts, the one whose due is record.armed, and it is never after the window's own due. So
// moving a due to later, as nearly every event does to its window, costs nothing; when the hint reaches the top it is
// put back with the due of then. Moving a due to earlier pushes another hint. Hints that no longer count are thrown
// away at the top, or all at once when they outnumber the windows (Commit).
//
// The store and the overlay have a heap each. A hint of a touched window is taken off the store's heap when it comes to
// the top, and put back by Rollback; so nothing is derived from a transaction before it is committed.

// unarmed is the armed of a window without a hint. No due is as low, see measure.
const unarmed = int64(math.MinInt64)

type hint struct {
	due int64
	id  ID
}

func (h hint) before(o hint) bool {
	return h.due < o.due || h.due == o.due && compareIDs(h.id, o.id) < 0
}

// timers is a binary heap of hints. container/heap would allocate for each push.
type timers []hint

func (q *timers) push(h hint) {
	*q = append(*q, h)
	t := *q
	i := len(t) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !h.before(t[parent]) {
			break
		}
		t[i] = t[parent]
		i = parent
	}
	t[i] = h
}

func (q *timers) pop() {
	t := *q
	n := len(t) - 1
	last := t[n]
	*q = t[:n]
	if n > 0 {
		q.sink(0, last)
	}
}

// replace puts h in the place of the top.
func (q *timers) replace(h hint) { q.sink(0, h) }

func (q *timers) init() {
	for i := len(*q)/2 - 1; i >= 0; i-- {
		q.sink(i, (*q)[i])
	}
}

// sink puts h at i or, if it must, further down.
func (q *timers) sink(i int, h hint) {
	t := *q
	for {
		child := 2*i + 1
		if child >= len(t) {
			break
		}
		if child+1 < len(t) && t[child+1].before(t[child]) {
			child++
		}
		if !t[child].before(h) {
			break
		}
		t[i] = t[child]
		i = child
	}
	t[i] = h
}

// NextDue returns the window with the smallest (Due, ID) whose Due is at or before clock, in the transaction's view.
//
// The caller must touch that window and move its Due to later, or empty or delete it, before it calls NextDue again; it
// may do so in steps, as long as each step moves Due. A window that did not move is not given again by this transaction
// until it does: it would be given for ever. Stuck counts these.
func (t *Txn[W]) NextDue(clock int64) (ID, bool) {
	t.judge()
	t.given, t.isGiven = t.first(clock)
	return t.given.id, t.isGiven
}

// Stuck is how often this transaction gave a window that was then not dealt with, by NextDue or by Evict. Anything but
// 0 is a defect of the window or of the caller. It can be asked after the end too.
func (t *Txn[W]) Stuck() int { return t.stuck }

// judge parks the window that NextDue gave last if it has not moved.
func (t *Txn[W]) judge() {
	if !t.isGiven {
		return
	}
	i := t.own(t.given.id)
	e := &t.entries[i]
	t.read(e)
	if e.live && e.due <= t.given.due {
		t.stuck++
		e.stuck, e.since = true, t.given.due
		t.parked = append(t.parked, i)
	}
	t.arm(e)
}

// arm sees to it that e has a hint at or before its due, if it is to be found at all.
func (t *Txn[W]) arm(e *entry[W]) {
	e.stuck = e.stuck && e.due <= e.since
	if e.live && !e.stuck && (e.armed == unarmed || e.due < e.armed) {
		e.armed = e.due
		t.timers.push(hint{e.due, e.id})
	}
}

// first returns the smallest (due, ID) with a due of at most limit.
func (t *Txn[W]) first(limit int64) (hint, bool) {
	c, committed := t.firstCommitted(limit)
	o, touched := t.firstTouched(limit)
	if touched && (!committed || o.before(c)) {
		return o, true
	}
	return c, committed
}

// firstCommitted is first among the windows that are not in the overlay.
func (t *Txn[W]) firstCommitted(limit int64) (hint, bool) {
	s := t.store
	for len(s.timers) > 0 && s.timers[0].due <= limit {
		h := s.timers[0]
		r, ok := s.windows[h.id]
		if !ok || r.armed != h.due {
			s.timers.pop()
			continue
		}
		if _, touched := t.index[h.id]; touched {
			r.armed = unarmed
			t.popped = append(t.popped, h.id)
			s.timers.pop()
		} else if r.due != h.due {
			r.armed = r.due
			s.timers.replace(hint{r.due, h.id})
		} else {
			return h, true
		}
		s.windows[h.id] = r
	}
	return hint{}, false
}

// firstTouched is first among the windows in the overlay.
func (t *Txn[W]) firstTouched(limit int64) (hint, bool) {
	for len(t.timers) > 0 && t.timers[0].due <= limit {
		h := t.timers[0]
		e := &t.entries[t.index[h.id]]
		switch {
		case e.armed != h.due:
			t.timers.pop()
		case !e.live || e.stuck:
			e.armed = unarmed
			t.timers.pop()
		case e.due != h.due:
			e.armed = e.due
			t.timers.replace(hint{e.due, h.id})
		default:
			return h, true
		}
	}
	return hint{}, false
}
