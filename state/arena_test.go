package state

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSizeClasses(t *testing.T) {
	last := uint8(0)
	for n := range maxString + 1 {
		c := classOf(n)
		size := cellBytes(c)
		if size < n || size > max(smallest, n+7, n+n/8) || size%8 != 0 {
			t.Fatalf("a string of %d bytes gets a cell of %d", n, size)
		}
		if c != last && c != last+1 {
			t.Fatalf("class %d follows %d at %d bytes", c, last, n)
		}
		if cells := pageBytes / size; cells > 1<<cellBits || cells < 1 {
			t.Fatalf("%d cells of %d bytes on a page", cells, size)
		}
		last = c
	}
	if int(last)+1 != classes {
		t.Fatalf("%d classes are used of %d", last+1, classes)
	}
}

// TestArena compares the arena with a map, over strings that come and go.
func TestArena(t *testing.T) {
	var a arena
	r := rand.New(rand.NewPCG(1, 2))
	kept := map[uint32][]byte{}
	var order []uint32
	for n := range 60_000 {
		if n%5000 == 4999 {
			checkArena(t, &a)
			a.thinOut()
			thin, all := a.thin, n%10_000 == 9999 // else some of their pages
			for i, at := range order {
				if a.isThin(at) && (all || at>>cellBits%3 == 0) {
					s := kept[at]
					moved, _ := a.put(s)
					a.drop(at)
					delete(kept, at)
					kept[moved], order[i] = s, moved
				}
			}
			if all && a.thin > 0 {
				t.Fatalf("%d blocks of %d are left after all strings have left them", a.thin, thin)
			}
			a.thickenAll()
			checkArena(t, &a)
		}
		if len(order) > 0 && r.IntN(3) == 0 || len(order) > 20_000 {
			i := r.IntN(len(order))
			at := order[i]
			if !bytes.HasPrefix(a.cell(at), kept[at]) {
				t.Fatalf("string %d at %x has changed", n, at)
			}
			a.drop(at)
			delete(kept, at)
			order[i] = order[len(order)-1]
			order = order[:len(order)-1]
			continue
		}
		s := bytes.Repeat([]byte{byte(n), byte(n >> 8)}, r.IntN(60))
		if r.IntN(50) == 0 {
			s = bytes.Repeat(s, 30)
		}
		at, ok := a.put(s)
		if _, taken := kept[at]; !ok || taken {
			t.Fatalf("string %d: address %x, %v, taken %v", n, at, ok, taken)
		}
		kept[at] = s
		order = append(order, at)
	}
	cells := 0
	for at, s := range kept {
		if !bytes.HasPrefix(a.cell(at), s) {
			t.Fatalf("string at %x has changed", at)
		}
		cells += len(a.cell(at))
	}
	if a.cells != cells {
		t.Fatalf("%d bytes in cells, counted %d", a.cells, cells)
	}
	for _, at := range order {
		a.drop(at)
	}
	if a.cells != 0 || a.held != 0 {
		t.Fatalf("%d bytes in cells and %d of pages are left of nothing", a.cells, a.held)
	}
}

// checkArena compares what is counted with what there is, and fails if something could not be used again.
func checkArena(t *testing.T, a *arena) {
	t.Helper()
	cells, held, thin := 0, 0, 0
	for i := range a.blocks {
		b := &a.blocks[i]
		held += len(b.memory)
		inBlock := 0
		for k := range blockPages {
			n := uint32(i)<<blockBits | uint32(k)
			p, exists := &a.pages[n], k < len(b.memory)/pageBytes
			if vacant := b.vacant>>k&1 == 1; vacant != (exists && p.used == 0) {
				t.Fatalf("page %d of %v, vacant %v: %+v", n, exists, vacant, *p)
			}
			room := p.used > 0 && (p.free > 0 || int(p.fresh) < pageBytes/cellBytes(p.class))
			if room && !b.thin && !slices.Contains(a.room[p.class], n) {
				t.Fatalf("the room on page %d is forgotten", n)
			}
			inBlock += int(p.used) * cellBytes(p.class)
		}
		if b.vacant != 0 && !b.thin && !slices.Contains(a.vacancy, uint32(i)) || b.memory == nil != slices.Contains(a.bare, uint32(i)) {
			t.Fatalf("block %d is forgotten", i)
		}
		if inBlock != int(b.cells) {
			t.Fatalf("block %d has %d bytes in cells, counted %d", i, inBlock, b.cells)
		}
		cells += inBlock
		if b.thin {
			thin++
		}
	}
	if cells != a.cells || held != a.held || thin != a.thin {
		t.Fatalf("%d bytes in cells, %d of blocks, %d blocks thin; counted %d, %d and %d", cells, held, thin, a.cells, a.held, a.thin)
	}
}

// TestTidy: windows that stay alone on their pages do not keep those for ever, whichever windows stay.
func TestTidy(t *testing.T) {
	s := New(newTally)
	const windows = 100_000
	id := func(n int) ID { return ID{13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)} }
	name := bytes.Repeat([]byte{'x'}, 200)
	for n := 0; n < windows; {
		commit(t, s, func(txn *Txn[*tally]) {
			for range 1000 {
				put(txn, id(n), string(name[:n%200+1]), int64(n))
				n++
			}
		})
	}
	full := s.arena.held
	for n := 0; n < windows; {
		commit(t, s, func(txn *Txn[*tally]) {
			for range 1000 {
				if n%16 != 0 {
					txn.Delete(id(n))
				}
				n++
			}
		})
	}
	for range windows / 256 {
		commit(t, s, func(txn *Txn[*tally]) { put(txn, id(0), "a", 1) })
	}
	checkInvariants(t, s)
	if s.arena.wasteful() || s.arena.held > full/3 {
		t.Fatalf("%d bytes of pages for %d bytes of cells; there were %d", s.arena.held, s.arena.cells, full)
	}
	for n := 0; n < windows; n += 16 {
		txn := s.Begin()
		if w, ok := txn.Get(id(n)); !ok || n > 0 && w.items[string(name[:n%200+1])] != int64(n) {
			t.Fatalf("window %d: %v %v", n, w, ok)
		}
		txn.Rollback()
	}
}
