package esql

// Some conditions stay true when more rows come: lower bounds of counts, say. Their windows are judged as events arrive,
// over any interval of the look-back; all others at the ticks of the rule. What follows finds the former, and errs on
// the side of the latter.

// course is how a number or time changes as rows are added: null may become a value, a value never null.
type course uint8

const (
	anyhow course = iota
	still
	rises
	falls
)

// monotone reports whether rows that are added cannot undo the condition of the program.
func (p *program) monotone() bool {
	if len(p.stages) > 1 {
		return false
	}
	for _, w := range p.where {
		if !p.stays(w) {
			return false
		}
	}
	return true
}

// stays reports whether a condition that is true remains so.
func (p *program) stays(t *term) bool {
	switch t.op {
	case "and", "or":
		for _, a := range t.args {
			if !p.stays(a) {
				return false
			}
		}
		return true
	case ">", ">=":
		return p.course(t.args[0]).atMost(rises) && p.course(t.args[1]).atMost(falls)
	case "<", "<=":
		return p.course(t.args[0]).atMost(falls) && p.course(t.args[1]).atMost(rises)
	case "not":
		// An aggregate that is not null stays so.
		return t.args[0].op == "is null" && t.args[0].args[0].col >= 0
	}
	return p.course(t) == still
}

// atMost reports whether c changes in direction d or not at all.
func (c course) atMost(d course) bool { return c == still || c == d }

func (c course) opposite() course {
	switch c {
	case rises:
		return falls
	case falls:
		return rises
	}
	return c
}

// both is the course of a sum.
func (c course) both(d course) course {
	switch {
	case c == d, d == still:
		return c
	case c == still:
		return d
	}
	return anyhow
}

func (p *program) course(t *term) course {
	st := &p.stages[0]
	switch {
	case t.isLit, t.op == "" && t.col < len(st.keys):
		return still
	case t.op == "":
		return p.courseOf(&st.aggs[t.col-len(st.keys)])
	}
	courses := make([]course, len(t.args))
	all := true
	for i, a := range t.args {
		courses[i] = p.course(a)
		all = all && courses[i] == still
	}
	switch {
	case all:
		return still
	case t.op == "+":
		return courses[0].both(courses[1])
	case t.op == "-":
		return courses[0].both(courses[1].opposite())
	case t.op == "*" && t.args[1].isLit:
		return courses[0].times(t.args[1])
	case t.op == "*" && t.args[0].isLit:
		return courses[1].times(t.args[0])
	case t.op == "/" && t.args[1].isLit:
		return courses[0].times(t.args[1])
	case t.op == "to_double" && t.args[0].typ == tLong:
		return courses[0]
	case t.op == "mv_count" && p.lists(t.args[0]):
		return rises
	}
	return anyhow
}

// times is the course of a product with a literal.
func (c course) times(factor *term) course {
	d, ok := factor.lit.single()
	switch {
	case !ok || factor.typ != tLong && factor.typ != tDouble:
		return anyhow
	case d.n > 0 || d.f > 0:
		return c
	case d.n < 0 || d.f < 0:
		return c.opposite()
	}
	return still
}

func (p *program) lists(t *term) bool {
	keys := len(p.stages[0].keys)
	return t.col >= keys && p.stages[0].aggs[t.col-keys].name == "values"
}

func (p *program) courseOf(a *aggregate) course {
	switch a.name {
	case "count", "count_distinct", "max":
		return rises
	case "min":
		return falls
	case "sum":
		if p.positive(a.arg) {
			return rises
		}
	}
	return anyhow
}

// positive reports whether a term is never negative: it is a literal, or chooses between literals.
func (p *program) positive(t *term) bool {
	switch {
	case t.isLit:
		for _, d := range t.lit {
			if d.n < 0 || d.f < 0 {
				return false
			}
		}
		return true
	case t.op == "" && t.col >= 0 && t.col < len(p.inputs):
		return p.positiveInput(p.inputs[t.col])
	}
	return false
}

func (p *program) positiveInput(t *term) bool {
	switch t.op {
	case "case":
		for i, a := range t.args {
			if (i%2 == 1 || i == len(t.args)-1) && !p.positiveInput(a) {
				return false
			}
		}
		return true
	case "length", "byte_length", "mv_count", "abs":
		return true
	}
	return t.isLit && p.positive(t)
}
