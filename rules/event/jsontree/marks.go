package jsontree

import (
	"encoding/binary"
	"math/bits"
)

// window is how many bytes of marks are looked at together. They begin at any byte, so that there is nearly always a mark
// among them: a search that went by aligned words would end at a word's end for every fourth text, and each time the
// processor has guessed otherwise.
const window = 8

// mark fills set with a bit for every byte of s that a string cannot pass over: quotes, backslashes, control characters
// and bytes outside ASCII; and with one for what is behind the end, so that a search always stops. A whole
// text is marked at once because that takes no decisions: scanning each string for its end by itself costs a mispredicted
// branch for each, which is most of the time that an event full of short strings takes.
func mark(set []byte, s []byte) []byte {
	whole := len(s) >> 6 // blocks of 64 bytes, 8 bytes of marks each
	n := 8*whole + 8 + window
	if cap(set) < n {
		set = make([]byte, n, n+n/2)
	}
	set = set[:n]
	markBlocks(set[:8*whole], s)
	var rest [64]byte // what is behind the end is zero, which is a control character
	copy(rest[:], s[64*whole:])
	markBlocks(set[8*whole:8*whole+8], rest[:])
	return set
}

// near is the offset of the first mark at i or behind it, or -1 if the window that has i has none: then far finds it. Two
// functions, so that this one can be inlined. i must not be behind the end of the text.
func (p *parser) near(i int) int {
	w := eight(p.marks, int(uint(i)>>3)) >> (i & 7)
	if w == 0 {
		return -1
	}
	return i + bits.TrailingZeros64(w)
}

// far is the offset of the first mark at i or behind it.
func (p *parser) far(i int) int {
	if near := p.near(i); near >= 0 {
		return near
	}
	for k := i>>3 + window; ; k += window {
		if w := eight(p.marks, k); w != 0 {
			return k<<3 + bits.TrailingZeros64(w)
		}
	}
}

// eight is the eight bytes at i, the first of them lowest, or 0 where less are left.
func eight(b []byte, i int) uint64 {
	if i < 0 || i > len(b)-8 {
		return 0
	}
	return binary.LittleEndian.Uint64(b[i:])
}
