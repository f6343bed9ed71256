package jsontree

import "math/bits"

// mark fills set with a bit for every byte of s that a string cannot pass over: quotes, backslashes, control characters
// and bytes outside ASCII; and what is behind the end, so that a search always stops. A whole
// text is marked at once because that takes no decisions: scanning each string for its end by itself costs a mispredicted
// branch for each, which is most of the time that an event full of short strings takes.
func mark(set []uint64, s []byte) []uint64 {
	n := len(s)>>6 + 1
	if cap(set) < n {
		set = make([]uint64, n, n+n/2)
	}
	set = set[:n]
	markBlocks(set[:n-1], s)
	var rest [64]byte // what is behind the end is zero, which is a control character
	copy(rest[:], s[(n-1)<<6:])
	markBlocks(set[n-1:], rest[:])
	return set
}

// next is the offset of the first mark at i or behind it. i must not be behind the end of the text.
func (p *parser) next(i int) int {
	if w := p.marks[uint(i)>>6] >> (i & 63); w != 0 {
		return i + bits.TrailingZeros64(w)
	}
	return p.far(i)
}

// far is next when the word of i has no more marks.
func (p *parser) far(i int) int {
	for k := i>>6 + 1; ; k++ {
		if w := p.marks[k]; w != 0 {
			return k<<6 + bits.TrailingZeros64(w)
		}
	}
}
