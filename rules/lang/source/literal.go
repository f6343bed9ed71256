package source

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"oktastream/rules/match"
)

// literal walks over a text as TOML or JSON write it, with its quotes, and yields where each of its characters stands.
// Their escapes agree as far as JSON has them.
type literal struct {
	rest string
	pos  match.Pos
}

// alignLiteral returns the place of each byte of the text that raw stands for, and where it ends; nothing if it is empty or
// another text than want.
func alignLiteral(raw, want string, at match.Pos) []match.Pos {
	l := &literal{rest: raw, pos: at}
	quote := raw[:1]
	if triple := strings.Repeat(quote, 3); len(raw) >= 6 && strings.HasPrefix(raw, triple) {
		quote = triple
	}
	l.skip(len(quote))
	if len(quote) == 3 && strings.HasPrefix(l.rest, "\n") {
		l.next() // TOML leaves out a line end right behind the quotes
	}
	l.rest = strings.TrimSuffix(l.rest, quote)
	where := make([]match.Pos, 0, len(want)+1)
	for l.rest != "" {
		start := l.pos
		c := l.next()
		if c == '\\' && quote[0] == '"' {
			var ok bool
			if c, ok = l.escape(); !ok {
				continue
			}
		}
		for range utf8.RuneLen(c) {
			where = append(where, start)
		}
	}
	if len(where) != len(want) || want == "" {
		return []match.Pos{}
	}
	return append(where, l.pos)
}

func (l *literal) next() rune {
	c, width := utf8.DecodeRuneInString(l.rest)
	l.rest = l.rest[width:]
	if c == '\n' {
		l.pos = match.Pos{Line: l.pos.Line + 1, Col: 1}
	} else {
		l.pos.Col++
	}
	return c
}

func (l *literal) skip(n int) {
	for range n {
		if l.rest != "" {
			l.next()
		}
	}
}

// escape reads what follows a backslash. ok is false for a line end that is left out with the blanks after it.
func (l *literal) escape() (c rune, ok bool) {
	if l.rest == "" {
		return 0, false
	}
	if white(rune(l.rest[0])) {
		for l.rest != "" && white(rune(l.rest[0])) {
			l.next()
		}
		return 0, false
	}
	switch c = l.next(); c {
	case 'b', 't', 'n', 'f', 'r', 'e':
		return map[rune]rune{'b': '\b', 't': '\t', 'n': '\n', 'f': '\f', 'r': '\r', 'e': 0x1b}[c], true
	case 'x':
		return l.hex(2), true
	case 'U':
		return l.hex(8), true
	case 'u':
		c = l.hex(4)
		if utf16.IsSurrogate(c) && strings.HasPrefix(l.rest, `\u`) {
			before := *l
			l.skip(2)
			if c = utf16.DecodeRune(c, l.hex(4)); c == utf8.RuneError {
				*l = before
			}
		}
		if !utf8.ValidRune(c) {
			c = utf8.RuneError
		}
	}
	return c, true
}

func (l *literal) hex(n int) rune {
	n = min(n, len(l.rest))
	v, err := strconv.ParseUint(l.rest[:n], 16, 32)
	l.skip(n)
	if err != nil {
		return utf8.RuneError
	}
	return rune(v)
}
