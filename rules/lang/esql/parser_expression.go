package esql

import (
	"math"
	"strconv"
	"strings"
)

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
	if t := p.peek(); t.is("FROM") {
		unsupported(t.at, "", "subqueries are not supported")
	}
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
	t := p.peek()
	if t.symbol("-") || t.symbol("+") {
		defer p.deeper()()
	}
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
	"ul": "", "ulong": "", "aggregate_metric_double": "", "dense_vector": "", "semantic_text": "", "geohash": "", "geotile": "", "geohex": "", "date_range": "",
	"histogram": "", "tdigest": "", "exponential_histogram": "", "version": "", "unsigned_long": "", "date_nanos": "", "geo_point": "", "geo_shape": "", "cartesian_point": "", "cartesian_shape": "",
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
	case t.symbol("{"):
		unsupported(t.at, "", "named arguments of functions are not supported")
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
