package jsontree

import (
	"fmt"
	"math"
	"unsafe"
)

// MaxDepth is the deepest nesting of arrays and objects that Parse accepts. encoding/json stops at 10,000; an Okta
// event has less than ten.
const MaxDepth = 512

// Error says where and why a text is not acceptable JSON.
type Error struct {
	Offset int // of the offending byte, from 0; the length of the text where it ends too early
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset, e.Reason) }

// Parse replaces the tree by that of data, which must be one JSON value and must stay unchanged while the tree is in
// use. The error is an *Error; after one the tree is empty.
func (t *Tree) Parse(data []byte) error { return t.ParseSelected(data, everything) }

// ParseString is Parse for a string.
func (t *Tree) ParseString(text string) error {
	return t.Parse(unsafe.Slice(unsafe.StringData(text), len(text)))
}

// ParseSelected is Parse for a tree that holds no more than it has to, see Selection. It checks all of data nevertheless,
// and fails exactly when Parse does.
func (t *Tree) ParseSelected(data []byte, sel *Selection) error {
	t.Reset()
	if uint64(len(data)) > math.MaxInt32 {
		return &Error{Offset: 0, Reason: "longer than 2 GiB"}
	}
	t.marks = mark(t.marks, data)
	return t.parse(unsafe.String(unsafe.SliceData(data), len(data)), t.marks, sel)
}

// Select is ParseSelected for the text of another tree, which has parsed it without an error. What the two have in common is
// not done again.
func (t *Tree) Select(of *Tree, sel *Selection) error {
	t.Reset()
	return t.parse(of.text, of.marks, sel)
}

func (t *Tree) parse(text string, marks []byte, sel *Selection) error {
	sel.init()
	for range len(sel.places) - len(t.at) {
		t.at = append(t.at, 0)
	}
	clear(t.at)
	p := parser{s: text, marks: marks, nodes: t.nodes, places: sel.places, at: t.at}
	top := Top
	if sel == everything {
		top = wherever
	}
	if i := p.value(p.space(0), name{}, top); i >= 0 {
		if i = p.space(i); i < len(text) {
			p.fail(i, "text after the JSON value")
		}
	}
	if p.err != nil {
		t.nodes = p.nodes[:0]
		return p.err
	}
	t.text, t.nodes, t.odd, t.dotted = text, p.nodes, p.odd, p.dotted
	return nil
}

type parser struct {
	s      string
	marks  []byte // of s, see mark
	nodes  []node
	places []placeInfo
	at     []Node // by place, see Tree
	depth  int    // arrays and objects around the value at hand
	arrays int    // of which are arrays
	odd    bool
	dotted bool // a member that is looked for, or whole, has a name of several
	err    *Error
}

// name is the name of a member in the text.
type name struct {
	from, to uint32
	hash     uint16
}

func (p *parser) fail(at int, reason string) int {
	if p.err == nil {
		if at >= len(p.s) {
			at, reason = len(p.s), "the text ends too early"
		}
		p.err = &Error{Offset: at, Reason: reason}
	}
	return -1
}

// space is the offset of the first byte from i on that is no blank.
func (p *parser) space(i int) int {
	for i < len(p.s) && p.s[i] <= ' ' && (p.s[i] == ' ' || p.s[i] == '\n' || p.s[i] == '\t' || p.s[i] == '\r') {
		i++
	}
	return i
}

// value parses the value that starts at i and returns the offset behind it, or -1 after a failure. The value leaves no
// node if it stands nowhere.
func (p *parser) value(i int, key name, at Place) int {
	if i >= len(p.s) {
		return p.fail(i, "")
	}
	n := len(p.nodes)
	if at != nowhere {
		p.nodes = append(p.nodes, node{key: key.from, keyEnd: key.to, hash: key.hash, at: at, val: uint32(i)})
	}
	end, kind := 0, Null
	switch c := p.s[i]; c {
	case '"':
		end, coded := p.str(i)
		if end >= 0 && at != nowhere {
			m := &p.nodes[n]
			m.kind, m.coded, m.val, m.end, m.next = String, coded, uint32(i+1), uint32(end-1), Node(n+1)
		}
		return end
	case '{', '[':
		if p.depth == MaxDepth {
			return p.fail(i, fmt.Sprintf("nested more than %d deep", MaxDepth))
		}
		p.depth++
		if c == '{' {
			kind, end = Object, p.object(i+1, at)
		} else {
			p.arrays++
			kind, end = Array, p.array(i+1, at)
			p.arrays--
		}
		p.depth--
	case 't':
		kind, end = Bool, p.literal(i, "true")
	case 'f':
		kind, end = Bool, p.literal(i, "false")
	case 'n':
		end = p.literal(i, "null")
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		kind, end = Number, p.number(i)
	default:
		return p.fail(i, "no JSON value begins like this")
	}
	if end >= 0 && at != nowhere {
		m := &p.nodes[n]
		m.kind, m.end, m.next = kind, uint32(end), Node(len(p.nodes))
	}
	return end
}

// array parses the elements behind an opening bracket.
func (p *parser) array(i int, at Place) int {
	i = p.space(i)
	if i < len(p.s) && p.s[i] == ']' {
		return i + 1
	}
	for {
		if i = p.value(i, name{}, at); i < 0 {
			return -1
		}
		i = p.space(i)
		if i < len(p.s) && p.s[i] == ',' {
			i = p.space(i + 1)
			continue
		}
		if i < len(p.s) && p.s[i] == ']' {
			return i + 1
		}
		return p.fail(i, "expected , or ] after an element")
	}
}

func (p *parser) literal(i int, word string) int {
	if len(p.s)-i >= len(word) && p.s[i:i+len(word)] == word {
		return i + len(word)
	}
	k := 0
	for i+k < len(p.s) && p.s[i+k] == word[k] {
		k++
	}
	return p.fail(i+k, "expected "+word)
}

func (p *parser) number(i int) int {
	if p.s[i] == '-' {
		i++
	}
	switch {
	case i < len(p.s) && p.s[i] == '0':
		i++
	default:
		if i = p.digits(i); i < 0 {
			return -1
		}
	}
	if i < len(p.s) && p.s[i] == '.' {
		if i = p.digits(i + 1); i < 0 {
			return -1
		}
	}
	if i < len(p.s) && p.s[i]|0x20 == 'e' {
		i++
		if i < len(p.s) && (p.s[i] == '+' || p.s[i] == '-') {
			i++
		}
		if i = p.digits(i); i < 0 {
			return -1
		}
	}
	return i
}

func (p *parser) digits(i int) int {
	start := i
	for i < len(p.s) && '0' <= p.s[i] && p.s[i] <= '9' {
		i++
	}
	if i == start {
		return p.fail(i, "expected a digit")
	}
	return i
}
