package state

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// reference is the naive store: maps, copied deeply when a transaction begins.
type reference struct {
	committed, view map[ID]map[string]int64
	last            ID
	touched         bool
	given           hint
	isGiven         bool
	stuck           map[ID]int64 // by the due it was given at
	count           int
	packable        int
}

func newReference(packable int) *reference {
	return &reference{committed: map[ID]map[string]int64{}, packable: packable}
}

func (r *reference) begin() {
	r.view = map[ID]map[string]int64{}
	for id, items := range r.committed {
		r.view[id] = maps.Clone(items)
	}
	r.touched, r.isGiven, r.stuck, r.count = false, false, map[ID]int64{}, 0
}

func (r *reference) commit() {
	r.committed = r.view
	maps.DeleteFunc(r.committed, func(_ ID, items map[string]int64) bool { return len(items) == 0 })
	r.view = nil
}

func (r *reference) change(id ID, f func(map[string]int64)) {
	if r.view[id] == nil {
		r.view[id] = map[string]int64{}
	}
	f(r.view[id])
	r.last, r.touched = id, true
	if len(r.view[id]) > 0 && r.due(id) > r.stuck[id] {
		delete(r.stuck, id)
	}
}

func (r *reference) remove(id ID) {
	delete(r.view, id)
	delete(r.stuck, id)
}

func (r *reference) due(id ID) int64 {
	due := Never
	for _, at := range r.view[id] {
		due = min(due, at)
	}
	return due
}

func (r *reference) size(items map[string]int64) int {
	if len(items) == 0 {
		return 0
	}
	n := (&tally{items: items}).Size()
	if n > r.packable {
		n *= 2
	}
	return n + Overhead
}

func (r *reference) bytes(windows map[ID]map[string]int64) int {
	n := 0
	for _, of := range r.shares(windows) {
		n += of
	}
	return n
}

// shares is what the windows are charged, by owner.
func (r *reference) shares(windows map[ID]map[string]int64) map[Owner]int {
	shares := map[Owner]int{}
	for id, items := range windows {
		shares[ownerOf(id)] += r.size(items)
	}
	return shares
}

