package state

import (
	"bytes"
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"
)

func numbered(n int) ID { return ID{13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)} }

// Touched may come for any window that was touched, not only for the last one: the budget knows what each has grown by.
func TestTouchedInAnyOrder(t *testing.T) {
	s := New(newTally)
	txn := s.Begin()
	txn.Touched(numbered(9)) // never touched: nothing happens
	a, b := txn.Touch(numbered(1)), txn.Touch(numbered(2))
	a.put("first", 5)
	b.put("second", 6)
	txn.Touched(numbered(1))
	if want := a.Size() + Overhead; txn.Bytes() != want {
		t.Errorf("%d bytes after the first, want %d", txn.Bytes(), want)
	}
	txn.Touched(numbered(2))
	if want := a.Size() + b.Size() + 2*Overhead; txn.Bytes() != want {
		t.Errorf("%d bytes after both, want %d", txn.Bytes(), want)
	}
	if id, ok := txn.NextDue(5); !ok || id != numbered(1) {
		t.Errorf("due is %x %v", id, ok)
	}
}

// A window may come to belong to another owner: from then on it is that one's to pay for and to lose.
func TestWindowChangesOwner(t *testing.T) {
	s := New(newTally)
	commit(t, s, func(txn *Txn[*tally]) {
		put(txn, numbered(1), "a", 5)
		put(txn, numbered(2), "a", 6)
	})
	other := Owner{0: 1}
	commit(t, s, func(txn *Txn[*tally]) {
		w := txn.Touch(numbered(1))
		w.owner = other
		txn.Touched(numbered(1))
	})
	for o := range s.owners {
		want := uint32(1)
		if got := s.owners[o].queue.len(); got != want {
			t.Errorf("owner %x has %d hints, want %d", s.owners[o].name, got, want)
		}
		if size := (&tally{items: map[string]int64{"a": 1}}).Size() + Overhead; s.owners[o].bytes != size {
			t.Errorf("owner %x pays %d bytes, want %d", s.owners[o].name, s.owners[o].bytes, size)
		}
	}
	txn := s.Begin()
	for _, want := range []ID{numbered(1), numbered(2)} {
		id, ok := txn.NextDue(10)
		if !ok || id != want {
			t.Errorf("due is %x %v, want %x", id, ok, want)
		}
		txn.Delete(id)
	}
	if err := txn.Commit(); err != nil || s.bytes != 0 {
		t.Errorf("%v, %d bytes are left", err, s.bytes)
	}
}

// The footprint accounts for every byte of the arena.
func TestFootprintAddsUp(t *testing.T) {
	s := New(newTally)
	packed, labels := 0, 0
	commit(t, s, func(txn *Txn[*tally]) {
		for n := range 500 {
			name := string(bytes.Repeat([]byte{'x'}, n%200+1))
			put(txn, ID{0: byte(n % 3), 14: byte(n >> 8), 15: byte(n)}, name, int64(n))
		}
		for i := range 300 { // too large to be packed
			put(txn, numbered(1<<20), string(appendKey(nil, numbered(i), nil)), 1)
		}
	})
	for slot := range s.slots() {
		if r := s.table.records.at(slot); r.place != isLive {
			packed += len(s.load(slot).AppendPacked(nil))
			labels += len(binary.AppendUvarint(nil, uint64(s.ownerAt(slot)))) + 2
		}
	}
	if len(s.live) != 1 {
		t.Fatalf("%d windows are not packed, this test is about one", len(s.live))
	}
	f := s.Footprint()
	if f.Packed != packed || f.Labels != labels {
		t.Errorf("packed %d, labels %d, want %d and %d", f.Packed, f.Labels, packed, labels)
	}
	if f.Packed+f.Labels+f.Lost != s.arena.cells || f.Packed+f.Labels+f.Lost+f.Free != s.arena.held {
		t.Errorf("%+v does not add up to %d in cells and %d in all", f, s.arena.cells, s.arena.held)
	}
	hints := 0
	for o := range s.owners {
		hints += s.owners[o].queue.hints.bytes()
	}
	if f.Records != s.table.records.bytes() || f.Chains != s.table.heads.bytes() || f.Hints != hints || hints == 0 {
		t.Errorf("%+v", f)
	}
}

// A list gives back its pages, keeps one while it comes and goes about a border, and what it has never moves once its page is full.
func TestPagedKeepsOnePage(t *testing.T) {
	p := paged[int]{shift: 4}
	const full = 16
	push := func(n int) {
		for range n {
			p.push(int(p.len()))
		}
	}
	pop := func(n int) {
		for range n {
			p.pop()
		}
	}
	push(1)
	word := p.bytes() / 8 // the first page begins with eight
	pop(1)
	if p.bytes() != 8*word || p.len() != 0 {
		t.Errorf("an emptied list has %d bytes and %d elements", p.bytes(), p.len())
	}
	push(full + 1)
	if p.bytes() != 2*full*word {
		t.Errorf("%d elements take %d bytes, want two pages", full+1, p.bytes())
	}
	pop(1)
	if p.bytes() != 2*full*word {
		t.Errorf("at the border a page is kept, there are %d bytes", p.bytes())
	}
	pop(full/2 - 1)
	if p.bytes() != 2*full*word {
		t.Errorf("above half a page it is kept still, there are %d bytes", p.bytes())
	}
	pop(1)
	if p.bytes() != full*word {
		t.Errorf("below it is given back, there are %d bytes", p.bytes())
	}
	push(full)
	for i := range p.len() {
		if *p.at(i) != int(i) {
			t.Fatalf("element %d is %d", i, *p.at(i))
		}
	}
}

