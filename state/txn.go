package state

import (
	"bytes"
	"errors"
	"iter"
	"slices"
)

// ErrDone means that a transaction was committed or rolled back before. What was done with it since has no effect.
var ErrDone = errors.New("state: transaction is over")

// Txn is one transaction: private copies of the windows it touches, above the committed ones. Nothing of it reaches the
// store before Commit, and nothing at all after Rollback.
//
// A transaction that is over acts on an empty store of its own: it finds nothing, keeps nothing, has no changes and
// cannot commit.
type Txn[W Window[W]] struct {
	store *Store[W]
	overlay[W]
	delta int // bytes of the view minus bytes of the store
	done  bool

	last      int  // entry touched last, which Evict spares; -1 for none
	given     hint // what NextDue gave last, while isGiven
	offered   ID   // what Evict gave last, while isOffered: until something is deleted
	isGiven   bool
	isOffered bool
	stuck     int
}

// overlay holds the containers of a transaction, which the next one uses again.
type overlay[W any] struct {
	index   map[ID]int // into entries
	entries []entry[W]
	timers  timers // of the entries
	popped  []ID   // committed windows that were taken off the store's index because they are in the overlay
	parked  []int  // entries that have been stuck
}

// entry is a window as the transaction sees it. The armed of its record belongs to the overlay's index.
type entry[W any] struct {
	record[W]
	id    ID
	fresh bool  // the window began from nothing, and its Changes with it
	gone  bool  // deleted, or never there; window is not set
	live  bool  // neither gone nor empty: due and size count
	stuck bool  // kept from NextDue while due is not after since
	since int64 // the due at which it was given
}

// Get returns the window as the transaction sees it, for reading only, until the next Touch or Delete of it. An empty
// window is not found.
func (t *Txn[W]) Get(id ID) (w W, ok bool) {
	if i, touched := t.index[id]; touched {
		if e := &t.entries[i]; !e.gone && !e.window.Empty() {
			return e.window, true
		}
		return w, false
	}
	r, ok := t.store.windows[id]
	return r.window, ok
}

// Touch returns the transaction's own copy of the window, for writing; an empty window if there is none. Touched must
// follow what was written.
func (t *Txn[W]) Touch(id ID) W {
	i := t.own(id)
	e := &t.entries[i]
	if e.gone {
		e.window = t.store.newWindow(id)
		e.fresh, e.gone = true, false
	}
	t.last = i
	return e.window
}

// own makes sure that the overlay has an entry for id, with a copy of the committed window if there is one.
func (t *Txn[W]) own(id ID) int {
	i, ok := t.index[id]
	if ok {
		return i
	}
	base, committed := t.store.windows[id]
	i = t.enter(id, base, committed)
	e := &t.entries[i]
	if committed {
		e.window = base.window.Clone()
		t.arm(e)
	} else {
		e.gone = true
	}
	return i
}

func (t *Txn[W]) enter(id ID, base record[W], live bool) int {
	i := len(t.entries)
	base.armed = unarmed
	t.entries = append(t.entries, entry[W]{record: base, id: id, live: live})
	t.index[id] = i
	return i
}

// Touched says that the window got by Touch has been written: its size and due are read again. Without it the index and
// the budget work with what they knew before; commits are right either way.
func (t *Txn[W]) Touched(id ID) {
	if i, ok := t.index[id]; ok {
		e := &t.entries[i]
		t.read(e)
		t.arm(e)
	}
}

// read takes over size and due of e's window.
func (t *Txn[W]) read(e *entry[W]) {
	if e.live {
		t.delta -= e.size
	}
	if e.live = !e.gone && !e.window.Empty(); e.live {
		e.due, e.size = measure(e.window)
		t.delta += e.size
	}
}

