package state

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
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
			s := New(newTally)
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
	s := New(newTally)
	txn := s.Begin()
	if err := s.Apply(CheckpointKey, Checkpoint{}.Encode()); !errors.Is(err, ErrOpen) {
		t.Fatalf("Apply in a transaction: %v", err)
	}
	txn.Rollback()
	if err := s.Apply(CheckpointKey, Checkpoint{}.Encode()); err != nil {
		t.Fatal(err)
	}
}

// What the engine got from the store must stay as it is, whatever later transactions do, also where the store keeps the
// object.
func TestCommittedWindowsAreNotWritten(t *testing.T) {
	for _, packable := range []int{0, maxPacked} {
		s := newStore(packable)
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
		if now, _ := s.Begin().Get(testID(1)); packable == 0 && now.committed != 1 {
			t.Fatalf("Committed was called %d times", now.committed)
		}
	}
}

func TestChangesAcrossDeletion(t *testing.T) {
	s := New(newTally)
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
	s := New(newTally)
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
	s := New(newTally)
	commit(t, s, func(txn *Txn[*tally]) {
		for n := range byte(4) {
			put(txn, ID{15: n}, "a", int64(n))
		}
	})
	txn := s.Begin()
	for _, ok := txn.NextDue(10); ok; _, ok = txn.NextDue(10) {
	}
	if txn.Stuck() != 4 || txn.Bytes() != 4*one {
		t.Fatalf("stuck %d, %d bytes", txn.Stuck(), txn.Bytes())
	}
	txn.Touch(ID{15: 1}).expire(10)
	txn.Touched(ID{15: 1})
	txn.Touch(ID{15: 0})
	for _, want := range []ID{{15: 2}, {15: 3}, {15: 0}} { // not {1}, which is empty; {0} at last, for it was just touched
		id, _, ok := txn.Evict()
		if !ok || id != want {
			t.Fatalf("Evict() = %x %v, want %x", id, ok, want)
		}
		txn.Delete(id)
	}
	if txn.Bytes() != 0 {
		t.Fatalf("%d bytes are left", txn.Bytes())
	}
	put(txn, ID{15: 3}, "b", 1)
	if id, ok := txn.NextDue(10); !ok || id != (ID{15: 3}) {
		t.Fatalf("NextDue() = %x %v: the window is another one since it was deleted", id, ok)
	}
}

func TestEvictSparesTheWindowTouchedLast(t *testing.T) {
	s := New(newTally)
	txn := s.Begin()
	put(txn, ID{15: 2}, "a", 50)
	put(txn, ID{15: 1}, "a", 10)
	id, w, ok := txn.Evict()
	if !ok || id != (ID{15: 2}) || w.items["a"] != 50 {
		t.Fatalf("Evict() = %x %v %v", id, w, ok)
	}
	txn.Delete(id)
	if id, _, ok := txn.Evict(); !ok || id != (ID{15: 1}) {
		t.Fatalf("Evict() = %x %v, and there is only one window", id, ok)
	}
	txn.Delete(ID{15: 1})
	if id, _, ok := txn.Evict(); ok || txn.Largest() != 0 {
		t.Fatalf("Evict() = %x of nothing", id)
	}
}

// TestFlood: whatever one owner writes, an owner that holds no more than its share of the budget loses nothing, although
// all its windows are older and were due first.
func TestFlood(t *testing.T) {
	const budget = 20_000
	rapid.Check(t, func(t *rapid.T) {
		s := New(newTally)
		quiet := map[ID]bool{}
		txn := s.Begin()
		for txn.Bytes() < budget/2-200 {
			id := ID{0: 1, 15: byte(len(quiet))}
			put(txn, id, "a", int64(len(quiet)))
			quiet[id] = true
		}
		evicted := 0
		for n := range 500 {
			if n%50 == 49 && rapid.Bool().Draw(t, "commit") {
				if err := txn.Commit(); err != nil {
					t.Fatal(err)
				}
				txn = s.Begin()
			}
			name := strings.Repeat("x", rapid.IntRange(1, 60).Draw(t, "name"))
			put(txn, ID{0: 2, 14: byte(n >> 8), 15: byte(n)}, name, rapid.Int64Range(-5, 500).Draw(t, "at"))
			for txn.Bytes() > budget {
				id, _, ok := txn.Evict()
				if !ok || quiet[id] {
					t.Fatalf("Evict() = %x %v", id, ok)
				}
				txn.Delete(id)
				evicted++
			}
		}
		if evicted == 0 {
			t.Fatal("nothing had to be given up")
		}
	})
}

func TestReadingDoesNotAllocate(t *testing.T) {
	s := New(newTally)
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
			id := testID(n)
			if _, ok := s.table.find(&id); ok {
				hits++
			}
		}
		if _, ok := txn.NextDue(999); ok {
			t.Fatal("due too early")
		}
		if txn.Largest() > txn.Bytes() {
			t.Fatal("a part is larger than the whole")
		}
		txn.Touched(testID(7))
	})
	if allocs != 0 || hits != 100*101 {
		t.Fatalf("%v allocations, %d hits", allocs, hits)
	}
}

// Windows that come and go must not leave their hints behind for ever.
func TestIndexStaysSmall(t *testing.T) {
	s := New(newTally)
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
	s := New(newTally)
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
	}
}

// The containers of a transaction are used again, or not when they were large; either way the next one begins empty.
func TestTransactionsBeginEmpty(t *testing.T) {
	for _, n := range []int{10, 20_000} {
		s := New(newTally)
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
