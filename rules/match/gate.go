package match

import "math/bits"

// gate tells texts that are none of some keys, and looks at no more of a text than its length and its two ends. ASCII letters
// count alike in either case: a text of ASCII alone can be held back before it is folded, and most texts are.
type gate struct {
	shift uint8
	set   []uint64 // bits by outline
}

// bitsPerKey make one text in so many pass by chance, those apart that have length and ends in common with a key.
const bitsPerKey = 32

func newGate(keys []string) gate {
	size := max(6, bits.Len(uint(bitsPerKey*len(keys)-1)))
	g := gate{shift: uint8(64 - size), set: make([]uint64, 1<<size/64)}
	for _, k := range keys {
		h := outline(k) >> g.shift
		g.set[h/64] |= 1 << (h % 64)
	}
	return g
}

// passes reports whether text may be a key, or fold to one if it is ASCII.
func (g *gate) passes(text string) bool {
	h := outline(text) >> (g.shift & 63)
	return g.set[h/64]>>(h%64)&1 != 0
}

// lowers is the bit by which lower case differs, in eight bytes.
const lowers = 0x20 * ones

// outline hashes the length of s and its first and last eight bytes.
func outline(s string) uint64 {
	var head, tail uint64
	switch n := len(s); {
	case n >= 8:
		head, tail = word(s, 0), word(s, n-8)
	case n >= 4:
		head, tail = uint64(half(s, 0)), uint64(half(s, uint(n-4)))
	case n > 0:
		head, tail = uint64(s[0])|uint64(s[n/2])<<8, uint64(s[n-1])
	}
	const a, b = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93 // odd, with bits set in no order
	x := (head|lowers)*a ^ (tail | lowers) + uint64(len(s))
	return bits.RotateLeft64(x, 32) * b
}
