package match

import (
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

func appendFold(dst []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			for _, r := range s[i:] {
				dst = utf8.AppendRune(dst, foldRune(r))
			}
			break
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// isFolded reports that s folds to itself; false is always safe.
func isFolded(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
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
