package esql

import (
	"math"
	"math/bits"
	"strings"
)

// condition checks that a term is a boolean.
func condition(t *term, what string) *term {
	c, ok := implicit(t, tBool)
	if !ok {
		fail(t.at, CodeType, "", "%s needs a condition, not a %s", what, t.typ)
	}
	return c
}

// logic makes AND and OR of three values: false and anything is false, true or anything is true.
func logic(op string, at int, args []*term) *term {
	for i, a := range args {
		args[i] = condition(a, strings.ToUpper(op))
	}
	decides := int64(0)
	if op == "or" {
		decides = 1
	}
	return newTerm(term{op: op, typ: tBool, args: args, at: at, fn: func(args []value) value {
		unknown := false
		for _, a := range args {
			d, ok := a.single()
			if ok && d.n == decides {
				return one(d)
			}
			unknown = unknown || !ok
		}
		if unknown {
			return nil
		}
		return one(datum{n: 1 - decides})
	}})
}

func negate(at int, a *term) *term {
	a = condition(a, "NOT")
	return newTerm(term{op: "not", typ: tBool, args: []*term{a}, at: at, fn: func(args []value) value {
		d, ok := args[0].single()
		if !ok {
			return nil
		}
		return one(datum{n: 1 - d.n})
	}})
}

func isNull(at int, a *term) *term {
	return newTerm(term{op: "is null", typ: tBool, args: []*term{a}, at: at, fn: func(args []value) value { return boolean(len(args[0]) == 0) }})
}

// comparison makes ==, !=, <, <=, > and >=. Both sides must be single values, or the result is null.
func comparison(op string, at int, args []*term) *term {
	args = unify(at, op, args)
	t := args[0].typ
	if t == tSpan {
		fail(at, CodeType, "", "durations cannot be compared")
	}
	if t == tBool && op != "==" && op != "!=" {
		fail(at, CodeType, "", "%s does not compare booleans", op)
	}
	return newTerm(term{op: op, typ: tBool, args: args, at: at, fn: func(args []value) value {
		a, ok := args[0].single()
		b, ok2 := args[1].single()
		if !ok || !ok2 {
			return nil
		}
		return boolean(holds(op, compare(t, a, b)))
	}})
}

func holds(op string, c int) bool {
	switch op {
	case "==":
		return c == 0
	case "!=":
		return c != 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

// in makes x IN (…): true if any member equals x, else null if any is null.
func in(at int, args []*term) *term {
	args = unify(at, "IN", args)
	return newTerm(term{op: "in", typ: tBool, args: args, at: at, fn: func(args []value) value {
		x, ok := args[0].single()
		if !ok {
			return nil
		}
		unknown := false
		for _, a := range args[1:] {
			d, ok := a.single()
			if ok && d == x {
				return boolean(true)
			}
			unknown = unknown || !ok
		}
		if unknown {
			return nil
		}
		return boolean(false)
	}})
}

// arithmetic makes + - * / %. Longs stay longs, so that division truncates; what overflows or divides by zero is null.
func arithmetic(op string, at int, a, b *term) *term {
	if a.typ == tSpan || b.typ == tSpan {
		return timeArithmetic(op, at, a, b)
	}
	args := []*term{convertArgument(op, 0, 'n', a), convertArgument(op, 1, 'n', b)}
	if args[0].typ != args[1].typ {
		args = unify(at, op, args)
	}
	t := args[0].typ
	if t == tNull {
		return literalTerm(tLong, nil, at)
	}
	compute := func(a, b datum) value { return longArithmetic(op, a.n, b.n) }
	if t == tDouble {
		compute = func(a, b datum) value { return doubleArithmetic(op, a.f, b.f) }
	}
	return newTerm(term{op: op, typ: t, args: args, at: at, fn: func(args []value) value {
		a, ok := args[0].single()
		b, ok2 := args[1].single()
		if !ok || !ok2 {
			return nil
		}
		return compute(a, b)
	}})
}

func longArithmetic(op string, a, b int64) value {
	switch op {
	case "+":
		if c := a + b; (c > a) == (b > 0) {
			return one(datum{n: c})
		}
	case "-":
		if c := a - b; (c < a) == (b > 0) {
			return one(datum{n: c})
		}
	case "*":
		hi, lo := bits.Mul64(uint64(magnitude(a)), uint64(magnitude(b)))
		negative := (a < 0) != (b < 0)
		if hi == 0 && (lo <= math.MaxInt64 || negative && lo == 1<<63) {
			return one(datum{n: a * b})
		}
	case "/":
		if b != 0 && !(a == math.MinInt64 && b == -1) {
			return one(datum{n: a / b})
		}
	case "%":
		if b == -1 {
			return one(datum{})
		}
		if b != 0 {
			return one(datum{n: a % b})
		}
	}
	return nil
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

func doubleArithmetic(op string, a, b float64) value {
	switch op {
	case "+":
		return finite(a + b)
	case "-":
		return finite(a - b)
	case "*":
		return finite(a * b)
	case "/":
		return finite(a / b)
	}
	return finite(math.Mod(a, b))
}

// timeArithmetic adds a duration to a time, or takes it away.
func timeArithmetic(op string, at int, a, b *term) *term {
	if a.typ == tSpan && op == "+" {
		a, b = b, a
	}
	t, ok := implicit(a, tTime)
	if !ok || b.typ != tSpan || op != "+" && op != "-" {
		fail(at, CodeType, "", "%s cannot have a %s and a %s", op, a.typ, b.typ)
	}
	sign := int64(1)
	if op == "-" {
		sign = -1
	}
	return newTerm(term{op: op, typ: tTime, args: []*term{t, b}, at: at, fn: func(args []value) value {
		d, ok := args[0].single()
		if !ok {
			return nil
		}
		return one(shift(d, args[1][0], sign))
	}})
}

// choose makes CASE: the value behind the first condition that is true, else the last one without a condition.
func choose(at int, args []*term) *term {
	if len(args) < 2 {
		fail(at, CodeType, "", "CASE needs a condition and a value")
	}
	results := []*term{}
	for i, a := range args {
		if i%2 == 0 && i < len(args)-1 {
			args[i] = condition(a, "CASE")
		} else {
			results = append(results, a)
		}
	}
	results = unify(at, "CASE", results)
	n := 0
	for i := range args {
		if i%2 == 1 || i == len(args)-1 {
			args[i] = results[n]
			n++
		}
	}
	return newTerm(term{op: "case", typ: results[0].typ, args: args, at: at, fn: func(args []value) value {
		for i := 0; i+1 < len(args); i += 2 {
			if d, ok := args[i].single(); ok && d.n != 0 {
				return args[i+1]
			}
		}
		if len(args)%2 == 1 {
			return args[len(args)-1]
		}
		return nil
	}})
}

// coalesce makes the first argument that is not null.
func coalesce(at int, args []*term) *term {
	if len(args) == 0 {
		failNumber(at, "COALESCE needs arguments")
	}
	args = unify(at, "COALESCE", args)
	return newTerm(term{op: "coalesce", typ: args[0].typ, args: args, at: at, fn: func(args []value) value {
		for _, a := range args {
			if len(a) > 0 {
				return a
			}
		}
		return nil
	}})
}
