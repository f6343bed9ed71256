package event

import (
	"strings"

	"oktastream/rules/event/jsontree"
)

// collect appends the values of a path: of the first read that has any, or of all. places, if given, says where each
// read begins to be more than a chain of names.
func (e *Event) collect(dst []Value, c *compiled, places []int32) []Value {
	if c.every {
		return e.collectEvery(dst)
	}
	if c.computed != nil {
		return e.compute(dst, c)
	}
	from := len(dst)
	for i, r := range c.reads {
		n, steps := jsontree.Root, r.steps
		if places != nil {
			n, steps = e.enter(places[i], steps)
		}
		if dst = e.walk(dst, &e.tree, n, steps, r.convert); len(dst) > from && !c.all {
			return dst
		}
	}
	if c.all {
		dst = dst[:from+len(unique(dst[from:]))]
	}
	if len(dst) == from && c.constant != "" {
		dst = append(dst, Value{Kind: String, Text: c.constant})
	}
	return dst
}

// enter is the node at a place and the steps that lead on from there.
func (e *Event) enter(place int32, steps []step) (jsontree.Node, []step) {
	n := e.found(place)
	if n == brokenPlace {
		return jsontree.Root, steps
	}
	for ; place >= 0; place = e.fields.places[place].parent {
		steps = steps[1:]
	}
	return n, steps
}

// walk appends the values that steps lead to from n, converted.
func (e *Event) walk(dst []Value, t *jsontree.Tree, n jsontree.Node, steps []step, c convert) []Value {
	kind := t.Kind(n)
	switch {
	case kind == 0 || kind == jsontree.Null:
	case len(steps) == 0:
		return e.leaf(dst, t, n, c)
	case kind == jsontree.Object:
		child, alone := t.FindUnique(n, steps[0].name)
		e.visit(t, child, alone)
		return e.pick(dst, t, child, steps, c)
	case kind == jsontree.Array && steps[0].index >= 0:
		i := int32(0)
		for el := t.First(n); el != jsontree.None; el = t.Next(n, el) {
			if i == steps[0].index {
				e.visit(t, el, true)
				return e.pick(dst, t, el, steps, c)
			}
			i++
		}
	case kind == jsontree.Array:
		for el := t.First(n); el != jsontree.None; el = t.Next(n, el) {
			e.visit(t, el, true)
			dst = e.walk(dst, t, el, steps, c)
		}
	case kind == jsontree.String:
		e.keep(t, n)
		if inner := e.inside(t, n); inner != nil {
			return e.walk(dst, inner, jsontree.Root, steps, c)
		}
	}
	return dst
}

// pick goes on from n, the value that steps[0] names, with the elements that pass its selectors.
func (e *Event) pick(dst []Value, t *jsontree.Tree, n jsontree.Node, steps []step, c convert) []Value {
	selects, rest := steps[0].selects, steps[1:]
	if len(selects) == 0 {
		return e.walk(dst, t, n, rest, c)
	}
	if t.Kind(n) == jsontree.String {
		e.keep(t, n)
		if t = e.inside(t, n); t == nil {
			return dst
		}
		n = jsontree.Root
	}
	var passed [maxSelectors]int32 // how many elements each selector has seen
	if t.Kind(n) != jsontree.Array {
		if e.selected(t, n, selects, &passed) {
			dst = e.walk(dst, t, n, rest, c)
		}
		return dst
	}
	for el := t.First(n); el != jsontree.None; el = t.Next(n, el) {
		e.visit(t, el, true)
		if e.selected(t, el, selects, &passed) {
			dst = e.walk(dst, t, el, rest, c)
		}
	}
	return dst
}

// selected reports whether an element passes all selectors. Each counts the elements that passed those before it.
func (e *Event) selected(t *jsontree.Tree, n jsontree.Node, selects []selector, passed *[maxSelectors]int32) bool {
	for i, s := range selects {
		passed[i]++
		if !s.filter {
			if passed[i]-1 != s.index {
				return false
			}
			continue
		}
		member, alone := t.FindUnique(n, s.name)
		e.visit(t, member, alone)
		if k := t.Kind(member); k != jsontree.String && k != jsontree.Number && k != jsontree.Bool {
			if !s.not {
				return false
			}
			continue
		}
		e.keep(t, member)
		if strings.EqualFold(t.Text(member), s.value) == s.not {
			return false
		}
	}
	return true
}

// leaf appends the value of n; of an array, those of its elements.
func (e *Event) leaf(dst []Value, t *jsontree.Tree, n jsontree.Node, c convert) []Value {
	var v Value
	switch t.Kind(n) {
	case jsontree.Array:
		for el := t.First(n); el != jsontree.None; el = t.Next(n, el) {
			e.visit(t, el, true)
			dst = e.leaf(dst, t, el, c)
		}
		return dst
	case jsontree.String:
		v.Kind = String
	case jsontree.Number:
		v.Kind = Number
	case jsontree.Bool:
		v.Kind = Bool
	case jsontree.Object:
		v.Kind = Object
	default:
		return dst
	}
	e.keep(t, n)
	v.Text = t.Text(n)
	return c.apply(dst, v)
}

// text is a string inside the event that was read as JSON or as a notation.
type text struct {
	tree *jsontree.Tree
	node jsontree.Node
	in   *jsontree.Tree // nil when the string is neither
}

// inside reads what the string n holds. The trees stay with the event until the next one.
func (e *Event) inside(t *jsontree.Tree, n jsontree.Node) *jsontree.Tree {
	for _, x := range e.texts {
		if x.tree == t && x.node == n {
			return x.in
		}
	}
	in, s := new(jsontree.Tree), t.Text(n)
	if in.ParseString(s) != nil || in.Kind(jsontree.Root) < jsontree.Array {
		json, ok := appendNotation(nil, s, 0)
		if !ok || in.Parse(json) != nil {
			in = nil
		}
	}
	e.texts = append(e.texts, text{tree: t, node: n, in: in})
	return in
}
