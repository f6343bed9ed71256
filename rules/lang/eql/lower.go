package eql

import (
	"strings"
	"time"

	"oktastream/rules/event"
	"oktastream/rules/lang/notation"
	"oktastream/rules/match"
)

// lowerer turns conditions into predicates of package match. What compares one field with literals becomes a plain
// predicate, which is indexed; anything else is computed.
type lowerer struct {
	// pos finds the place in the file of an offset in the query.
	pos func(at int) match.Pos
	// warn reports something that loads but does not do what its author meant.
	warn func(at int, hint, format string, args ...any)
}

// condition is the expression as a condition on an event: true if one of its values is.
func (l *lowerer) condition(e expr) match.Expr {
	switch e := e.(type) {
	case *literal:
		if e.value.kind != isBool {
			fail(e.at, CodeSyntax, "compare it with a field", "%s alone is no condition", e.value)
		}
		return match.Const(e.value.truth)
	case *field:
		return &match.Pred{Path: e.path, Op: match.Equal, Literals: []string{"true"}, Pos: l.pos(e.at)}
	case *unary:
		if e.op == "not" {
			return match.Not{X: l.condition(e.x)}
		}
	case *binary:
		return l.binary(e)
	case *membership:
		return l.membership(e)
	case *call:
		if p := l.call(e); p != nil {
			return p
		}
		switch e.name {
		case "cidrMatch", "startsWith", "endsWith", "stringContains", "wildcard", "match":
		default:
			fail(e.at, CodeSyntax, "compare it with a value", "%s yields no condition", e.name)
		}
		return l.computed(e)
	}
	fail(e.offset(), CodeSyntax, "compare it with a value", "arithmetic yields no condition")
	return nil
}

// Members of and and or are gathered, so that a long chain is no deep tree.
func (l *lowerer) binary(e *binary) match.Expr {
	switch e.op {
	case "and":
		return match.And(l.members(e, "and", nil))
	case "or":
		return match.Or(l.members(e, "or", nil))
	case "==", "!=":
		if e.op == "!=" {
			return match.Not{X: l.equality(e)}
		}
		return l.equality(e)
	case "<", "<=", ">", ">=":
		return l.order(e)
	}
	fail(e.at, CodeSyntax, "compare it with a value", "arithmetic yields no condition")
	return nil
}

func (l *lowerer) members(e expr, op string, to []match.Expr) []match.Expr {
	// The left arm holds the rest of a chain a and b and c.
	var right []expr
	for {
		b, ok := e.(*binary)
		if !ok || b.op != op {
			break
		}
		right = append(right, b.y)
		e = b.x
	}
	to = append(to, l.condition(e))
	for i := len(right) - 1; i >= 0; i-- {
		to = append(to, l.condition(right[i]))
	}
	return to
}

// sides is the field and the literal of a comparison, in either order; ok is false if it is none of one field with one
// literal.
func sides(e *binary) (f *field, lit *literal, turned, ok bool) {
	f, okF := e.x.(*field)
	lit, okL := e.y.(*literal)
	if !okF || !okL {
		turned = true
		f, okF = e.y.(*field)
		lit, okL = e.x.(*literal)
	}
	return f, lit, turned, okF && okL
}

func (l *lowerer) equality(e *binary) match.Expr {
	equal := &binary{e.at, "==", e.x, e.y}
	f, lit, _, ok := sides(e)
	switch {
	case !ok:
		return l.computed(equal)
	case lit.value.kind == isNull:
		return match.Not{X: &match.Pred{Path: f.path, Op: match.Exists, Pos: l.pos(f.at)}}
	case !plain(lit.value):
		return l.computed(equal)
	}
	if x := l.instant(f, lit); x != nil {
		return x
	}
	return &match.Pred{Path: f.path, Op: match.Equal, Literals: []string{lit.value.String()}, Pos: l.pos(f.at)}
}

// plain reports whether match.Equal compares fields with v as EQL does: what looks like a number compares by value, also
// with a text, and only numbers of events do so there.
func plain(v value) bool {
	_, numeric := v.number()
	return !numeric && (v.kind == isText || v.kind == isBool)
}

