package eql

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"oktastream/rules/lang/notation"
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

// tooLarge refuses what the language allows and we do not: a bound of ours.
func tooLarge(at int, hint, format string, args ...any) {
	panic(&problem{at: at, code: CodeTooLarge, hint: hint, message: fmt.Sprintf(format, args...), unsupported: true})
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
	case notation.Letter(c):
		for l.at < len(l.query) && (notation.Letter(l.query[l.at]) || notation.Digit(l.query[l.at])) {
			l.at++
		}
		if strings.HasPrefix(l.query[l.at:], "~") {
			l.at++
		}
		return l.token(word, start)
	case notation.Digit(c), c == '.' && len(rest) > 1 && notation.Digit(rest[1]):
		l.at = notation.Number(l.query, start)
		return l.token(number, start)
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

// string reads "…" with escapes or """…""" without.
func (l *lexer) string() token {
	t, ok := token{kind: text, at: l.at}, false
	switch {
	case notation.IsRaw(l.query, l.at):
		if t.text, t.end, ok = notation.Raw(l.query, l.at); !ok {
			fail(t.at, CodeCharacter, `add """`, "the string does not end")
		}
	default:
		if t.text, t.end, ok = notation.Text(l.query, l.at, l.escape); !ok && t.end < len(l.query) {
			fail(t.at, CodeCharacter, `add ", or write """…"""`, "the string does not end on its line")
		}
		if !ok {
			fail(t.at, CodeCharacter, `add "`, "the string does not end")
		}
	}
	l.at = t.end
	return t
}

var escapes = map[byte]byte{'b': '\b', 't': '\t', 'n': '\n', 'f': '\f', 'r': '\r', '"': '"', '\'': '\'', '\\': '\\'}

// escape reads the backslash at start and what belongs to it.
func (l *lexer) escape(b *strings.Builder, start int) int {
	rest := l.query[start+1:]
	if rest == "" {
		fail(start, CodeCharacter, "", "nothing follows the backslash")
	}
	if c, ok := escapes[rest[0]]; ok {
		b.WriteByte(c)
		return start + 2
	}
	if strings.HasPrefix(rest, "u{") {
		if i := strings.IndexByte(rest, '}'); i >= len("u{")+2 && i <= len("u{")+8 {
			if r, err := strconv.ParseUint(rest[len("u{"):i], 16, 32); err == nil && utf8.ValidRune(rune(r)) {
				b.WriteRune(rune(r))
				return start + 1 + i + 1
			}
		}
		fail(start, CodeCharacter, `write for example \u{200f}`, "the escape is not a character")
	}
	fail(start, CodeCharacter, `a backslash is written \\, or the string """raw"""`, "there is no escape \\%c", rest[0])
	return 0
}

func (l *lexer) escaped() token {
	t, ok := token{kind: escaped, at: l.at}, false
	if t.text, t.end, ok = notation.Name(l.query, l.at); !ok || t.text == "" {
		fail(t.at, CodeCharacter, "write `name`", "the name in backticks is empty or does not end")
	}
	l.at = t.end
	return t
}
