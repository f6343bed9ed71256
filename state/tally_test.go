package state

import (
	"encoding/binary"
	"errors"
	"maps"
	"slices"
)

// tally is a window of times by name, due at the earliest. Like real windows it has a head, an entry that every window
// with content has, that alone is no content, and whose value is empty.
type tally struct {
	owner     Owner
	head      bool
	items     map[string]int64
	before    map[string][]byte // entries at Clone
	committed int               // calls of Committed
}

const tallyOwn = 16

var errTally = errors.New("not a tally")

// newTally makes windows of three owners.
func newTally(id ID) *tally { return &tally{owner: ownerOf(id), items: map[string]int64{}} }

func ownerOf(id ID) Owner { return Owner{15: id[0]} }

func (w *tally) put(item string, at int64) {
	w.head = true
	w.items[item] = at
}

func (w *tally) drop(item string) { delete(w.items, item) }

// expire drops what is at or before clock.
func (w *tally) expire(clock int64) {
	maps.DeleteFunc(w.items, func(_ string, at int64) bool { return at <= clock })
}

func (w *tally) Clone() *tally {
	return &tally{owner: w.owner, head: w.head, items: maps.Clone(w.items), before: w.entries()}
}

func (w *tally) AppendPacked(b []byte) []byte {
	if w.head {
		b = append(b, 'h')
	}
	for _, item := range slices.Sorted(maps.Keys(w.items)) {
		b = append(b, byte(len(item)))
		b = append(b, item...)
		b = binary.BigEndian.AppendUint64(b, uint64(w.items[item]))
	}
	return b
}

func (w *tally) Unpack(b []byte) {
	if len(b) > 0 && b[0] == 'h' {
		w.head, b = true, b[1:]
	}
	for len(b) > 0 {
		n := 1 + int(b[0])
		w.items[string(b[1:n])] = int64(binary.BigEndian.Uint64(b[n:]))
		b = b[n+8:]
	}
	w.before = w.entries()
}

func (w *tally) Owner() Owner { return w.owner }

func (w *tally) Apply(item, value []byte) error {
	switch {
	case len(item) == 0:
		w.head = value != nil
	case value == nil:
		delete(w.items, string(item))
	case len(value) != 8:
		return errTally
	default:
		w.items[string(item)] = int64(binary.BigEndian.Uint64(value))
	}
	return nil
}

func (w *tally) entries() map[string][]byte {
	m := map[string][]byte{}
	if w.Empty() {
		return m
	}
	if w.head {
		m[""] = []byte{}
	}
	for item, at := range w.items {
		m[item] = binary.BigEndian.AppendUint64(nil, uint64(at))
	}
	return m
}

func (w *tally) Entries(yield func(_, _ []byte) bool) { ascending(w.entries(), yield) }

func (w *tally) Changes(yield func(_, _ []byte) bool) {
	m := w.entries()
	for item, value := range w.before {
		if now, ok := m[item]; !ok {
			m[item] = nil
		} else if string(now) == string(value) {
			delete(m, item)
		}
	}
	ascending(m, yield)
}

func ascending(m map[string][]byte, yield func(_, _ []byte) bool) {
	for _, item := range slices.Sorted(maps.Keys(m)) {
		if !yield([]byte(item), m[item]) {
			return
		}
	}
}

func (w *tally) Size() int {
	n := tallyOwn
	for item := range w.items {
		n += 1 + len(item) + 8
	}
	return n
}

func (w *tally) Due() int64 {
	due := Never
	for _, at := range w.items {
		due = min(due, at)
	}
	return due
}

func (w *tally) Empty() bool { return len(w.items) == 0 }

func (w *tally) Committed() { w.committed++ }

// dump is the whole content of a store, and of its log after compaction.
func dump(s *Store[*tally]) map[string]string {
	m := map[string]string{}
	for key, value := range s.Entries() {
		m[string(key)] = string(value)
	}
	return m
}

// compact keeps the last record of each key, where it stands.
func compact(log []Change) []Change {
	last := map[string]int{}
	for i, c := range log {
		last[string(c.Key)] = i
	}
	var kept []Change
	for i, c := range log {
		if last[string(c.Key)] == i {
			kept = append(kept, c)
		}
	}
	return kept
}

func newStore(packable int) *Store[*tally] {
	s := New(newTally)
	s.packable = packable
	return s
}

func replay(t interface{ Fatal(...any) }, log []Change, packable int) *Store[*tally] {
	s := newStore(packable)
	for _, c := range log {
		if err := s.Apply(c.Key, c.Value); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// checkInvariants looks behind the interface: sums, dues and queues agree with the windows, and memory with what is in
// it.
func checkInvariants(t interface{ Fatalf(string, ...any) }, s *Store[*tally]) {
	s.derive()
	total, cells, hints, live := 0, 0, 0, 0
	bytes := make([]int, len(s.owners))
	for slot := range s.slots() {
		r, w := s.table.records.at(slot), s.load(slot)
		if found, ok := s.table.find(&r.id); !ok || found != slot {
			t.Fatalf("window %x in slot %d is found in %d, %v", r.id, slot, found, ok)
		}
		if due := due(w); r.at.nanoseconds() != due {
			t.Fatalf("window %x: due %d is recorded as %d", r.id, due, r.at.nanoseconds())
		}
		if w.Empty() {
			t.Fatalf("window %x is empty", r.id)
		}
		o := s.own(w.Owner())
		if s.ownerAt(slot) != o {
			t.Fatalf("window %x of owner %d is recorded as of %d", r.id, o, s.ownerAt(slot))
		}
		q := &s.owners[o].queue
		if h := *q.hints.at(r.timer); h.slot != slot || h.at.nanoseconds() > r.at.nanoseconds() {
			t.Fatalf("window %x, due %d: hint for slot %d at %d", r.id, r.at.nanoseconds(), h.slot, h.at.nanoseconds())
		}
		if r.timer > 0 && s.table.before(*q.hints.at(r.timer), *q.hints.at((r.timer - 1) / arity)) {
			t.Fatalf("queue out of order at %d", r.timer)
		}
		if r.place == isLive {
			live++
		} else {
			cells += len(s.arena.cell(r.place))
		}
		bytes[o] += s.chargeFor(w)
		total++
	}
	sum := 0
	for o := range s.owners {
		hints += int(s.owners[o].queue.len())
		if s.owners[o].bytes != bytes[o] {
			t.Fatalf("owner %d has %d bytes, its windows take %d", o, s.owners[o].bytes, bytes[o])
		}
		sum += bytes[o]
		top := Never
		if s.owners[o].queue.len() > 0 {
			top, _ = s.owners[o].queue.top()
		}
		if s.tops[o] != top {
			t.Fatalf("owner %d: first hint %d is noted as %d", o, top, s.tops[o])
		}
	}
	if s.bytes != sum || s.table.count != total || hints != total || len(s.live) != live || s.arena.cells != cells {
		t.Fatalf("%d bytes, %d windows, %d hints, %d live, %d in cells; want %d, %d, %d, %d and %d",
			s.bytes, s.table.count, hints, len(s.live), s.arena.cells, sum, total, total, live, cells)
	}
}

func testID(n byte) ID { return ID{0: n % 3, 15: n} }
