package state

// Windows are ordered by (due, ID): the order in which they become due, and in which the budget gives them up, owner by
// owner. So every owner has a heap of hints.
//
// The order is kept lazily: a hint says that its window must be looked at no later than at that due. It is never after
// the window's own due. So moving a due to later, as nearly every event does to its window, costs nothing; when the hint
// reaches the top it is put back with the due of then. Moving a due to earlier moves the hint.
//
// The store and the overlay have heaps of their own. A committed window has exactly one hint, see queue. In the overlay
// the hint that counts is the one whose due is entry.armed, and others are thrown away when they come to the top. A hint
// of a touched window is taken off the store's heap when it comes to the top there, and put back by Rollback; so nothing
// is derived from a transaction before it is committed.

// unarmed is the armed of an entry without a hint. No due is as low, see due.
const unarmed = hollow

type hint struct {
	due int64
	id  ID
}

func (h hint) before(o hint) bool {
	return h.due < o.due || h.due == o.due && compareIDs(h.id, o.id) < 0
}

// timers is a binary heap of hints for the overlay. container/heap would allocate for each push.
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
	t.take(e)
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
		for len(t.timers) <= int(e.owner) {
			t.timers = append(t.timers, nil)
		}
		t.timers[e.owner].push(hint{e.due, e.id})
	}
}

// first returns the smallest (due, ID) with a due of at most limit.
func (t *Txn[W]) first(limit int64) (best hint, ok bool) {
	for {
		o, found := t.store.soonest(limit)
		if !found {
			break
		}
		if best, ok = t.top(o, limit); ok { // else it was a hint that did not count, or too early
			if o2, _ := t.store.soonest(limit); o2 == o {
				break
			}
		}
	}
	for o := range t.timers {
		if h, found := t.firstTouched(uint32(o), limit); found && (!ok || h.before(best)) {
			best, ok = h, true
		}
	}
	return best, ok
}

// soonest returns the owner with the smallest first hint, if that is at most limit.
func (s *Store[W]) soonest(limit int64) (best uint32, ok bool) {
	for i, due := range s.tops {
		if due > limit || ok && due > s.tops[best] || s.owners[i].queue.len() == 0 {
			continue
		}
		o := uint32(i)
		if ok && due == s.tops[best] {
			_, a := s.owners[o].queue.top()
			_, b := s.owners[best].queue.top()
			if compareIDs(s.table.records.at(a).id, s.table.records.at(b).id) >= 0 {
				continue
			}
		}
		best, ok = o, true
	}
	return best, ok
}

// top returns the first of the owner's committed windows that are not in the overlay, if it is due at limit.
func (t *Txn[W]) top(o uint32, limit int64) (hint, bool) {
	s := t.store
	if int(o) >= len(s.owners) {
		return hint{}, false
	}
	q := &s.owners[o].queue
	defer s.retop(o)
	for q.len() > 0 {
		at, slot := q.top()
		if at > limit {
			break
		}
		r := s.table.records.at(slot)
		due := r.at.nanoseconds()
		if _, touched := t.index[r.id]; touched {
			q.remove(&s.table, slot)
			t.popped = append(t.popped, popped{slot, o})
		} else if due != at {
			q.move(&s.table, slot, due)
		} else {
			return hint{due, r.id}, true
		}
	}
	return hint{}, false
}

// firstTouched returns the first of the owner's windows in the overlay, if it is due at limit.
func (t *Txn[W]) firstTouched(o uint32, limit int64) (hint, bool) {
	if int(o) >= len(t.timers) {
		return hint{}, false
	}
	q := &t.timers[o]
	for len(*q) > 0 && (*q)[0].due <= limit {
		h := (*q)[0]
		e := &t.entries[t.index[h.id]]
		switch {
		case e.owner != o || e.armed != h.due:
			q.pop()
		case !e.live || e.stuck:
			e.armed = unarmed
			q.pop()
		case e.due != h.due:
			e.armed = e.due
			q.replace(hint{e.due, h.id})
		default:
			return h, true
		}
	}
	return hint{}, false
}
