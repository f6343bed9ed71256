package eql

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"oktastream/rules/event"
)

const (
	// maxDepth is how deep parentheses, not and functions may nest. It keeps a hostile file from exhausting the stack.
	maxDepth = 200
	// maxParts bounds the parts of a query; the largest public rule has a few hundred.
	maxParts = 20_000
)

type parser struct {
	lexer lexer
	token token // the one to look at
	depth int
	parts int
}

// reserved words are no names.
var reserved = map[string]bool{"and": true, "any": true, "by": true, "false": true, "in": true, "in~": true, "join": true, "like": true,
	"like~": true, "maxspan": true, "not": true, "null": true, "of": true, "or": true, "regex": true, "regex~": true, "sample": true,
	"sequence": true, "true": true, "until": true, "where": true, "with": true}

func (p *parser) advance() token {
	t := p.token
	p.token = p.lexer.next()
	return t
}

func (p *parser) is(s string) bool {
	return (p.token.kind == punct || p.token.kind == word) && p.token.text == s
}

func (p *parser) accept(s string) bool {
	if p.is(s) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) expect(s, hint string) token {
	if !p.is(s) {
		if p.token.kind == word && strings.EqualFold(p.token.text, s) {
			hint = "keywords are written in lower case"
		}
		fail(p.token.at, CodeSyntax, hint, "%q was expected, not %s", s, p.token)
	}
	return p.advance()
}

func (p *parser) enter() {
	p.depth++
	p.count()
	if p.depth > maxDepth {
		tooLarge(p.token.at, "split the query into several rules", "nested deeper than %d", maxDepth)
	}
}

func (p *parser) leave() { p.depth-- }

func (p *parser) count() {
	if p.parts++; p.parts > maxParts {
		tooLarge(p.token.at, "split the query into several rules", "the query has more than %d parts", maxParts)
	}
}

func (p *parser) expression() expr {
	p.enter()
	defer p.leave()
	x := p.conjunction()
	for p.is("or") {
		op := p.advance()
		p.count()
		x = &binary{op.at, "or", x, p.conjunction()}
	}
	return x
}

func (p *parser) conjunction() expr {
	x := p.negation()
	for p.is("and") {
		op := p.advance()
		p.count()
		x = &binary{op.at, "and", x, p.negation()}
	}
	return x
}

func (p *parser) negation() expr {
	if !p.is("not") {
		return p.comparison()
	}
	p.enter()
	defer p.leave()
	op := p.advance()
	return &unary{op.at, "not", p.negation()}
}

var comparisons = map[string]bool{"==": true, "!=": true, "<": true, "<=": true, ">": true, ">=": true}

func (p *parser) comparison() expr {
	if p.token.kind == word && !reserved[p.token.text] {
		// child of [ … ] and its like: the word of is reserved, so nothing else can stand there.
		name := p.token
		saved := *p
		p.advance()
		if p.is("of") {
			refuse(name.at, "", "relations between processes (%s of) cannot be run: the System Log has no processes", name.text)
		}
		*p = saved
	}
	x := p.sum()
	if p.token.kind != punct || !comparisons[p.token.text] {
		switch {
		case p.is("="):
			fail(p.token.at, CodeSyntax, "write ==", "= compares nothing")
		case p.is("!:"):
			fail(p.token.at, CodeSyntax, "write not … : …", "there is no operator !:")
		}
		return x
	}
	op := p.advance()
	p.count()
	y := p.sum()
	if p.token.kind == punct && comparisons[p.token.text] {
		fail(p.token.at, CodeSyntax, "join two comparisons with and", "comparisons cannot be chained")
	}
	return &binary{op.at, op.text, x, y}
}

func (p *parser) sum() expr {
	x := p.product()
	for p.is("+") || p.is("-") {
		op := p.advance()
		p.count()
		x = &binary{op.at, op.text, x, p.product()}
	}
	return x
}

func (p *parser) product() expr {
	x := p.sign()
	for p.is("*") || p.is("/") || p.is("%") {
		op := p.advance()
		p.count()
		x = &binary{op.at, op.text, x, p.sign()}
	}
	return x
}

func (p *parser) sign() expr {
	if !p.is("-") && !p.is("+") {
		return p.predicate(p.primary())
	}
	p.enter()
	defer p.leave()
	op := p.advance()
	x := p.sign()
	if op.text == "+" {
		return x
	}
	if l, ok := x.(*literal); ok && l.value.isNumber() {
		return &literal{op.at, l.value.negative()}
	}
	return &unary{op.at, "-", x}
}

// predicate reads in, like, regex and :, which bind to the value before them.
func (p *parser) predicate(x expr) expr {
	start := p.token
	not := false
	if p.is("not") {
		p.advance()
		if not = true; !p.is("in") && !p.is("in~") {
			fail(p.token.at, CodeSyntax, "write not before the whole comparison", "in was expected after not, not %s", p.token)
		}
	}
	m := &membership{at: start.at, x: x}
	switch {
	case p.is(":"):
		m.op, m.fold = "like", true
	case p.is("in"), p.is("in~"), p.is("like"), p.is("like~"), p.is("regex"), p.is("regex~"):
		m.op = strings.TrimSuffix(p.token.text, "~")
		m.fold = strings.HasSuffix(p.token.text, "~")
	default:
		return x
	}
	op := p.advance()
	p.count()
	switch {
	case p.is("("):
		m.list = p.list()
		if len(m.list) == 0 {
			fail(op.at, CodeSyntax, "", "the list after %s is empty", op.text)
		}
	case m.op == "in":
		fail(p.token.at, CodeSyntax, `write in ("a", "b")`, "a list was expected after in, not %s", p.token)
	default:
		m.list = []expr{p.primary()}
	}
	if m.op != "in" {
		for _, e := range m.list {
			if l, ok := e.(*literal); !ok || l.value.kind != isText {
				fail(e.offset(), CodeSyntax, "to compare with something else, use ==", "%s compares with strings", op.text)
			}
		}
	}
	if not {
		return &unary{start.at, "not", m}
	}
	return m
}

