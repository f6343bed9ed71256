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
	if cap(t.nodes) > keep {
		t.nodes = nil
	}
	t.text = ""
	if uint64(len(data)) > math.MaxInt32 {
		t.nodes = t.nodes[:0]
		return &Error{Offset: 0, Reason: "longer than 2 GiB"}
	}
	p := parser{s: data, nodes: t.nodes[:0]}
	if i := p.value(p.space(0), 0, node{}); i >= 0 {
		if i = p.space(i); i < len(data) {
			p.fail(i, "text after the JSON value")
		}
	}
	if p.err != nil {
		t.nodes = p.nodes[:0]
		return p.err
	}
	t.text, t.nodes = unsafe.String(unsafe.SliceData(data), len(data)), p.nodes
	return nil
}

// ParseString is Parse for a string.
func (t *Tree) ParseString(text string) error {
	return t.Parse(unsafe.Slice(unsafe.StringData(text), len(text)))
}

type parser struct {
	s     []byte
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

// space is the offset of the first byte from i on that is no blank.
func (p *parser) space(i int) int {
	for i < len(p.s) && p.s[i] <= ' ' && (p.s[i] == ' ' || p.s[i] == '\n' || p.s[i] == '\t' || p.s[i] == '\r') {
		i++
	}
	return i
}

// value parses the value that starts at i and returns the offset behind it, or -1 after a failure. m has the name.
func (p *parser) value(i, depth int, m node) int {
	if i >= len(p.s) {
		return p.fail(i, "")
	}
	m.val = uint32(i)
	end := 0
	switch c := p.s[i]; c {
	case '"':
		if end, m.coded = p.str(i); end < 0 {
			return -1
		}
		m.val, m.end, m.kind, m.next = uint32(i+1), uint32(end-1), String, Node(len(p.nodes)+1)
		p.nodes = append(p.nodes, m)
		return end
	case '{', '[':
		if depth == MaxDepth {
			return p.fail(i, fmt.Sprintf("nested more than %d deep", MaxDepth))
		}
		n := len(p.nodes)
		p.nodes = append(p.nodes, m)
		if c == '{' {
			m.kind, end = Object, p.object(i+1, depth+1)
		} else {
			m.kind, end = Array, p.array(i+1, depth+1)
		}
		if end < 0 {
			return -1
		}
		m.end, m.next = uint32(end), Node(len(p.nodes))
		p.nodes[n] = m
		return end
	case 't':
		m.kind, end = Bool, p.literal(i, "true")
	case 'f':
		m.kind, end = Bool, p.literal(i, "false")
	case 'n':
		m.kind, end = Null, p.literal(i, "null")
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		m.kind, end = Number, p.number(i)
	default:
		return p.fail(i, "no JSON value begins like this")
	}
	if end < 0 {
		return -1
	}
	m.end, m.next = uint32(end), Node(len(p.nodes)+1)
	p.nodes = append(p.nodes, m)
	return end
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
		end, coded := p.str(i)
		if end < 0 {
			return -1
		}
		m := node{key: uint32(i + 1), keyEnd: uint32(end - 1)}
		if !coded {
			m.hash = hashASCII(p.s[i+1 : end-1])
		}
		i = p.space(end)
		if i >= len(p.s) || p.s[i] != ':' {
			return p.fail(i, "expected : after a member's name")
		}
		if i = p.value(p.space(i+1), depth, m); i < 0 {
			return -1
		}
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
		if i = p.value(i, depth, node{}); i < 0 {
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
	if len(p.s)-i >= len(word) && string(p.s[i:i+len(word)]) == word {
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
