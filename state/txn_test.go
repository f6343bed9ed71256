package state

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// commit runs f in a transaction and commits it.
func commit(t testing.TB, s *Store[*tally], f func(*Txn[*tally])) []Change {
	t.Helper()
	txn := s.Begin()
	f(txn)
	changes := txn.Changes()
	if err := txn.Commit(); err != nil {
		t.Fatal(err)
	}
	return changes
}

func put(txn *Txn[*tally], id ID, item string, at int64) {
	txn.Touch(id).put(item, at)
	txn.Touched(id)
}

func TestTransactionIsOver(t *testing.T) {
	ends := map[string]func(*Store[*tally], *Txn[*tally]){
		"committed":   func(_ *Store[*tally], txn *Txn[*tally]) { _ = txn.Commit() },
		"rolled back": func(_ *Store[*tally], txn *Txn[*tally]) { txn.Rollback() },
		"replaced":    func(s *Store[*tally], _ *Txn[*tally]) { s.Begin() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			s := New(newTally, 1)
			commit(t, s, func(txn *Txn[*tally]) { put(txn, testID(1), "a", 5) })
			want := dump(s)

			txn := s.Begin()
			txn.Touch(testID(1))
			end(s, txn)

			put(txn, testID(1), "b", 1)
			put(txn, testID(2), "b", 1)
			txn.Delete(testID(1))
			if _, ok := txn.Get(testID(1)); ok {
				t.Error("Get sees the store")
			}
			txn.NextDue(9)
			txn.Evict()
			if changes := txn.Changes(); len(changes) > 0 {
				t.Errorf("changes %v", changes)
			}
			if err := txn.Commit(); !errors.Is(err, ErrDone) {
				t.Errorf("Commit: %v", err)
			}
			txn.Rollback()
			if diff := cmp.Diff(want, dump(s)); diff != "" {
				t.Errorf("the store has changed\n%s", diff)
			}
			checkInvariants(t, s)
		})
	}
}

func TestApplyNeedsNoTransaction(t *testing.T) {
	s := New(newTally, 0)
	txn := s.Begin()
	if err := s.Apply(CheckpointKey, Checkpoint{}.Encode()); !errors.Is(err, ErrOpen) {
		t.Fatalf("Apply in a transaction: %v", err)
	}
	txn.Rollback()
	if err := s.Apply(CheckpointKey, Checkpoint{}.Encode()); err != nil {
		t.Fatal(err)
	}
}

// What the engine got from the store must stay as it is, whatever later transactions do.
func TestCommittedWindowsAreNotWritten(t *testing.T) {
	s := New(newTally, 0)
	commit(t, s, func(txn *Txn[*tally]) { put(txn, testID(1), "a", 5) })
	txn := s.Begin()
	before, _ := txn.Get(testID(1))
	put(txn, testID(1), "b", 7)
	if after, _ := txn.Get(testID(1)); after == before || len(after.items) != 2 {
		t.Fatalf("the transaction sees %v", after.items)
	}
	if w := txn.Touch(testID(1)); len(w.items) != 2 {
		t.Fatalf("the second Touch gives %v", w.items)
	}
	if err := txn.Commit(); err != nil {
		t.Fatal(err)
	}
	if len(before.items) != 1 {
		t.Fatalf("the committed window became %v", before.items)
	}
	now, _ := s.Begin().Get(testID(1))
	if now.committed != 1 {
		t.Fatalf("Committed was called %d times", now.committed)
	}
}