// list reads (a, b, …).
func (p *parser) list() []expr {
	p.expect("(", "")
	var list []expr
	if p.accept(")") {
		return nil
	}
	for {
		list = append(list, p.expression())
		if p.accept(")") {
			return list
		}
		if !p.is(",") {
			fail(p.token.at, CodeSyntax, "", "a comma or ) was expected, not %s", p.token)
		}
		p.advance()
	}
}

func (p *parser) primary() expr {
	p.count()
	switch t := p.token; {
	case t.kind == text:
		p.advance()
		return &literal{t.at, value{kind: isText, text: t.text}}
	case t.kind == number:
		p.advance()
		return &literal{t.at, parseNumber(t)}
	case p.is("true"), p.is("false"):
		p.advance()
		return &literal{t.at, value{kind: isBool, truth: t.text == "true"}}
	case p.is("null"):
		p.advance()
		return &literal{t.at, value{}}
	case p.is("("):
		p.advance()
		x := p.expression()
		p.expect(")", "close the parenthesis")
		return x
	case p.is("?"), t.kind == escaped, t.kind == word && !reserved[t.text]:
		return p.name()
	case t.kind == word && !reserved[strings.ToLower(t.text)]:
		return p.name()
	}
	fail(p.token.at, CodeSyntax, "", "a value or a field was expected, not %s", p.token)
	return nil
}

func parseNumber(t token) value {
	if !strings.ContainsAny(t.text, ".eE") {
		if i, err := strconv.ParseInt(t.text, 10, 64); err == nil {
			return value{kind: isInteger, integer: i}
		}
		fail(t.at, CodeLiteral, "", "the number %s is too large", t.text)
	}
	f, err := strconv.ParseFloat(t.text, 64)
	if err != nil || math.IsInf(f, 0) {
		fail(t.at, CodeLiteral, "", "%s is not a number", t.text)
	}
	return value{kind: isDecimal, decimal: f}
}

// name reads a field, or a function if a parenthesis follows.
func (p *parser) name() expr {
	start := p.token
	optional := p.accept("?")
	first := p.part()
	if !optional && p.is("(") && start.kind == word {
		return p.function(start)
	}
	path := dotted(start, first)
	written := first
	for {
		switch {
		case p.is("."):
			p.advance()
			token := p.token
			part := p.part()
			path, written = append(path, dotted(token, part)...), written+"."+part
			continue
		case p.token.kind == number && strings.HasPrefix(p.token.text, "."):
			fail(p.token.at, CodeSyntax, "put the part that begins with a digit between backticks", "a name cannot begin with a digit")
		case p.is("[") && p.token.at == p.lexer.at-1:
			if i, ok := p.index(); ok {
				path[len(path)-1] += "\x00" + i
				written += "[" + i + "]"
				continue
			}
		}
		break
	}
	parsed, err := event.ParsePath(pathText(path))
	if err != nil {
		fail(start.at, CodeSyntax, "", "%q is not a field: %v", written, err)
	}
	return &field{at: start.at, path: parsed, name: written, optional: optional}
}

// dotted are the members that a part of a name stands for: between backticks it may be several, as Elasticsearch joins the
// parts of a name by dots whatever stands in them.
func dotted(t token, part string) []string {
	if t.kind != escaped {
		return []string{part}
	}
	parts := strings.Split(part, ".")
	if slices.Contains(parts, "") {
		fail(t.at, CodeSyntax, "", "the name %q has an empty part", part)
	}
	return parts
}

// part reads one part of a name. Behind a dot a keyword is a name too.
func (p *parser) part() string {
	t := p.token
	if t.kind != word && t.kind != escaped || strings.HasSuffix(t.text, "~") && t.kind == word && p.lexer.query[t.end:] == "" {
		fail(t.at, CodeSyntax, "", "a field was expected, not %s", t)
	}
	if t.kind == word && strings.HasSuffix(t.text, "~") {
		// A function: name~( …
		if rest := strings.TrimLeft(p.lexer.query[t.end:], " \t\r\n"); !strings.HasPrefix(rest, "(") {
			fail(t.at, CodeSyntax, "~ stands behind like, regex, in and the names of functions", "a field cannot end with ~")
		}
	}
	p.advance()
	return t.text
}

// index reads [0] behind a name.
func (p *parser) index() (string, bool) {
	saved := *p
	p.advance()
	t := p.advance()
	if t.kind != number || !p.is("]") || strings.ContainsAny(t.text, ".eE") {
		*p = saved
		return "", false
	}
	p.advance()
	return t.text, true
}

// pathText writes the parts of a name as a path: what is not a plain name is quoted.
func pathText(parts []string) string {
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			b.WriteByte('.')
		}
		name, index, indexed := strings.Cut(part, "\x00")
		if strings.ContainsAny(name, " .[]\"'\\=") {
			b.WriteString(`"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(name) + `"`)
		} else {
			b.WriteString(name)
		}
		if indexed {
			b.WriteString("[" + index + "]")
		}
	}
	return b.String()
}

func (p *parser) function(name token) expr {
	p.enter()
	defer p.leave()
	c := &call{at: name.at, name: strings.TrimSuffix(name.text, "~"), fold: strings.HasSuffix(name.text, "~"), args: p.list()}
	checkCall(c)
	return c
}
