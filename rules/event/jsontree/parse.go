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
func (t *Tree) Parse(data []byte) error {
	return t.ParseString(unsafe.String(unsafe.SliceData(data), len(data)))
}

// ParseString is Parse for a string.
func (t *Tree) ParseString(text string) error {
	if cap(t.nodes) > keep {
		t.nodes = nil
	}
	t.text, t.nodes = text, t.nodes[:0]
	if uint64(len(text)) > math.MaxInt32 {
		t.text = ""
		return &Error{Offset: 0, Reason: "longer than 2 GiB"}
	}
	p := parser{s: text, nodes: t.nodes}
	i := p.space(0)
	i = p.value(i, 0)
	if i >= 0 {
		if i = p.space(i); i < len(text) {
			p.fail(i, "text after the JSON value")
		}
	}
	t.nodes = p.nodes
	if p.err != nil {
		t.text, t.nodes = "", t.nodes[:0]
		return p.err
	}
	return nil
}

type parser struct {
	s     string
	nodes []node
	err   *Error
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

func (p *parser) space(i int) int {
	for i < len(p.s) && (p.s[i] == ' ' || p.s[i] == '\n' || p.s[i] == '\t' || p.s[i] == '\r') {
		i++
	}
	return i
}

// value parses the value that starts at i and returns the offset behind it, or -1 after a failure.
func (p *parser) value(i, depth int) int {
	if i >= len(p.s) {
		return p.fail(i, "")
	}
	p.nodes = append(p.nodes, node{val: uint32(i)})
	n := len(p.nodes) - 1
	var kind Kind
	switch c := p.s[i]; {
	case c == '"':
		end, coded := p.str(i)
		if end < 0 {
			return -1
		}
		m := &p.nodes[n]
		m.val, m.end, m.kind, m.coded, m.next = uint32(i+1), uint32(end-1), String, coded, Node(n+1)
		return end
	case c == '{', c == '[':
		if depth == MaxDepth {
			return p.fail(i, fmt.Sprintf("nested more than %d deep", MaxDepth))
		}
		if c == '{' {
			kind, i = Object, p.object(i+1, depth+1)
		} else {
			kind, i = Array, p.array(i+1, depth+1)
		}
	case c == '-' || '0' <= c && c <= '9':
		kind, i = Number, p.number(i)
	case c == 't':
		kind, i = Bool, p.literal(i, "true")
	case c == 'f':
		kind, i = Bool, p.literal(i, "false")
	case c == 'n':
		kind, i = Null, p.literal(i, "null")
	default:
		return p.fail(i, "no JSON value begins like this")
	}
	if i < 0 {
		return -1
	}
	m := &p.nodes[n]
	m.kind, m.end, m.next = kind, uint32(i), Node(len(p.nodes))
	return i
}

func (p *parser) object(i, depth int) int {
	i = p.space(i)
	if i < len(p.s) && p.s[i] == '}' {
		return i + 1
	}
	for {
		if i >= len(p.s) || p.s[i] != '"' {
			return p.fail(i, `expected the " of a member's name`)
		}
		key := i + 1
		end, coded := p.str(i)
		if end < 0 {
			return -1
		}
		i = end
		if i < len(p.s) && p.s[i] != ':' {
			i = p.space(i)
		}
		if i >= len(p.s) || p.s[i] != ':' {
			return p.fail(i, "expected : after a member's name")
		}
		n := len(p.nodes)
		if i = p.value(p.space(i+1), depth); i < 0 {
			return -1
		}
		m := &p.nodes[n]
		m.key, m.keyEnd, m.keyCoded = uint32(key), uint32(end-1), coded
		i = p.space(i)
		if i < len(p.s) && p.s[i] == ',' {
			i = p.space(i + 1)
			continue
		}
		if i < len(p.s) && p.s[i] == '}' {
			return i + 1
		}
		return p.fail(i, "expected , or } after a member")
	}
}

func (p *parser) array(i, depth int) int {
	i = p.space(i)
	if i < len(p.s) && p.s[i] == ']' {
		return i + 1
	}
	for {
		if i = p.value(i, depth); i < 0 {
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
	for k := range len(word) {
		if i+k >= len(p.s) || p.s[i+k] != word[k] {
			return p.fail(i+k, "expected "+word)
		}
	}
	return i + len(word)
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
