package esql

import (
	"slices"
	"strings"

	"oktastream/rules/event"
)

// function is a scalar function of the language. Its signature lists the types of the arguments, a colon, and the type
// of the result: k keyword, l long, d double, n long or double, b boolean, i ip, t datetime, s duration, a any; * for as
// many more of the kind before it as one likes, and = for the type of the first argument. What stands in brackets may be
// left out.
type function struct {
	signature string
	// one computes the result of single values. Any argument that is null or has several values makes the result null.
	one func(t typ, args []datum) value
	// all is in place of one for functions that see nulls and multi-values. t is the type of the first argument.
	all func(t typ, args []value) value
	// constant arguments, by number, must be literals.
	constant []int
}

var letters = map[byte]typ{'k': tKeyword, 'l': tLong, 'd': tDouble, 'b': tBool, 'i': tIP, 't': tTime, 's': tSpan}

// apply checks a call of f and makes a term of it.
func (f *function) apply(name string, at int, args []*term) *term {
	params, result, _ := strings.Cut(f.signature, ":")
	needed, optional, _ := strings.Cut(params, "[")
	optional = strings.TrimSuffix(optional, "]")
	repeated := strings.HasSuffix(needed, "*")
	needed = strings.TrimSuffix(needed, "*")
	kinds := needed + optional
	if len(args) < len(needed) || len(args) > len(kinds) && !repeated {
		failNumber(at, "%s does not take %d arguments", strings.ToUpper(name), len(args))
	}
	converted := slices.Clone(args)
	first := tNull
	for i, a := range args {
		converted[i] = convertArgument(name, i, kinds[min(i, len(kinds)-1)], a)
		if i == 0 {
			first = converted[i].typ
		}
	}
	for _, i := range f.constant {
		if i < len(args) && !converted[i].isLit {
			unsupported(args[i].at, "write it as a literal", "argument %d of %s must be a constant", i+1, strings.ToUpper(name))
		}
	}
	t := term{op: name, args: converted, at: at, typ: letters[result[0]], fn: f.bind(first)}
	if result == "=" {
		t.typ = first
	}
	return newTerm(t)
}

// bind is f for arguments of which the first has type t.
func (f *function) bind(t typ) func([]value) value {
	if f.all != nil {
		return func(args []value) value { return f.all(t, args) }
	}
	return func(args []value) value {
		data := make([]datum, len(args))
		for i, a := range args {
			d, ok := a.single()
			if !ok {
				return nil
			}
			data[i] = d
		}
		return f.one(t, data)
	}
}

func convertArgument(name string, i int, kind byte, a *term) *term {
	switch kind {
	case 'a':
		return a
	case 'n':
		if a.typ == tLong || a.typ == tDouble || a.typ == tNull {
			return a
		}
		if a.loose() {
			return convert(a, tDouble)
		}
	default:
		want := letters[kind]
		if t, ok := implicit(a, want); ok {
			return t
		}
	}
	fail(a.at, CodeType, castHint(letters[kind]), "argument %d of %s cannot be a %s", i+1, strings.ToUpper(name), a.typ)
	return nil
}

func castHint(want typ) string {
	switch want {
	case tKeyword:
		return "cast it with ::STRING"
	case tTime, tIP, tLong, tDouble, tBool:
		return "cast it with ::" + strings.ToUpper(want.String())
	}
	return ""
}

// loose tells whether a term may be read as another type without a cast: a string literal, which the language converts,
// and a field that is text as far as we know; data of other sources has types that we do not know.
func (t *term) loose() bool {
	return t.typ == tKeyword && (t.isLit || t.op == "" && t.col < 0)
}

