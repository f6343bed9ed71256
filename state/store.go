package state

import (
	"bytes"
	"encoding/binary"
	"iter"
	"math"
	"slices"
)

// Store is the committed state of one partition: windows by ID, an index of when they are due, and their total size.
// It is written by restoring (Apply) and by transactions (Begin), never by both at once. One goroutine owns it.
//
// Windows lie packed in an arena, and everything about them is kept in pages without pointers: what the collector has to
// look at does not grow with the number of windows, and growing copies nothing. See BenchmarkMemory for what a window
// takes.
type Store[W Window[W]] struct {
	newWindow func(ID) W
	packable  int // windows of a larger Size are kept as objects

	table  table
	arena  arena
	live   map[uint32]W // by slot: the windows that are too large to be packed
	packed []byte       // scratch
	swept  uint32       // see tidy

	owners  []owner // in order of first sight, which must decide nothing
	byOwner map[Owner]uint32
	tops    []int64 // by owner: due of the first hint, Never if there is none
	bytes   int     // sum of the owners' bytes

	open  *Txn[W]    // the transaction that may still commit
	spare overlay[W] // emptied containers of the last transaction

	// While restoring, entries have been applied since the queues were last built, and the window that entries have last
	// been applied to is kept unpacked.
	restoring  bool
	reading    uint32 // its slot; none if there is no such window
	read       W
	checkpoint *Checkpoint
}

// owner is what the store keeps of one owner.
type owner struct {
	name  Owner
	bytes int   // what its windows are charged
	queue queue // a hint for each of its windows, see timers.go
}

// Overhead is what a store needs for a window besides its packed form, in bytes: record, chain, hint, and what is lost in
// the arena on average. It counts towards the budget, for otherwise a flood of tiny windows would not be seen.
const Overhead = 64

const (
	// A window of more than this Size costs more to pack and unpack for each transaction than the collector needs to look at
	// its object.
	maxPacked = maxString - 8
	// unpacked is how much more memory a window takes as an object.
	unpacked = 2
)

// hollow is the due of a window that looks empty because not all of its entries have been applied yet. No due is as low,
// see measure.
const hollow = int64(math.MinInt64)

// New returns an empty store. newWindow makes the empty window for an ID.
func New[W Window[W]](newWindow func(ID) W) *Store[W] {
	return &Store[W]{newWindow: newWindow, packable: maxPacked, table: newTable(), reading: none}
}

// Begin starts a transaction on the committed state. There is one at a time: a transaction that is still open is rolled
// back first, and its later Commit fails, so that nothing can be merged twice or on top of what it has not seen.
func (s *Store[W]) Begin() *Txn[W] {
	if s.open != nil {
		s.open.Rollback()
	}
	s.derive()
	t := &Txn[W]{store: s, overlay: s.spare, last: -1}
	if t.index == nil {
		t.index = make(map[ID]int)
	}
	s.spare = overlay[W]{}
	s.open = t
	return t
}

// Windows is the number of committed windows.
func (s *Store[W]) Windows() int {
	s.derive()
	return s.table.count
}

// Bytes is the memory that the committed windows take: their sizes, and Overhead for each. Windows too large to be packed
// count twice.
func (s *Store[W]) Bytes() int {
	s.derive()
	return s.bytes
}

// Entries yields the committed state as the changelog would hold it after perfect compaction: keys and values in
// ascending order of key, without the checkpoint. The slices must not be kept or changed. No transaction may commit and
// nothing may be applied while it runs.
func (s *Store[W]) Entries() iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		s.derive()
		var slots []uint32
		for slot := range s.slots() {
			slots = append(slots, slot)
		}
		slices.SortFunc(slots, func(a, b uint32) int { return compareIDs(s.table.records.at(a).id, s.table.records.at(b).id) })
		var key []byte
		for _, slot := range slots {
			id := s.table.records.at(slot).id
			for item, value := range s.load(slot).Entries {
				key = appendKey(key[:0], id, item)
				if !yield(key, value) {
					return
				}
			}
		}
	}
}

// slots yields the slots that have a window.
func (s *Store[W]) slots() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for slot := range s.table.records.len() {
			if s.table.records.at(slot).place != isFree && !yield(slot) {
				return
			}
		}
	}
}

// load returns the window in slot, which must not be written if it is kept live.
//
// A packed window lies in a cell of the arena like this, the length in two bytes:
//
//	owner, a uvarint · length · packed form
func (s *Store[W]) load(slot uint32) W {
	r := s.table.records.at(slot)
	if r.place == isLive {
		return s.live[slot]
	}
	w := s.newWindow(r.id)
	cell := s.arena.cell(r.place)
	_, n := binary.Uvarint(cell)
	length := int(binary.LittleEndian.Uint16(cell[n:]))
	w.Unpack(cell[n+2:][:length])
	return w
}

// ownerAt is the owner of the window in slot.
func (s *Store[W]) ownerAt(slot uint32) uint32 {
	r := s.table.records.at(slot)
	if r.place == isLive {
		return s.own(s.live[slot].Owner())
	}
	o, _ := binary.Uvarint(s.arena.cell(r.place))
	return uint32(o)
}

// own is the number of an owner.
func (s *Store[W]) own(name Owner) uint32 {
	o, ok := s.byOwner[name]
	if !ok {
		if s.byOwner == nil {
			s.byOwner = make(map[Owner]uint32)
		}
		o = uint32(len(s.owners))
		s.byOwner[name] = o
		s.owners = append(s.owners, owner{name: name, queue: newQueue()})
		s.tops = append(s.tops, Never)
	}
	return o
}

// ownAgain is own, for a name that probably has number o.
func (s *Store[W]) ownAgain(name Owner, o uint32) uint32 {
	if int(o) < len(s.owners) && s.owners[o].name == name {
		return o
	}
	return s.own(name)
}

