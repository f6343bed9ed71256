package eql

import (
	"strconv"
	"strings"
	"time"

	"oktastream/rules/event"
)

// expr is an expression as it was parsed: *literal, *field, *call, *unary, *binary or *membership.
type expr interface {
	// offset is the byte of the query where the expression, or its operator, stands.
	offset() int
	// write appends the expression in one spelling: two expressions that mean the same by their form have the same text.
	write(*strings.Builder)
}

type literal struct {
	at    int
	value value
}

type field struct {
	at   int
	path event.Path
	name string // as written
	// optional fields may be missing from a join key.
	optional bool
}

// call is a function; its name is in the spelling of functions.
type call struct {
	at   int
	name string
	fold bool // ~ was written behind the name
	args []expr
}

// unary is not or -.
type unary struct {
	at int
	op string
	x  expr
}

// binary is and, or, a comparison or arithmetic.
type binary struct {
	at   int
	op   string
	x, y expr
}

// membership is in, like, regex or : with a list of literals, or in with a list of any expressions.
type membership struct {
	at   int
	op   string // in, like, regex
	fold bool   // with ~; : is like with fold
	x    expr
	list []expr
}

func (e *literal) offset() int    { return e.at }
func (e *field) offset() int      { return e.at }
func (e *call) offset() int       { return e.at }
func (e *unary) offset() int      { return e.at }
func (e *binary) offset() int     { return e.at }
func (e *membership) offset() int { return e.at }

func (e *literal) write(b *strings.Builder) {
	if e.value.kind == isText {
		b.WriteString(strconv.Quote(e.value.text))
		return
	}
	b.WriteString(e.value.String())
	if e.value.kind == isDecimal {
		b.WriteByte('f') // 4.0 divides otherwise than 4
	}
}

func (e *field) write(b *strings.Builder) { b.WriteString("[" + strconv.Quote(e.path.String()) + "]") }

func (e *call) write(b *strings.Builder) {
	b.WriteString(e.name)
	if e.fold {
		b.WriteByte('~')
	}
	writeList(b, e.args)
}

func (e *unary) write(b *strings.Builder) {
	b.WriteString("(" + e.op + " ")
	e.x.write(b)
	b.WriteByte(')')
}

func (e *binary) write(b *strings.Builder) {
	b.WriteByte('(')
	e.x.write(b)
	b.WriteString(" " + e.op + " ")
	e.y.write(b)
	b.WriteByte(')')
}

func (e *membership) write(b *strings.Builder) {
	b.WriteByte('(')
	e.x.write(b)
	b.WriteString(" " + e.op)
	if e.fold {
		b.WriteByte('~')
	}
	b.WriteByte(' ')
	writeList(b, e.list)
	b.WriteByte(')')
}

func writeList(b *strings.Builder, list []expr) {
	b.WriteByte('(')
	for i, e := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		e.write(b)
	}
	b.WriteByte(')')
}

func textOf(e expr) string {
	var b strings.Builder
	e.write(&b)
	return b.String()
}

// query is a whole query; exactly one member is set.
type query struct {
	event    *filter
	sequence *sequence
}

// filter is category where condition; an empty category is any.
type filter struct {
	at       int
	category string
	where    expr
}

// sequence is sequence by … with maxspan=… terms until term.
type sequence struct {
	at    int
	by    []expr
	span  time.Duration // 0 if the author gave none
	terms []term
	until *term
}

// term is one step of a sequence.
type term struct {
	at      int
	filter  filter
	by      []expr
	runs    int
	missing bool // ![ ]
}

// fields lists the paths that an expression reads, each once.
func fields(e expr) []event.Path {
	var paths []event.Path
	seen := map[event.Path]bool{}
	walk(e, func(e expr) {
		if f, ok := e.(*field); ok && !seen[f.path] {
			seen[f.path] = true
			paths = append(paths, f.path)
		}
	})
	return paths
}

// walk calls fn for e and everything inside it.
func walk(e expr, fn func(expr)) {
	fn(e)
	switch e := e.(type) {
	case *call:
		for _, a := range e.args {
			walk(a, fn)
		}
	case *unary:
		walk(e.x, fn)
	case *binary:
		walk(e.x, fn)
		walk(e.y, fn)
	case *membership:
		walk(e.x, fn)
		for _, a := range e.list {
			walk(a, fn)
		}
	}
}