var orders = map[string]match.Op{"<": match.Less, "<=": match.LessEqual, ">": match.Greater, ">=": match.GreaterEqual}

var mirrored = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}

// instant is what holds if a field of times is at the date of a literal, whose end may be left out; nil for others.
func (l *lowerer) instant(f *field, lit *literal) match.Expr {
	if lit.value.kind != isText || !f.path.HoldsTimes() {
		return nil
	}
	from, to, ok := notation.Date(lit.value.text)
	if !ok {
		return nil
	}
	at := l.pos(f.at)
	return match.And{
		&match.Pred{Path: f.path, Op: match.GreaterEqual, Literals: []string{from.Format(time.RFC3339Nano)}, Pos: at},
		&match.Pred{Path: f.path, Op: match.LessEqual, Literals: []string{to.Format(time.RFC3339Nano)}, Pos: at},
	}
}

// bound is the text that a field of addresses or times is compared with by order; ok is false for other fields.
func (l *lowerer) bound(op string, f *field, lit *literal) (text string, ok bool) {
	text = lit.value.text
	switch {
	case lit.value.kind != isText:
	case f.path.HoldsAddresses():
		if _, ok := event.ParseAddress(text); !ok {
			l.warn(lit.at, "write an address, or cidrMatch", "%q is no address to compare %s with: the comparison never holds", text, f.name)
			return "", true
		}
		return text, true
	case f.path.HoldsTimes():
		if strings.HasPrefix(text, "now") || strings.Contains(text, "||") {
			refuse(lit.at, "write the date that it comes to", "date math (%s) cannot be run", text)
		}
		from, to, ok := notation.Date(text)
		if !ok {
			l.warn(lit.at, "write for example 2026-01-31T12:00:00Z", "%q is no date to compare %s with: the comparison never holds", text, f.name)
			return "", true
		}
		if op == ">" || op == "<=" {
			from = to
		}
		return from.Format(time.RFC3339Nano), true
	}
	return "", false
}

// order compares a field with a number, an address or a date by a plain predicate; texts are ordered by their characters,
// which only EQL does.
func (l *lowerer) order(e *binary) match.Expr {
	f, lit, turned, ok := sides(e)
	if isNullLiteral(e.x) || isNullLiteral(e.y) {
		l.warn(e.at, "to ask whether there is a value, write != null", "nothing is less or more than null: the comparison never holds")
		return match.Const(false)
	}
	if !ok {
		return l.computed(e)
	}
	op := e.op
	if turned {
		op = mirrored[op]
	}
	if text, ok := l.bound(op, f, lit); ok {
		if text == "" {
			return match.Const(false)
		}
		return &match.Pred{Path: f.path, Op: orders[op], Literals: []string{text}, Pos: l.pos(f.at)}
	}
	if lit.value.kind != isInteger {
		return l.computed(e)
	}
	return &match.Pred{Path: f.path, Op: orders[op], Literals: []string{lit.value.String()}, Pos: l.pos(f.at)}
}

func (l *lowerer) membership(e *membership) match.Expr {
	f, ok := e.x.(*field)
	if !ok {
		if lit, ok := e.x.(*literal); ok && lit.value.kind == isNull {
			l.warn(e.at, "", "null is in no list: the comparison never holds")
			return match.Const(false)
		}
		return l.computed(e)
	}
	at := l.pos(f.at)
	if e.op == "regex" {
		return &match.Pred{Path: f.path, Op: match.Regexp, Re: patternsOf(e.list, e.fold, true), Pos: at}
	}
	if e.op == "like" {
		return patterns(f, e.list, e.fold, at)
	}
	same := &match.Pred{Path: f.path, Op: match.Equal, Fold: e.fold, Pos: at}
	var rest []expr
	var any match.Or
	for _, x := range e.list {
		lit, ok := x.(*literal)
		if ok {
			if at := l.instant(f, lit); at != nil {
				any = append(any, at)
				continue
			}
		}
		switch {
		case ok && lit.value.kind == isNull:
			l.warn(x.offset(), "write or … == null", "null in a list matches nothing")
		case ok && plain(lit.value):
			same.Literals = append(same.Literals, lit.value.String())
		default:
			rest = append(rest, x)
		}
	}
	if len(same.Literals) > 0 {
		any = append(any, same)
	}
	if len(rest) > 0 {
		any = append(any, l.computed(&membership{e.at, "in", e.fold, e.x, rest}))
	}
	if len(any) == 1 {
		return any[0]
	}
	return any
}

