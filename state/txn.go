package state

import (
	"bytes"
	"errors"
	"iter"
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
	timers  []timers // of the entries, by owner
	shares  []int    // delta by owner
	popped  []popped // committed windows that were taken off the store's queues because they are in the overlay
	parked  []int    // entries that have been stuck
}

type popped struct{ slot, owner uint32 }

// entry is a window as the transaction sees it.
type entry[W any] struct {
	id     ID
	slot   uint32 // of the committed window, or none
	base   uint32 // owner of the committed window
	window W
	owner  uint32
	due    int64
	armed  int64 // due of the one hint in the overlay that counts, at or before due; unarmed if there is none
	size   int   // what it is charged
	fresh  bool  // the window began from nothing, and its Changes with it
	gone   bool  // deleted, or never there; window is not set
	live   bool  // neither gone nor empty: owner, due and size count
	stuck  bool  // kept from NextDue while due is not after since
	since  int64 // the due at which it was given
}

// Get returns the window as the transaction sees it, for reading only, until the next Touch or Delete of it. An empty
// window is not found. A window that is not in the transaction is unpacked each time.
func (t *Txn[W]) Get(id ID) (w W, ok bool) {
	if i, touched := t.index[id]; touched {
		if e := &t.entries[i]; !e.gone && !e.window.Empty() {
			return e.window, true
		}
		return w, false
	}
	if slot, ok := t.store.table.find(&id); ok {
		return t.store.load(slot), true
	}
	return w, false
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
	i = t.enter(id)
	if e := &t.entries[i]; e.slot != none {
		if t.store.table.records.at(e.slot).place == isLive {
			e.window = e.window.Clone()
		}
		t.arm(e)
	}
	return i
}

// enter adds an entry for id. It has the committed window, not a copy of it.
func (t *Txn[W]) enter(id ID) int {
	e := entry[W]{id: id, slot: none, armed: unarmed, gone: true}
	if slot, ok := t.store.table.find(&id); ok {
		e.slot, e.gone, e.live = slot, false, true
		e.window = t.store.load(slot)
		e.base = t.store.ownerAt(slot)
		e.owner, e.size = e.base, t.store.chargeFor(e.window)
		e.due = t.store.table.records.at(slot).at.nanoseconds()
	}
	i := len(t.entries)
	t.entries = append(t.entries, e)
	t.index[id] = i
	return i
}

// Touched says that the window got by Touch has been written: its size and due are read again. Without it the index and
// the budget work with what they knew before; commits are right either way.
func (t *Txn[W]) Touched(id ID) {
	i, ok := t.last, true
	if i < 0 || t.entries[i].id != id {
		i, ok = t.index[id]
	}
	if ok {
		e := &t.entries[i]
		t.take(e)
		t.arm(e)
	}
}

// take takes over owner, size and due of e's window.
func (t *Txn[W]) take(e *entry[W]) {
	if e.live {
		t.charge(e.owner, -e.size)
	}
	if e.live = !e.gone && !e.window.Empty(); e.live {
		if o := t.store.ownAgain(e.window.Owner(), e.owner); o != e.owner {
			e.owner, e.armed = o, unarmed
		}
		e.due, e.size = due(e.window), t.store.chargeFor(e.window)
		t.charge(e.owner, e.size)
	}
}

func (t *Txn[W]) charge(o uint32, bytes int) {
	for len(t.shares) <= int(o) {
		t.shares = append(t.shares, 0)
	}
	t.shares[o] += bytes
	t.delta += bytes
}

// Delete removes the window with all its entries. Touch gives an empty one afterwards.
func (t *Txn[W]) Delete(id ID) {
	i, ok := t.index[id]
	if !ok {
		if _, committed := t.store.table.find(&id); !committed {
			return
		}
		i = t.enter(id)
	}
	var nothing W
	e := &t.entries[i]
	e.window, e.gone, e.stuck = nothing, true, false
	t.take(e)
	t.isOffered = false
}

// Changes returns the records that take the changelog from the committed state to that of the transaction, each key once:
// window after window, as they were first touched, each in ascending order of item. The log holds what the store holds, so removals are given only for entries that the store
// has: a window that came and went within the transaction leaves nothing. The slices belong to the caller.
func (t *Txn[W]) Changes() []Change {
	if t.done {
		return nil
	}
	list := changeList{changes: make([]Change, 0, len(t.entries))}
	var id ID
	add := func(item, value []byte) bool {
		list.add(id, item, value)
		return true
	}
	for i := range t.entries {
		e := &t.entries[i]
		id = e.id
		t.changesOf(e, add)
	}
	return list.changes
}

func (t *Txn[W]) changesOf(e *entry[W], yield func(item, value []byte) bool) {
	switch committed := e.slot != none; {
	case e.gone && !committed:
	case e.gone:
		difference(t.store.load(e.slot).Entries, func(func(_, _ []byte) bool) {}, yield)
	case e.fresh && committed:
		difference(t.store.load(e.slot).Entries, e.window.Entries, yield)
	case e.fresh:
		e.window.Entries(yield)
	default:
		e.window.Changes(yield)
	}
}

// difference yields what turns the entries of from into those of to. Both are in ascending order of item.
func difference(from, to iter.Seq2[[]byte, []byte], yield func(item, value []byte) bool) {
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

// Commit merges the transaction into the store: its windows replace the committed ones, empty windows are dropped. The
// only error is ErrDone.
func (t *Txn[W]) Commit() error {
	if t.done {
		return ErrDone
	}
	s := t.store
	for i := range t.entries {
		e := &t.entries[i]
		t.take(e)
		s.merge(e)
	}
	for o, bytes := range t.shares {
		s.charge(uint32(o), bytes)
	}
	s.tidy(4*len(t.entries) + 256)
	t.end()
	return nil
}

// Rollback drops the transaction. It may be called again, and after Commit it does nothing.
func (t *Txn[W]) Rollback() {
	if t.done {
		return
	}
	s := t.store
	for _, p := range t.popped {
		s.owners[p.owner].queue.push(&s.table, p.slot, s.table.records.at(p.slot).at.nanoseconds())
		s.retop(p.owner)
	}
	t.end()
}

// end hands the containers back, unless they are much larger than this transaction needed, so that emptying them would
// burden every one to come, and leaves t with a store of its own that nobody else sees.
func (t *Txn[W]) end() {
	const small, much = 1 << 13, 8
	s := t.store
	s.open = nil
	if n := cap(t.entries); n <= small || n/much <= len(t.entries) {
		clear(t.index)
		clear(t.entries)
		for o := range t.timers {
			t.timers[o] = t.timers[o][:0]
		}
		s.spare = overlay[W]{t.index, t.entries[:0], t.timers, t.shares[:0], t.popped[:0], t.parked[:0]}
	}
	*t = Txn[W]{
		store:   New(s.newWindow),
		overlay: overlay[W]{index: make(map[ID]int)},
		last:    -1,
		stuck:   t.stuck,
		done:    true,
	}
}
