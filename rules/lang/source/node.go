package source

import (
	"unicode/utf8"

	"oktastream/rules/match"
)

// Kind tells the three forms of a Node apart.
type Kind uint8

const (
	Scalar Kind = iota + 1
	List
	Map
)

func (k Kind) String() string {
	switch k {
	case Scalar:
		return "a value"
	case List:
		return "a list"
	case Map:
		return "a map"
	}
	return "nothing"
}

// Type is the type of a Scalar by the rules of YAML, TOML or JSON: quoted text is always String.
type Type uint8

const (
	String Type = iota + 1
	Null
	Bool
	Int
	Float
)

// Node is one value of a document. Aliases share the Node of their anchor, so a tree is read-only once parsed.
type Node struct {
	Kind  Kind
	Type  Type      // of a Scalar
	Text  string    // of a Scalar: its value; of a number, as written, but in decimal when it is an integer
	Pos   match.Pos // where it begins
	Items []*Node   // of a List
	Pairs []Pair    // of a Map, in the author's order, keys unique

	size  int // of the tree, aliases counted as often as they are used
	lines []string
	block bool   // the text begins on the line after Pos
	raw   string // the text as TOML or JSON have it, with its quotes; "" in YAML
	where []match.Pos

	chars  []int // offset of each character of Text, and its end; see AtLine
	begins []int // of each line, in chars
}

// Pair is one member of a Map. Key is a Scalar.
type Pair struct{ Key, Value *Node }

// Get returns the value of key in a Map, or nil.
func (n *Node) Get(key string) *Node {
	if p := n.Pair(key); p != nil {
		return p.Value
	}
	return nil
}

// Pair returns the member with that key in a Map, or nil.
func (n *Node) Pair(key string) *Pair {
	if n == nil {
		return nil
	}
	for i := range n.Pairs {
		if n.Pairs[i].Key.Text == key {
			return &n.Pairs[i]
		}
	}
	return nil
}

// Start is the place of n, and the first of the file for nil.
func (n *Node) Start() match.Pos {
	if n == nil {
		return match.Pos{Line: 1, Col: 1}
	}
	return n.Pos
}

// IsNull tells whether n is absent or null.
func (n *Node) IsNull() bool { return n == nil || n.Kind == Scalar && n.Type == Null }

// At returns the place in the file of the character of Text at a byte offset. Folding, indentation and quotes are seen
// through; where an escape hides the place, it is the beginning of the value. An offset beyond the end is the place
// after the last character.
func (n *Node) At(offset int) match.Pos {
	if n.where == nil {
		if n.raw != "" {
			n.where = alignLiteral(n.raw, n.Text, n.Pos)
		} else {
			n.where = n.align()
		}
	}
	if len(n.where) == 0 || offset < 0 {
		return n.Pos
	}
	if n.raw != "" {
		offset = min(offset, len(n.where)-1)
	}
	if offset >= len(n.where) {
		p := n.where[len(n.where)-1]
		p.Col++
		return p
	}
	return n.where[offset]
}

// AtLine returns the place of a line and column of Text, both counted from 1, the column in characters.
func (n *Node) AtLine(p match.Pos) match.Pos {
	if p.Line < 1 {
		return n.Pos
	}
	if n.chars == nil {
		n.countChars()
	}
	if p.Line > len(n.begins) {
		return n.At(len(n.Text))
	}
	i := n.begins[p.Line-1] + max(p.Col, 1) - 1
	if p.Line < len(n.begins) {
		i = min(i, n.begins[p.Line]-1) // the line break
	}
	return n.At(n.chars[min(i, len(n.chars)-1)])
}

// countChars prepares AtLine: a query of thousands of terms asks for the place of each.
func (n *Node) countChars() {
	n.chars, n.begins = make([]int, 0, len(n.Text)+1), []int{0}
	for i, c := range n.Text {
		n.chars = append(n.chars, i)
		if c == '\n' {
			n.begins = append(n.begins, len(n.chars))
		}
	}
	n.chars = append(n.chars, len(n.Text))
}

// align walks over the value and its source side by side. YAML may only change white space, double a quote or write
// an escape, so every character of the value is found in the source, in order; where that fails there was an escape
// that says nothing about places, and the result is empty.
func (n *Node) align() []match.Pos {
	where := make([]match.Pos, 0, len(n.Text))
	at := cursor{lines: n.lines, pos: n.Pos}
	var quote rune
	if n.block {
		at.pos = match.Pos{Line: n.Pos.Line + 1, Col: 1}
	} else if c := at.peek(); c == '\'' || c == '"' {
		quote = c
		at.next()
	}
	for _, c := range n.Text {
		if white(c) {
			// What was folded into one blank is passed over before the next word.
			where = append(where, at.pos)
			switch s := at.peek(); {
			case s == c:
				at.next()
			case s == '\\' && quote == '"':
				at.next()
				at.next()
			}
			continue
		}
		for white(at.peek()) {
			at.next()
		}
		start := at.pos
		if at.peek() == '\\' && quote == '"' {
			at.next()
		}
		if at.peek() != c {
			return []match.Pos{}
		}
		for range utf8.RuneLen(c) {
			where = append(where, start)
		}
		at.next()
		if c == '\'' && quote == c && at.peek() == c {
			at.next()
		}
	}
	return where
}

func white(c rune) bool { return c == ' ' || c == '\n' || c == '\t' }

// cursor reads the lines of a file character by character.
type cursor struct {
	lines []string
	line  []rune // the current line
	have  int    // its number
	pos   match.Pos
}

// peek returns the character under the cursor, '\n' at the end of a line and 0 at the end of the file.
func (c *cursor) peek() rune {
	if c.pos.Line < 1 || c.pos.Line > len(c.lines) {
		return 0
	}
	if c.have != c.pos.Line {
		c.line, c.have = []rune(c.lines[c.pos.Line-1]), c.pos.Line
	}
	if c.pos.Col > len(c.line) {
		return '\n'
	}
	return c.line[max(c.pos.Col, 1)-1]
}

func (c *cursor) next() {
	if c.peek() == '\n' {
		c.pos = match.Pos{Line: c.pos.Line + 1, Col: 1}
		return
	}
	c.pos.Col++
}
