package esql

import (
	"math"
	"strings"

	"oktastream/rules/lang/source"
)

// bound is what the WHEREs so far leave of a column.
type bound struct {
	low, high         float64
	lowOpen, highOpen bool // the bound itself is excluded
}

func (b bound) empty() bool {
	return b.low > b.high || b.low == b.high && (b.lowOpen || b.highOpen)
}

// bounds warns of WHEREs that leave a column no number: no row passes them, and the rule keeps silent. It looks at
// comparisons of a column with a number that all have to hold, and forgets a column that a command may have made anew.
func bounds(text *source.Node, commands []command, r *source.Report) {
	columns := map[string]bound{}
	for i := range commands {
		switch cmd := &commands[i]; cmd.word {
		case "WHERE":
			narrow(cmd.where, columns, func(x *expr) {
				r.Warn(text.At(x.at), CodeNeverHolds, "", "no row passes: the conditions leave no number for %s", x.args[0].name+x.args[1].name)
			})
		case "EVAL":
			for _, f := range cmd.fields {
				delete(columns, strings.ToLower(f.name))
			}
		case "KEEP", "DROP", "SORT", "LIMIT":
		default:
			clear(columns)
		}
	}
}

// narrow takes the comparisons of x into columns, and tells of the first that leaves nothing of its column.
func narrow(x *expr, columns map[string]bound, tell func(*expr)) {
	if x == nil || x.kind != call {
		return
	}
	if x.name == "and" {
		for _, arg := range x.args {
			narrow(arg, columns, tell)
		}
		return
	}
	if len(x.args) != 2 {
		return
	}
	op, name, lit := x.name, x.args[0], x.args[1]
	if name.kind == literal {
		op, name, lit = turned[op], lit, name
	}
	n, ok := literalNumber(lit)
	if name.kind != column || !ok {
		return
	}
	key := strings.ToLower(name.name)
	b, known := columns[key]
	if !known {
		b = bound{low: math.Inf(-1), high: math.Inf(1)}
	}
	was := b
	if op == ">" || op == ">=" || op == "==" {
		if open := op == ">"; n > b.low || n == b.low && open {
			b.low, b.lowOpen = n, open
		}
	}
	if op == "<" || op == "<=" || op == "==" {
		if open := op == "<"; n < b.high || n == b.high && open {
			b.high, b.highOpen = n, open
		}
	}
	if b.empty() && !was.empty() {
		tell(x)
	}
	columns[key] = b
}

// turned is an operator with its sides exchanged.
var turned = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}

// literalNumber is the value of a literal number.
func literalNumber(x *expr) (float64, bool) {
	if x.kind != literal || x.lit.null {
		return 0, false
	}
	switch x.lit.typ {
	case tLong:
		return float64(x.lit.v.n), true
	case tDouble:
		return x.lit.v.f, true
	}
	return 0, false
}