// Delete removes the window with all its entries. Touch gives an empty one afterwards.
func (t *Txn[W]) Delete(id ID) {
	i, ok := t.index[id]
	if !ok {
		base, committed := t.store.windows[id]
		if !committed {
			return
		}
		i = t.enter(id, base, true)
	}
	var none W
	e := &t.entries[i]
	e.window, e.gone, e.stuck = none, true, false
	t.read(e)
	t.isOffered = false
}

// Bytes is what Store.Bytes would be after Commit, as far as Touched has been told.
func (t *Txn[W]) Bytes() int { return t.store.bytes + t.delta }

// Changes returns the records that take the changelog from the committed state to that of the transaction, in ascending
// order of key, each key once. The log holds what the store holds, so removals are given only for entries that the store
// has: a window that came and went within the transaction leaves nothing. The slices belong to the caller.
func (t *Txn[W]) Changes() []Change {
	if t.done {
		return nil
	}
	order := make([]int, len(t.entries))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return compareIDs(t.entries[a].id, t.entries[b].id) })
	changes := make([]Change, 0, len(order))
	for _, i := range order {
		e := &t.entries[i]
		for item, value := range t.changesOf(e) {
			changes = append(changes, newChange(e.id, item, value))
		}
	}
	return changes
}

func (t *Txn[W]) changesOf(e *entry[W]) iter.Seq2[[]byte, []byte] {
	base, committed := t.store.windows[e.id]
	nothing := func(func(_, _ []byte) bool) {}
	switch {
	case e.gone && !committed:
		return nothing
	case e.gone:
		return difference(base.window.Entries(), nothing)
	case e.fresh && committed:
		return difference(base.window.Entries(), e.window.Entries())
	case e.fresh:
		return e.window.Entries()
	}
	return e.window.Changes()
}

// difference yields what turns the entries of from into those of to. Both are in ascending order of item.
func difference(from, to iter.Seq2[[]byte, []byte]) iter.Seq2[[]byte, []byte] {
	return func(yield func(item, value []byte) bool) {
		next, stop := iter.Pull2(to)
		defer stop()
		item, value, ok := next()
		for had, old := range from {
			for ; ok && bytes.Compare(item, had) < 0; item, value, ok = next() {
				if !yield(item, value) {
					return
				}
			}
			if !ok || !bytes.Equal(item, had) {
				if !yield(had, nil) {
					return
				}
				continue
			}
			if !bytes.Equal(value, old) && !yield(item, value) {
				return
			}
			item, value, ok = next()
		}
		for ; ok; item, value, ok = next() {
			if !yield(item, value) {
				return
			}
		}
	}
}

// Commit merges the transaction into the store: its windows replace the committed ones, empty windows are dropped. The
// only error is ErrDone.
func (t *Txn[W]) Commit() error {
	if t.done {
		return ErrDone
	}
	s := t.store
	for i := range t.entries {
		e := &t.entries[i]
		t.read(e)
		s.merge(e)
	}
	s.bytes += t.delta
	if len(s.timers) > 2*len(s.windows)+1024 {
		s.rearm()
	}
	t.end()
	return nil
}

// Rollback drops the transaction. It may be called again, and after Commit it does nothing.
func (t *Txn[W]) Rollback() {
	if t.done {
		return
	}
	s := t.store
	for _, id := range t.popped {
		r := s.windows[id]
		r.armed = r.due
		s.windows[id] = r
		s.timers.push(hint{r.due, id})
	}
	t.end()
}

// end hands the containers back, unless they have grown so large that emptying them would burden every transaction to
// come, and leaves t with a store of its own that nobody else sees.
func (t *Txn[W]) end() {
	const keep = 1 << 13
	s := t.store
	s.open = nil
	if len(t.entries) <= keep {
		clear(t.index)
		clear(t.entries)
		s.spare = overlay[W]{t.index, t.entries[:0], t.timers[:0], t.popped[:0], t.parked[:0]}
	}
	*t = Txn[W]{
		store:   New(s.newWindow, 0),
		overlay: overlay[W]{index: make(map[ID]int)},
		last:    -1,
		stuck:   t.stuck,
		done:    true,
	}
}
