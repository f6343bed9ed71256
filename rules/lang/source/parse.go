package source

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"oktastream/rules/match"
)

// Limits bound what reading a file may cost. They are far above what people write.
type Limits struct {
	Bytes int // of a file
	Nodes int // of a document, aliases counted as often as they are used
}

// RuleLimits are the limits of rule files, ExportLimits those of files with all the rules of a product's space, a rule a
// line.
var (
	RuleLimits   = Limits{Bytes: 4 << 20, Nodes: 50_000}
	ExportLimits = Limits{Bytes: 256 << 20, Nodes: 50_000}
)

// DataLimits are the limits of data files, such as indicator lists.
var DataLimits = Limits{Bytes: 8 << 20, Nodes: 250_000}

// LimitsOf are the limits of a rule file of this name.
func LimitsOf(name string) Limits {
	if strings.ToLower(path.Ext(name)) == ".ndjson" {
		return ExportLimits
	}
	return RuleLimits
}

const (
	maxDepth = 64   // of nested lists and maps
	maxKeys  = 1000 // of one map
)

// Document is one document of a file.
type Document struct {
	Root   *Node // nil if the document did not parse; the Report says why
	Report *Report
}

// Parse reads the documents of a file: of TOML if its name ends in .toml, of JSON on single lines if it ends in .ndjson,
// else of YAML. Empty documents are left out. A document that does not parse comes with a
// nil Root and an error in its Report; the documents before and after it are not affected, except that what follows
// an unreadable character is not read.
func Parse(file string, data []byte, limits Limits) []Document {
	fail := func(at match.Pos, code, hint, format string, args ...any) []Document {
		r := &Report{File: file}
		r.Error(at, code, hint, format, args...)
		return []Document{{Report: r}}
	}
	if len(data) > limits.Bytes {
		return fail(match.Pos{}, TooLarge, "split the file", "the file is larger than %d bytes", limits.Bytes)
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	if !utf8.ValidString(text) {
		return fail(invalidUTF8(text), NotUTF8, "save the file as UTF-8", "the file is not UTF-8")
	}
	switch strings.ToLower(path.Ext(file)) {
	case ".toml":
		return parseTOML(file, text, limits)
	case ".ndjson":
		return parseJSONLines(file, text, limits)
	}
	lines := strings.Split(text, "\n")
	whole := &Report{File: file}
	if !guardText(lines, whole) {
		return []Document{{Report: whole}}
	}
	var docs []Document
	for _, tokens := range split(lexer.Tokenize(text)) {
		d := Document{Report: &Report{File: file}}
		d.Root = parse(tokens, lines, limits, d.Report)
		if d.Root != nil || !d.Report.OK() {
			docs = append(docs, d)
		}
	}
	return docs
}

func invalidUTF8(text string) match.Pos {
	p := match.Pos{Line: 1, Col: 1}
	for i, c := range text {
		if c == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
			break
		}
		if c == '\n' {
			p = match.Pos{Line: p.Line + 1, Col: 1}
			continue
		}
		p.Col++
	}
	return p
}

// split cuts the tokens of a file into those of its documents, without the document markers, directives and comments.
func split(tokens token.Tokens) []token.Tokens {
	var docs []token.Tokens
	var doc token.Tokens
	directive := 0 // the line of the directive that is being skipped
	for _, t := range tokens {
		switch {
		case t.Type == token.DocumentHeaderType, t.Type == token.DocumentEndType:
			docs, doc = append(docs, doc), nil
		case t.Type == token.CommentType:
		case t.Type == token.DirectiveType && len(doc) == 0:
			directive = t.Position.Line
		case t.Position.Line == directive:
		default:
			doc = append(doc, t)
		}
	}
	return append(docs, doc)
}

