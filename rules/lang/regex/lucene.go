package regex

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Error is why a pattern cannot be used.
type Error struct {
	// Message ends a sentence that begins with the pattern or its place.
	Message string
	// Unsupported tells what the dialect allows and we do not run from what the dialect refuses as well.
	Unsupported bool
}

func (e *Error) Error() string { return e.Message }

// Lucene translates a pattern as Lucene 10 reads it with all optional operators, which is how Elasticsearch 9 asks. It
// matches whole texts. The operators ~ (complement), & (intersection) and <1-9> (interval) are unsupported: they have no
// counterpart. (? would be a group that begins with a question mark; nobody means that, so it is unsupported as well.
//
// The expressions are part of the identity of what rules keep: for the patterns of everyday they must stay as they are.
func Lucene(pattern string, fold bool) (re *regexp.Regexp, err error) {
	p := lucene{rest: pattern}
	defer func() {
		if v := recover(); v != nil {
			problem, ok := v.(*Error)
			if !ok {
				panic(v)
			}
			re, err = nil, problem
		}
	}()
	expression := ""
	if pattern != "" {
		expression = p.union()
	}
	if p.more() { // a bracket that closes nothing
		p.fail(false, "%q closes nothing", p.next())
	}
	flags := "(?s)"
	if fold {
		flags = "(?is)"
	}
	re, err = regexp.Compile(flags + `\A(?:` + expression + `)\z`)
	if err != nil { // what we have written is an expression, but it may be too large
		return nil, &Error{Message: fmt.Sprintf("the repetition is too large (%v)", err), Unsupported: true}
	}
	return re, nil
}

// lucene reads a pattern by recursive descent, by the grammar of Lucene's RegExp. Its rules are odd in places: what cannot
// stand where it stands is a character.
type lucene struct {
	rest  string
	depth int
}

// maxDepth bounds the recursion.
const maxDepth = 200

func (p *lucene) fail(unsupported bool, format string, args ...any) {
	panic(&Error{Message: fmt.Sprintf(format, args...), Unsupported: unsupported})
}

func (p *lucene) more() bool { return p.rest != "" }

func (p *lucene) peek(any string) bool { return p.rest != "" && strings.IndexByte(any, p.rest[0]) >= 0 }

func (p *lucene) match(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *lucene) next() rune {
	r, n := utf8.DecodeRuneInString(p.rest)
	if n == 0 {
		p.fail(false, "something is missing at the end")
	}
	p.rest = p.rest[n:]
	return r
}

func (p *lucene) union() string {
	if p.depth++; p.depth > maxDepth {
		p.fail(true, "it is nested deeper than %d", maxDepth)
	}
	defer func() { p.depth-- }()
	var b strings.Builder
	for {
		b.WriteString(p.concatenation())
		if p.peek("&") {
			p.fail(true, "the operator & (intersection) has no counterpart; \\& is the character")
		}
		if !p.match('|') {
			return b.String()
		}
		b.WriteByte('|')
	}
}

func (p *lucene) concatenation() string {
	var b strings.Builder
	for first := true; first || p.more() && !p.peek(")|&"); first = false {
		b.WriteString(p.repetition())
	}
	return b.String()
}

// repetition reads what may be repeated, more than once: a+? is an optional a+.
func (p *lucene) repetition() string {
	x := p.single()
	for repeated := false; p.peek("?*+{"); repeated = true {
		if repeated {
			x = "(?:" + x + ")"
		}
		switch c := p.next(); c {
		case '{':
			x += p.count()
		default:
			x += string(c)
		}
	}
	return x
}

// count reads n}, n,} or n,m}.
func (p *lucene) count() string {
	least, ok := p.number()
	if !ok {
		p.fail(false, "a number is missing behind {")
	}
	text, most := "{"+strconv.Itoa(least), least
	if p.match(',') {
		text += ","
		if most, ok = p.number(); ok {
			text += strconv.Itoa(most)
		} else {
			most = least
		}
	}
	switch {
	case !p.match('}'):
		p.fail(false, "} is missing")
	case least > most:
		p.fail(false, "the repetition {%d,%d} is upside down", least, most)
	case most > maxRepetition:
		p.fail(true, "more than %d repetitions cannot be asked for", maxRepetition)
	}
	return text + "}"
}

// maxRepetition is the most that package regexp takes.
const maxRepetition = 1000

