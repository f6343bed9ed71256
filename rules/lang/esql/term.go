package esql

import (
	"strconv"
	"strings"

	"oktastream/rules/event"
)

// term is a checked expression, ready to be evaluated. Terms are shared and never changed. A term reads either an event
// or the row of a stage, never both.
type term struct {
	typ  typ
	op   string // empty for leaves
	args []*term
	fn   func(args []value) value

	lit   value      // of a literal
	isLit bool       //
	path  event.Path // of a field of the event
	multi bool       // of a field: it may have several values
	clock bool       // the time of the event
	col   int        // of a column of the row, from 0; -1 otherwise
	at    int        // where it was written
	size  int        // of the tree, shared terms counted as often as they are used
}

// input is what terms read.
type input struct {
	ev  *event.Event
	row []value
}

func (t *term) eval(in input) value {
	switch {
	case t.fn != nil:
		args := make([]value, len(t.args))
		for i, a := range t.args {
			args[i] = a.eval(in)
		}
		return t.fn(args)
	case t.isLit:
		return t.lit
	case t.col >= 0:
		return in.row[t.col]
	case t.clock:
		return one(datum{n: floorDiv(in.ev.Time(), 1e6)})
	}
	return fromEvent(in.ev.Lookup(t.path), t.typ)
}

// isTrue reports whether a condition holds: neither false nor null.
func (t *term) isTrue(in input) bool {
	d, ok := t.eval(in).single()
	return ok && d.n != 0
}

// maxSize bounds a term: columns are replaced by what they were computed from, and may be used many times.
const maxSize = 50_000

func newTerm(t term) *term {
	t.size = 1
	for _, a := range t.args {
		t.size += a.size
	}
	if t.size > maxSize {
		fail(t.at, CodeTooDeep, "", "the expression is too large, with the columns that it uses")
	}
	if t.op != "" {
		t.col = -1
	}
	return fold(&t)
}

// fold computes what depends on nothing.
func fold(t *term) *term {
	if t.fn == nil {
		return t
	}
	args := make([]value, len(t.args))
	for i, a := range t.args {
		if !a.isLit || a.typ == tSpan {
			return t
		}
		args[i] = a.lit
	}
	return &term{typ: t.typ, isLit: true, lit: t.fn(args), col: -1, at: t.at, size: 1}
}

func literalTerm(t typ, v value, at int) *term {
	return &term{typ: t, isLit: true, lit: v, col: -1, at: at, size: 1}
}

// String says all of what the term computes: equal terms print alike, and only they do.
func (t *term) String() string {
	var b strings.Builder
	t.print(&b)
	return b.String()
}

func (t *term) print(b *strings.Builder) {
	switch {
	case t.op != "":
		b.WriteString("(" + t.op)
		for _, a := range t.args {
			b.WriteByte(' ')
			a.print(b)
		}
		b.WriteByte(')')
	case t.isLit && t.typ == tSpan:
		b.WriteString(strconv.FormatInt(t.lit[0].n, 10) + "ms+" + strconv.FormatInt(int64(t.lit[0].f), 10) + "mo")
	case t.isLit:
		b.WriteString(t.typ.String() + "[")
		for i, d := range t.lit {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(strconv.Quote(show(t.typ, d)))
		}
		b.WriteByte(']')
	case t.col >= 0:
		b.WriteString("#" + strconv.Itoa(t.col))
	case t.clock:
		b.WriteString("time")
	default:
		b.WriteString(strconv.Quote(t.path.String()) + ":" + t.typ.String())
	}
}

// paths appends the paths that the term reads, each once.
func (t *term) paths(to []event.Path) []event.Path {
	if t.op == "" && !t.isLit && t.col < 0 && !t.clock {
		for _, p := range to {
			if p == t.path {
				return to
			}
		}
		return append(to, t.path)
	}
	for _, a := range t.args {
		to = a.paths(to)
	}
	return to
}

// columns marks the columns of the row that the term reads.
func (t *term) columns(used []bool) {
	if t.col >= 0 {
		used[t.col] = true
	}
	for _, a := range t.args {
		a.columns(used)
	}
}
