package eql

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	endOfQuery tokenKind = iota
	word                 // a keyword or a name; with ~ behind it if the author wrote it there
	escaped              // a name in backticks; text without them
	text                 // a string, decoded
	number               // as written
	punct                // an operator or a bracket
)

type token struct {
	kind tokenKind
	text string
	at   int // byte offset in the query
	end  int
}

func (t token) String() string {
	switch t.kind {
	case endOfQuery:
		return "the end"
	case text:
		return "the string " + strconv.Quote(t.text)
	}
	return strconv.Quote(t.text)
}

// problem is why a query cannot be compiled. It travels as a panic inside this package only, see guard.
type problem struct {
	at                  int
	code, message, hint string
	unsupported         bool
}

func fail(at int, code, hint, format string, args ...any) {
	panic(&problem{at: at, code: code, hint: hint, message: fmt.Sprintf(format, args...)})
}

func refuse(at int, hint, format string, args ...any) {
	panic(&problem{at: at, code: CodeUnsupported, hint: hint, message: fmt.Sprintf(format, args...), unsupported: true})
}

// lexer cuts a query into tokens, each byte read once.
type lexer struct {
	query string
	at    int
}

// operators in the order in which they are tried: the longer first.
var operators = []string{"![", "!=", "!:", "==", "<=", ">=", "<", ">", "=", ":", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", ".", "|", "?", "!"}

func (l *lexer) next() token {
	l.blanks()
	start := l.at
	if start == len(l.query) {
		return token{kind: endOfQuery, at: start, end: start}
	}
	rest := l.query[start:]
	switch c := rest[0]; {
	case isLetter(c):
		for l.at < len(l.query) && (isLetter(l.query[l.at]) || isDigit(l.query[l.at])) {
			l.at++
		}
		if strings.HasPrefix(l.query[l.at:], "~") {
			l.at++
		}
		return l.token(word, start)
	case isDigit(c), c == '.' && len(rest) > 1 && isDigit(rest[1]):
		return l.number()
	case c == '"':
		return l.string()
	case c == '\'', strings.HasPrefix(rest, `?"`), strings.HasPrefix(rest, "?'"):
		fail(start, CodeCharacter, `write "text", or """raw text"""`, "strings stand between double quotes")
	case c == '`':
		return l.escaped()
	}
	for _, op := range operators {
		if strings.HasPrefix(rest, op) {
			l.at += len(op)
			return l.token(punct, start)
		}
	}
	r, _ := utf8.DecodeRuneInString(rest)
	fail(start, CodeCharacter, "", "the character %q has no place here", r)
	return token{}
}

func (l *lexer) token(kind tokenKind, start int) token {
	return token{kind: kind, text: l.query[start:l.at], at: start, end: l.at}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '@'
}

// blanks skips white space and comments.
func (l *lexer) blanks() {
	for l.at < len(l.query) {
		rest := l.query[l.at:]
		switch {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			l.at++
		case strings.HasPrefix(rest, "//"):
			if i := strings.IndexByte(rest, '\n'); i >= 0 {
				l.at += i + 1
			} else {
				l.at = len(l.query)
			}
		case strings.HasPrefix(rest, "/*"):
			i := strings.Index(rest, "*/")
			if i < 0 {
				fail(l.at, CodeCharacter, "add */", "the comment does not end")
			}
			l.at += i + len("*/")
		default:
			return
		}
	}
}

// number reads 5, 0.5, .5 and 5e3. A dot that no digit follows belongs to the number as well.
func (l *lexer) number() token {
	start := l.at
	digits := func() {
		for l.at < len(l.query) && isDigit(l.query[l.at]) {
			l.at++
		}
	}
	digits()
	if l.at < len(l.query) && l.query[l.at] == '.' {
		l.at++
		digits()
	}
	if rest := l.query[l.at:]; rest != "" && (rest[0] == 'e' || rest[0] == 'E') {
		n := 1
		if len(rest) > n && (rest[n] == '+' || rest[n] == '-') {
			n++
		}
		if len(rest) > n && isDigit(rest[n]) {
			l.at += n
			digits()
		}
	}
	return l.token(number, start)
}

// string reads "…" with escapes or """…""" without.
func (l *lexer) string() token {
	start := l.at
	const raw = `"""`
	if strings.HasPrefix(l.query[start:], raw) {
		i := strings.Index(l.query[start+len(raw):], raw)
		if i < 0 {
			fail(start, CodeCharacter, `add """`, "the string does not end")
		}
		l.at = start + 2*len(raw) + i
		// Quotes right before the end belong to the string.
		for more := 0; more < 2 && l.at < len(l.query) && l.query[l.at] == '"'; more++ {
			l.at++
		}
		return token{kind: text, text: l.query[start+len(raw) : l.at-len(raw)], at: start, end: l.at}
	}
	var b strings.Builder
	for l.at++; l.at < len(l.query); l.at++ {
		switch c := l.query[l.at]; c {
		case '"':
			l.at++
			return token{kind: text, text: b.String(), at: start, end: l.at}
		case '\n', '\r':
			fail(start, CodeCharacter, `add ", or write """…"""`, "the string does not end on its line")
		case '\\':
			l.escape(&b)
		default:
			b.WriteByte(c)
		}
	}
	fail(start, CodeCharacter, `add "`, "the string does not end")
	return token{}
}

var escapes = map[byte]byte{'b': '\b', 't': '\t', 'n': '\n', 'f': '\f', 'r': '\r', '"': '"', '\'': '\'', '\\': '\\'}

// escape reads a backslash and what belongs to it, and leaves the lexer on the last byte of that.
func (l *lexer) escape(b *strings.Builder) {
	start := l.at
	l.at++
	if l.at == len(l.query) {
		fail(start, CodeCharacter, "", "nothing follows the backslash")
	}
	if c, ok := escapes[l.query[l.at]]; ok {
		b.WriteByte(c)
		return
	}
	if rest := l.query[l.at:]; strings.HasPrefix(rest, "u{") {
		if i := strings.IndexByte(rest, '}'); i >= len("u{")+2 && i <= len("u{")+8 {
			if r, err := strconv.ParseUint(rest[len("u{"):i], 16, 32); err == nil && utf8.ValidRune(rune(r)) {
				b.WriteRune(rune(r))
				l.at += i
				return
			}
		}
		fail(start, CodeCharacter, `write for example \u{200f}`, "the escape is not a character")
	}
	fail(start, CodeCharacter, `a backslash is written \\, or the string """raw"""`, "there is no escape \\%c", l.query[l.at])
}

func (l *lexer) escaped() token {
	start := l.at
	var b strings.Builder
	for l.at++; l.at < len(l.query); l.at++ {
		if l.query[l.at] != '`' {
			b.WriteByte(l.query[l.at])
			continue
		}
		if strings.HasPrefix(l.query[l.at:], "``") {
			b.WriteByte('`')
			l.at++
			continue
		}
		l.at++
		if b.Len() == 0 {
			break
		}
		return token{kind: escaped, text: b.String(), at: start, end: l.at}
	}
	fail(start, CodeCharacter, "write `name`", "the name in backticks is empty or does not end")
	return token{}
}
