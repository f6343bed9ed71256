package event

import (
	"slices"
	"strings"

	"oktastream/rules/event/jsontree"
)

// collect appends the values that a path has in t: of the first read that has any, or of all. chains, if given, are
// the places where each read begins, and t is the tree that has them.
func (e *Event) collect(dst []Value, c *compiled, t *jsontree.Tree, chains [][]jsontree.Place) []Value {
	if c.every {
		return e.collectEvery(dst)
	}
	if c.computed != nil {
		return append(dst, c.computed(e)...)
	}
	from := len(dst)
	for i, r := range c.reads {
		if r.carried && e.carrier != nil {
			dst = e.walk(dst, e.outer(), jsontree.Root, r.steps[1:], r.convert)
		} else if chains != nil && !t.Odd() {
			dst = e.enter(dst, t, chains[i], r)
		} else {
			dst = e.walk(dst, t, jsontree.Root, r.steps, r.convert)
		}
		if len(dst) > from && !c.all {
			return dst
		}
		if r.decides {
			there := e.walk(dst, t, jsontree.Root, r.steps, filled)
			if dst = there[:from]; len(there) > from {
				break
			}
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

// enter is a walk that begins at the last of the places that the event has.
func (e *Event) enter(dst []Value, t *jsontree.Tree, chain []jsontree.Place, r read) []Value {
	for k := len(chain) - 1; k >= 0; k-- {
		if n := t.At(chain[k]); n != jsontree.None {
			return e.member(dst, t, n, chain[k:], r.steps[k:], r.convert)
		}
	}
	return e.follow(dst, t, jsontree.Root, chain, r.steps, r.convert)
}

// follow is walk, and finds members by their places as far as there are any.
func (e *Event) follow(dst []Value, t *jsontree.Tree, n jsontree.Node, chain []jsontree.Place, steps []step, c convert) []Value {
	switch {
	case len(chain) == 0:
	case t.Kind(n) == jsontree.Object:
		if n = t.Member(n, chain[0]); n == jsontree.None {
			return dst
		}
		return e.member(dst, t, n, chain, steps, c)
	case t.Kind(n) == jsontree.Array:
		for el := t.First(n); el != jsontree.None; el = t.Next(n, el) {
			dst = e.follow(dst, t, el, chain, steps, c)
		}
		return dst
	}
	return e.walk(dst, t, n, steps, c)
}

// member goes on from n, which is at chain[0] and named by steps[0].
func (e *Event) member(dst []Value, t *jsontree.Tree, n jsontree.Node, chain []jsontree.Place, steps []step, c convert) []Value {
	switch {
	case len(steps[0].selects) > 0:
		return e.pick(dst, t, n, steps, c)
	case len(steps) == 1:
		return e.leaf(dst, t, n, c)
	}
	return e.follow(dst, t, n, chain[1:], steps[1:], c)
}

// walk appends the values that steps lead to from n, converted.
func (e *Event) walk(dst []Value, t *jsontree.Tree, n jsontree.Node, steps []step, c convert) []Value {
	kind := t.Kind(n)
	switch {
	case kind == 0 || kind == jsontree.Null:
	case len(steps) == 0:
		return e.leaf(dst, t, n, c)
	case kind == jsontree.Object:
		return e.pick(dst, t, find(t, n, &steps[0]), steps, c)
	case kind == jsontree.Array && steps[0].index >= 0:
		i := int32(0)
		for el := t.First(n); el != jsontree.None; el = t.Next(n, el) {
			if i == steps[0].index {
				return e.pick(dst, t, el, steps, c)
			}
			i++
		}
	case kind == jsontree.Array:
		for el := t.First(n); el != jsontree.None; el = t.Next(n, el) {
			dst = e.walk(dst, t, el, steps, c)
		}
	case kind == jsontree.String:
		if inner := e.inside(t, n); inner != nil {
			return e.walk(dst, inner, jsontree.Root, steps, c)
		}
	}
	return dst
}

// find is the member that a step names, also one whose name differs in blanks and hyphens where the step allows it.
func find(t *jsontree.Tree, n jsontree.Node, s *step) jsontree.Node {
	member := t.FindName(n, s.name)
	if member != jsontree.None || s.loose == "" {
		return member
	}
	for c := t.First(n); c != jsontree.None; c = t.Next(n, c) {
		if equalLoosely(t.Key(c), s.loose) {
			member = c
		}
	}
	return member
}

// pick goes on from n, the value that steps[0] names, with the elements that pass its selectors.
func (e *Event) pick(dst []Value, t *jsontree.Tree, n jsontree.Node, steps []step, c convert) []Value {
	selects, rest := steps[0].selects, steps[1:]
	if len(selects) == 0 {
		return e.walk(dst, t, n, rest, c)
	}
	if t.Kind(n) == jsontree.String {
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
		member := t.FindName(n, s.name)
		if k := t.Kind(member); k != jsontree.String && k != jsontree.Number && k != jsontree.Bool {
			if !s.not {
				return false
			}
			continue
		}
		if strings.EqualFold(t.Text(member), s.value) == s.not {
			return false
		}
	}
	return true
}

// leaf appends the value of n; of an array, those of its elements.
func (e *Event) leaf(dst []Value, t *jsontree.Tree, n jsontree.Node, c convert) []Value {
	switch t.Kind(n) {
	case jsontree.Array:
		for el := t.First(n); el != jsontree.None; el = t.Next(n, el) {
			dst = e.leaf(dst, t, el, c)
		}
		return dst
	case jsontree.Object:
		if c == leaves {
			for m := t.First(n); m != jsontree.None; m = t.Next(n, m) {
				dst = e.leaf(dst, t, m, c)
			}
			return dst
		}
		if c == positives {
			return e.positive(dst, t, n)
		}
		return e.convert(dst, Value{Kind: Object, Text: t.Text(n)}, c)
	}
	v, ok := e.scalar(t, n)
	if !ok {
		return dst
	}
	if c == leaves && slices.Contains(parsed, t.Key(n)) {
		if in := e.inside(t, n); in != nil {
			return e.leaf(dst, in, jsontree.Root, c)
		}
	}
	return e.convert(dst, v, c)
}

// parsed are the texts that the integration takes apart before it keeps them in a flattened field.
var parsed = []string{"behaviors", "risk", "logOnlySecurityData", "tunnels", "device_integrator"}

// positive is the conversion positives of an object, as a document has it that the integration has written.
func (e *Event) positive(dst []Value, t *jsontree.Tree, n jsontree.Node) []Value {
	for m := t.First(n); m != jsontree.None; m = t.Next(n, m) {
		if t.Kind(m) == jsontree.String && t.Text(m) == "POSITIVE" {
			dst = append(dst, Value{Kind: String, Text: t.Key(m)})
		}
	}
	return dst
}

func (e *Event) convert(dst []Value, v Value, c convert) []Value {
	if c >= account {
		return e.enrich(dst, v, c)
	}
	if c.isAddress() {
		v = e.respelt(v)
	}
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
	if len(e.texts) == len(e.inner) {
		e.inner = append(e.inner, new(jsontree.Tree))
	}
	in := e.inner[len(e.texts)]
	v, _ := e.scalar(t, n)
	s := v.Text
	if in.ParseString(s) != nil || in.Kind(jsontree.Root) < jsontree.Array {
		from := len(e.arena)
		json, ok := appendNotation(e.arena, s, 0)
		if e.arena = json; !ok || in.Parse(json[from:]) != nil {
			in = nil
		}
	}
	e.texts = append(e.texts, text{tree: t, node: n, in: in})
	return in
}
