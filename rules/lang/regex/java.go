package regex

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Java translates a pattern of java.util.regex without flags; it may match any part of a text. Look-around, back-references,
// atomic groups, possessive repetition, classes inside classes and the rarer escapes are unsupported. Two differences stay:
// $ is the very end of the text, where Java also stops before a last line end, and (?i) is about all letters, where Java's is
// about ASCII's.
func Java(pattern string) (re *regexp.Regexp, err error) {
	p := java{lucene: lucene{rest: pattern}, all: []bool{false}}
	defer func() {
		if v := recover(); v != nil {
			problem, ok := v.(*Error)
			if !ok {
				panic(v)
			}
			re, err = nil, problem
		}
	}()
	p.translate()
	re, err = regexp.Compile(p.b.String())
	if err != nil {
		problem := &Error{Message: err.Error()}
		if e, ok := err.(*syntax.Error); ok {
			problem = &Error{Message: fmt.Sprintf("%s: %s", e.Code, e.Expr), Unsupported: e.Code == syntax.ErrInvalidRepeatSize || e.Code == syntax.ErrNestingDepth || e.Code == syntax.ErrLarge}
		}
		return nil, problem
	}
	return re, nil
}

// java is a pattern on its way. It borrows the reading of characters.
type java struct {
	lucene
	b   strings.Builder
	all []bool // whether . is any character, by depth of groups
}

const (
	javaSpace = `\t\n\x0B\f\r `
	javaLines = `\n\x0B\f\r\x{85}\x{2028}\x{2029}`
	javaBlank = ` \t\x{A0}\x{1680}\x{180E}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}`
	javaDot   = `[^\n\r\x{85}\x{2028}\x{2029}]`
)

func (p *java) translate() {
	repeatable := false // whether what stands before can be repeated
	for p.more() {
		switch c := p.next(); c {
		case '\\':
			repeatable = p.escape()
		case '[':
			p.b.WriteString(p.javaClass())
			repeatable = true
		case '.':
			if p.all[len(p.all)-1] {
				p.b.WriteString("(?s:.)")
			} else {
				p.b.WriteString(javaDot)
			}
			repeatable = true
		case '(':
			repeatable = p.open()
		case ')':
			if len(p.all) == 1 {
				p.fail(false, ") closes nothing")
			}
			p.all = p.all[:len(p.all)-1]
			p.b.WriteByte(')')
			repeatable = true
		case '*', '+', '?', '{':
			if !repeatable {
				p.fail(false, "there is nothing to repeat before %c", c)
			}
			if c == '{' {
				p.b.WriteString(p.count())
			} else {
				p.b.WriteRune(c)
			}
			switch {
			case p.match('+'):
				p.fail(true, "possessive repetition (%c+) cannot be matched in linear time", c)
			case p.match('?'):
				p.b.WriteByte('?')
			}
			repeatable = false
		case '|', '^', '$':
			p.b.WriteRune(c)
			repeatable = c != '|'
		default:
			p.b.WriteString(regexp.QuoteMeta(string(c)))
			repeatable = true
		}
	}
	if len(p.all) > 1 {
		p.fail(false, ") is missing")
	}
}

// open reads what stands behind (. It reports whether that can be repeated: flags alone cannot.
func (p *java) open() bool {
	if len(p.all) > maxDepth {
		p.fail(true, "it is nested deeper than %d", maxDepth)
	}
	all := p.all[len(p.all)-1]
	if !p.match('?') {
		p.b.WriteByte('(')
		p.all = append(p.all, all)
		return false
	}
	if p.peek("=!>") || p.peek("<") && len(p.rest) > 1 && strings.IndexByte("=!", p.rest[1]) >= 0 {
		p.fail(true, "%s cannot be matched in linear time", group(p.rest))
	}
	if p.match('<') {
		name, rest, ok := strings.Cut(p.rest, ">")
		if !ok || !letters.MatchString(name) {
			p.fail(false, "a group has no name that can be read")
		}
		p.rest = rest
		p.b.WriteString("(?P<" + name + ">")
		p.all = append(p.all, all)
		return false
	}
	flags, on := "", true
	for !p.peek(":)") {
		switch c := p.next(); c {
		case '-':
			on = false
		case 'i', 's':
			if c == 's' {
				all = on
				continue
			}
			if !on && !strings.Contains(flags, "-") {
				flags += "-"
			}
			flags += string(c)
		case 'm', 'u', 'U', 'x', 'd':
			p.fail(true, "the flag %c is not supported", c)
		default:
			p.fail(false, "the group (?%c cannot be read", c)
		}
	}
	if p.match(')') {
		p.all[len(p.all)-1] = all
		if flags != "" {
			p.b.WriteString("(?" + flags + ")")
		}
		return false
	}
	p.match(':')
	p.b.WriteString("(?" + flags + ":")
	p.all = append(p.all, all)
	return false
}

