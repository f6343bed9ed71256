package kuery

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// kind is the kind of a token.
type kind uint8

const (
	end     kind = iota
	literal      // text, quoted or not
	open         // (
	shut         // )
	nested       // {
	unnest       // }
	colon        // :
	compare      // < <= > >=
	or
	and
	not
	broken // what cannot be read; text says why
)

// token is a piece of the query. Its value is text with escapes resolved.
type token struct {
	kind   kind
	offset int    // in bytes
	source string // as written
	text   string
	quoted bool
	// stars are the offsets in text of the wildcards, which no quote and no backslash has made a mere character.
	stars []int
}

func (t token) String() string {
	if t.kind == end {
		return "the end of the query"
	}
	return strconv.Quote(t.source)
}

// blank is a space by Kibana's grammar. The no-break space comes from copying out of browsers.
func blank(r rune) bool {
	return r == ' ' || r == '\t' || r == '\r' || r == '\n' || r == '\u00a0'
}

// special characters end an unquoted text and need a backslash inside it.
const special = `\():<>"*{}`

type lexer struct {
	text string
	at   int
}

func (l *lexer) next() token {
	for l.at < len(l.text) {
		r, width := utf8.DecodeRuneInString(l.text[l.at:])
		if !blank(r) {
			break
		}
		l.at += width
	}
	start := l.at
	if start == len(l.text) {
		return token{offset: start}
	}
	one := func(k kind, n int) token {
		l.at += n
		return token{kind: k, offset: start, source: l.text[start:l.at], text: l.text[start:l.at]}
	}
	switch c := l.text[start]; c {
	case '(':
		return one(open, 1)
	case ')':
		return one(shut, 1)
	case '{':
		return one(nested, 1)
	case '}':
		return one(unnest, 1)
	case ':':
		return one(colon, 1)
	case '<', '>':
		if strings.HasPrefix(l.text[start+1:], "=") {
			return one(compare, 2)
		}
		return one(compare, 1)
	case '"':
		return l.quoted()
	}
	if k, n := l.keyword(); n > 0 {
		return one(k, n)
	}
	return l.plain()
}

var keywords = []struct {
	word string
	kind kind
}{{"or", or}, {"and", and}, {"not", not}}

// keyword returns the length of the keyword that begins here, 0 if none does. A keyword stands alone: what follows it is
// a blank, a bracket or a quote.
func (l *lexer) keyword() (kind, int) {
	rest := l.text[l.at:]
	for _, k := range keywords {
		n := len(k.word)
		if len(rest) < n || !strings.EqualFold(rest[:n], k.word) {
			continue
		}
		if len(rest) == n || strings.IndexByte(`(){}"`, rest[n]) >= 0 {
			return k.kind, n
		}
		if r, _ := utf8.DecodeRuneInString(rest[n:]); blank(r) {
			return k.kind, n
		}
	}
	return 0, 0
}

func (l *lexer) quoted() token {
	start := l.at
	var b strings.Builder
	for l.at++; l.at < len(l.text); {
		switch c := l.text[l.at]; c {
		case '"':
			l.at++
			return token{kind: literal, offset: start, source: l.text[start:l.at], text: b.String(), quoted: true}
		case '\\':
			if !l.escape(&b, `\"`) {
				b.WriteByte(c) // before anything else a backslash is a character
				l.at++
			}
		default:
			b.WriteByte(c)
			l.at++
		}
	}
	return token{kind: broken, offset: start, source: l.text[start:min(start+20, len(l.text))], text: "the text has no closing quote"}
}

// plain reads an unquoted text. Blanks inside it belong to it, those around it do not; a keyword ends it.
func (l *lexer) plain() token {
	t := token{kind: literal, offset: l.at}
	var b strings.Builder
	last, length := l.at, 0 // behind the last character that is no blank, in the query and in b
	for l.at < len(l.text) {
		r, width := utf8.DecodeRuneInString(l.text[l.at:])
		if blank(r) {
			l.at += width
			if _, n := l.keyword(); n > 0 {
				break
			}
			b.WriteRune(r)
			continue
		}
		switch {
		case r == '\\':
			// Kibana reads \not as a line end and ot; whoever writes it means the word.
			if !l.escapedKeyword(&b, true) && !l.escape(&b, special) && !l.escapedKeyword(&b, false) {
				return token{kind: broken, offset: l.at, source: l.text[l.at : l.at+1],
					text: `a backslash needs a special character behind it; write \\ for a backslash`}
			}
		case r == '*':
			t.stars = append(t.stars, b.Len())
			b.WriteByte('*')
			l.at++
		case r < utf8.RuneSelf && strings.IndexByte(special, byte(r)) >= 0:
			t.source, t.text = l.text[t.offset:last], b.String()[:length]
			return t
		default:
			b.WriteString(l.text[l.at : l.at+width])
			l.at += width
		}
		last, length = l.at, b.Len()
	}
	t.source, t.text = l.text[t.offset:last], b.String()[:length]
	return t
}

// escape reads a backslash and what it escapes: white space, a character by its number, or one of also.
func (l *lexer) escape(b *strings.Builder, also string) bool {
	rest := l.text[l.at+1:]
	if rest == "" {
		return false
	}
	switch c := rest[0]; {
	case c == 't' || c == 'r' || c == 'n':
		b.WriteByte(map[byte]byte{'t': '\t', 'r': '\r', 'n': '\n'}[c])
	case strings.IndexByte(also, c) >= 0:
		b.WriteByte(c)
	case c == 'u' && len(rest) >= 5:
		n, err := strconv.ParseUint(rest[1:5], 16, 16)
		if err != nil {
			return false
		}
		b.WriteRune(rune(n)) // half a surrogate pair becomes U+FFFD
		l.at += 4
	default:
		return false
	}
	l.at += 2
	return true
}

// escapedKeyword reads \and, \or and \not; with whole only where the word ends there.
func (l *lexer) escapedKeyword(b *strings.Builder, whole bool) bool {
	rest := l.text[l.at+1:]
	for _, k := range keywords {
		n := len(k.word)
		if len(rest) < n || !strings.EqualFold(rest[:n], k.word) {
			continue
		}
		if next, _ := utf8.DecodeRuneInString(rest[n:]); !whole || len(rest) == n || blank(next) || strings.ContainsRune(special, next) {
			b.WriteString(rest[:n])
			l.at += 1 + n
			return true
		}
	}
	return false
}