// keep makes w the window in slot, instead of what may have been there, and returns the length of its packed form.
func (s *Store[W]) keep(slot uint32, w W, o uint32) int {
	s.release(slot)
	r := s.table.records.at(slot)
	if w.Size() <= s.packable {
		b := binary.AppendUvarint(s.packed[:0], uint64(o))
		n := len(b)
		b = w.AppendPacked(append(b, 0, 0))
		length := len(b) - n - 2
		s.packed = b
		if len(b) <= maxString {
			binary.LittleEndian.PutUint16(b[n:], uint16(length))
			if place, ok := s.arena.put(b); ok {
				r.place = place
				return length
			}
		}
	}
	if c, ok := any(w).(Committer); ok {
		c.Committed()
	}
	if s.live == nil {
		s.live = make(map[uint32]W)
	}
	s.live[slot], r.place = w, isLive
	return w.Size()
}

// release lets go of the window in slot.
func (s *Store[W]) release(slot uint32) {
	switch r := s.table.records.at(slot); r.place {
	case isFree:
	case isLive:
		delete(s.live, slot)
	default:
		s.arena.drop(r.place)
	}
}

// forget removes the window in slot, which has no hint.
func (s *Store[W]) forget(slot uint32) {
	s.release(slot)
	s.table.remove(slot)
}

// tidy does a bounded part of emptying thin pages of the arena, if there is much waste: it looks at n records, one after
// the other, and moves those windows that lie on such pages. When all have been looked at, the pages are empty.
func (s *Store[W]) tidy(n int) {
	a := &s.arena
	if a.thin == 0 {
		if !a.wasteful() {
			return
		}
		s.swept = 0
		a.thinOut()
	}
	for ; n > 0 && a.thin > 0 && s.swept < s.table.records.len(); n-- {
		r := s.table.records.at(s.swept)
		s.swept++
		if r.place >= isFree || !a.isThin(r.place) {
			continue
		}
		s.packed = append(s.packed[:0], a.cell(r.place)...)
		if place, ok := a.put(s.packed); ok {
			a.drop(r.place)
			r.place = place
		}
	}
	if s.swept >= s.table.records.len() {
		a.thickenAll()
	}
}

// derive builds the queues after entries were applied, and drops the windows that those have emptied. Doing it once makes
// a restore linear, and lets the entries of a window come in any order: a window can look empty while half of it has yet
// to be read.
func (s *Store[W]) derive() {
	if !s.restoring {
		return
	}
	s.endReading()
	s.restoring = false
	for o := range s.owners {
		s.owners[o].queue = newQueue()
	}
	for slot := range s.slots() {
		if r := s.table.records.at(slot); r.at.nanoseconds() == hollow {
			s.forget(slot)
		} else {
			s.owners[s.ownerAt(slot)].queue.load(slot, r.at)
		}
	}
	for o := range s.owners {
		s.owners[o].queue.build(&s.table)
		s.retop(uint32(o))
	}
}

// startReading makes the window of id the one that entries are applied to.
func (s *Store[W]) startReading(id ID) {
	slot, ok := s.table.find(&id)
	if !ok {
		slot = s.table.add(id)
		s.read = s.newWindow(id)
	} else {
		s.read = s.load(slot)
		if s.table.records.at(slot).at.nanoseconds() != hollow {
			s.charge(s.own(s.read.Owner()), -s.chargeFor(s.read))
		}
	}
	s.reading = slot
	s.table.records.at(slot).at = instantOf(hollow)
}

// endReading keeps that window as far as it has been read.
func (s *Store[W]) endReading() {
	if s.reading == none {
		return
	}
	slot, w := s.reading, s.read
	var gone W
	s.reading, s.read = none, gone
	o := s.own(w.Owner())
	if !w.Empty() {
		s.table.records.at(slot).at = instantOf(due(w))
		s.charge(o, s.chargeFor(w))
	}
	if s.keep(slot, w, o) == 0 {
		s.forget(slot)
	}
	s.tidy(4)
}

// merge makes e part of the committed state.
func (s *Store[W]) merge(e *entry[W]) {
	if e.slot == none {
		if !e.live {
			return
		}
		e.slot, e.base = s.table.add(e.id), e.owner
	}
	r := s.table.records.at(e.slot)
	if r.timer != none && (!e.live || e.base != e.owner) {
		s.owners[e.base].queue.remove(&s.table, e.slot)
		s.retop(e.base)
	}
	if !e.live {
		s.forget(e.slot)
		return
	}
	r.at = instantOf(e.due)
	s.keep(e.slot, e.window, e.owner)
	q := &s.owners[e.owner].queue
	switch {
	case r.timer == none:
		q.push(&s.table, e.slot, e.due)
	case e.due < q.hints.at(r.timer).at.nanoseconds():
		q.move(&s.table, e.slot, e.due)
	default:
		return
	}
	s.retop(e.owner)
}

func (s *Store[W]) charge(o uint32, bytes int) {
	s.owners[o].bytes += bytes
	s.bytes += bytes
}

// retop notes the first hint of an owner.
func (s *Store[W]) retop(o uint32) {
	s.tops[o] = Never
	if q := &s.owners[o].queue; q.len() > 0 {
		s.tops[o], _ = q.top()
	}
}

// chargeFor is what a window counts towards the budget.
func (s *Store[W]) chargeFor(w W) int {
	n := w.Size()
	if n > s.packable {
		n *= unpacked
	}
	return n + Overhead
}

func due[W Window[W]](w W) int64 { return max(w.Due(), hollow+1) }

func compareIDs(a, b ID) int { return bytes.Compare(a[:], b[:]) }
