package state

import (
	"encoding/binary"
	"math/bits"
)

// arena keeps short byte strings outside the reach of the garbage collector: in blocks without pointers, each of pages,
// each of which is cut into cells of one size. A string is known by its address, which moves only when the string does.
//
// Pages are small so that the many sizes do not need much before there is much to keep; blocks are large because the
// collector marks and sweeps every object of the heap, if only for what it costs to find it: 10,000 objects cost it 5 ms,
// however large they are.
//
// Freed cells are used again by strings of the same size class, a page without strings by any class, and a block without
// strings goes back. A block that is kept alive by a few strings does not, so the owner of the strings moves those of
// thin blocks while there is much waste; see Store.tidy.
type arena struct {
	blocks  []block
	pages   []page            // those of the first block, then those of the second
	bare    []uint32          // numbers of blocks that have gone back
	vacancy []uint32          // blocks with a vacant page, and some that have none any more
	room    [classes][]uint32 // pages with a free cell, with repetitions and some that have none any more
	spare   []byte            // memory of the block that went back last
	cells   int               // bytes of the cells in use
	held    int               // bytes of the blocks
	thin    int               // blocks that are being emptied
}

type block struct {
	memory []byte // nil for a number that has gone back; less than blockBytes only in the first
	vacant uint32 // set of its pages
	cells  int32  // bytes of the cells in use
	listed bool   // in vacancy
	thin   bool   // being emptied: nothing is put here
}

type page struct {
	used   uint16 // cells in use; 0 if it is vacant
	fresh  uint16 // cells from here on have not been used since it was vacant
	free   uint16 // first of the chain of freed cells, plus one; the chain runs through the cells themselves
	class  uint8
	listed bool // in room
}

