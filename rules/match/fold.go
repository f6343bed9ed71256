package match

import (
	"encoding/binary"
	"unicode"
	"unicode/utf8"
)

// Texts that differ only in case fold to the same text. The representative of a rune's folding orbit is its least
// member, and for the orbits of ASCII letters the lower-case one, so that most texts of the System Log fold to
// themselves and need no copy. Bytes that are no UTF-8 fold to U+FFFD, as strings.EqualFold sees them.

func foldRune(r rune) rune {
	if r >= utf8.RuneSelf {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		r = least
	}
	if 'A' <= r && r <= 'Z' {
		r += 'a' - 'A'
	}
	return r
}

const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// capitals marks, in the high bit of each of eight bytes, those that are ASCII capitals. All eight must be ASCII: then the
// additions disturb no other byte.
func capitals(x uint64) uint64 {
	fromA, aboveZ := x+(0x80-'A')*ones, x+(0x80-'Z'-1)*ones
	return fromA &^ aboveZ & highs
}

// word is the eight bytes of s that begin at i.
func word[T string | []byte](s T, i int) uint64 {
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// half is the four bytes of s that begin at i.
func half(s string, i uint) uint32 {
	b := s[i : i+4]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

func appendFold(dst []byte, s string) []byte {
	from := len(dst)
	dst = append(dst, s...)
	b := dst[from:]
	i := 0
	for n := len(b); i < n && n >= 8; i += 8 {
		i = min(i, n-8) // the last word may lie over the one before it: what is folded stays as it is
		x := word(b, i)
		if x&highs != 0 {
			break
		}
		binary.LittleEndian.PutUint64(b[i:], x|capitals(x)>>2) // the bit by which lower case differs
	}
	for ; i < len(b); i++ {
		if c := b[i]; c >= utf8.RuneSelf {
			dst = dst[:from+i]
			for _, r := range s[i:] {
				dst = utf8.AppendRune(dst, foldRune(r))
			}
			return dst
		} else if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return dst
}

// isFolded reports that s folds to itself; false is always safe.
func isFolded(s string) bool {
	n := len(s)
	if n < 8 {
		for i := range n {
			if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
				return false
			}
		}
		return true
	}
	for i := 0; i < n; i += 8 {
		x := word(s, min(i, n-8))
		if x&highs != 0 || capitals(x) != 0 {
			return false
		}
	}
	return true
}

// isASCII reports whether every byte of s is ASCII.
func isASCII(s string) bool {
	n := len(s)
	if n < 8 {
		var all byte
		for i := range n {
			all |= s[i]
		}
		return all < utf8.RuneSelf
	}
	all := word(s, n-8)
	for i := 0; i < n-8; i += 8 {
		all |= word(s, i)
	}
	return all&highs == 0
}

// foldsTo reports whether s, which is ASCII, folds to folded.
func foldsTo(s, folded string) bool {
	n := len(s)
	if n != len(folded) {
		return false
	}
	if n < 8 {
		for i := range n {
			c := s[i]
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			if c != folded[i] {
				return false
			}
		}
		return true
	}
	for i := 0; i < n; i += 8 {
		at := min(i, n-8)
		x := word(s, at)
		if x|capitals(x)>>2 != word(folded, at) {
			return false
		}
	}
	return true
}

func fold(s string) string {
	if isFolded(s) {
		return s
	}
	return string(appendFold(nil, s))
}
