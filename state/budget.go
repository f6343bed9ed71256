package state

// Overhead is about what the store itself needs for a window, in bytes: its place in the table and in the index.
// BenchmarkMemory measures it. It counts towards the budget, for otherwise a flood of tiny windows would not be seen.
const Overhead = 144

// Evict returns the window to give up while the transaction's view is larger than the budget: the one with the smallest
// (Due, ID), but not the one touched last as long as there is another. The window may be read, and the caller must then
// Delete it; if it does not, Evict gives nothing more and Stuck counts it.
//
// Called until it gives nothing after every Touched, it gives the same windows however the events are cut into
// transactions.
func (t *Txn[W]) Evict() (id ID, w W, ok bool) {
	if t.store.budget <= 0 || t.Bytes() <= t.store.budget {
		return id, w, false
	}
	h, ok := t.oldest()
	if !ok {
		return id, w, false
	}
	if t.isOffered && t.offered == h.id {
		t.stuck++
		return id, w, false
	}
	t.offered, t.isOffered = h.id, true
	if i, touched := t.index[h.id]; touched {
		return h.id, t.entries[i].window, true
	}
	return h.id, t.store.windows[h.id].window, true
}

// oldest is the smallest (due, ID) of all windows of the view but the one touched last, or that one if it is alone.
func (t *Txn[W]) oldest() (best hint, ok bool) {
	consider := func(h hint) {
		if !ok || h.before(best) {
			best, ok = h, true
		}
	}
	if h, found := t.firstCommitted(Never); found {
		consider(h)
	}
	if h, found := t.firstTouched(Never); found {
		if t.index[h.id] != t.last {
			consider(h)
		} else { // look behind it
			e := &t.entries[t.last]
			e.armed = unarmed
			t.timers.pop()
			if second, found := t.firstTouched(Never); found {
				consider(second)
			}
			t.arm(e)
		}
	}
	for _, i := range t.parked { // not in the index
		if e := &t.entries[i]; e.stuck && e.live && i != t.last {
			consider(hint{e.due, e.id})
		}
	}
	if !ok && t.last >= 0 { // alone
		consider(hint{t.entries[t.last].due, t.entries[t.last].id})
	}
	return best, ok
}
