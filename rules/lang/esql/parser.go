package esql

import (
	"strings"
	"unicode/utf8"
)

// Bounds on what a query may cost to read.
const (
	maxDepth    = 100
	maxCommands = 100
	maxItems    = 2000 // of one list
)

// parser reads a query by recursive descent, one token ahead.
type parser struct {
	lexer
	tok    token
	have   bool
	depth  int
	behind int // end of the token read last
}

// parse reads a query. It panics with a problem.
func parse(text string) *query {
	if !utf8.ValidString(text) {
		fail(0, CodeSyntax, "", "the query is not UTF-8")
	}
	p := &parser{lexer: lexer{query: text}}
	q := &query{}
	p.from(q)
	for {
		switch t := p.peek(); {
		case t.kind == end:
			return q
		case !t.symbol("|"):
			fail(t.at, CodeSyntax, "commands are separated by |", "| or the end was expected, not %s", t)
		}
		p.take()
		if len(q.commands) == maxCommands {
			fail(p.peek().at, CodeTooDeep, "", "the query has more than %d commands", maxCommands)
		}
		q.commands = append(q.commands, p.command())
	}
}

func (p *parser) peek() token {
	if !p.have {
		p.tok, p.have = p.next(false), true
		if p.tok.kind == end { // what is missing there belongs behind the last word
			p.tok.at = p.behind
		}
	}
	return p.tok
}

func (p *parser) take() token {
	t := p.peek()
	p.have, p.behind = false, t.end
	return t
}

// accept takes the next token if it is that symbol or keyword.
func (p *parser) accept(what string) bool {
	if t := p.peek(); t.symbol(what) || t.is(what) {
		p.take()
		return true
	}
	return false
}

func (p *parser) expect(what string) token {
	t := p.peek()
	if !t.symbol(what) && !t.is(what) {
		code := CodeSyntax
		if t.kind == end {
			code = CodeUnterminated
		}
		fail(t.at, code, "", "%s was expected, not %s", what, t)
	}
	return p.take()
}

func (p *parser) from(q *query) {
	t := p.peek()
	if !t.is("FROM") {
		if t.is("SET") {
			unsupported(t.at, "leave it out", "SET is not supported")
		}
		if t.is("ROW") || t.is("SHOW") || t.is("TS") || t.is("PROMQL") {
			unsupported(t.at, "a rule reads events: begin with FROM", "a rule cannot begin with %s", strings.ToUpper(t.value))
		}
		fail(t.at, CodeSyntax, "begin with FROM logs-okta*", "a query begins with FROM, not %s", t)
	}
	p.take()
	for {
		if t := p.lookahead(); t == '(' {
			unsupported(p.at, "", "subqueries are not supported")
		}
		s := p.source()
		q.sources = append(q.sources, name{text: s.value, at: s.at})
		if len(q.sources) > maxItems {
			fail(s.at, CodeTooDeep, "", "FROM names more than %d sources", maxItems)
		}
		if !p.accept(",") {
			break
		}
	}
	bracket := p.accept("[") // as older versions have it
	if p.accept("METADATA") {
		q.metadata = p.names(false)
	}
	if bracket {
		p.expect("]")
	}
}

// names reads a list of column names, with wild also of patterns.
func (p *parser) names(wild bool) []name {
	var names []name
	for {
		names = append(names, p.name(wild))
		if len(names) > maxItems {
			fail(names[0].at, CodeTooDeep, "", "the list has more than %d names", maxItems)
		}
		if !p.accept(",") {
			return names
		}
	}
}

func (p *parser) name(wild bool) name {
	if p.have { // it was read by other rules
		p.at, p.have = p.tok.at, false
	}
	t := p.next(wild)
	if t.symbol("?") {
		parameter(t.at)
	}
	if t.kind != word {
		fail(t.at, CodeSyntax, "", "the name of a column was expected, not %s", t)
	}
	p.behind = t.end
	return name{text: t.value, wild: t.wild, at: t.at}
}

func parameter(at int) {
	panic(problem{at: at, code: CodeParameter, hint: "write the value", message: "parameters have no value in a rule", unsupported: true})
}

// refused says of the commands that cannot be run why.
var refused = map[string]string{
	"MV_EXPAND":         "it makes several rows of an event, and an event counts once here",
	"INLINESTATS":       "it joins every row to an aggregate of all of them",
	"INLINE STATS":      "it joins every row to an aggregate of all of them",
	"ENRICH":            "its policies live in Elasticsearch",
	"LOOKUP":            "its index lives in Elasticsearch",
	"JOIN":              "its index lives in Elasticsearch",
	"CHANGE_POINT":      "it needs a series of values",
	"FORK":              "a rule has one pipeline",
	"FUSE":              "a rule has one pipeline",
	"COMPLETION":        "it asks a language model",
	"RERANK":            "it asks a language model",
	"SAMPLE":            "whether an alert is raised must not depend on chance",
	"EXPLAIN":           "it is no search",
	"INSIST":            "what the index has stored is not known",
	"URI_PARTS":         "its columns are made by Elasticsearch",
	"USER_AGENT":        "its columns are made by Elasticsearch; user_agent.* has them",
	"MMR":               "it needs vectors",
	"TS_INFO":           "it tells about an index",
	"METRICS_INFO":      "it tells about an index",
	"REGISTERED_DOMAIN": "its columns are made by Elasticsearch",
}