func (p *lucene) number() (n int, ok bool) {
	for p.peek("0123456789") {
		if n = n*10 + int(p.next()-'0'); n > 1<<30 {
			p.fail(false, "the number of repetitions is out of range")
		}
		ok = true
	}
	return n, ok
}

// single reads what stands alone: a class, a group, an operator, a character.
func (p *lucene) single() string {
	switch {
	case p.match('['):
		return p.class()
	case p.match('.'):
		return "."
	case p.match('#'):
		return `[^\x00-\x{10FFFF}]` // nothing
	case p.match('@'):
		return "(?:.*)"
	case p.match('~'):
		p.fail(true, "the operator ~ (complement) has no counterpart; \\~ is the character")
	case p.match('<'):
		p.fail(true, "the operator <> (interval) has no counterpart; \\< is the character")
	case p.match('"'):
		text, rest, ok := strings.Cut(p.rest, `"`)
		if !ok {
			p.fail(false, "a quote has no end; \\\" is the character")
		}
		p.rest = rest
		return "(?:" + regexp.QuoteMeta(text) + ")"
	case p.match('('):
		if p.match(')') {
			return "()"
		}
		if p.match('?') {
			p.fail(true, "%s has no counterpart in Lucene's expressions", group(p.rest))
		}
		x := p.union()
		if !p.match(')') {
			p.fail(false, ") is missing")
		}
		return "(" + x + ")"
	case p.match('\\'):
		if set, ok := p.predefined(); ok {
			return set
		}
		return regexp.QuoteMeta(string(p.next()))
	}
	return regexp.QuoteMeta(string(p.next()))
}

// group names what (? begins with rest behind it.
func group(rest string) string {
	for _, g := range []struct{ prefix, name string }{
		{"=", "the look-ahead (?="}, {"!", "the look-ahead (?!"}, {"<=", "the look-behind (?<="}, {"<!", "the look-behind (?<!"}, {">", "the atomic group (?>"},
	} {
		if strings.HasPrefix(rest, g.prefix) {
			return g.name
		}
	}
	return "the group (?" + rest[:min(len(rest), 1)]
}

// predefined reads \d and its like behind the backslash. White space is tab, line feed, carriage return and blank; package
// regexp would count the form feed too.
func (p *lucene) predefined() (set string, ok bool) {
	if !p.more() || !letter(p.rest[0]) {
		return "", false
	}
	c := p.next()
	switch c {
	case 'd', 'D', 'w', 'W':
		return `\` + string(c), true
	case 's':
		return `[\t\n\r ]`, true
	case 'S':
		return `[^\t\n\r ]`, true
	}
	p.fail(false, "there is no \\%c; before a letter a backslash names a class", c)
	return "", false
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// class reads a class behind its bracket. A character that is escaped begins no range.
func (p *lucene) class() string {
	var b strings.Builder
	b.WriteByte('[')
	if p.match('^') {
		b.WriteByte('^')
	}
	for first := true; first || p.more() && !p.peek("]"); first = false {
		if p.match('\\') {
			if set, ok := p.predefined(); ok {
				b.WriteString(inClass(set))
			} else {
				b.WriteString(member(p.next()))
			}
			continue
		}
		c := p.next()
		switch {
		case !p.match('-'):
			if c == '-' && (first || p.peek("]")) {
				b.WriteByte('-') // as authors write it
			} else {
				b.WriteString(plainMember(c))
			}
		default:
			p.match('\\')
			to := p.next()
			if c > to {
				p.fail(false, "the range %c-%c is upside down", c, to)
			}
			b.WriteString(plainMember(c) + "-" + member(to))
		}
	}
	if !p.match(']') {
		p.fail(false, "] is missing")
	}
	return b.String() + "]"
}

// inClass is a set as it stands inside a class.
func inClass(set string) string {
	switch set {
	case `[\t\n\r ]`:
		return `\t\n\r `
	case `[^\t\n\r ]`:
		return `\x00-\x08\x{0B}\x{0C}\x{0E}-\x{1F}!-\x{10FFFF}`
	}
	return set
}

// member is a character inside a class.
func member(c rune) string {
	if c == '-' {
		return `\-`
	}
	return regexp.QuoteMeta(string(c))
}

// plainMember is one that was not escaped and need not be.
func plainMember(c rune) string {
	if strings.ContainsRune(`\[]-`, c) {
		return `\` + string(c)
	}
	return string(c)
}
