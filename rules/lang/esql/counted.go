package esql

import (
	"slices"

	"oktastream/rules/event"
)

// Counted is a field of which a query asks for different values in a group.
type Counted struct {
	Path  event.Path
	Least int // how many there must be
}

// Counted lists the fields of which the program can only hold with more than one different value: lower bounds of
// COUNT_DISTINCT that the last condition asks for in any case. It may leave some out.
func (p *program) Counted() []Counted {
	if len(p.stages) > 1 {
		return nil
	}
	var out []Counted
	var walk func(t *term)
	walk = func(t *term) {
		switch t.op {
		case "and":
			for _, a := range t.args {
				walk(a)
			}
		case ">", ">=":
			if c, ok := p.counted(t.args[0], t.args[1], t.op == ">"); ok {
				out = append(out, c)
			}
		case "<", "<=":
			if c, ok := p.counted(t.args[1], t.args[0], t.op == "<"); ok {
				out = append(out, c)
			}
		}
	}
	for _, w := range p.where {
		walk(w)
	}
	return slices.DeleteFunc(out, func(c Counted) bool { return c.Least < 2 })
}

// counted reads a comparison of a COUNT_DISTINCT over a field with a number.
func (p *program) counted(column, bound *term, more bool) (c Counted, ok bool) {
	keys := len(p.stages[0].keys)
	if column.op != "" || column.isLit || column.col < keys || !bound.isLit || bound.typ != tLong {
		return c, false
	}
	a := &p.stages[0].aggs[column.col-keys]
	d, single := bound.lit.single()
	if a.name != "count_distinct" || !single || a.arg.op != "" || a.arg.isLit || a.arg.col < 0 || a.arg.col >= len(p.inputs) {
		return c, false
	}
	field := p.inputs[a.arg.col]
	if field.op != "" || field.isLit || field.clock || field.path.IsZero() {
		return c, false
	}
	c = Counted{Path: field.path, Least: int(d.n)}
	if more {
		c.Least++
	}
	return c, true
}
