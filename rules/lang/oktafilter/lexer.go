package oktafilter

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"oktastream/rules"
	"oktastream/rules/match"
)

type tokenKind uint8

const (
	end      tokenKind = iota
	word               // an attribute, an operator, a keyword or a number; text as written
	quoted             // a string; text decoded
	open               // (
	closed             // )
	listOpen           // [
	listEnd            // ]
	comma
	broken // no token; problem says why
)

type token struct {
	kind tokenKind
	text string
	pos  match.Pos
	// problem is set for broken.
	problem *Problem
}

// String names the token in a message.
func (t token) String() string {
	switch t.kind {
	case end:
		return "the end"
	case word:
		return strconv.Quote(t.text)
	case quoted:
		return "the string " + strconv.Quote(t.text)
	}
	return t.text
}

// is reports whether t is the given keyword, in any case.
func (t token) is(keyword string) bool { return t.kind == word && strings.EqualFold(t.text, keyword) }

// lexer cuts a query into tokens. It reads each byte once.
type lexer struct {
	rest string
	pos  match.Pos // of rest
	left int       // the column in which lines begin
}

// newLexer: a block of YAML is indented as a whole, so the lines after the first begin in the column of the first.
func newLexer(query string, at match.Pos) *lexer {
	if at.Line <= 0 || at.Col <= 0 {
		at = match.Pos{Line: 1, Col: 1}
	}
	return &lexer{rest: query, pos: at, left: at.Col}
}

// take consumes n bytes.
func (l *lexer) take(n int) string {
	text := l.rest[:n]
	l.rest = l.rest[n:]
	for _, r := range text {
		if r == '\n' {
			l.pos.Line++
			l.pos.Col = l.left
		} else {
			l.pos.Col++
		}
	}
	return text
}

func (l *lexer) next() token {
	t, problem := l.scan()
	if problem != nil {
		return token{kind: broken, pos: problem.Pos, problem: problem}
	}
	return t
}

func (l *lexer) scan() (token, *Problem) {
	l.take(len(l.rest) - len(strings.TrimLeftFunc(l.rest, unicode.IsSpace)))
	t := token{pos: l.pos}
	if l.rest == "" {
		return t, nil
	}
	switch c, width := utf8.DecodeRuneInString(l.rest); c {
	case '(':
		t.kind, t.text = open, l.take(width)
	case ')':
		t.kind, t.text = closed, l.take(width)
	case '[':
		t.kind, t.text = listOpen, l.take(width)
	case ']':
		t.kind, t.text = listEnd, l.take(width)
	case ',':
		t.kind, t.text = comma, l.take(width)
	case '"':
		return l.quoted()
	case '\'', '`', '‘', '’', '“', '”', '„', '«', '»':
		return t, failure(t.pos, CodeCharacter, fmt.Sprintf("%q does not begin a string", c), `write strings between straight double quotes: "…"`)
	default:
		return l.word()
	}
	return t, nil
}

// word reads up to white space or punctuation; a bracket that follows a name directly is an array filter and part of it.
func (l *lexer) word() (token, *Problem) {
	t := token{kind: word, pos: l.pos}
	var text strings.Builder
	for {
		n := strings.IndexFunc(l.rest, func(r rune) bool {
			return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("()[],\"'`‘’“”„«»", r)
		})
		if n < 0 {
			n = len(l.rest)
		}
		text.WriteString(l.take(n))
		if text.Len() == 0 {
			c, _ := utf8.DecodeRuneInString(l.rest)
			return t, failure(t.pos, CodeCharacter, fmt.Sprintf("%q has no place in an expression", c), "")
		}
		if !strings.HasPrefix(l.rest, "[") || strings.EqualFold(text.String(), "in") {
			t.text = text.String()
			return t, nil
		}
		size := strings.IndexByte(l.rest, ']') + 1
		if size == 0 {
			return t, failure(l.pos, CodeUnterminated, "the array filter has no closing bracket", "write target[type=User].alternateId")
		}
		text.WriteString(l.take(size))
	}
}

var simpleEscapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// quoted reads a string in JSON's notation; a line break may stand in it as it is.
func (l *lexer) quoted() (token, *Problem) {
	t := token{kind: quoted, pos: l.pos}
	l.take(1)
	var text strings.Builder
	for {
		n := strings.IndexAny(l.rest, `"\`)
		if n < 0 {
			return t, failure(t.pos, CodeUnterminated, "the string has no closing quote", `end it with "`)
		}
		text.WriteString(l.take(n))
		if l.rest[0] == '"' {
			l.take(1)
			t.text = text.String()
			return t, nil
		}
		if problem := l.escape(&text); problem != nil {
			return t, problem
		}
	}
}

func (l *lexer) escape(text *strings.Builder) *Problem {
	bad := failure(l.pos, CodeEscape, "unknown escape in a string", `a backslash is written \\, a quote \"; \uXXXX takes four hexadecimal digits`)
	if len(l.rest) < 2 {
		return bad
	}
	if c, ok := simpleEscapes[l.rest[1]]; ok {
		text.WriteByte(c)
		l.take(2)
		return nil
	}
	r, ok := unicodeEscape(l.rest)
	if !ok {
		return bad
	}
	l.take(len(`\uXXXX`))
	if utf16.IsSurrogate(r) {
		low, _ := unicodeEscape(l.rest)
		if r = utf16.DecodeRune(r, low); r == unicode.ReplacementChar {
			return bad
		}
		l.take(len(`\uXXXX`))
	}
	text.WriteRune(r)
	return nil
}

func unicodeEscape(s string) (rune, bool) {
	if len(s) < len(`\uXXXX`) || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}

func failure(at match.Pos, code, message, hint string) *Problem {
	return &Problem{Pos: at, Level: rules.Error, Code: code, Message: message, Hint: hint}
}
