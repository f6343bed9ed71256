package jsontree

import (
	"strings"
	"unsafe"
)

// Kind is the JSON type of a node.
type Kind uint8

// The kinds of a node. The zero Kind belongs to None.
const (
	Null Kind = iota + 1
	Bool
	Number
	String
	Array
	Object
)

// Node is the number of a node in its Tree. A Node is meaningful until the next Parse.
type Node int32

const (
	// None is the node that is not there.
	None Node = -1
	// Root is the value of the whole text.
	Root Node = 0
)

// Tree is a parsed JSON text, all of it or what a Selection asks for. Decoding into a struct of the wanted members was tried instead: it is faster when all of
// them are read, but members of the same name are merged there, null does not replace the value before it, and a
// name in another case does; so an odd event would read differently on the fast way and on the tolerant one.
//
// The zero Tree is empty and ready for Parse. A Tree is not safe for concurrent use while
// it is being parsed; reading one is.
type Tree struct {
	text  string // the text as given; the nodes point into it
	nodes []node
	marks []byte // space for mark
	at    []Node // by place of the selection; 0 is none, and negative the last of those that are inside arrays
	odd   bool

	dotted bool
}

// node is one value, in document order: the children of a container follow it, and next is behind the last of them.
// Offsets instead of strings keep a node free of pointers, so that a tree costs the collector nothing.
type node struct {
	key, keyEnd uint32 // the bytes of the member's name, without quotes
	val, end    uint32 // the bytes of the value; of a string, without quotes
	next        Node
	at          Place
	hash        uint16 // of the name, see hashOf; 0 when the name has to be decoded first
	kind        Kind
	coded       bool // a string value has an escape or a byte outside ASCII
}

// keep is the number of nodes beyond which a Tree gives its memory back, so that one monstrous record does not stay.
const keep = 1 << 16

// Reset makes the tree empty, so that it keeps no text alive.
func (t *Tree) Reset() {
	if cap(t.nodes) > keep {
		t.nodes, t.marks = nil, nil
	}
	t.text, t.nodes = "", t.nodes[:0]
}

// Kind is the type of n, 0 for None.
func (t *Tree) Kind(n Node) Kind {
	if n < 0 {
		return 0
	}
	return t.nodes[n].kind
}

// First is the first child of a container, or None.
func (t *Tree) First(n Node) Node {
	if n < 0 || t.nodes[n].kind < Array || t.nodes[n].next == n+1 {
		return None
	}
	return n + 1
}

// Next is the child of parent that follows c, or None.
func (t *Tree) Next(parent, c Node) Node {
	if c = t.nodes[c].next; c < t.nodes[parent].next {
		return c
	}
	return None
}

// At is the member at a place of the selection that the tree was parsed with, or None: what Find finds name by name from
// the top. It must not be asked for when the text is Odd, and knows nothing of what is inside arrays.
func (t *Tree) At(at Place) Node {
	if at == Top {
		return Root
	}
	if n := t.at[at]; n > 0 {
		return n
	}
	return None
}

// Member is the member of the object n that is at a place, or None. As At, it must not be asked for when the text is Odd.
func (t *Tree) Member(n Node, at Place) Node {
	nodes := t.nodes
	for c, end := n+1, nodes[n].next; c < end; c = nodes[c].next {
		if nodes[c].at == at {
			return c
		}
	}
	return None
}

// Odd reports that an object has two members for one place, or one whose name is written with escapes. Then At
// or Member do not know which of them counts; Find does.
func (t *Tree) Odd() bool { return t.odd }

// Find returns the member of the object n whose name is key: of the members spelt exactly so the last, else the last
// of those that differ in case only. It is None when n is no object or has no such member.
func (t *Tree) Find(n Node, key string) Node { return t.FindName(n, NewName(key)) }

// FindName is Find for a name that is looked for often.
func (t *Tree) FindName(n Node, key Name) Node {
	if n < 0 || t.nodes[n].kind != Object {
		return None
	}
	exact, folded := None, None
	nodes, end := t.nodes, t.nodes[n].next
	for c := n + 1; c < end; c = nodes[c].next {
		m := &nodes[c]
		if m.hash != key.hash && m.hash != 0 && key.hash != 0 {
			continue
		}
		name := t.text[m.key:m.keyEnd]
		if m.hash == 0 {
			name = unquote(name)
		}
		switch {
		case name == key.text:
			exact = c
		case strings.EqualFold(name, key.text):
			folded = c
		}
	}
	if exact != None {
		return exact
	}
	return folded
}

// Key is the decoded name of the member n.
func (t *Tree) Key(n Node) string {
	m := &t.nodes[n]
	if m.hash == 0 {
		return unquote(t.text[m.key:m.keyEnd])
	}
	return t.text[m.key:m.keyEnd]
}

// Text is the decoded string of n; of a number, true, false and null it is the text as written, of a container its
// compact JSON. Unless it had to be decoded it refers to the parsed bytes.
func (t *Tree) Text(n Node) string {
	m := &t.nodes[n]
	switch {
	case m.kind >= Array:
		b := t.Append(nil, n)
		return unsafe.String(unsafe.SliceData(b), len(b))
	case m.coded:
		return unquote(t.text[m.val:m.end])
	}
	return t.text[m.val:m.end]
}

// Plain is Text for a text, number or boolean that does not have to be decoded.
func (t *Tree) Plain(n Node) (text string, ok bool) {
	m := &t.nodes[n]
	if m.coded {
		return "", false
	}
	return t.text[m.val:m.end], true
}

// Decoded is Text for a text, and decodes into free space of arena, which it returns with that space taken. The text is
// valid while those bytes of arena are.
func (t *Tree) Decoded(n Node, arena []byte) (string, []byte) {
	m := &t.nodes[n]
	s := t.text[m.val:m.end]
	if plain(s) {
		return s, arena
	}
	from := len(arena)
	arena = appendUnquoted(arena, s)
	return unsafe.String(unsafe.SliceData(arena[from:]), len(arena)-from), arena
}

// Raw is the JSON of n as it stands in the text, blanks included.
func (t *Tree) Raw(n Node) string {
	m := &t.nodes[n]
	if m.kind == String {
		return t.text[m.val-1 : m.end+1]
	}
	return t.text[m.val:m.end]
}

// Bytes is Raw as bytes that share the memory of the text: they must not be changed.
func (t *Tree) Bytes(n Node) []byte {
	s := t.Raw(n)
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

// Len is the number of nodes.
func (t *Tree) Len() int { return len(t.nodes) }
