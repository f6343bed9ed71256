package state

import (
	"encoding/binary"
	"errors"
	"iter"
	"maps"
	"math"
	"slices"
)

// tally is a window of times by name, due at the earliest. Like real windows it has a head, an entry that every window
// with content has, that alone is no content, and whose value is empty.
type tally struct {
	head      bool
	items     map[string]int64
	before    map[string][]byte // entries at Clone
	committed int               // calls of Committed
}

const tallyOwn = 16

var errTally = errors.New("not a tally")

func newTally(ID) *tally { return &tally{items: map[string]int64{}} }

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
	return &tally{head: w.head, items: maps.Clone(w.items), before: w.entries()}
}

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

func (w *tally) Entries() iter.Seq2[[]byte, []byte] { return ascending(w.entries()) }

func (w *tally) Changes() iter.Seq2[[]byte, []byte] {
	m := w.entries()
	for item, value := range w.before {
		if now, ok := m[item]; !ok {
			m[item] = nil
		} else if string(now) == string(value) {
			delete(m, item)
		}
	}
	return ascending(m)
}

func ascending(m map[string][]byte) iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		for _, item := range slices.Sorted(maps.Keys(m)) {
			if !yield([]byte(item), m[item]) {
				return
			}
		}
	}
}

func (w *tally) Size() int {
	n := tallyOwn
	for item := range w.items {
		n += len(item) + 8
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

func replay(t interface{ Fatal(...any) }, log []Change, budget int) *Store[*tally] {
	s := New(newTally, budget)
	for _, c := range log {
		if err := s.Apply(c.Key, c.Value); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// checkInvariants looks behind the interface: sums, dues and the index agree with the windows.
func checkInvariants(t interface{ Fatalf(string, ...any) }, s *Store[*tally]) {
	s.derive()
	hints := map[hint]int{}
	for _, h := range s.timers {
		hints[h]++
	}
	for i := 1; i < len(s.timers); i++ {
		if s.timers[i].before(s.timers[(i-1)/2]) {
			t.Fatalf("heap out of order at %d", i)
		}
	}
	total := 0
	for id, r := range s.windows {
		due, size := measure(r.window)
		if r.due != due || r.size != size {
			t.Fatalf("window %x: due %d and size %d are recorded as %d and %d", id, due, size, r.due, r.size)
		}
		if r.window.Empty() {
			t.Fatalf("window %x is empty", id)
		}
		if r.armed > r.due || r.armed == math.MinInt64 || hints[hint{r.armed, id}] == 0 {
			t.Fatalf("window %x, due %d, armed %d: no hint", id, r.due, r.armed)
		}
		total += size
	}
	if s.bytes != total {
		t.Fatalf("bytes %d, sum of windows %d", s.bytes, total)
	}
	if len(s.timers) > 2*len(s.windows)+1024+64 {
		t.Fatalf("%d hints for %d windows", len(s.timers), len(s.windows))
	}
}

func testID(n byte) ID { return ID{0: n % 3, 15: n} }
