package state

import "bytes"

// The memory is shared out by owner, so that one rule whose group keys somebody makes in numbers cannot push out the
// windows of the others. What has to be given up is taken from the owner that holds most: an owner that holds no more
// than the budget divided by the number of owners never loses a window. Within an owner the oldest goes first.

// Bytes is what Store.Bytes would be after Commit, as far as Touched has been told.
func (t *Txn[W]) Bytes() int { return t.store.bytes + t.delta }

// Largest is how many of Bytes belong to the owner that holds most.
func (t *Txn[W]) Largest() int {
	if o, ok := t.largest(); ok {
		return t.share(o)
	}
	return 0
}

func (t *Txn[W]) share(o uint32) int {
	n := t.store.owners[o].bytes
	if int(o) < len(t.shares) {
		n += t.shares[o]
	}
	return n
}

// largest is the owner that holds most; of several the first by name.
func (t *Txn[W]) largest() (best uint32, ok bool) {
	most := 0
	for i := range t.store.owners {
		o := uint32(i)
		n := t.share(o)
		if n > most || n > 0 && n == most && bytes.Compare(t.store.owners[o].name[:], t.store.owners[best].name[:]) < 0 {
			best, most, ok = o, n, true
		}
	}
	return best, ok
}

// Release says that the window touched last is done with: Evict no longer spares it. Which window that is would otherwise
// depend on where the transaction began.
func (t *Txn[W]) Release() { t.last = -1 }

// Evict returns the window to give up when there is too little memory: of the owner that holds most, the one with the
// smallest (Due, ID), but not the one touched last as long as that owner has another. The window may be read, and the
// caller must then Delete it; if it does not, Evict gives nothing more and Stuck counts it.
//
// Called while Bytes is above a limit after every Touched, it gives the same windows however the events are cut into
// transactions.
func (t *Txn[W]) Evict() (id ID, w W, ok bool) {
	o, ok := t.largest()
	if !ok {
		return id, w, false
	}
	h, ok := t.oldest(o)
	if !ok {
		return id, w, false
	}
	if t.isOffered && t.offered == h.id {
		t.stuck++
		return id, w, false
	}
	t.offered, t.isOffered = h.id, true
	w, _ = t.Get(h.id)
	return h.id, w, true
}

// oldest is the smallest (due, ID) of the owner's windows in the view but the one touched last, or that one if it is
// alone.
func (t *Txn[W]) oldest(o uint32) (best hint, ok bool) {
	consider := func(h hint) {
		if !ok || h.before(best) {
			best, ok = h, true
		}
	}
	if h, found := t.top(o, Never); found {
		consider(h)
	}
	if h, found := t.firstTouched(o, Never); found {
		if t.index[h.id] != t.last {
			consider(h)
		} else { // look behind it
			e := &t.entries[t.last]
			e.armed = unarmed
			t.timers[o].pop()
			if second, found := t.firstTouched(o, Never); found {
				consider(second)
			}
			t.arm(e)
		}
	}
	for _, i := range t.parked { // not in the index
		if e := &t.entries[i]; e.stuck && e.live && e.owner == o && i != t.last {
			consider(hint{e.due, e.id})
		}
	}
	if !ok && t.last >= 0 { // alone
		if e := &t.entries[t.last]; e.live && e.owner == o {
			consider(hint{e.due, e.id})
		}
	}
	return best, ok
}
