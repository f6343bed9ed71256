package state

import "math/bits"

// arena keeps short byte strings outside the reach of the garbage collector: in pages without pointers, each cut into
// cells of one size. A string is known by its address, which moves only when the string does.
//
// Freed cells are used again by strings of the same size class, and a page without strings goes back. A page that is
// kept alive by a few strings does neither, so the owner of the strings moves those on thin pages while there is much
// waste; see Store.tidy.
type arena struct {
	pages  []page
	vacant []uint32          // numbers of pages that were given back
	room   [classes][]uint32 // pages with a free cell, with repetitions and some that have none any more
	spare  [][]byte          // memory of pages that were given back
	cells  int               // bytes of the cells in use
	held   int               // bytes of the pages
	thin   int               // pages that are being emptied
}

type page struct {
	memory []byte // nil for a vacant number
	class  uint8
	listed bool   // in room
	thin   bool   // being emptied: nothing is put here
	used   uint16 // cells in use
	fresh  uint16 // cells from here on have never been used
	free   uint16 // first of the chain of freed cells, plus one; the chain runs through the cells themselves
}

const (
	pageBits  = 15
	pageBytes = 1 << pageBits
	cellBits  = 11 // a page has at most 1<<cellBits cells
	maxPages  = 1 << (32 - cellBits)
	spares    = 16

	// Cells are multiples of 8 up to 256 bytes; above that the step grows, so that less than an eighth is lost.
	smallest  = pageBytes >> cellBits // 16
	maxString = 4096
	classes   = 31 + 4*8
)

// classOf is the size class of a string of n bytes, from 0 to maxString.
func classOf(n int) uint8 {
	switch {
	case n <= smallest:
		return 0
	case n <= 256:
		return uint8((n+7)/8 - smallest/8)
	}
	e := bits.Len(uint(n-1)) - 1 // 2^e < n <= 2^(e+1), e from 8
	return uint8(31 + (e-8)*8 + (n-1-1<<e)>>(e-3))
}

// cellBytes is the size of the cells of a class.
func cellBytes(class uint8) int {
	if class < 31 {
		return smallest + 8*int(class)
	}
	e := (int(class)-31)/8 + 8
	return 1<<e + ((int(class)-31)%8+1)<<(e-3)
}

// put keeps a copy of b, of at most maxString bytes. It fails only when all page numbers are taken.
func (a *arena) put(b []byte) (address uint32, ok bool) {
	class := classOf(len(b))
	n, ok := a.roomFor(class)
	if !ok {
		return 0, false
	}
	p := &a.pages[n]
	var cell uint16
	size := cellBytes(class)
	if p.free > 0 {
		cell = p.free - 1
		at := int(cell) * size
		p.free = uint16(p.memory[at]) | uint16(p.memory[at+1])<<8
	} else {
		cell = p.fresh
		p.fresh++
	}
	p.used++
	a.cells += size
	copy(p.memory[int(cell)*size:], b)
	return n<<cellBits | uint32(cell), true
}

// roomFor finds a page with a free cell.
func (a *arena) roomFor(class uint8) (uint32, bool) {
	room := &a.room[class]
	for len(*room) > 0 {
		n := (*room)[len(*room)-1]
		p := &a.pages[n]
		if p.memory != nil && p.class == class {
			if !p.thin && (p.free > 0 || int(p.fresh) < pageBytes/cellBytes(class)) {
				return n, true
			}
			p.listed = false
		}
		*room = (*room)[:len(*room)-1]
	}
	var n uint32
	switch {
	case len(a.vacant) > 0:
		n = a.vacant[len(a.vacant)-1]
		a.vacant = a.vacant[:len(a.vacant)-1]
	case len(a.pages) < maxPages:
		n = uint32(len(a.pages))
		a.pages = append(a.pages, page{})
	default:
		return 0, false
	}
	memory := []byte(nil)
	if k := len(a.spare); k > 0 {
		memory, a.spare = a.spare[k-1], a.spare[:k-1]
	} else {
		memory = make([]byte, pageBytes)
	}
	a.held += pageBytes
	a.pages[n] = page{memory: memory, class: class, listed: true}
	*room = append(*room, n)
	return n, true
}

// cell is the whole cell at address. It must not be kept beyond the next put or drop.
func (a *arena) cell(address uint32) []byte {
	p := &a.pages[address>>cellBits]
	size := cellBytes(p.class)
	at := int(address&(1<<cellBits-1)) * size
	return p.memory[at : at+size : at+size]
}

func (a *arena) drop(address uint32) {
	n := address >> cellBits
	p := &a.pages[n]
	size := cellBytes(p.class)
	a.cells -= size
	p.used--
	if p.used == 0 {
		a.giveBack(n)
		return
	}
	cell := uint16(address & (1<<cellBits - 1))
	at := int(cell) * size
	p.memory[at], p.memory[at+1] = byte(p.free), byte(p.free>>8)
	p.free = cell + 1
	if !p.listed && !p.thin {
		p.listed = true
		a.room[p.class] = append(a.room[p.class], n)
	}
}

func (a *arena) giveBack(n uint32) {
	p := &a.pages[n]
	if len(a.spare) < spares {
		a.spare = append(a.spare, p.memory)
	}
	if p.thin {
		a.thin--
	}
	*p = page{}
	a.vacant = append(a.vacant, n)
	a.held -= pageBytes
}

// wasteful reports whether the pages hold so little that thinOut is worth while.
func (a *arena) wasteful() bool { return a.held > a.cells+a.cells/5+classes*pageBytes/2 }

// thinOut marks the pages to be emptied: those filled to less than seven eighths. After their strings have been moved the
// pages take at most a seventh more than the cells in use, and one page of each class. That is below what wasteful
// allows, so that the next time is some way off.
func (a *arena) thinOut() {
	for n := range a.pages {
		p := &a.pages[n]
		if p.memory != nil && !p.thin && 8*int(p.used)*cellBytes(p.class) < 7*pageBytes {
			p.thin = true
			a.thin++
		}
	}
}

func (a *arena) isThin(address uint32) bool { return a.pages[address>>cellBits].thin }

// thickenAll ends the emptying of pages.
func (a *arena) thickenAll() {
	for n := range a.pages {
		if p := &a.pages[n]; p.thin {
			p.thin = false
			a.thin--
			if !p.listed {
				p.listed = true
				a.room[p.class] = append(a.room[p.class], uint32(n))
			}
		}
	}
}