// implicit converts a term to a type where no cast is needed.
func implicit(t *term, want typ) (*term, bool) {
	switch {
	case t.typ == want:
		return t, true
	case t.typ == tNull:
		return literalTerm(want, nil, t.at), true
	case t.typ == tLong && want == tDouble:
		return convert(t, tDouble), true
	case t.typ == tDouble && want == tLong && t.isLit:
		return convert(t, tLong), true
	case want == tSpan && t.isLit && t.typ == tKeyword && len(t.lit) == 1:
		d, ok := spanText(t.lit[0].s)
		return literalTerm(tSpan, one(d), t.at), ok
	case t.loose() && want != tSpan:
		c := convert(t, want)
		if t.isLit && len(t.lit) == 1 && len(c.lit) == 0 {
			fail(t.at, CodeType, "", "%q is no %s", t.lit[0].s, want)
		}
		return c, true
	}
	return t, false
}

// convert casts a term, as the TO_ functions do: each value for itself, and what cannot be read is null.
func convert(t *term, to typ) *term {
	if t.typ == to {
		return t
	}
	if t.typ == tNull {
		return literalTerm(to, nil, t.at)
	}
	if t.op == "" && !t.isLit && t.col < 0 && !t.clock && t.typ == tKeyword {
		field := *t
		field.typ = to
		return &field
	}
	from := t.typ
	return newTerm(term{op: "to_" + to.String(), typ: to, args: []*term{t}, at: t.at, fn: func(args []value) value {
		var out value
		for _, d := range args[0] {
			if d, ok := castDatum(from, to, d); ok {
				out = append(out, d)
			}
		}
		return out
	}})
}

func castDatum(from, to typ, d datum) (datum, bool) {
	switch {
	case to == tKeyword:
		return datum{s: show(from, d)}, true
	case from == tKeyword:
		return parseDatum(d.s, to)
	case from == tDouble && (to == tLong || to == tTime):
		return longOf(d.f)
	case from == tDouble && to == tBool:
		return boolean(d.f != 0)[0], true
	case to == tBool:
		return boolean(d.n != 0)[0], true
	case to == tDouble:
		return datum{f: float64(d.n)}, true
	}
	return datum{n: d.n}, true // long, datetime and boolean
}

// castable tells which types a cast takes.
func castable(from, to typ) bool {
	switch {
	case from == to, from == tNull, from == tKeyword, to == tKeyword:
		return from != tSpan && to != tSpan
	case from == tIP, to == tIP, from == tSpan, to == tSpan:
		return false
	}
	return true
}

// addresses tells whether terms are a field that holds addresses, by one of Okta's own names, beside literals that are some:
// then they compare as addresses, as the integration's names do.
func addresses(terms []*term) bool {
	some := false
	for _, t := range terms {
		switch {
		case t.isField() && t.path.HoldsAddresses():
			some = true
		case !t.isLit || t.typ != tKeyword:
			return false
		default:
			for _, d := range t.lit {
				if _, ok := event.ParseAddress(d.s); !ok {
					return false
				}
			}
		}
	}
	return some
}

// unify gives two or more terms one type, as comparisons and the branches of CASE need it.
func unify(at int, what string, terms []*term) []*term {
	want := tNull
	for _, t := range terms {
		switch {
		case t.typ == tNull || want == t.typ:
		case want == tNull, want == tLong && t.typ == tDouble:
			want = t.typ
		case want == tDouble && t.typ == tLong:
		case want == tKeyword:
			want = t.typ
		case t.typ == tKeyword:
		default:
			fail(at, CodeType, "cast one of them", "%s cannot have a %s and a %s", what, want, t.typ)
		}
	}
	if want == tKeyword && addresses(terms) {
		want = tIP
	}
	if want == tLong { // a field whose type we do not know may hold any number
		for _, t := range terms {
			if t.typ == tKeyword && !t.isLit {
				want = tDouble
			}
		}
	}
	out := make([]*term, len(terms))
	for i, t := range terms {
		c, ok := implicit(t, want)
		if !ok {
			fail(at, CodeType, castHint(want), "%s cannot have a %s and a %s", what, want, t.typ)
		}
		out[i] = c
	}
	return out
}
