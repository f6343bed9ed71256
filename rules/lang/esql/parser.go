package esql

import (
	"math"
	"strconv"
	"strings"
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
		if t.is("ROW") || t.is("SHOW") || t.is("TS") {
			unsupported(t.at, "a rule reads events: begin with FROM", "a rule cannot begin with %s", strings.ToUpper(t.value))
		}
		fail(t.at, CodeSyntax, "begin with FROM logs-okta*", "a query begins with FROM, not %s", t)
	}
	p.take()
	for {
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
	fail(at, CodeParameter, "write the value", "parameters have no value in a rule")
}

// refused says of the commands that cannot be run why.
var refused = map[string]string{
	"MV_EXPAND":    "it makes several rows of an event, and an event counts once here",
	"INLINESTATS":  "it joins every row to an aggregate of all of them",
	"INLINE":       "it joins every row to an aggregate of all of them",
	"ENRICH":       "its policies live in Elasticsearch",
	"LOOKUP":       "its index lives in Elasticsearch",
	"JOIN":         "its index lives in Elasticsearch",
	"GROK":         "there is no library of its patterns here",
	"CHANGE_POINT": "it needs a series of values",
	"FORK":         "a rule has one pipeline",
	"FUSE":         "a rule has one pipeline",
	"COMPLETION":   "it asks a language model",
	"RERANK":       "it asks a language model",
	"SAMPLE":       "whether an alert is raised must not depend on chance",
	"EXPLAIN":      "it is no search",
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
		if n := p.take(); n.kind != number {
			fail(n.at, CodeSyntax, "", "LIMIT needs a number, not %s", n)
		}
	case "DISSECT":
		p.dissect(&c)
	default:
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

func (p *parser) dissect(c *command) {
	c.input = p.operand(0)
	t := p.take()
	if t.kind != text {
		fail(t.at, CodeSyntax, `DISSECT field "%{a} %{b}"`, "DISSECT needs a pattern in quotes, not %s", t)
	}
	c.pattern, c.at2 = t.value, t.at
	if o := p.peek(); o.is("APPEND_SEPARATOR") {
		unsupported(o.at, "join the parts with CONCAT", "APPEND_SEPARATOR is not supported")
	}
}

// expression reads a condition: OR binds less than AND, and AND less than NOT.
func (p *parser) expression() *expr {
	defer p.deeper()()
	return p.chain("or", p.and)
}

// chain reads operands of AND or OR into one call.
func (p *parser) chain(op string, operand func() *expr) *expr {
	x := operand()
	for first := true; ; first = false {
		t := p.peek()
		if !p.accept(op) {
			return x
		}
		if first {
			x = &expr{kind: call, at: t.at, name: op, args: []*expr{x}}
		}
		if x.args = append(x.args, operand()); len(x.args) > maxItems {
			fail(t.at, CodeTooDeep, "", "the condition has more than %d members", maxItems)
		}
	}
}

// deeper bounds the recursion; the function that it returns goes back up.
func (p *parser) deeper() func() {
	if p.depth++; p.depth > maxDepth {
		fail(p.peek().at, CodeTooDeep, "", "the expression is nested deeper than %d", maxDepth)
	}
	return func() { p.depth-- }
}

func (p *parser) and() *expr { return p.chain("and", p.not) }

func (p *parser) not() *expr {
	t := p.peek()
	if !p.accept("NOT") {
		return p.comparison()
	}
	defer p.deeper()()
	return &expr{kind: call, at: t.at, name: "not", args: []*expr{p.not()}}
}

func (p *parser) comparison() *expr {
	x := p.operand(0)
	t := p.peek()
	switch {
	case t.kind == symbol && strings.Contains(" == != < <= > >= =~ ", " "+t.value+" "):
		p.take()
		if t.value == "=~" {
			unsupported(t.at, "compare TO_LOWER of both sides", "=~ is not part of the language any more")
		}
		return &expr{kind: call, at: t.at, name: t.value, args: []*expr{x, p.operand(0)}}
	case t.symbol(":"):
		unsupported(t.at, "compare with == or LIKE", "full text search is not supported")
	case t.is("IS"):
		p.take()
		not := p.accept("NOT")
		p.expect("NULL")
		x = &expr{kind: call, at: t.at, name: "is null", args: []*expr{x}}
		if not {
			x = &expr{kind: call, at: t.at, name: "not", args: []*expr{x}}
		}
		return x
	}
	not := p.accept("NOT")
	t = p.peek()
	switch {
	case p.accept("IN"):
		x = &expr{kind: call, at: t.at, name: "in", args: append([]*expr{x}, p.list()...)}
	case p.accept("LIKE"), p.accept("RLIKE"):
		x = &expr{kind: call, at: t.at, name: strings.ToLower(t.value), args: append([]*expr{x}, p.patterns()...)}
	case not:
		fail(t.at, CodeSyntax, "", "IN, LIKE or RLIKE was expected behind NOT, not %s", t)
	}
	if not {
		x = &expr{kind: call, at: t.at, name: "not", args: []*expr{x}}
	}
	return x
}

func (p *parser) patterns() []*expr {
	if p.peek().symbol("(") {
		return p.list()
	}
	return []*expr{p.primary()}
}

// list reads (a, b, …).
func (p *parser) list() []*expr {
	p.expect("(")
	var list []*expr
	for {
		list = append(list, p.expression())
		if len(list) > maxItems {
			fail(list[0].at, CodeTooDeep, "", "the list has more than %d members", maxItems)
		}
		if !p.accept(",") {
			p.expect(")")
			return list
		}
	}
}

// operand reads arithmetic: level 0 adds, 1 multiplies, 2 is the operand of either.
func (p *parser) operand(level int) *expr {
	if level == 2 {
		return p.unary()
	}
	x := p.operand(level + 1)
	for {
		t := p.peek()
		switch {
		case level == 0 && (t.symbol("+") || t.symbol("-")), level == 1 && (t.symbol("*") || t.symbol("/") || t.symbol("%")):
			p.take()
			x = &expr{kind: call, at: t.at, name: t.value, args: []*expr{x, p.operand(level + 1)}}
		default:
			return x
		}
	}
}

func (p *parser) unary() *expr {
	defer p.deeper()()
	t := p.peek()
	switch {
	case p.accept("-"):
		if n := p.peek(); n.kind == number && n.value == "9223372036854775808" {
			p.take()
			return p.cast(long(math.MinInt64, t.at))
		}
		x := p.unary()
		if x.kind == literal && (x.lit.typ == tLong || x.lit.typ == tDouble || x.lit.typ == tSpan) {
			x.lit.v.n, x.lit.v.f = -x.lit.v.n, -x.lit.v.f
			return x
		}
		return &expr{kind: call, at: t.at, name: "neg", args: []*expr{x}}
	case p.accept("+"):
		return p.unary()
	}
	return p.cast(p.primary())
}

// cast reads the :: behind an operand.
func (p *parser) cast(x *expr) *expr {
	for {
		t := p.peek()
		if !p.accept("::") {
			return x
		}
		to := p.take()
		f, ok := casts[strings.ToLower(to.value)]
		if to.kind != word || !ok {
			fail(to.at, CodeUnknown, "", "there is no cast to %s", to)
		}
		if f == "" {
			unsupported(to.at, "", "the type %s is not supported", to)
		}
		x = &expr{kind: call, at: t.at, name: f, args: []*expr{x}}
	}
}

// casts gives the function that a type's name behind :: stands for; "" for a type that we do not have.
var casts = map[string]string{
	"string": "to_string", "keyword": "to_string", "text": "to_string", "long": "to_long", "integer": "to_integer", "int": "to_integer",
	"double": "to_double", "boolean": "to_boolean", "bool": "to_boolean", "ip": "to_ip", "datetime": "to_datetime", "date": "to_datetime",
	"time_duration": "to_timeduration", "date_period": "to_dateperiod",
	"version": "", "unsigned_long": "", "date_nanos": "", "geo_point": "", "geo_shape": "", "cartesian_point": "", "cartesian_shape": "",
}

func long(n int64, at int) *expr {
	return &expr{kind: literal, at: at, lit: constant{typ: tLong, v: datum{n: n}}}
}

func (p *parser) primary() *expr {
	t := p.take()
	x := &expr{kind: literal, at: t.at}
	switch {
	case t.kind == text:
		x.lit = constant{typ: tKeyword, v: datum{s: t.value}}
	case t.kind == number:
		return p.number(t)
	case t.is("NULL"):
		x.lit = constant{typ: tNull, null: true}
	case t.is("TRUE"), t.is("FALSE"):
		x.lit = constant{typ: tBool}
		if t.is("TRUE") {
			x.lit.v.n = 1
		}
	case t.symbol("?"):
		parameter(t.at)
	case t.symbol("("):
		x = p.expression()
		p.expect(")")
	case t.symbol("["):
		unsupported(t.at, "use IN with a list in parentheses", "literals of several values are not supported")
	case t.kind == word && p.peek().symbol("(") && t.bare:
		return p.call(t)
	case t.kind == word && !(t.bare && reserved[strings.ToLower(t.value)]):
		return &expr{kind: column, at: t.at, name: t.value}
	default:
		code := CodeSyntax
		if t.kind == end {
			code = CodeUnterminated
		}
		fail(t.at, code, "", "a value was expected, not %s", t)
	}
	return x
}

// reserved words are no columns unless they stand between backticks.
var reserved = map[string]bool{"and": true, "or": true, "not": true, "in": true, "is": true, "like": true, "rlike": true, "by": true,
	"as": true, "asc": true, "desc": true, "nulls": true, "where": true}

func (p *parser) call(t token) *expr {
	x := &expr{kind: call, at: t.at, name: strings.ToLower(t.value)}
	p.expect("(")
	if p.accept(")") {
		return x
	}
	if p.accept("*") {
		x.star = true
		p.expect(")")
		return x
	}
	for {
		x.args = append(x.args, p.expression())
		if len(x.args) > maxItems {
			fail(x.at, CodeTooDeep, "", "a call has more than %d arguments", maxItems)
		}
		if !p.accept(",") {
			p.expect(")")
			return x
		}
	}
}

// number reads a literal, which is a duration if a unit of time follows.
func (p *parser) number(t token) *expr {
	x := &expr{kind: literal, at: t.at}
	n, err := strconv.ParseInt(t.value, 10, 64)
	if err != nil {
		f, err := strconv.ParseFloat(t.value, 64)
		if err != nil {
			fail(t.at, CodePattern, "", "the number %s is out of range", t.value)
		}
		x.lit = constant{typ: tDouble, v: datum{f: f}}
		return x
	}
	x.lit = constant{typ: tLong, v: datum{n: n}}
	u := p.peek()
	if u.kind != word || !u.bare {
		return x
	}
	if s, ok := spanOf(n, u.value); ok {
		p.take()
		x.lit = constant{typ: tSpan, v: s}
	}
	return x
}
