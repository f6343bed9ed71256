package kuery

import "fmt"

// maxDepth is how deep brackets and not may nest; it keeps a hostile query from exhausting the stack.
const maxDepth = 200

// node is a condition: bool, clause or element.
type node interface{ node() }

// boolean is and, or, or not with one member.
type boolean struct {
	op      kind
	members []node
}

// clause compares a field with a value; without a field, any field.
type clause struct {
	field *token
	op    string // "", or < <= > >=
	value token
}

// element asks that one element of an array meets a condition: field:{ … }.
type element struct {
	field token
	body  node
}

func (boolean) node() {}
func (clause) node()  {}
func (element) node() {}

// problem is why a query cannot be read.
type problem struct {
	offset        int
	code          string
	message, hint string
}

type parser struct {
	lexer  lexer
	token  token // the one to look at
	depth  int
	failed *problem
}

// parse reads a query. The result is nil for an empty query, which every event meets, and after a problem.
func parse(query string) (node, *problem) {
	p := &parser{lexer: lexer{text: query}}
	p.advance()
	if p.token.kind == end {
		return nil, nil
	}
	n := p.disjunction(p.query)
	if t := p.token; p.failed == nil && t.kind != end {
		switch t.kind {
		case shut, unnest:
			p.fail(t, fmt.Sprintf("%s closes nothing", t), "remove it, or open it before")
		case compare:
			p.fail(t, fmt.Sprintf("%s compares nothing", t), "put a field name before it")
		default:
			p.fail(t, fmt.Sprintf("and, or, or the end of the query was expected, not %s", t), "quote a value with special characters")
		}
	}
	if p.failed != nil {
		return nil, p.failed
	}
	return n, nil
}

// fail keeps the first problem. Once there is one, the present token is the end, so that everything returns.
func (p *parser) fail(t token, message, hint string) {
	if p.failed == nil {
		if t.kind == broken {
			message, hint = t.text, ""
		}
		p.failed = &problem{offset: t.offset, code: Syntax, message: message, hint: hint}
	}
	p.token = token{offset: p.token.offset}
}

func (p *parser) advance() token {
	t := p.token
	if p.failed == nil && t.kind != broken {
		p.token = p.lexer.next()
	}
	return t
}

// descend guards the recursion.
func (p *parser) descend(into func() node) node {
	if p.depth == maxDepth {
		p.fail(p.token, fmt.Sprintf("nested deeper than %d", maxDepth), "split the query into several rules")
		if p.failed.message != "" && p.failed.offset == p.token.offset {
			p.failed.code = TooDeep
		}
		return nil
	}
	p.depth++
	defer func() { p.depth-- }()
	return into()
}

// disjunction reads members joined by or, which binds weaker than and. What a member is differs between the query and
// a list of values.
func (p *parser) disjunction(member func() node) node {
	return p.joined(or, func() node { return p.joined(and, func() node { return p.negation(member) }) })
}

func (p *parser) joined(op kind, member func() node) node {
	members := []node{member()}
	for p.token.kind == op {
		p.advance()
		members = append(members, member())
	}
	if len(members) == 1 {
		return members[0]
	}
	return boolean{op, members}
}

func (p *parser) negation(member func() node) node {
	if p.token.kind != not {
		return p.descend(member)
	}
	p.advance()
	return p.descend(func() node {
		return boolean{not, []node{p.negation(member)}}
	})
}

// query reads a condition in brackets, or one about a field.
func (p *parser) query() node {
	if p.token.kind == open {
		return p.group(p.query)
	}
	t := p.advance()
	if t.kind != literal {
		p.fail(t, fmt.Sprintf("a condition was expected, not %s", t), `write for example event.action:"user.session.start"`)
		return nil
	}
	switch p.token.kind {
	case compare:
		op := p.advance()
		v := p.value(op)
		return clause{&t, op.text, v}
	case colon:
		after := p.advance()
		if p.token.kind == nested {
			opened := p.advance()
			body := p.disjunction(p.query)
			p.close(unnest, opened)
			return element{t, body}
		}
		return p.values(&t, after)
	}
	return clause{value: t}
}

func (p *parser) value(after token) token {
	t := p.advance()
	if t.kind != literal {
		p.fail(t, fmt.Sprintf("a value was expected after %s, not %s", after, t), "quote a value with special characters")
	}
	return t
}

// values reads a value of a field, or a list of them with and, or and not.
func (p *parser) values(field *token, after token) node {
	if p.token.kind == open {
		return p.group(func() node { return p.values(field, after) })
	}
	return clause{field: field, value: p.value(after)}
}

func (p *parser) group(member func() node) node {
	opened := p.advance()
	n := p.disjunction(member)
	p.close(shut, opened)
	return n
}

func (p *parser) close(k kind, opened token) {
	t := p.token
	switch {
	case t.kind == k:
		p.advance()
	case t.kind == end:
		p.fail(opened, fmt.Sprintf("%s is not closed", opened), "")
	default:
		p.fail(t, fmt.Sprintf("and, or, or the closing bracket was expected, not %s", t), "quote a value with special characters")
	}
}