var letters = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9]*$`)

// escape reads what stands behind a backslash outside of classes, and reports whether that can be repeated.
func (p *java) escape() bool {
	switch {
	case p.peek("bB"):
		c := p.next()
		if p.peek("{") {
			p.fail(true, `\%c{…} is not supported`, c)
		}
		p.b.WriteString(`\` + string(c))
	case p.peek("Az"):
		p.b.WriteString(`\` + string(p.next()))
	case p.match('R'):
		p.b.WriteString(`(?:\r\n|[` + javaLines + `])`)
	case p.match('Q'):
		text, rest, _ := strings.Cut(p.rest, `\E`)
		p.rest = rest
		p.b.WriteString(regexp.QuoteMeta(text)) // a repetition behind it is about the last character, as in Java
		return text != ""
	case p.peek("123456789k"):
		p.fail(true, `the back-reference \%c cannot be matched in linear time`, p.next())
	case p.peek("ZGXN"):
		p.fail(true, `\%c is not supported`, p.next())
	default:
		if set, ok := p.set(); ok {
			p.b.WriteString("[" + set + "]")
		} else {
			p.b.WriteString(regexp.QuoteMeta(string(p.character())))
		}
	}
	return true
}

// set reads a predefined set behind the backslash, as the inside of a class.
func (p *java) set() (inside string, ok bool) {
	for _, s := range []struct {
		name   byte
		inside string
	}{
		{'d', "0-9"}, {'w', "0-9A-Za-z_"}, {'s', javaSpace}, {'v', javaLines}, {'h', javaBlank},
		{'D', `\x00-/:-\x{10FFFF}`}, {'W', "\\x00-/:-@\\[-\\^`{-\\x{10FFFF}"},
		{'S', `\x00-\x08\x0E-\x1F!-\x{10FFFF}`}, {'V', `\x00-\t\x0E-\x{84}\x{86}-\x{2027}\x{202A}-\x{10FFFF}`},
		{'H', `\x00-\x08\n-\x1F!-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{180D}\x{180F}-\x{1FFF}\x{200B}-\x{202E}\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{10FFFF}`},
	} {
		if p.match(s.name) {
			return s.inside, true
		}
	}
	if !p.peek("pP") {
		return "", false
	}
	c := p.next()
	name := ""
	if p.match('{') {
		if name, p.rest, ok = strings.Cut(p.rest, "}"); !ok {
			p.fail(false, "} is missing")
		}
	} else {
		name = string(p.next())
	}
	if posix, ok := posixSets[name]; ok {
		if c == 'P' {
			return "[:^" + posix + ":]", true
		}
		return "[:" + posix + ":]", true
	}
	name = strings.TrimPrefix(name, "Is")
	if unicode.Categories[name] == nil && unicode.Scripts[name] == nil {
		p.fail(true, `the set \%c{%s} is not known here`, c, name)
	}
	return `\` + string(c) + "{" + name + "}", true
}

var posixSets = map[string]string{"Lower": "lower", "Upper": "upper", "ASCII": "ascii", "Alpha": "alpha", "Digit": "digit", "Alnum": "alnum", "Punct": "punct",
	"Graph": "graph", "Print": "print", "Blank": "blank", "Cntrl": "cntrl", "XDigit": "xdigit", "Space": "space"}

// character reads one character behind the backslash.
func (p *java) character() rune {
	switch c := p.next(); c {
	case 't':
		return '\t'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 'f':
		return '\f'
	case 'a':
		return '\a'
	case 'e':
		return 0x1b
	case 'c':
		return p.next() ^ 64
	case 'x':
		if p.match('{') {
			digits, rest, ok := strings.Cut(p.rest, "}")
			if !ok {
				p.fail(false, "} is missing")
			}
			p.rest = rest
			return p.hex(digits)
		}
		return p.hex(p.digits(2))
	case 'u':
		return p.hex(p.digits(4))
	case '0':
		n, count := rune(0), 0
		for count < 3 && p.peek("01234567") && n*8 <= 0377 {
			n = n*8 + p.next() - '0'
			count++
		}
		if count == 0 {
			p.fail(false, `a number is missing behind \0`)
		}
		return n
	default:
		if c < utf8.RuneSelf && letter(byte(c)) {
			p.fail(false, `there is no \%c`, c)
		}
		return c
	}
}

func (p *java) digits(n int) string {
	if len(p.rest) < n {
		p.fail(false, "a number is cut short")
	}
	digits := p.rest[:n]
	p.rest = p.rest[n:]
	return digits
}

func (p *java) hex(digits string) rune {
	n, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || n > unicode.MaxRune {
		p.fail(false, "%q is no character's number", digits)
	}
	if !utf8.ValidRune(rune(n)) {
		p.fail(true, "half a surrogate pair (%s) is not supported", digits)
	}
	return rune(n)
}

// javaClass reads a class behind its bracket.
func (p *java) javaClass() string {
	var b strings.Builder
	b.WriteByte('[')
	if p.match('^') {
		b.WriteByte('^')
	}
	for first := true; first || !p.peek("]"); first = false {
		if strings.HasPrefix(p.rest, "&&") || p.peek("[") {
			p.fail(true, "a class inside a class (union or intersection) is not supported")
		}
		escaped := p.match('\\')
		if escaped {
			if p.match('Q') {
				p.fail(true, `\Q inside a class is not supported`)
			}
			if set, ok := p.set(); ok {
				b.WriteString(set)
				continue
			}
		}
		from := p.classCharacter(escaped)
		to := from
		if p.peek("-") && len(p.rest) > 1 && p.rest[1] != ']' && p.rest[1] != '[' {
			p.match('-')
			if to = p.classCharacter(p.match('\\')); from > to {
				p.fail(false, "the range %c-%c is upside down", from, to)
			}
		}
		b.WriteString(member(from))
		if to != from {
			b.WriteString("-" + member(to))
		}
	}
	p.match(']')
	return b.String() + "]"
}

func (p *java) classCharacter(escaped bool) rune {
	if escaped {
		return p.character()
	}
	return p.next()
}