// patterns compares with wildcard patterns; those without a wildcard are compared as a whole, which is indexed.
func patterns(f *field, list []expr, fold bool, at match.Pos) match.Expr {
	same := &match.Pred{Path: f.path, Op: match.Equal, Fold: fold, Pos: at}
	wild := &match.Pred{Path: f.path, Op: match.Wildcard, Fold: fold, Pos: at}
	for _, x := range list {
		text := x.(*literal).value.text
		_, numeric := textValue(text).number()
		if hasWildcard(text) || numeric { // match.Equal would compare a number by its value
			wild.Literals = append(wild.Literals, glob(text))
		} else {
			same.Literals = append(same.Literals, text)
		}
	}
	switch {
	case len(wild.Literals) == 0:
		return same
	case len(same.Literals) == 0:
		return wild
	}
	return match.Or{same, wild}
}

// call is a plain predicate for the functions that have one; nil for the others.
func (l *lowerer) call(c *call) match.Expr {
	f, ok := c.args[0].(*field)
	if !ok {
		return nil
	}
	at := l.pos(f.at)
	switch c.name {
	case "wildcard":
		return patterns(f, c.args[1:], c.fold, at)
	case "match":
		return &match.Pred{Path: f.path, Op: match.Regexp, Re: patternsOf(c.args[1:], c.fold, true), Pos: at}
	case "cidrMatch":
		p := &match.Pred{Path: f.path, Op: match.InCIDR, Pos: at}
		for _, a := range c.args[1:] {
			if net, err := notation.Network(a.(*literal).value.text); err == nil {
				p.Nets = append(p.Nets, net)
			}
		}
		return p
	}
	op, ok := map[string]match.Op{"startsWith": match.Prefix, "endsWith": match.Suffix, "stringContains": match.Contains}[c.name]
	if !ok {
		return nil
	}
	lit, ok := c.args[1].(*literal)
	if !ok || lit.value.kind != isText {
		return nil
	}
	return &match.Pred{Path: f.path, Op: op, Fold: c.fold, Literals: []string{lit.value.text}, Pos: at}
}

// computed is a predicate on what an expression yields. Without fields it is decided now.
func (l *lowerer) computed(e expr) match.Expr {
	run := build(e)
	paths := fields(e)
	if len(paths) == 0 {
		return match.Const(holds(run(nil)))
	}
	path := event.Computed("=eql "+textOf(e), paths, func(ev *event.Event) []event.Value {
		if holds(run(ev)) {
			return []event.Value{{Kind: event.Bool, Text: "true"}}
		}
		return nil
	})
	return &match.Pred{Path: path, Op: match.Equal, Literals: []string{"true"}, Pos: l.pos(e.offset())}
}

// absent stands in a join key for a field that the author has marked optional and that an event lacks.
const absent = "(none)"

// key is the path of a member of a join key.
func (l *lowerer) key(e expr) event.Path {
	if f, ok := e.(*field); ok && !f.optional {
		return f.path
	}
	optional := false
	walk(e, func(e expr) {
		if f, ok := e.(*field); ok {
			optional = optional || f.optional
		}
	})
	paths := fields(e)
	if len(paths) == 0 {
		fail(e.offset(), CodeSequence, "name a field", "a join key without a field joins everything")
	}
	run := build(e)
	text := "=eql key " + textOf(e)
	if optional {
		text = "=eql optional key " + textOf(e)
	}
	return event.Computed(text, paths, func(ev *event.Event) []event.Value {
		var vs []event.Value
		for _, v := range run(ev) {
			vs = append(vs, event.Value{Kind: event.String, Text: strings.Clone(v.String())})
		}
		if len(vs) == 0 && optional {
			vs = append(vs, event.Value{Kind: event.String, Text: absent})
		}
		return vs
	})
}