func (p *parser) command() command {
	t := p.take()
	if t.kind != word || !t.bare {
		fail(t.at, CodeSyntax, "", "a command was expected, not %s", t)
	}
	c := command{word: strings.ToUpper(t.value), at: t.at}
	switch c.word {
	case "WHERE":
		c.where = p.expression()
	case "EVAL":
		c.fields = p.assigns(false)
	case "STATS":
		if !p.peek().is("BY") {
			c.fields = p.assigns(true)
		}
		if p.accept("BY") {
			c.by = p.assigns(false)
		}
		if len(c.fields) == 0 && len(c.by) == 0 {
			fail(p.peek().at, CodeSyntax, "STATS n = COUNT(*) BY okta.actor.id", "STATS needs an aggregate or BY")
		}
	case "KEEP", "DROP":
		c.names = p.names(true)
	case "RENAME":
		c.renames = p.renames()
	case "SORT":
		p.sort()
	case "LIMIT":
		n := p.take()
		switch {
		case n.symbol("?"):
			parameter(n.at)
		case n.kind != number:
			fail(n.at, CodeSyntax, "", "LIMIT needs a number, not %s", n)
		}
		if by := p.peek(); by.is("BY") {
			unsupported(by.at, "", "LIMIT … BY is not supported: which rows are left would depend on the order of arrival")
		}
	case "DISSECT", "GROK":
		p.dissect(&c)
	default:
		if c.word == "INLINE" && p.peek().is("STATS") {
			c.word = "INLINE STATS"
		}
		if reason, ok := refused[c.word]; ok {
			unsupported(t.at, "", "%s is not supported: %s", c.word, reason)
		}
		fail(t.at, CodeUnknown, "", "there is no command %s", t)
	}
	return c
}

// assigns reads a list of [name =] expression, for aggregates with [WHERE condition].
func (p *parser) assigns(aggregates bool) []assign {
	var list []assign
	for {
		list = append(list, p.assign(aggregates))
		if len(list) > maxItems {
			fail(list[0].at, CodeTooDeep, "", "the list has more than %d members", maxItems)
		}
		if !p.accept(",") {
			return list
		}
	}
}

func (p *parser) assign(aggregates bool) assign {
	t := p.peek()
	a := assign{at: t.at}
	if t.kind == word {
		// A name with = behind it is a target. Anything else is read again as an expression.
		mark := *p
		p.take()
		if p.accept("=") {
			a.name = t.value
		} else {
			*p = mark
		}
	}
	start := p.peek().at
	a.x = p.expression()
	if a.name == "" {
		if a.name = p.query[start:p.behind]; a.x.kind == column {
			a.name = a.x.name
		}
	}
	if aggregates && p.accept("WHERE") {
		a.filter = p.expression()
	}
	return a
}

func (p *parser) renames() [][2]name {
	var list [][2]name
	for {
		from := p.name(false)
		if p.accept("=") { // new = old, as newer versions have it
			list = append(list, [2]name{p.name(false), from})
		} else {
			p.expect("AS")
			list = append(list, [2]name{from, p.name(false)})
		}
		if len(list) > maxItems {
			fail(from.at, CodeTooDeep, "", "the list has more than %d names", maxItems)
		}
		if !p.accept(",") {
			return list
		}
	}
}

// sort reads the order of the rows, which means nothing here.
func (p *parser) sort() {
	for {
		p.expression()
		if !p.accept("ASC") {
			p.accept("DESC")
		}
		if p.accept("NULLS") && !p.accept("FIRST") {
			p.expect("LAST")
		}
		if !p.accept(",") {
			return
		}
	}
}

// dissect reads what stands behind DISSECT and GROK.
func (p *parser) dissect(c *command) {
	c.input = p.operand(0)
	t := p.take()
	if t.kind != text {
		fail(t.at, CodeSyntax, c.word+` field "%{…}"`, "%s needs a pattern in quotes, not %s", c.word, t)
	}
	c.pattern, c.at2 = t.value, t.at
	if o := p.peek(); o.symbol(",") {
		unsupported(o.at, "write one pattern", "several patterns in one %s are not supported", c.word)
	}
	if o := p.peek(); o.is("APPEND_SEPARATOR") {
		unsupported(o.at, "join the parts with CONCAT", "APPEND_SEPARATOR is not supported")
	}
}
