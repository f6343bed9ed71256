package match

import (
	"strings"
	"unicode/utf8"
)

// glob is a compiled Wildcard literal: segments that follow each other with any run of text between them. The first
// segment is bound to the beginning of the text and the last one to its end; each one between is taken where it first
// occurs, which is never worse than a later place. So a text is read once for each segment and there is nothing to
// backtrack into.
type glob struct {
	segments []segment
}

// segment is a run of literals; the empty literal stands for ?, any one character.
type segment []string

func parseGlob(pattern string) glob {
	var g glob
	var s segment
	var literal []byte
	flush := func() {
		if len(literal) > 0 {
			s = append(s, string(literal))
			literal = literal[:0]
		}
	}
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern) && strings.IndexByte(`*?\`, pattern[i+1]) >= 0:
			i++
			literal = append(literal, pattern[i])
		case c == '?':
			flush()
			s = append(s, "")
		case c == '*':
			flush()
			// ** is *: only the first and the last segment may be empty.
			if len(s) > 0 || len(g.segments) == 0 {
				g.segments = append(g.segments, s)
			}
			s = nil
		default:
			literal = append(literal, c)
		}
	}
	flush()
	g.segments = append(g.segments, s)
	return g
}

func (g glob) fold() glob {
	var folded glob
	for _, s := range g.segments {
		f := make(segment, len(s))
		for i, literal := range s {
			f[i] = fold(literal)
		}
		folded.segments = append(folded.segments, f)
	}
	return folded
}

func (g glob) match(text string) bool {
	last := len(g.segments) - 1
	at := g.segments[0].matchAt(text, 0)
	if at < 0 || last == 0 {
		return at == len(text)
	}
	end := g.segments[last].matchEnd(text, at)
	if end < 0 {
		return false
	}
	text = text[:end]
	for _, s := range g.segments[1:last] {
		if at = s.find(text, at); at < 0 {
			return false
		}
	}
	return true
}

// matchAt returns where s ends if it begins at i, else -1.
func (s segment) matchAt(text string, i int) int {
	for _, literal := range s {
		switch {
		case literal == "" && i < len(text):
			_, width := utf8.DecodeRuneInString(text[i:])
			i += width
		case literal != "" && strings.HasPrefix(text[i:], literal):
			i += len(literal)
		default:
			return -1
		}
	}
	return i
}

// matchEnd returns where s begins if it ends the text and begins at from or later, else -1.
func (s segment) matchEnd(text string, from int) int {
	end := len(text)
	for i := len(s) - 1; i >= 0; i-- {
		switch literal := s[i]; {
		case literal == "" && end > from:
			_, width := utf8.DecodeLastRuneInString(text[from:end])
			end -= width
		case literal != "" && strings.HasSuffix(text[from:end], literal):
			end -= len(literal)
		default:
			return -1
		}
	}
	return end
}

// find returns where the first occurrence of s at from or later ends, else -1.
func (s segment) find(text string, from int) int {
	for from <= len(text) {
		if s[0] != "" {
			skip := strings.Index(text[from:], s[0])
			if skip < 0 {
				return -1
			}
			from += skip
		}
		if end := s.matchAt(text, from); end >= 0 {
			return end
		}
		_, width := utf8.DecodeRuneInString(text[from:])
		from += max(width, 1)
	}
	return -1
}

// plain returns the cheaper operator that says the same as g, and its literal.
func (g glob) plain() (op Op, literal string, ok bool) {
	for _, s := range g.segments {
		if len(s) > 1 || len(s) == 1 && s[0] == "" {
			return 0, "", false
		}
	}
	text := func(i int) string { return strings.Join(g.segments[i], "") }
	switch n := len(g.segments); {
	case n == 1:
		// Equal would also hold for another notation of the same number.
		_, isNum := parseNumber(text(0))
		return Equal, text(0), !isNum
	case n == 2 && text(0) == "" && text(1) == "":
		return Exists, "", true
	case n == 2 && text(1) == "":
		return Prefix, text(0), true
	case n == 2 && text(0) == "":
		return Suffix, text(1), true
	case n == 3 && text(0) == "" && text(2) == "":
		return Contains, text(1), true
	}
	return 0, "", false
}
