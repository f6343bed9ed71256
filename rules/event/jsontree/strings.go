package jsontree

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// str is where the string whose opening quote stands at i ends: behind its closing quote, or -1. coded says whether the
// content has to be decoded before it can be used.
func (p *parser) str(i int) (end int, coded bool) {
	s := p.s
	for i++; ; {
		i = p.far(i)
		if i >= len(s) {
			return p.fail(i, ""), false
		}
		switch c := s[i]; {
		case c == '"':
			return i + 1, coded
		case c == '\\' && i+1 < len(s) && short[s[i+1]]:
			i += 2
		case c == '\\':
			if i = p.escape(i); i < 0 {
				return -1, false
			}
		case c < ' ':
			return p.fail(i, "a control character inside a string"), false
		default:
			i++
		}
		coded = true
	}
}

// short are the bytes that make an escape sequence with a backslash alone.
var short = [256]bool{'"': true, '\\': true, '/': true, 'b': true, 'f': true, 'n': true, 'r': true, 't': true}

// escape checks the escape sequence that starts at i, and is no short one, and returns the offset behind it.
func (p *parser) escape(i int) int {
	if i+1 >= len(p.s) {
		return p.fail(i+1, "")
	}
	if p.s[i+1] != 'u' {
		return p.fail(i+1, "no such escape sequence")
	}
	for k := i + 2; k < i+6; k++ {
		if k >= len(p.s) || hex(p.s[k]) < 0 {
			return p.fail(k, `expected four hexadecimal digits after \u`)
		}
	}
	return i + 6
}

func hex(c byte) rune {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10
	}
	return -1
}

// unquote decodes the inside of a valid JSON string as encoding/json does: bytes that are not UTF-8 and lone
// surrogates become U+FFFD each. A string without anything to decode comes back as it is.
func unquote(s string) string {
	if plain(s) {
		return s
	}
	b := appendUnquoted(make([]byte, 0, len(s)+2*utf8.UTFMax), s)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// plain reports that there is nothing to decode in s.
func plain(s string) bool { return strings.IndexByte(s, '\\') < 0 && utf8.ValidString(s) }

func appendUnquoted(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			r, size := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += size
			continue
		}
		c := s[i+1]
		i += 2
		switch c {
		case 'u':
			r := hex4(s[i:])
			i += 4
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if strings.HasPrefix(s[i:], `\u`) {
					low = hex4(s[i+2:])
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			b = utf8.AppendRune(b, r)
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		default: // " \ /
			b = append(b, c)
		}
	}
	return b
}

func hex4(s string) rune {
	return hex(s[0])<<12 | hex(s[1])<<8 | hex(s[2])<<4 | hex(s[3])
}
