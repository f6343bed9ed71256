package state

import (
	"bytes"
	"iter"
	"slices"
)

// Store is the committed state of one partition: windows by ID, an index of when they are due, and their total size.
// It is written by restoring (Apply) and by transactions (Begin), never by both at once. One goroutine owns it.
type Store[W Window[W]] struct {
	newWindow func(ID) W
	budget    int

	windows map[ID]record[W]
	timers  timers // at least one hint for every window, see timers.go
	bytes   int    // sum of record.size

	open  *Txn[W]    // the transaction that may still commit
	spare overlay[W] // emptied containers of the last transaction

	// While true, entries have been applied since sizes, dues and the index were last derived.
	restoring  bool
	checkpoint *Checkpoint
}

// record is a window with what the store needs to know without looking into it. Should windows be kept encoded one day,
// only the type of this window field and Txn.Get and Touch change.
type record[W any] struct {
	window W
	due    int64
	armed  int64 // due of the one hint that counts, at or before due; unarmed if there is none
	size   int   // Window.Size and Overhead
}

// New returns an empty store. newWindow makes the empty window for an ID; budget is the limit in bytes that Txn.Evict
// holds the store to, 0 for none.
func New[W Window[W]](newWindow func(ID) W, budget int) *Store[W] {
	return &Store[W]{newWindow: newWindow, budget: budget, windows: make(map[ID]record[W])}
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
	return len(s.windows)
}

// Bytes is the approximate memory of the committed windows: their sizes and Overhead for each.
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
		ids := make([]ID, 0, len(s.windows))
		for id := range s.windows {
			ids = append(ids, id)
		}
		slices.SortFunc(ids, compareIDs)
		var key []byte
		for _, id := range ids {
			for item, value := range s.windows[id].window.Entries() {
				key = appendKey(key[:0], id, item)
				if !yield(key, value) {
					return
				}
			}
		}
	}
}

// derive brings sizes, dues and the index up to date after entries were applied, and drops the windows that those have
// emptied. Doing it once makes a restore linear, and lets the entries of a window come in any order: a window can look
// empty while half of it has yet to be read.
func (s *Store[W]) derive() {
	if !s.restoring {
		return
	}
	s.restoring = false
	s.bytes = 0
	for id, r := range s.windows {
		if r.window.Empty() {
			delete(s.windows, id)
			continue
		}
		r.due, r.size = measure(r.window)
		s.bytes += r.size
		s.windows[id] = r
	}
	s.rearm()
}

// rearm rebuilds the index with exactly one hint for each window.
func (s *Store[W]) rearm() {
	s.timers = slices.Grow(s.timers[:0], len(s.windows))
	for id, r := range s.windows {
		r.armed = r.due
		s.windows[id] = r
		s.timers = append(s.timers, hint{r.due, id})
	}
	s.timers.init()
}

// merge makes e part of the committed state.
func (s *Store[W]) merge(e *entry[W]) {
	if !e.live {
		delete(s.windows, e.id)
		return
	}
	if c, ok := any(e.window).(Committer); ok {
		c.Committed()
	}
	r := e.record
	r.armed = unarmed
	if base, ok := s.windows[e.id]; ok {
		r.armed = base.armed
	}
	if r.armed == unarmed || r.due < r.armed {
		r.armed = r.due
		s.timers.push(hint{r.due, e.id})
	}
	s.windows[e.id] = r
}

func measure[W Window[W]](w W) (due int64, size int) {
	return max(w.Due(), unarmed+1), w.Size() + Overhead
}

func compareIDs(a, b ID) int { return bytes.Compare(a[:], b[:]) }