func TestChangesAcrossDeletion(t *testing.T) {
	s := New(newTally, 0)
	commit(t, s, func(txn *Txn[*tally]) {
		put(txn, testID(1), "a", 5)
		put(txn, testID(1), "b", 6)
		put(txn, testID(1), "c", 7)
	})
	keys := func(changes []Change) (got []string) {
		for _, c := range changes {
			sign := "+"
			if c.Value == nil {
				sign = "-"
			}
			got = append(got, sign+string(c.Key[itemAt:]))
		}
		return got
	}
	cases := []struct {
		name string
		do   func(*Txn[*tally])
		want []string
	}{
		{"deleted", func(txn *Txn[*tally]) { txn.Delete(testID(1)) }, []string{"-", "-a", "-b", "-c"}},
		{"deleted after a touch", func(txn *Txn[*tally]) {
			put(txn, testID(1), "z", 9)
			txn.Delete(testID(1))
		}, []string{"-", "-a", "-b", "-c"}},
		{"deleted and begun again", func(txn *Txn[*tally]) {
			txn.Delete(testID(1))
			put(txn, testID(1), "b", 6) // as it was
			put(txn, testID(1), "c", 8) // other value
			put(txn, testID(1), "d", 9) // new
		}, []string{"-a", "+c", "+d"}},
		{"deleted, begun again, deleted", func(txn *Txn[*tally]) {
			txn.Delete(testID(1))
			put(txn, testID(1), "z", 9)
			txn.Delete(testID(1))
		}, []string{"-", "-a", "-b", "-c"}},
		{"emptied", func(txn *Txn[*tally]) { txn.Touch(testID(1)).expire(Never) }, []string{"-", "-a", "-b", "-c"}},
		{"came and went", func(txn *Txn[*tally]) {
			put(txn, testID(2), "a", 1)
			txn.Delete(testID(2))
			put(txn, testID(3), "a", 1)
			txn.Touch(testID(3)).expire(Never)
		}, nil},
		{"only touched", func(txn *Txn[*tally]) { txn.Touch(testID(1)); txn.Touch(testID(2)) }, nil},
		{"unknown deleted", func(txn *Txn[*tally]) { txn.Delete(testID(2)) }, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			txn := s.Begin()
			defer txn.Rollback()
			c.do(txn)
			if diff := cmp.Diff(c.want, keys(txn.Changes())); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A window that is not dealt with must hold up neither the others nor the transaction, and comes back once it has
// moved, and to the next transaction in any case.
func TestStuckWindow(t *testing.T) {
	s := New(newTally, 0)
	commit(t, s, func(txn *Txn[*tally]) {
		put(txn, testID(1), "a", 5)
		put(txn, testID(2), "a", 6)
	})
	for range 2 {
		txn := s.Begin()
		var given []ID
		for id, ok := txn.NextDue(10); ok; id, ok = txn.NextDue(10) {
			given = append(given, id)
		}
		if want := []ID{testID(1), testID(2)}; !slices.Equal(given, want) {
			t.Fatalf("given %x, want %x", given, want)
		}
		if txn.Stuck() != 2 {
			t.Fatalf("Stuck() = %d", txn.Stuck())
		}
		put(txn, testID(1), "a", 4) // moved, but not to later
		if id, ok := txn.NextDue(10); ok {
			t.Fatalf("%x is given again", id)
		}
		put(txn, testID(1), "a", 8)
		if id, ok := txn.NextDue(10); !ok || id != testID(1) {
			t.Fatalf("moved window is not given: %x %v", id, ok)
		}
		txn.Rollback()
		if txn.Stuck() != 2 {
			t.Fatalf("Stuck() = %d after the end", txn.Stuck())
		}
		checkInvariants(t, s)
	}
}

// Windows that NextDue has given up on are still there for the budget, and deleting one ends the affair.
func TestStuckWindowsCanBeEvicted(t *testing.T) {
	one := (&tally{items: map[string]int64{"a": 1}}).Size() + Overhead
	s := New(newTally, 1)
	commit(t, s, func(txn *Txn[*tally]) {
		for n := range byte(4) {
			put(txn, ID{n}, "a", int64(n))
		}
	})
	txn := s.Begin()
	for _, ok := txn.NextDue(10); ok; _, ok = txn.NextDue(10) {
	}
	if txn.Stuck() != 4 || txn.Bytes() != 4*one {
		t.Fatalf("stuck %d, %d bytes", txn.Stuck(), txn.Bytes())
	}
	txn.Touch(ID{1}).expire(10)
	txn.Touched(ID{1})
	txn.Touch(ID{0})
	for _, want := range []ID{{2}, {3}, {0}} { // not {1}, which is empty; {0} at last, for it was just touched
		id, _, ok := txn.Evict()
		if !ok || id != want {
			t.Fatalf("Evict() = %x %v, want %x", id, ok, want)
		}
		txn.Delete(id)
	}
	if txn.Bytes() != 0 {
		t.Fatalf("%d bytes are left", txn.Bytes())
	}
	put(txn, ID{3}, "b", 1)
	if id, ok := txn.NextDue(10); !ok || id != (ID{3}) {
		t.Fatalf("NextDue() = %x %v: the window is another one since it was deleted", id, ok)
	}
}

func TestEvictSparesTheWindowTouchedLast(t *testing.T) {
	one := (&tally{items: map[string]int64{"a": 1}}).Size() + Overhead
	s := New(newTally, one)
	txn := s.Begin()
	put(txn, testID(2), "a", 50)
	put(txn, testID(1), "a", 10)
	id, w, ok := txn.Evict()
	if !ok || id != testID(2) || w.items["a"] != 50 {
		t.Fatalf("Evict() = %x %v %v", id, w, ok)
	}
	txn.Delete(id)
	if id, _, ok := txn.Evict(); ok {
		t.Fatalf("Evict() = %x within the budget", id)
	}
	put(txn, testID(1), "a longer name", 11)
	if id, _, ok := txn.Evict(); !ok || id != testID(1) {
		t.Fatalf("Evict() = %x %v: the only window is over the budget", id, ok)
	}
}

func TestReadingDoesNotAllocate(t *testing.T) {
	s := New(newTally, 1<<20)
	commit(t, s, func(txn *Txn[*tally]) {
		for n := range byte(100) {
			put(txn, testID(n), "a", 1000+int64(n))
		}
	})
	txn := s.Begin()
	put(txn, testID(7), "b", 2000)
	hits := 0
	allocs := testing.AllocsPerRun(100, func() {
		for n := range byte(200) {
			if _, ok := txn.Get(testID(n)); ok {
				hits++
			}
		}
		if _, ok := txn.NextDue(999); ok {
			t.Fatal("due too early")
		}
		if _, _, ok := txn.Evict(); ok {
			t.Fatal("evicted within the budget")
		}
		txn.Touched(testID(7))
	})
	if allocs != 0 || hits != 100*101 {
		t.Fatalf("%v allocations, %d hits", allocs, hits)
	}
}

// Windows that come and go must not leave their hints behind for ever.
func TestIndexStaysSmall(t *testing.T) {
	s := New(newTally, 0)
	for range 50 {
		commit(t, s, func(txn *Txn[*tally]) {
			for n := range byte(200) {
				put(txn, ID{n}, "a", Never-1)
			}
		})
		commit(t, s, func(txn *Txn[*tally]) {
			for n := range byte(200) {
				txn.Delete(ID{n})
			}
		})
		checkInvariants(t, s)
	}
	if s.Windows() != 0 || s.Bytes() != 0 {
		t.Fatalf("%d windows, %d bytes are left", s.Windows(), s.Bytes())
	}
}

// Hints that no longer count go when their time comes; they must not be taken for the window's own and kept.
func TestOldHintsAreDropped(t *testing.T) {
	s := New(newTally, 0)
	for clock := int64(0); clock < 5000; clock += 10 {
		commit(t, s, func(txn *Txn[*tally]) { put(txn, testID(1), "later", clock+20) })
		commit(t, s, func(txn *Txn[*tally]) { put(txn, testID(1), "sooner", clock+5) })
		commit(t, s, func(txn *Txn[*tally]) {
			txn.Touch(testID(1)).drop("sooner")
			txn.Touched(testID(1))
		})
		commit(t, s, func(txn *Txn[*tally]) {
			if id, ok := txn.NextDue(clock + 6); ok {
				t.Fatalf("%x is due at %d", id, clock)
			}
		})
		checkInvariants(t, s)
		if len(s.timers) > 4 {
			t.Fatalf("%d hints for one window at %d", len(s.timers), clock)
		}
	}
}

// The containers of a transaction are used again, or not when they were large; either way the next one begins empty.
func TestTransactionsBeginEmpty(t *testing.T) {
	for _, n := range []int{10, 20_000} {
		s := New(newTally, 0)
		commit(t, s, func(txn *Txn[*tally]) {
			for i := range n {
				put(txn, ID{byte(i), byte(i >> 8)}, "a", 7)
			}
		})
		txn := s.Begin()
		if changes := txn.Changes(); len(changes) > 0 || txn.Bytes() != s.Bytes() || s.Windows() != n {
			t.Fatalf("%d changes, %d of %d bytes, %d windows", len(changes), txn.Bytes(), s.Bytes(), s.Windows())
		}
		if id, ok := txn.NextDue(7); !ok || id != (ID{}) {
			t.Fatalf("NextDue() = %x %v", id, ok)
		}
		txn.Rollback()
		checkInvariants(t, s)
	}
}
