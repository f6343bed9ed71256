package sigma

import (
	"strconv"
	"strings"

	"oktastream/rules/event"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// field compiles the comparison of one field with its values.
type field struct {
	*compiler
	path event.Path
	key  *source.Node
	how  comparison
	any  bool // the field is every value of the event
}

// value is a text that the field is compared with, and the node it comes from.
type value struct {
	node *source.Node
	text string
}

func (v value) null() bool { return v.node.IsNull() }

// quoted is the value as its author wrote it, for messages. What a placeholder stands for comes out of a file that may be
// no list at all, and is quoted nowhere.
func (v value) quoted() string { return strconv.Quote(v.node.Text) }

// listed tells whether a placeholder of the value stands for something.
func (v value) listed() bool { return v.text != v.node.Text }

func (f *field) compile(values []*source.Node) match.Expr {
	if f.how.all && len(values) == 1 && !f.how.expand {
		f.report.Warn(f.key.Pos, BadModifiers, "leave all out", "all has no effect on one value")
	}
	// A value with placeholders is a group of alternatives, also where all values must compare.
	var groups [][]value
	for _, n := range values {
		if n.Kind != source.Scalar {
			f.report.Error(n.Pos, Malformed, "name the whole path of the field", "a value is text, a number, true, false or null, not %s", n.Kind)
			return match.Const(false)
		}
		group := []value{{node: n, text: n.Text}}
		if f.how.expand && !n.IsNull() {
			if group = f.expand(group[0]); len(group) == 0 {
				return match.Const(false)
			}
		}
		groups = append(groups, group)
	}
	x := f.compileGroups(groups)
	if f.how.neq {
		return match.Not{X: x}
	}
	return x
}

func (f *field) compileGroups(groups [][]value) match.Expr {
	single := true
	var all []value
	for _, g := range groups {
		single = single && len(g) == 1
		all = append(all, g...)
	}
	if single || !f.how.all {
		return f.compare(all)
	}
	one := *f
	one.how.all = false
	var each match.And
	for _, g := range groups {
		each = append(each, one.compare(g))
	}
	return each
}

func (f *field) compare(values []value) match.Expr {
	if f.any && (f.how.form == "exists" || f.how.form == "fieldref" || f.how.ordered() || f.how.part != 0) {
		f.report.Error(f.key.Pos, BadModifiers, "name the field", "%s does not work on keywords, which have no field", f.how.name())
		return match.Const(false)
	}
	switch {
	case f.how.part != 0:
		return f.timePart(values)
	case f.how.form == "exists":
		return f.exists(values)
	case f.how.form == "re":
		return f.regexps(values)
	case f.how.form == "cidr":
		return f.networks(values)
	case f.how.form == "fieldref":
		return f.references(values)
	case f.how.ordered():
		return f.order(values)
	}
	return f.texts(values)
}

// join links the predicates of several values: any of them, or all of them with the modifier all.
func (f *field) join(xs []match.Expr) match.Expr {
	switch {
	case len(xs) == 0:
		return match.Const(false)
	case len(xs) == 1:
		return xs[0]
	case f.how.all:
		return match.And(xs)
	}
	return match.Or(xs)
}

func (f *field) pred(op match.Op, at match.Pos, literals ...string) *match.Pred {
	return &match.Pred{Path: f.path, Op: op, Literals: literals, Pos: at}
}

// texts compiles equality and its wildcard forms. Where one value has several encodings, these are alternatives.
func (f *field) texts(values []value) match.Expr {
	var plain, groups []match.Expr
	var shapes shapes
	for _, v := range values {
		if v.null() {
			plain = append(plain, f.null(v, len(values)))
			continue
		}
		encoded, err := encode(pieces(v.text), f.how.steps)
		if err != nil {
			f.report.Error(v.node.Pos, BadPattern, "", "%v", err)
			continue
		}
		into := &shapes
		if f.how.all && len(encoded) > 1 {
			into = &[]shaped{}
		}
		for _, ps := range encoded {
			f.shape(v, ps, into)
		}
		if into != &shapes {
			any := *f
			any.how.all = false
			groups = append(groups, any.join(any.predicates(*into)))
		}
	}
	return f.join(append(append(plain, f.predicates(shapes)...), groups...))
}

// shaped is a text with the operator that it asks for.
type shaped struct {
	op      match.Op
	literal string
	at      match.Pos
}

type shapes = []shaped

func (f *field) shape(v value, ps []piece, into *shapes) {
	form := f.how.form
	if f.any && form == "" {
		form = "contains" // of an event's text as a whole, which its values are part of
	}
	op, literal := lower(ps, form)
	switch {
	case op == match.Exists && (form != "" || f.any):
		f.report.Warn(v.node.Pos, Suspicious, "write exists: true if that is meant", "a text of nothing but wildcards holds for every value")
	case op == match.Equal && len(f.how.steps) == 0 && !v.listed() && strings.EqualFold(f.path.String(), "eventType"):
		f.checkType(v.node, literal)
	}
	*into = append(*into, shaped{op, literal, v.node.Pos})
}

// predicates makes one predicate of all texts with the same operator, in the order of the first of each.
func (f *field) predicates(list shapes) []match.Expr {
	var xs []match.Expr
	byOp := map[match.Op]*match.Pred{}
	for _, s := range list {
		p := byOp[s.op]
		if p == nil {
			p = f.pred(s.op, s.at)
			byOp[s.op] = p
			xs = append(xs, p)
		}
		if s.op == match.Exists || s.op == match.Empty {
			continue
		}
		p.Fold = !f.how.cased
		p.Literals = append(p.Literals, s.literal)
		p.All = f.how.all && len(p.Literals) > 1
	}
	return xs
}

// null holds for a field without a value. It has a type of its own and stands alone.
func (f *field) null(v value, values int) match.Expr {
	switch {
	case f.any:
		f.report.Error(v.node.Pos, Malformed, "name the field", "a keyword is a text, not null")
	case f.how.form != "" || len(f.how.steps) > 0:
		f.report.Error(v.node.Pos, BadModifiers, "", "%s needs a text, not null", (append([]string{f.how.form}, f.how.steps...))[min(1, len(f.how.steps))])
	case values > 1:
		f.report.Error(v.node.Pos, Malformed, "put null into a selection of its own, and join them with 1 of", "null cannot be one of several values")
	}
	return match.Not{X: f.pred(match.Exists, v.node.Pos)}
}

func (f *field) checkType(v *source.Node, eventType string) {
	if _, ok := event.LookupType(eventType); ok {
		return
	}
	hint := ""
	if s := event.SuggestType(eventType); s != "" {
		hint = "did you mean " + s + "?"
	}
	f.report.Warn(v.Pos, UnknownType, hint, "Okta's catalogue has no event type %q", eventType)
}

func (f *field) exists(values []value) match.Expr {
	if len(values) != 1 || values[0].text != "true" && values[0].text != "false" {
		f.report.Error(values[0].node.Pos, BadModifiers, "write true or false", "exists takes true or false")
		return match.Const(false)
	}
	x := f.pred(match.Exists, values[0].node.Pos)
	if values[0].text == "false" {
		return match.Not{X: x}
	}
	return x
}

// partOf are the forms in which a field may hold the value of another.
var partOf = map[string]match.Op{"startswith": match.Prefix, "endswith": match.Suffix, "contains": match.Contains}

func (f *field) references(values []value) match.Expr {
	if f.outer != "" {
		f.report.Unsupported(f.key.Pos, NotSupported, "", "a comparison with another field does not work inside an array: fields there are those of one element")
		return match.Const(false)
	}
	var xs []match.Expr
	for _, v := range values {
		other, ok := f.report.Path(v.node.Pos, v.text)
		if !ok {
			continue
		}
		p := f.pred(match.EqualsField, v.node.Pos)
		p.Other, p.Fold, p.Form = other, !f.how.cased, partOf[f.how.of]
		xs = append(xs, p)
	}
	return f.join(xs)
}

var orders = map[string]match.Op{
	"": match.Equal, "gt": match.Greater, "gte": match.GreaterEqual, "lt": match.Less, "lte": match.LessEqual,
}

func (f *field) order(values []value) match.Expr {
	p := f.pred(orders[f.how.form], values[0].node.Pos)
	p.All = f.how.all && len(values) > 1
	for _, v := range values {
		if !isNumber(v.text) {
			_, _, isTime := event.ParseTime(v.text)
			_, isAddress := event.ParseAddress(v.text)
			if !isTime && !(isAddress && p.Path.HoldsAddresses()) || v.null() {
				f.report.Error(v.node.Pos, BadPattern, "write a number, or a time such as 2026-01-02T15:04:05Z",
					"%s compares numbers and times, not %s", f.how.form, v.quoted())
				continue
			}
		}
		p.Literals = append(p.Literals, v.text)
	}
	return p
}

// isNumber tells whether the text is a number as JSON writes it. What only Go reads as one, such as Inf, would be
// compared with nothing.
func isNumber(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || digits[0] < '0' || digits[0] > '9' || len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' ||
		strings.ContainsAny(digits, "_xXpPbBoO") || strings.HasSuffix(digits, ".") || strings.Contains(digits, ".e") {
		return false
	}
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

// ranges are the numbers that the parts of a time have.
var ranges = map[match.Part][2]int{
	match.Minute: {0, 59}, match.Hour: {0, 23}, match.Day: {1, 31}, match.Week: {1, 53}, match.Month: {1, 12}, match.Year: {1, 9999},
}

func (f *field) timePart(values []value) match.Expr {
	p := f.pred(orders[f.how.form], values[0].node.Pos)
	p.Part, p.All = f.how.part, f.how.all && len(values) > 1
	limits := ranges[p.Part]
	for _, v := range values {
		n, err := strconv.Atoi(v.text)
		if err != nil || n < limits[0] || n > limits[1] {
			f.report.Error(v.node.Pos, BadPattern, "", "the %s of a time is a number from %d to %d, not %s", p.Part, limits[0], limits[1], v.quoted())
			continue
		}
		p.Literals = append(p.Literals, strconv.Itoa(n))
	}
	return p
}