// parse returns the tree of one document, or nil for an empty or a broken one.
func parse(tokens token.Tokens, lines []string, limits Limits, r *Report) *Node {
	if len(tokens) == 0 {
		return nil
	}
	if !guard(tokens, limits, r) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		syntaxError(err, r)
		return nil
	}
	c := converter{lines: lines, limits: limits, report: r, anchors: map[string]*Node{}}
	var root *Node
	for _, d := range file.Docs {
		if d.Body == nil {
			continue
		}
		if root != nil {
			r.Error(position(d.Body), Syntax, "begin another document with ---", "there is more than one value")
			return nil
		}
		root = c.node(d.Body)
	}
	if !r.OK() {
		return nil
	}
	return root
}

func syntaxError(err error, r *Report) {
	var e yaml.Error
	if !errors.As(err, &e) || e.GetToken() == nil {
		r.Error(match.Pos{}, Syntax, "", "not YAML: %v", err)
		return
	}
	hint, msg := "", e.GetMessage()
	switch {
	case strings.Contains(msg, "'\t'"):
		hint = "indent with spaces"
		msg = "found a tab where only spaces may stand"
	case strings.Contains(msg, "mapping value is not allowed"), strings.Contains(msg, "non-map value"):
		hint = "quote a value that holds a colon followed by a space"
	case strings.Contains(msg, "reserved character"), strings.Contains(msg, "directive"), strings.Contains(msg, "alias"):
		hint = "quote a value that begins with a special character"
	}
	r.Error(tokenPos(e.GetToken()), Syntax, hint, "not YAML: %s", msg)
}

func position(n ast.Node) match.Pos {
	if n == nil || n.GetToken() == nil {
		return match.Pos{}
	}
	return tokenPos(n.GetToken())
}

func tokenPos(t *token.Token) match.Pos {
	if t.Position == nil {
		return match.Pos{}
	}
	return match.Pos{Line: t.Position.Line, Col: max(t.Position.Column, 1)}
}

// converter makes Nodes of the library's syntax tree.
type converter struct {
	lines   []string
	limits  Limits
	report  *Report
	anchors map[string]*Node
	size    int
}

// place is where n begins. After a tag the library's column may be that of the blank before the value.
func (c *converter) place(n ast.Node) match.Pos {
	at := cursor{lines: c.lines, pos: position(n)}
	for at.peek() == ' ' {
		at.next()
	}
	return at.pos
}

