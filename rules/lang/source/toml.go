package source

import (
	"errors"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"oktastream/rules/match"
)

// parseTOML reads a TOML file, which is one document. A table is a Map, an array of tables a List of Maps; a date or time
// is a text.
func parseTOML(file, text string, limits Limits) []Document {
	d := Document{Report: &Report{File: file}}
	if !validTOML(text, d.Report) {
		return []Document{d}
	}
	// The library has accepted the whole, with its keys; what follows only adds places.
	t := &tomlTree{text: text, places: newPlaces(text), limits: limits, report: d.Report}
	if root := t.build(); d.Report.OK() {
		d.Root = root
	}
	return []Document{d}
}

func validTOML(text string, r *Report) bool {
	var all map[string]any
	err := toml.Unmarshal([]byte(text), &all)
	if err == nil {
		return true
	}
	at, hint := match.Pos{}, ""
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		at.Line, at.Col = decode.Position()
		if lines := strings.Split(text, "\n"); at.Line <= len(lines) {
			line := lines[at.Line-1]
			before := min(max(at.Col-1, 0), len(line)) // in bytes, and perhaps inside of a character
			for before < len(line) && !utf8.RuneStart(line[before]) {
				before--
			}
			at.Col = 1 + utf8.RuneCountInString(line[:before])
		}
	}
	code, message := Syntax, strings.TrimPrefix(err.Error(), "toml: ")
	if strings.Contains(message, "already") || strings.Contains(message, "defined") {
		code, hint = DuplicateKey, "put both into one, or rename one"
	}
	r.Error(at, code, hint, "not TOML: %s", message)
	return false
}

// places finds lines and columns.
type places struct {
	text  string
	lines []int // offset of each line's first byte
}

func newPlaces(text string) *places {
	p := &places{text: text, lines: []int{0}}
	for i := range len(text) {
		if text[i] == '\n' {
			p.lines = append(p.lines, i+1)
		}
	}
	return p
}

func (p *places) at(offset int) match.Pos {
	line := sort.SearchInts(p.lines, offset+1) - 1
	return match.Pos{Line: line + 1, Col: 1 + utf8.RuneCountInString(p.text[p.lines[line]:offset])}
}

type tomlTree struct {
	text   string
	places *places
	limits Limits
	report *Report
	parser unstable.Parser
	nodes  int
}

func (t *tomlTree) build() *Node {
	root := &Node{Kind: Map, Pos: match.Pos{Line: 1, Col: 1}}
	t.parser.Reset([]byte(t.text))
	table := root
	for t.parser.NextExpression() && t.report.OK() {
		switch e := t.parser.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = t.open(root, e)
		case unstable.KeyValue:
			t.set(table, e)
		}
		if table == nil {
			break
		}
	}
	if err := t.parser.Error(); err != nil && t.report.OK() {
		t.report.Error(match.Pos{}, Syntax, "", "not TOML: %v", err)
	}
	return root
}

// node counts a value, so that a file stays within its limits.
func (t *tomlTree) node(n *Node, depth int) *Node {
	t.nodes++
	switch {
	case !t.report.OK():
		return nil
	case t.nodes > t.limits.Nodes:
		t.report.Error(n.Pos, TooLarge, "split the file", "the file has more than %d values", t.limits.Nodes)
		return nil
	case depth > maxDepth:
		t.report.Error(n.Pos, TooDeep, "", "tables and arrays are nested deeper than %d", maxDepth)
		return nil
	}
	n.size = 1
	return n
}

// open goes to the table of a header, and makes it and those above it if they are not there.
func (t *tomlTree) open(root *Node, e *unstable.Node) *Node {
	at, depth := root, 0
	for it := e.Key(); it.Next() && at != nil; {
		depth++
		last := it.IsLast()
		at = t.member(at, it.Node(), depth, last && e.Kind == unstable.ArrayTable)
	}
	return at
}

// member is the table under a key: of an array of tables the last, or with more a new one.
func (t *tomlTree) member(in *Node, key *unstable.Node, depth int, more bool) *Node {
	k := t.key(key)
	n := in.Get(k.Text)
	if n == nil {
		n = &Node{Kind: Map, Pos: k.Pos}
		if more {
			n.Kind = List
		}
		if n = t.node(n, depth); n == nil || !t.add(in, k, n) {
			return nil
		}
	}
	if more {
		if item := t.node(&Node{Kind: Map, Pos: k.Pos}, depth); item != nil {
			n.Items = append(n.Items, item)
		}
	}
	if n.Kind == List && len(n.Items) > 0 {
		n = n.Items[len(n.Items)-1]
	}
	if n.Kind != Map {
		t.report.Error(k.Pos, Syntax, "", "not TOML: %q is no table", k.Text)
		return nil
	}
	return n
}

func (t *tomlTree) key(n *unstable.Node) *Node {
	return &Node{Kind: Scalar, Type: String, Text: string(n.Data), Pos: t.places.at(int(n.Raw.Offset)), size: 1}
}

func (t *tomlTree) add(in, key, value *Node) bool {
	if len(in.Pairs) == maxKeys {
		t.report.Error(key.Pos, TooLarge, "", "a table has more than %d keys", maxKeys)
		return false
	}
	in.Pairs = append(in.Pairs, Pair{Key: key, Value: value})
	return true
}

// set adds the value of key = value.
func (t *tomlTree) set(in *Node, e *unstable.Node) {
	depth := 1
	for it := e.Key(); it.Next() && in != nil; depth++ {
		if !it.IsLast() {
			in = t.member(in, it.Node(), depth, false)
			continue
		}
		key := t.key(it.Node())
		after := int(it.Node().Raw.Offset + it.Node().Raw.Length)
		after += len(t.text[after:]) - len(strings.TrimLeft(t.text[after:], " \t="))
		if value := t.value(e.Value(), after, depth); value != nil {
			t.add(in, key, value)
		}
	}
}

// value converts n. Arrays do not know their place, so at is where they begin if it is known.
func (t *tomlTree) value(n *unstable.Node, at, depth int) *Node {
	if n.Raw.Length > 0 {
		at = int(n.Raw.Offset)
	}
	v := t.node(&Node{Kind: Scalar, Type: String, Text: string(n.Data), Pos: t.places.at(at)}, depth)
	if v == nil {
		return nil
	}
	switch n.Kind {
	case unstable.String:
		v.raw = t.text[n.Raw.Offset : n.Raw.Offset+n.Raw.Length]
	case unstable.Bool:
		v.Type = Bool
	case unstable.Float:
		v.Type = Float
	case unstable.Integer:
		v.Type = Int
		if i, err := strconv.ParseInt(strings.ReplaceAll(v.Text, "_", ""), 0, 64); err == nil {
			v.Text = strconv.FormatInt(i, 10)
		}
	case unstable.Array:
		v.Kind, v.Type, v.Text = List, 0, ""
		for it := n.Children(); it.Next(); {
			item := t.value(it.Node(), at, depth+1)
			if item == nil {
				return nil
			}
			v.Items = append(v.Items, item)
		}
	case unstable.InlineTable:
		v.Kind, v.Type, v.Text = Map, 0, ""
		for it := n.Children(); it.Next(); {
			t.set(v, it.Node())
		}
	}
	return v
}