// Tidying looks at so many records and no more, wherever it has come to, and ends.
func TestTidyIsBounded(t *testing.T) {
	s := New(newTally)
	const windows = 20_000
	commit(t, s, func(txn *Txn[*tally]) {
		for n := range windows {
			put(txn, numbered(n), string(bytes.Repeat([]byte{'x'}, 200)), int64(n))
		}
	})
	for n := range windows {
		if n%16 != 0 {
			slot, _ := s.table.find(new(numbered(n)))
			s.release(slot)
			s.table.records.at(slot).place = isFree
		}
	}
	if !s.arena.wasteful() {
		t.Fatal("nothing to tidy")
	}
	for step := uint32(1); step <= 5; step++ {
		if s.tidy(10); s.swept != 10*step || s.arena.thin == 0 {
			t.Fatalf("step %d: %d records looked at, %d blocks thin", step, s.swept, s.arena.thin)
		}
	}
	if s.tidy(10 * windows); s.arena.thin != 0 || s.arena.wasteful() {
		t.Fatalf("%d blocks are thin after all was looked at", s.arena.thin)
	}
}

// Only blocks that are not well filled are emptied.
func TestThinOutLeavesFullBlocks(t *testing.T) {
	var a arena
	text := bytes.Repeat([]byte{'x'}, 256)
	var places []uint32
	for len(a.blocks) < 4 {
		place, ok := a.put(text)
		if !ok {
			t.Fatal("the arena is full")
		}
		places = append(places, place)
	}
	kept := 0
	for i, place := range places {
		if place>>(cellBits+blockBits) == 1 && i%3 != 0 {
			a.drop(place)
			kept++
		}
	}
	a.drop(places[0]) // one of many
	a.thinOut()
	thin := 0
	for i := range a.blocks {
		full := 8*int(a.blocks[i].cells) >= 7*len(a.blocks[i].memory)
		if a.blocks[i].thin == full {
			t.Errorf("block %d with %d of %d bytes: thin is %v", i, a.blocks[i].cells, len(a.blocks[i].memory), a.blocks[i].thin)
		}
		if a.blocks[i].thin {
			thin++
		}
	}
	if a.thinOut(); thin != a.thin || thin != 2 { // the second and the one just begun
		t.Errorf("%d blocks are thin, counted %d", thin, a.thin)
	}
}

// The containers of a transaction serve the next one, unless they are far larger than it needed.
func TestContainersOfTheRightSize(t *testing.T) {
	s := New(newTally)
	of := func(n int) int {
		commit(t, s, func(txn *Txn[*tally]) {
			for i := range n {
				txn.Touch(numbered(i)) // empty windows are kept by nobody
			}
		})
		return cap(s.spare.entries)
	}
	if got := of(1000); got < 1000 {
		t.Errorf("room for %d entries after 1,000", got)
	}
	if got := of(1); got < 1000 {
		t.Errorf("room for %d entries is kept though it was small", got)
	}
	if got := of(50_000); got < 50_000 {
		t.Errorf("room for %d entries after 50,000", got)
	}
	if got := of(40_000); got < 50_000 {
		t.Errorf("room for %d entries is kept after 40,000 of 50,000", got)
	}
	if got := of(1); got > 1<<13 {
		t.Errorf("room for %d entries burdens every small transaction", got)
	}
}

// A window that is just small enough to be packed is charged what it says; a larger one takes more memory, as an object.
func TestChargeAtTheLimit(t *testing.T) {
	s := New(newTally)
	w := newTally(numbered(1))
	w.put("a", 1)
	s.packable = w.Size()
	if got, want := s.chargeFor(w), w.Size()+Overhead; got != want {
		t.Errorf("%d bytes, want %d", got, want)
	}
	s.packable--
	if got, want := s.chargeFor(w), unpacked*w.Size()+Overhead; got != want {
		t.Errorf("%d bytes as an object, want %d", got, want)
	}
}

// Windows leave the queue from anywhere in it, and the others keep their order.
func TestRemovalsKeepTheOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := New(newTally)
		const windows = 200
		due := make([]int64, windows)
		txn := s.Begin()
		for n := range windows {
			due[n] = rapid.Int64Range(1, 1000).Draw(r, "due")
			put(txn, numbered(n), "a", due[n])
		}
		if err := txn.Commit(); err != nil {
			r.Fatal(err)
		}
		for range 10 {
			txn := s.Begin()
			for _, n := range rapid.SliceOfN(rapid.IntRange(0, windows-1), 1, 10).Draw(r, "leave") {
				txn.Delete(numbered(n))
			}
			if err := txn.Commit(); err != nil {
				r.Fatal(err)
			}
			checkInvariants(r, s)
		}
	})
}