const (
	pageBits   = 15
	pageBytes  = 1 << pageBits
	blockBits  = 5 // a block has 1<<blockBits pages, as many as block.vacant has bits
	blockPages = 1 << blockBits
	blockBytes = blockPages * pageBytes
	cellBits   = 11 // a page has at most 1<<cellBits cells
	maxBlocks  = 1 << (32 - cellBits - blockBits)

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

// put keeps a copy of b, of at most maxString bytes. It fails only when all block numbers are taken.
func (a *arena) put(b []byte) (address uint32, ok bool) {
	class := classOf(len(b))
	n, ok := a.roomFor(class)
	if !ok {
		return 0, false
	}
	p := &a.pages[n]
	memory, size := a.memory(n), cellBytes(class)
	var cell uint16
	if p.free > 0 {
		cell = p.free - 1
		p.free = binary.LittleEndian.Uint16(memory[int(cell)*size:])
	} else {
		cell = p.fresh
		p.fresh++
	}
	p.used++
	a.cells += size
	a.blocks[n>>blockBits].cells += int32(size)
	copy(memory[int(cell)*size:], b)
	return n<<cellBits | uint32(cell), true
}

// memory is that of page n.
func (a *arena) memory(n uint32) []byte {
	return a.blocks[n>>blockBits].memory[n%blockPages<<pageBits:][:pageBytes]
}

// roomFor finds a page with a free cell.
func (a *arena) roomFor(class uint8) (n uint32, ok bool) {
	room := &a.room[class]
	for len(*room) > 0 {
		n := (*room)[len(*room)-1]
		p := &a.pages[n]
		if p.used > 0 && p.class == class {
			if !a.blocks[n>>blockBits].thin && (p.free > 0 || int(p.fresh) < pageBytes/cellBytes(class)) {
				return n, true
			}
			p.listed = false
		}
		*room = (*room)[:len(*room)-1]
	}
	i, ok := a.vacantBlock()
	if !ok {
		return 0, false
	}
	b := &a.blocks[i]
	n = i<<blockBits | uint32(bits.TrailingZeros32(b.vacant))
	b.vacant &= b.vacant - 1
	a.pages[n] = page{class: class, listed: true}
	*room = append(*room, n)
	return n, true
}

// vacantBlock finds a block with a vacant page.
func (a *arena) vacantBlock() (i uint32, ok bool) {
	for len(a.vacancy) > 0 {
		i := a.vacancy[len(a.vacancy)-1]
		b := &a.blocks[i]
		if b.vacant != 0 && !b.thin {
			return i, true
		}
		b.listed = false
		a.vacancy = a.vacancy[:len(a.vacancy)-1]
	}
	switch {
	case len(a.bare) > 0:
		i = a.bare[len(a.bare)-1]
		a.bare = a.bare[:len(a.bare)-1]
	case len(a.blocks) == 1 && !a.blocks[0].thin && len(a.blocks[0].memory) < blockBytes: // grows
	case len(a.blocks) < maxBlocks:
		i = uint32(len(a.blocks))
		a.blocks = append(a.blocks, block{})
		a.pages = append(a.pages, make([]page, blockPages)...)
	default:
		return 0, false
	}
	a.extend(i)
	return i, true
}

// extend gives block i its memory, or more of it. The first block starts with a page and doubles, because most stores
// need no more.
func (a *arena) extend(i uint32) {
	b := &a.blocks[i]
	had, memory := len(b.memory), a.spare
	a.spare = nil
	switch {
	case had == 0 && memory != nil:
	case len(a.blocks) == 1:
		memory = make([]byte, max(pageBytes, 2*had))
		copy(memory, b.memory)
	default:
		memory = make([]byte, blockBytes)
	}
	for n := had / pageBytes; n < len(memory)/pageBytes; n++ {
		b.vacant |= 1 << n
	}
	a.held += len(memory) - had
	b.memory = memory
	a.list(i)
}

// list makes the vacant pages of a block known.
func (a *arena) list(i uint32) {
	if b := &a.blocks[i]; !b.listed && !b.thin && b.vacant != 0 {
		b.listed = true
		a.vacancy = append(a.vacancy, i)
	}
}

// cell is the whole cell at address. It must not be kept beyond the next put or drop.
func (a *arena) cell(address uint32) []byte {
	n := address >> cellBits
	size := cellBytes(a.pages[n].class)
	at := int(address&(1<<cellBits-1)) * size
	return a.memory(n)[at : at+size : at+size]
}

func (a *arena) drop(address uint32) {
	n := address >> cellBits
	p, b := &a.pages[n], &a.blocks[n>>blockBits]
	size := cellBytes(p.class)
	a.cells -= size
	b.cells -= int32(size)
	p.used--
	if p.used == 0 {
		a.vacate(n)
		return
	}
	cell := uint16(address & (1<<cellBits - 1))
	binary.LittleEndian.PutUint16(a.memory(n)[int(cell)*size:], p.free)
	p.free = cell + 1
	if !p.listed && !b.thin {
		p.listed = true
		a.room[p.class] = append(a.room[p.class], n)
	}
}

// vacate frees a page without strings, and its block if that was the last.
func (a *arena) vacate(n uint32) {
	i := n >> blockBits
	b := &a.blocks[i]
	a.pages[n] = page{}
	b.vacant |= 1 << (n % blockPages)
	if b.cells > 0 {
		a.list(i)
		return
	}
	if b.thin {
		a.thin--
	}
	a.held -= len(b.memory)
	a.spare = b.memory
	*b = block{listed: b.listed}
	a.bare = append(a.bare, i)
}

// wasteful reports whether the blocks hold so little that thinOut is worth while.
func (a *arena) wasteful() bool {
	return a.held > a.cells+a.cells/5+classes*pageBytes/2+blockBytes
}

// thinOut marks the blocks to be emptied: those filled to less than seven eighths. After their strings have been moved the
// blocks take at most a seventh more than the cells in use, one page of each class, and a block. That is below what wasteful
// allows, so that the next time is some way off.
func (a *arena) thinOut() {
	for i := range a.blocks {
		b := &a.blocks[i]
		if b.memory != nil && !b.thin && 8*int(b.cells) < 7*len(b.memory) {
			b.thin = true
			a.thin++
		}
	}
}

func (a *arena) isThin(address uint32) bool { return a.blocks[address>>(cellBits+blockBits)].thin }

// thickenAll ends the emptying of blocks.
func (a *arena) thickenAll() {
	for i := range a.blocks {
		if !a.blocks[i].thin {
			continue
		}
		a.blocks[i].thin = false
		a.thin--
		a.list(uint32(i))
		for n := uint32(i) << blockBits; n < uint32(i+1)<<blockBits; n++ {
			if p := &a.pages[n]; p.used > 0 && !p.listed {
				p.listed = true
				a.room[p.class] = append(a.room[p.class], n)
			}
		}
	}
}
