package jsontree

import (
	"slices"
	"strconv"
	"strings"
)

// Shippers write nested members as one, with a dotted name: "actor.id":"x" for "actor":{"id":"x"}, all of them or some, at
// any depth. Elasticsearch takes the two for the same; so does whoever reads the text that Nested makes.
//
// A name is dotted if there is a name on each side of every dot: one that begins or ends with a dot or with a blank, as in
// "New St. Louis", is a name. What is dotted joins the object of that name, also one that differs in case only. Where both
// say something, both count, as elements of an array: then no rule is blind to either. Names that are the numbers from 0 on
// make an array.

// maxDots bounds how deep one name nests; a name with more dots stays as it is.
const maxDots = 16

// dotted reports whether name is one.
func dotted(name string) bool {
	dots := 0
	for from := 0; ; dots++ {
		dot := strings.IndexByte(name[from:], '.')
		part := name[from:]
		if dot >= 0 {
			part = name[from : from+dot]
		}
		if part == "" || part[0] == ' ' || part[len(part)-1] == ' ' {
			return false
		}
		if dot < 0 {
			return 0 < dots && dots <= maxDots
		}
		from += dot + 1
	}
}

// SplitName is the names that a dotted name consists of, nil for any other.
func SplitName(name string) []string {
	if !dotted(name) {
		return nil
	}
	return strings.Split(name, ".")
}

// Dotted reports whether a member that the tree looked for has a dotted name.
func (t *Tree) Dotted() bool { return t.dotted }

// Nested is the compact JSON of the tree with what is dotted in its place. The tree must hold everything.
func (t *Tree) Nested() []byte { return appendTree(nil, t.nest(Root)) }

// tree is a value being put together: a scalar's JSON, an object or an array.
type tree struct {
	kind    Kind
	json    string
	items   []*tree
	names   []string       // of the items of an object
	index   map[string]int // of an object with many: by name, and by name in lower case, the last of each
	numbers bool           // an object that dotted names made, and that may be an array
}

func (t *Tree) nest(n Node) *tree {
	x := &tree{kind: t.Kind(n)}
	switch x.kind {
	default:
		x.json = string(t.Append(nil, n))
	case Array:
		for c := t.First(n); c != None; c = t.Next(n, c) {
			x.items = append(x.items, t.nest(c))
		}
	case Object:
		var later []Node
		for c := t.First(n); c != None; c = t.Next(n, c) {
			if name := t.Key(c); !dotted(name) {
				x.put(name, t.nest(c))
			} else {
				later = append(later, c)
			}
		}
		last := make(map[string]Node, len(later)) // of the same name the last counts
		for _, c := range later {
			last[t.Key(c)] = c
		}
		for _, c := range later {
			if last[t.Key(c)] != c {
				continue
			}
			x.place(strings.Split(t.Key(c), "."), t.nest(c))
		}
	}
	return x
}

// few is the number of members up to which they are looked through one by one.
const few = 8

// put adds a member behind the others. Of the same name the last counts, as ever.
func (x *tree) put(name string, v *tree) {
	x.names, x.items = append(x.names, name), append(x.items, v)
	switch n := len(x.names); {
	case n == few:
		x.index = make(map[string]int, 2*few)
		for i, name := range x.names {
			x.note(name, i)
		}
	case n > few:
		x.note(name, n-1)
	}
}

func (x *tree) note(name string, i int) {
	if lower := strings.ToLower(name); lower != name {
		x.index[fold+lower] = i
	}
	x.index[name] = i
}

// fold begins the entries of the index for names that are written otherwise than in lower case.
const fold = "\x00"

// find is the last member with this name, else the last that differs in case only, else -1.
func (x *tree) find(name string) int {
	if x.index != nil {
		lower := strings.ToLower(name)
		for _, key := range []string{name, fold + lower, lower} {
			if i, ok := x.index[key]; ok {
				return i
			}
		}
		return -1
	}
	folded := -1
	for i := range slices.Backward(x.names) {
		if x.names[i] == name {
			return i
		}
		if folded < 0 && strings.EqualFold(x.names[i], name) {
			folded = i
		}
	}
	return folded
}

// place adds v where parts lead to.
func (x *tree) place(parts []string, v *tree) {
	i := x.find(parts[0])
	if i < 0 {
		x.put(parts[0], wrap(parts[1:], v))
		return
	}
	x.items[i] = merge(x.items[i], wrap(parts[1:], v))
}

// wrap is v below the names.
func wrap(names []string, v *tree) *tree {
	for _, name := range slices.Backward(names) {
		o := &tree{kind: Object, numbers: true}
		o.put(name, v)
		v = o
	}
	return v
}

// merge is what both say.
func merge(a, b *tree) *tree {
	switch {
	case a.kind == Null:
		return b
	case b.kind == Null:
		return a
	case a.kind == Object && b.kind == Object:
		a.numbers = a.numbers && b.numbers
		for k, name := range b.names {
			if i := a.find(name); i >= 0 {
				a.items[i] = merge(a.items[i], b.items[k])
			} else {
				a.put(name, b.items[k])
			}
		}
		return a
	case a.kind < Array && a.kind == b.kind && a.json == b.json:
		return a
	}
	both := &tree{kind: Array, items: elements(a)}
	both.items = append(both.items, elements(b)...)
	return both
}

func elements(x *tree) []*tree {
	if x.kind == Array {
		return x.items
	}
	return []*tree{x}
}

func appendTree(dst []byte, x *tree) []byte {
	open, shut := byte('['), byte(']')
	switch {
	case x.kind < Array:
		return append(dst, x.json...)
	case x.kind == Object && !x.numbered():
		open, shut = '{', '}'
	}
	dst = append(dst, open)
	for i, item := range x.items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if open == '{' {
			dst = append(AppendString(dst, x.names[i]), ':')
		}
		dst = appendTree(dst, item)
	}
	return append(dst, shut)
}

// numbered reports whether the names of an object that dotted names made are the numbers from 0 on, and puts the items in
// their order.
func (x *tree) numbered() bool {
	if !x.numbers {
		return false
	}
	items := make([]*tree, len(x.items))
	for k, name := range x.names {
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 || i >= len(items) || items[i] != nil || strconv.Itoa(i) != name {
			return false
		}
		items[i] = x.items[k]
	}
	x.items = items
	return true
}