// sorted returns the windows of the view in order of (due, ID).
func (r *reference) sorted() []hint {
	var hints []hint
	for id, items := range r.view {
		if len(items) > 0 {
			hints = append(hints, hint{r.due(id), id})
		}
	}
	slices.SortFunc(hints, func(a, b hint) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	return hints
}

func (r *reference) nextDue(clock int64) (ID, bool) {
	if r.isGiven && len(r.view[r.given.id]) > 0 && r.due(r.given.id) <= r.given.due {
		r.stuck[r.given.id] = r.given.due
		r.count++
	}
	r.isGiven = false
	for _, h := range r.sorted() {
		if _, stuck := r.stuck[h.id]; !stuck && h.due <= clock {
			r.given, r.isGiven = h, true
			return h.id, true
		}
	}
	return ID{}, false
}

// evict takes from the owner with the largest share its oldest window, sparing the one touched last.
func (r *reference) evict(budget int) (ID, bool) {
	if r.bytes(r.view) <= budget {
		return ID{}, false
	}
	var largest Owner
	most := 0
	for o, n := range r.shares(r.view) {
		if n > most || n == most && bytes.Compare(o[:], largest[:]) < 0 {
			largest, most = o, n
		}
	}
	hints := slices.DeleteFunc(r.sorted(), func(h hint) bool { return ownerOf(h.id) != largest })
	for _, h := range hints {
		if !r.touched || h.id != r.last {
			return h.id, true
		}
	}
	return hints[0].id, true
}

func (r *reference) dump() map[string]string {
	m := map[string]string{}
	for id, items := range r.committed {
		w := &tally{head: true, items: items}
		for item, value := range w.Entries {
			m[string(appendKey(nil, id, item))] = string(value)
		}
	}
	return m
}

// TestStoreAgainstReference drives a store and the reference with the same operations. It covers: what a rolled back
// transaction did never happened; the log, compacted or not, replays to the store; windows become due and are evicted in
// the order of (due, ID).
func TestStoreAgainstReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		budget := rapid.SampledFrom([]int{100, 250, 600, 1 << 30}).Draw(t, "budget")
		packable := rapid.SampledFrom([]int{0, 30, maxPacked}).Draw(t, "packable")
		s, ref := newStore(packable), newReference(packable)
		var txn *Txn[*tally]
		var log []Change

		ids := rapid.Custom(func(t *rapid.T) ID { return testID(rapid.ByteRange(0, 11).Draw(t, "window")) })
		items := rapid.SampledFrom([]string{"a", "b", "cc", "d\x00"})
		times := rapid.OneOf(rapid.Int64Range(0, 30), rapid.SampledFrom([]int64{Never, -1 << 63}))

		open := func() {
			if txn == nil {
				txn = s.Begin()
				ref.begin()
			}
		}
		// write does the same to the window and to the reference; announce is the call of Touched.
		write := func(t *rapid.T, announce bool) {
			id, item := ids.Draw(t, "id"), items.Draw(t, "item")
			w := txn.Touch(id)
			switch rapid.IntRange(0, 3).Draw(t, "write") {
			case 0: // only touched
				ref.change(id, func(map[string]int64) {})
			case 1:
				w.drop(item)
				ref.change(id, func(m map[string]int64) { delete(m, item) })
			default:
				at := times.Draw(t, "at")
				w.put(item, at)
				ref.change(id, func(m map[string]int64) { m[item] = at })
			}
			if announce {
				txn.Touched(id)
			}
		}

		t.Repeat(map[string]func(*rapid.T){
			"write":  func(t *rapid.T) { open(); write(t, true) },
			"write2": func(t *rapid.T) { open(); write(t, true) },
			"touch": func(t *rapid.T) {
				open()
				id := ids.Draw(t, "id")
				txn.Touch(id)
				ref.change(id, func(map[string]int64) {})
			},
			"delete": func(t *rapid.T) {
				open()
				id := ids.Draw(t, "id")
				txn.Delete(id)
				ref.remove(id)
			},
			"due": func(t *rapid.T) {
				open()
				clock := rapid.Int64Range(0, 40).Draw(t, "clock")
				for {
					got, ok := txn.NextDue(clock)
					want, wantOK := ref.nextDue(clock)
					if got != want || ok != wantOK {
						t.Fatalf("NextDue(%d) = %x %v, want %x %v", clock, got, ok, want, wantOK)
					}
					if !ok {
						break
					}
					switch rapid.IntRange(0, 5).Draw(t, "handle") {
					case 0: // forgotten
					case 1: // touched to no effect
						txn.Touch(got)
						txn.Touched(got)
						ref.change(got, func(map[string]int64) {})
					case 2:
						txn.Delete(got)
						ref.remove(got)
					case 3: // one step, not announced
						until := ref.due(got)
						txn.Touch(got).expire(until)
						ref.change(got, func(m map[string]int64) { (&tally{items: m}).expire(until) })
					default:
						txn.Touch(got).expire(clock)
						txn.Touched(got)
						ref.change(got, func(m map[string]int64) { (&tally{items: m}).expire(clock) })
					}
				}
			},
			"evict": func(t *rapid.T) {
				open()
				for {
					var got ID
					var w *tally
					var ok bool
					if txn.Bytes() > budget {
						got, w, ok = txn.Evict()
					}
					want, wantOK := ref.evict(budget)
					if got != want || ok != wantOK {
						t.Fatalf("Evict() = %x %v, want %x %v", got, ok, want, wantOK)
					}
					if !ok {
						break
					}
					if diff := cmp.Diff(ref.view[got], w.items); diff != "" {
						t.Fatalf("evicted window (-want +got)\n%s", diff)
					}
					if rapid.IntRange(0, 9).Draw(t, "careless") == 0 {
						if _, _, again := txn.Evict(); again {
							t.Fatal("Evict goes on though nothing was deleted")
						}
						ref.count++
					}
					txn.Delete(got)
					ref.remove(got)
				}
			},
			"commit": func(t *rapid.T) {
				open()
				for range rapid.IntRange(0, 2).Draw(t, "unannounced") {
					write(t, false)
				}
				changes := txn.Changes()
				if diff := cmp.Diff(changes, txn.Changes()); diff != "" {
					t.Fatalf("Changes differ when called again\n%s", diff)
				}
				checkChanges(t, dump(s), changes)
				if err := txn.Commit(); err != nil {
					t.Fatal(err)
				}
				log = append(log, changes...)
				txn = nil
				ref.commit()

				want := ref.dump()
				for name, s := range map[string]*Store[*tally]{
					"store": s, "replayed": replay(t, log, packable), "compacted": replay(t, compact(log), packable),
				} {
					if diff := cmp.Diff(want, dump(s)); diff != "" {
						t.Fatalf("%s (-want +got)\n%s", name, diff)
					}
					if s.Bytes() != ref.bytes(ref.committed) || s.Windows() != len(ref.committed) {
						t.Fatalf("%s: %d bytes in %d windows, want %d in %d", name, s.Bytes(), s.Windows(),
							ref.bytes(ref.committed), len(ref.committed))
					}
					checkInvariants(t, s)
				}
			},
			"rollback": func(t *rapid.T) {
				open()
				if rapid.Bool().Draw(t, "implicit") {
					old := txn
					txn = s.Begin()
					ref.begin()
					if err := old.Commit(); !errors.Is(err, ErrDone) {
						t.Fatalf("Commit of a replaced transaction: %v", err)
					}
					return
				}
				txn.Rollback()
				txn = nil
				checkInvariants(t, s)
			},
			"restore": func(t *rapid.T) {
				txn = nil
				n := rapid.IntRange(0, len(log)).Draw(t, "compacted up to")
				s = replay(t, append(compact(log[:n]), log[n:]...), packable)
			},
			"": func(t *rapid.T) {
				if txn == nil {
					if diff := cmp.Diff(ref.dump(), dump(s)); diff != "" {
						t.Fatalf("committed (-want +got)\n%s", diff)
					}
					return
				}
				if got, want := txn.Bytes(), ref.bytes(ref.view); got != want {
					t.Fatalf("%d bytes in the transaction, want %d", got, want)
				}
				if txn.Stuck() != ref.count {
					t.Fatalf("stuck %d, want %d", txn.Stuck(), ref.count)
				}
				for n := range byte(12) {
					w, ok := txn.Get(testID(n))
					want := ref.view[testID(n)]
					if ok != (len(want) > 0) || ok && !maps.Equal(w.items, want) {
						t.Fatalf("Get(%d) = %v %v, want %v", n, w, ok, want)
					}
				}
			},
		})
	})
}