// node converts n, or reports why it cannot and returns nil.
func (c *converter) node(n ast.Node) *Node {
	if !c.grow(1, position(n)) {
		return nil
	}
	switch n := n.(type) {
	case nil:
		return nil
	case *ast.AnchorNode:
		v := c.node(n.Value)
		if v != nil && n.Name != nil {
			c.anchors[n.Name.GetToken().Value] = v
		}
		return v
	case *ast.AliasNode:
		return c.alias(n)
	case *ast.TagNode:
		return c.tag(n)
	case *ast.MappingNode:
		return c.mapping(c.place(n), n.Values)
	case *ast.MappingValueNode:
		return c.mapping(c.place(n), []*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		return c.sequence(n)
	case *ast.LiteralNode:
		if n.Value == nil {
			return nil
		}
		return &Node{Kind: Scalar, Type: String, Text: n.Value.Value, Pos: c.place(n), size: 1, lines: c.lines, block: true}
	}
	return c.scalar(n)
}

// grow counts nodes, so that aliases of aliases cannot expand without bound.
func (c *converter) grow(size int, at match.Pos) bool {
	c.size += size
	if c.size > c.limits.Nodes && c.report.OK() {
		c.report.Error(at, TooLarge, "split the document", "the document has more than %d values", c.limits.Nodes)
	}
	return c.size <= c.limits.Nodes
}

func (c *converter) alias(n *ast.AliasNode) *Node {
	name := ""
	if n.Value != nil && n.Value.GetToken() != nil {
		name = n.Value.GetToken().Value
	}
	v := c.anchors[name]
	if v == nil {
		c.report.Error(position(n), BadAlias, fmt.Sprintf("quote the value if it is text: '*%s'", name),
			"there is no anchor &%s before this alias", name)
		return nil
	}
	if !c.grow(v.size, position(n)) {
		return nil
	}
	return v
}

func (c *converter) tag(n *ast.TagNode) *Node {
	v := c.node(n.Value)
	if v == nil {
		return nil
	}
	switch tag := n.GetToken().Value; tag {
	case "!!str":
		if v.Kind == Scalar {
			s := *v
			s.Type = String
			return &s
		}
	case "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq":
	default:
		c.report.Error(position(n), BadTag, "leave the tag out", "the YAML tag %s is not supported", tag)
		return nil
	}
	return v
}

func (c *converter) sequence(n *ast.SequenceNode) *Node {
	list := &Node{Kind: List, Pos: c.place(n), size: 1, lines: c.lines}
	for _, v := range n.Values {
		item := c.node(v)
		if item == nil {
			return nil
		}
		list.size += item.size
		list.Items = append(list.Items, item)
	}
	return list
}

func (c *converter) mapping(at match.Pos, values []*ast.MappingValueNode) *Node {
	m := &Node{Kind: Map, Pos: at, size: 1, lines: c.lines}
	seen := map[string]match.Pos{}
	var merge []*Node
	for i, v := range values {
		if i == 0 {
			m.Pos = c.place(unwrap(v.Key)) // the library has the place of the colon or brace
		}
		if _, ok := v.Key.(*ast.MergeKeyNode); ok {
			from := c.node(v.Value)
			if from == nil {
				return nil
			}
			merge = append(merge, from)
			continue
		}
		key := c.key(v.Key)
		if key == nil {
			return nil
		}
		if first, twice := seen[key.Text]; twice {
			c.report.Error(key.Pos, DuplicateKey, "put both into one, or rename one",
				"the key %q stands twice, first at %d:%d", key.Text, first.Line, first.Col)
			return nil
		}
		seen[key.Text] = key.Pos
		value := c.node(v.Value)
		if value == nil {
			return nil
		}
		m.size += value.size
		m.Pairs = append(m.Pairs, Pair{Key: key, Value: value})
	}
	return c.merge(m, merge, seen)
}

// merge adds the members of the maps under <<, which yield to members that m has itself.
func (c *converter) merge(m *Node, from []*Node, seen map[string]match.Pos) *Node {
	for _, f := range from {
		maps := []*Node{f}
		if f.Kind == List {
			maps = f.Items
		}
		for _, f := range maps {
			if f.Kind != Map {
				c.report.Error(f.Pos, WrongType, "", "<< takes a map or a list of maps, not %s", f.Kind)
				return nil
			}
			for _, p := range f.Pairs {
				if _, ok := seen[p.Key.Text]; ok {
					continue
				}
				seen[p.Key.Text] = p.Key.Pos
				m.size += p.Value.size
				m.Pairs = append(m.Pairs, p)
			}
		}
	}
	return m
}

func (c *converter) key(n ast.MapKeyNode) *Node {
	key := c.node(unwrap(n))
	if key == nil && c.report.OK() || key != nil && key.Kind != Scalar {
		c.report.Error(position(n), BadKey, "", "a key must be a plain value")
		return nil
	}
	return key
}

// unwrap takes the question mark off a key.
func unwrap(n ast.Node) ast.Node {
	if k, ok := n.(*ast.MappingKeyNode); ok {
		return k.Value
	}
	return n
}

func (c *converter) scalar(n ast.Node) *Node {
	s := &Node{Kind: Scalar, Type: String, Pos: c.place(n), size: 1, lines: c.lines}
	if t := n.GetToken(); t != nil {
		s.Text = t.Value
	}
	switch n := n.(type) {
	case *ast.StringNode:
		s.Text = n.Value
	case *ast.NullNode:
		s.Type = Null
	case *ast.BoolNode:
		s.Type, s.Text = Bool, strconv.FormatBool(n.Value)
	case *ast.IntegerNode:
		s.Type = Int
		switch v := n.Value.(type) {
		case int64:
			s.Text = strconv.FormatInt(v, 10)
		case uint64:
			s.Text = strconv.FormatUint(v, 10)
		}
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		s.Type = Float
	default:
		c.report.Error(s.Pos, Syntax, "", "a value of the form %s cannot stand here", n.Type())
		return nil
	}
	return s
}
