package eql

import (
	"bytes"
	"regexp"

	"oktastream/rules/event"
)

// program is an expression ready to be evaluated. A field may have several values, so an expression may: those of all
// combinations, at most maxCombined. None is null.
type program func(*event.Event) []value

// maxCombined bounds the combinations of several fields with several values each. What lies beyond is not looked at: an
// event that has more than that many targets times as many of something else.
const maxCombined = 1024

// build makes a program of an expression.
func build(e expr) program {
	switch e := e.(type) {
	case *literal:
		if e.value.kind == isNull {
			return func(*event.Event) []value { return nil }
		}
		vs := []value{e.value}
		return func(*event.Event) []value { return vs }
	case *field:
		return func(ev *event.Event) []value {
			found := ev.Lookup(e.path)
			vs := make([]value, 0, len(found))
			for _, v := range found {
				vs = append(vs, fromEvent(v))
			}
			return vs
		}
	case *call:
		return buildCall(e)
	case *unary:
		if e.op == "not" {
			return truth(func(ev *event.Event, x program) bool { return !holds(x(ev)) }, build(e.x))
		}
		return combine(func(a []value) value { return arithmetic("-", integer(0), a[0]) }, build(e.x))
	case *binary:
		return buildBinary(e)
	case *membership:
		return buildMembership(e)
	}
	return func(*event.Event) []value { return nil }
}

// holds reports whether a condition with these values does.
func holds(vs []value) bool {
	for _, v := range vs {
		if v.kind == isBool && v.truth || v.kind == isText && v.text == "true" {
			return true
		}
	}
	return false
}

func truth(f func(*event.Event, program) bool, x program) program {
	return func(ev *event.Event) []value { return []value{boolean(f(ev, x))} }
}

// combine applies f to every combination of the parts' values; a part without a value counts as null.
func combine(f func([]value) value, parts ...program) program {
	return func(ev *event.Event) []value {
		lists := make([][]value, len(parts))
		for i, p := range parts {
			if lists[i] = p(ev); len(lists[i]) == 0 {
				lists[i] = []value{{}}
			}
		}
		var out []value
		at := make([]int, len(parts))
		args := make([]value, len(parts))
		for range maxCombined {
			for i := range args {
				args[i] = lists[i][at[i]]
			}
			if v := f(args); v.kind != isNull {
				out = append(out, v)
			}
			i := len(at) - 1
			for ; i >= 0; i-- {
				if at[i]++; at[i] < len(lists[i]) {
					break
				}
				at[i] = 0
			}
			if i < 0 {
				break
			}
		}
		return out
	}
}

func buildCall(c *call) program {
	switch c.name {
	case "wildcard":
		return buildPatterns(build(c.args[0]), patternsOf(c.args[1:], c.fold, false))
	case "match":
		return buildPatterns(build(c.args[0]), patternsOf(c.args[1:], c.fold, true))
	}
	f := functions[c.name]
	parts := make([]program, len(c.args))
	for i, a := range c.args {
		parts[i] = build(a)
	}
	fold := c.fold
	return combine(func(a []value) value { return f.eval(a, fold) }, parts...)
}

// patternsOf compiles wildcard patterns or regular expressions.
func patternsOf(list []expr, fold, regex bool) []*regexp.Regexp {
	var res []*regexp.Regexp
	for _, e := range list {
		l := e.(*literal) // the parser and checkTexts have seen to it
		if regex {
			res = append(res, luceneRegexp(l.at, l.value.text, fold))
		} else {
			res = append(res, wildcardRegexp(l.value.text, fold))
		}
	}
	return res
}

func buildPatterns(x program, res []*regexp.Regexp) program {
	return truth(func(ev *event.Event, x program) bool {
		for _, v := range x(ev) {
			for _, re := range res {
				if re.MatchString(v.String()) {
					return true
				}
			}
		}
		return false
	}, x)
}

func buildBinary(e *binary) program {
	x, y := build(e.x), build(e.y)
	same, order := comparators(e.x, e.y)
	switch op := e.op; op {
	case "and":
		return truth(func(ev *event.Event, x program) bool { return holds(x(ev)) && holds(y(ev)) }, x)
	case "or":
		return truth(func(ev *event.Event, x program) bool { return holds(x(ev)) || holds(y(ev)) }, x)
	case "==", "!=":
		return truth(func(ev *event.Event, x program) bool { return equalAny(x(ev), y(ev), e, same) == (op == "==") }, x)
	case "<", "<=", ">", ">=":
		return truth(func(ev *event.Event, x program) bool { return orderedAny(x(ev), y(ev), op, order) }, x)
	default:
		return combine(func(a []value) value { return arithmetic(op, a[0], a[1]) }, x, y)
	}
}

// equalAny is ==: a comparison with the literal null asks for a value, any other holds for no missing value.
func equalAny(xs, ys []value, e *binary, same func(a, b value) bool) bool {
	switch {
	case isNullLiteral(e.y):
		return len(xs) == 0
	case isNullLiteral(e.x):
		return len(ys) == 0
	}
	return anyPair(xs, ys, same)
}

// comparators are how two sides compare: as addresses or times if either is a field of such, and as that only.
func comparators(x, y expr) (same func(a, b value) bool, order func(a, b value) (int, bool)) {
	same = func(a, b value) bool { return equal(a, b, false) }
	either := func(holds func(event.Path) bool) bool {
		f, okF := x.(*field)
		g, okG := y.(*field)
		return okF && holds(f.path) || okG && holds(g.path)
	}
	switch {
	case either(event.Path.HoldsAddresses):
		return func(a, b value) bool {
				return equal(a, b, false) || event.Address(a.String()) == event.Address(b.String())
			}, func(a, b value) (int, bool) {
				m, okA := event.ParseAddress(a.String())
				n, okB := event.ParseAddress(b.String())
				p, q := m.As16(), n.As16()
				return bytes.Compare(p[:], q[:]), okA && okB
			}
	case either(event.Path.HoldsTimes):
		order = func(a, b value) (int, bool) {
			s, _, okA := event.ParseTime(a.String())
			t, _, okB := event.ParseTime(b.String())
			return s.Compare(t), okA && okB
		}
		return func(a, b value) bool {
			c, ok := order(a, b)
			return equal(a, b, false) || ok && c == 0
		}, order
	}
	return same, compare
}

func isNullLiteral(e expr) bool {
	l, ok := e.(*literal)
	return ok && l.value.kind == isNull
}

func orderedAny(xs, ys []value, op string, order func(a, b value) (int, bool)) bool {
	return anyPair(xs, ys, func(a, b value) bool {
		c, ok := order(a, b)
		switch op {
		case "<":
			return ok && c < 0
		case "<=":
			return ok && c <= 0
		case ">":
			return ok && c > 0
		}
		return ok && c >= 0
	})
}

func anyPair(xs, ys []value, f func(a, b value) bool) bool {
	for _, x := range xs {
		for _, y := range ys {
			if f(x, y) {
				return true
			}
		}
	}
	return false
}

func buildMembership(m *membership) program {
	x := build(m.x)
	if m.op != "in" {
		return buildPatterns(x, patternsOf(m.list, m.fold, m.op == "regex"))
	}
	list := make([]program, len(m.list))
	for i, e := range m.list {
		list[i] = build(e)
	}
	return truth(func(ev *event.Event, x program) bool {
		xs := x(ev)
		for _, y := range list {
			if anyPair(xs, y(ev), func(a, b value) bool { return equal(a, b, m.fold) }) {
				return true
			}
		}
		return false
	}, x)
}