// checkChanges holds changes to what Changes promises, given what the log holds before.
func checkChanges(t *rapid.T, before map[string]string, changes []Change) {
	seen := map[ID]bool{}
	for i, c := range changes {
		id := ID(c.Key[1:itemAt])
		if i > 0 && id == ID(changes[i-1].Key[1:itemAt]) {
			if string(changes[i-1].Key) >= string(c.Key) {
				t.Fatalf("%q does not come after %q", c.Key, changes[i-1].Key)
			}
		} else if seen[id] {
			t.Fatalf("%q does not come with the others of its window", c.Key)
		}
		seen[id] = true
		old, had := before[string(c.Key)]
		if c.Value == nil && !had {
			t.Fatalf("tombstone for %q, which the log does not have", c.Key)
		}
		if c.Value != nil && had && old == string(c.Value) {
			t.Fatalf("record for %q, which did not change", c.Key)
		}
	}
}

// step is one event of a run: a write, and then the clock moves.
type step struct {
	id    ID
	item  string
	at    int64
	clock int64
}

// run handles the steps as an engine does, in transactions that end after the steps in cuts; those with a true value
// are rolled back once before, as if the commit had failed. It returns what happened, and the log.
func run(t *rapid.T, steps []step, cuts map[int]bool, budget int) (happened []string, log []Change) {
	s := New(newTally)
	for from := 0; from < len(steps); {
		to := from + 1
		for to < len(steps) {
			if _, cut := cuts[to]; cut {
				break
			}
			to++
		}
		attempt := func() (*Txn[*tally], []string) {
			txn := s.Begin()
			var seen []string
			for _, st := range steps[from:to] {
				txn.Touch(st.id).put(st.item, st.at)
				txn.Touched(st.id)
				for id, ok := txn.NextDue(st.clock); ok; id, ok = txn.NextDue(st.clock) {
					seen = append(seen, fmt.Sprintf("due %x at %d", id, st.clock))
					txn.Touch(id).expire(st.clock)
					txn.Touched(id)
				}
				for txn.Bytes() > budget {
					id, w, _ := txn.Evict()
					seen = append(seen, fmt.Sprintf("evict %x %v", id, w.items))
					txn.Delete(id)
				}
				if txn.Bytes() > budget {
					t.Fatalf("%d bytes after eviction, the budget is %d", txn.Bytes(), budget)
				}
			}
			return txn, seen
		}
		if cuts[to] {
			txn, _ := attempt()
			txn.Changes()
			txn.Rollback()
		}
		txn, seen := attempt()
		log = append(log, txn.Changes()...)
		if err := txn.Commit(); err != nil {
			t.Fatal(err)
		}
		happened = append(happened, seen...)
		checkInvariants(t, s)
		from = to
	}
	return happened, log
}

// TestBatchesDoNotMatter: however the events are cut into transactions, and whichever of these are aborted first, the
// same windows become due and are evicted in the same order, and the compacted log is the same.
func TestBatchesDoNotMatter(t *testing.T) {
	evictions, dues := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		clock := int64(0)
		steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
			return step{
				id:    testID(rapid.ByteRange(0, 15).Draw(t, "window")),
				item:  rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "item"),
				at:    rapid.Int64Range(1, 40).Draw(t, "ahead"),
				clock: rapid.Int64Range(0, 4).Draw(t, "passes"),
			}
		}), 1, 60).Draw(t, "steps")
		for i := range steps {
			clock += steps[i].clock
			steps[i].clock = clock
			steps[i].at += clock
		}
		cuts := rapid.MapOf(rapid.IntRange(1, 60), rapid.Bool()).Draw(t, "cuts")
		budget := rapid.IntRange(200, 2000).Draw(t, "budget")

		want, wholeLog := run(t, steps, nil, budget)
		got, log := run(t, steps, cuts, budget)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("what happened (-one transaction +cut)\n%s", diff)
		}
		if diff := cmp.Diff(dump(replay(t, wholeLog, maxPacked)), dump(replay(t, log, maxPacked))); diff != "" {
			t.Fatalf("state (-one transaction +cut)\n%s", diff)
		}
		for _, line := range want {
			if line[0] == 'e' {
				evictions++
			} else {
				dues++
			}
		}
	})
	if evictions == 0 || dues == 0 {
		t.Fatalf("%d evictions and %d dues: the runs show nothing", evictions, dues)
	}
}
