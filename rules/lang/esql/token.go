package esql

import (
	"strings"
	"unicode/utf8"

	"oktastream/rules/lang/notation"
)

type tokenKind uint8

const (
	end    tokenKind = iota
	word             // a name, dotted or not; a keyword if it is bare
	text             // a string
	number           // digits, perhaps with a point and an exponent
	symbol           // an operator or a bracket
)

// token is one piece of a query. For words and texts, value is what they stand for.
type token struct {
	kind   tokenKind
	value  string
	at     int  // of its first byte
	end    int  // behind its last byte
	bare   bool // a word without dots, wildcards and backticks
	wild   bool // a word with a *, which stands for any run of characters
	quoted bool // a text in quotes, where a source is read
}

// is tells whether t is a keyword, in any case.
func (t token) is(keyword string) bool {
	return t.kind == word && t.bare && strings.EqualFold(t.value, keyword)
}

func (t token) symbol(s string) bool { return t.kind == symbol && t.value == s }

// String is how messages name the token.
func (t token) String() string {
	switch t.kind {
	case end:
		return "the end"
	case text:
		return "a string"
	}
	return "“" + t.value + "”"
}

// lexer cuts a query into tokens. What a name may hold depends on where it stands, so the parser says what it expects.
type lexer struct {
	query string
	at    int
}

var symbols = []string{"==", "!=", "<=", ">=", "=~", "::", "<", ">", "=", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", "|", ":", "?", "{", "}"}

// space passes over white space and comments.
func (l *lexer) space() {
	for l.at < len(l.query) {
		rest := l.query[l.at:]
		switch {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			l.at++
		case strings.HasPrefix(rest, "//"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			l.at += n
		case strings.HasPrefix(rest, "/*"):
			l.comment()
		default:
			return
		}
	}
}

// comment passes over /* … */, which may hold others.
func (l *lexer) comment() {
	start, depth := l.at, 0
	for l.at < len(l.query) {
		rest := l.query[l.at:]
		switch {
		case strings.HasPrefix(rest, "/*"):
			depth++
			l.at += 2
		case strings.HasPrefix(rest, "*/"):
			l.at += 2
			if depth--; depth == 0 {
				return
			}
		default:
			l.at++
		}
	}
	fail(start, CodeUnterminated, "end it with */", "the comment has no end")
}

// next reads one token; with wild, names may hold *.
func (l *lexer) next(wild bool) token {
	l.space()
	start := l.at
	if start == len(l.query) {
		return token{at: start, end: start}
	}
	switch c := l.query[start]; {
	case c == '"':
		return l.text()
	case notation.Digit(c), c == '.' && start+1 < len(l.query) && notation.Digit(l.query[start+1]):
		l.at = notation.Number(l.query, start)
		return token{kind: number, value: l.query[start:l.at], at: start, end: l.at}
	case notation.Letter(c), c == '`', wild && c == '*':
		return l.name(wild)
	}
	for _, s := range symbols {
		if strings.HasPrefix(l.query[start:], s) {
			l.at += len(s)
			return token{kind: symbol, value: s, at: start, end: l.at}
		}
	}
	r, _ := utf8.DecodeRuneInString(l.query[start:])
	hint := ""
	switch r {
	case '“', '”', '‘', '’', '\'':
		hint = `quote strings with "`
	case '&':
		hint = "write AND"
	case '!':
		hint = "write NOT"
	}
	fail(start, CodeSyntax, hint, "%q has no place here", r)
	return token{}
}

// text reads "…" or """…""".
func (l *lexer) text() token {
	t, ok := token{kind: text, at: l.at}, false
	if notation.IsRaw(l.query, l.at) {
		if t.value, t.end, ok = notation.Raw(l.query, l.at); !ok {
			fail(t.at, CodeUnterminated, `end it with """`, "the string has no end")
		}
	} else {
		t.quoted = true
		if t.value, t.end, ok = notation.Text(l.query, l.at, l.escape); !ok && t.end < len(l.query) {
			fail(t.at, CodeUnterminated, `a string over several lines stands between """ and """`, "the string does not end on its line")
		}
		if !ok {
			fail(t.at, CodeUnterminated, `end it with "`, "the string has no end")
		}
	}
	l.at = t.end
	return t
}

var escapes = map[byte]byte{'t': '\t', 'n': '\n', 'r': '\r', '"': '"', '\\': '\\'}

func (l *lexer) escape(b *strings.Builder, backslash int) int {
	if backslash+1 < len(l.query) {
		if c, ok := escapes[l.query[backslash+1]]; ok {
			b.WriteByte(c)
			return backslash + 2
		}
	}
	fail(backslash, CodeSyntax, `write \\ for a backslash`, `a string knows the escapes \t, \n, \r, \" and \\ only`)
	return 0
}

func (l *lexer) peek() byte {
	if l.at < len(l.query) {
		return l.query[l.at]
	}
	return 0
}

// name reads parts joined by dots, each bare or between backticks.
func (l *lexer) name(wild bool) token {
	t := token{kind: word, at: l.at, bare: true}
	var b strings.Builder
	for {
		if l.peek() == '`' {
			t.bare = false
			part, end, ok := notation.Name(l.query, l.at)
			if !ok {
				fail(l.at, CodeUnterminated, "end it with a backtick", "the name has no end")
			}
			l.at = end
			b.WriteString(part)
		} else {
			from := l.at
			for l.at < len(l.query) && (notation.Letter(l.query[l.at]) || notation.Digit(l.query[l.at]) || wild && l.query[l.at] == '*') {
				t.wild = t.wild || l.query[l.at] == '*'
				l.at++
			}
			if l.at == from {
				fail(l.at, CodeSyntax, "put a name with other characters between backticks", "the name does not go on behind its dot")
			}
			b.WriteString(l.query[from:l.at])
		}
		if l.peek() != '.' {
			break
		}
		l.at++
		b.WriteByte('.')
		t.bare = false
	}
	t.bare = t.bare && !t.wild
	t.value, t.end = b.String(), l.at
	return t
}

// lookahead is the next character that is no blank and no comment, 0 at the end.
func (l *lexer) lookahead() byte {
	l.space()
	return l.peek()
}

// source reads an index pattern as it stands behind FROM.
func (l *lexer) source() token {
	l.space()
	if l.peek() == '"' {
		return l.text()
	}
	start := l.at
	comment := func() bool {
		return strings.HasPrefix(l.query[l.at:], "//") || strings.HasPrefix(l.query[l.at:], "/*")
	}
	for l.at < len(l.query) && strings.IndexByte(" \t\r\n,|\"()[]=`", l.query[l.at]) < 0 && !comment() { // <logs-{now/d}> is a source
		l.at++
	}
	if l.at == start {
		fail(start, CodeSyntax, "", "FROM needs the name of a source")
	}
	return token{kind: word, value: l.query[start:l.at], at: start, end: l.at}
}
