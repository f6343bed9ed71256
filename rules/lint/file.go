package lint

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// file is the text of a rule file, and what it parses to.
type file struct {
	name    string
	lines   []string
	docs    []*source.Node
	ignores []*ignore

	plain map[match.Pos]int // of values and keys without quotes on one line: their length; see lengthAt
}

// span is a piece of a line. With length 0 it is a document or file as a whole.
type span struct {
	file   *file
	pos    match.Pos
	length int // in characters
}

// file returns a file by its name, nil if it cannot be read: then the loader has said so.
func (c *checker) file(name string) *file {
	if f, ok := c.files[name]; ok {
		return f
	}
	c.files[name] = nil
	data, err := c.in.Read(name)
	if err != nil || len(data) > source.LimitsOf(name).Bytes || !utf8.Valid(data) {
		return nil
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	f := &file{name: name, lines: strings.Split(text, "\n")}
	parsed := source.Parse(name, data, source.LimitsOf(name))
	readable := true
	for _, d := range parsed {
		if d.Root != nil {
			f.docs = append(f.docs, d.Root)
		}
		readable = readable && d.Root != nil
	}
	if readable { // what the parser has not accepted may cost the scanner too much
		f.ignores = parseIgnores(text)
	}
	c.files[name] = f
	return f
}

// line returns a line by its number, "" if there is none.
func (f *file) line(n int) string {
	if n < 1 || n > len(f.lines) {
		return ""
	}
	return f.lines[n-1]
}

// quoteAt tells whether a quote stands at a place.
func (f *file) quoteAt(at match.Pos) bool {
	line := []rune(f.line(at.Line))
	return at.Col >= 1 && at.Col <= len(line) && (line[at.Col-1] == '"' || line[at.Col-1] == '\'')
}

// document returns the document that begins at a place, or nil.
func (f *file) document(at match.Pos) *source.Node {
	for _, d := range f.docs {
		if d.Pos == at {
			return d
		}
	}
	return nil
}

// named returns the document with a name or id, or nil.
func (f *file) named(ref string) *source.Node {
	for _, d := range f.docs {
		for _, key := range []string{"name", "id"} {
			if n := d.Get(key); n != nil && n.Kind == source.Scalar && n.Text == ref {
				return d
			}
		}
	}
	return nil
}

// values returns the items of a list, or a single value as a list of one.
func values(n *source.Node) []*source.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind == source.List:
		return n.Items
	}
	return []*source.Node{n}
}

// whole is the place of the rule's document.
func (s *subject) whole() span { return span{file: s.own.file, pos: s.rule.Pos} }

// at is the place of the value under keys of the rule's own document, or the document.
func (s *subject) at(keys ...string) span {
	n := s.own.root
	for _, k := range keys {
		n = n.Get(k)
	}
	if n == nil {
		return s.whole()
	}
	return s.own.span(n, 0, utf8.RuneCountInString(n.Text))
}

// keyAt is the place of the first of keys that the rule's own document has, or the document.
func (s *subject) keyAt(keys ...string) span {
	for _, k := range keys {
		if p := s.own.root.Pair(k); p != nil {
			return s.own.span(p.Key, 0, utf8.RuneCountInString(k))
		}
	}
	return s.whole()
}

// span is the place of length characters of a scalar from a byte offset on.
func (a authored) span(n *source.Node, offset, length int) span {
	sp := span{file: a.file, pos: n.At(offset), length: length}
	if rest := utf8.RuneCountInString(a.file.line(sp.pos.Line)) - sp.pos.Col + 1; sp.length > rest {
		sp.length = max(rest, 1)
	}
	return sp
}

// writtenIn are the keys of a document under which conditions, windows and fields stand.
var writtenIn = []string{"detection", "correlation", "query", "filter", "fields", "oktastream", "rule"}

// prose are the keys of a rule in another product's form that may name a field without asking for it.
var prose = map[string]bool{"note": true, "description": true, "setup": true, "false_positives": true, "references": true}

// mentions finds where a text is written in the rule's documents: as a key or value, or as a word of a query. What the
// rule's own document says is not looked for in those that it builds on, which may mean something else by it. The empty
// text is written nowhere.
func (s *subject) mentions(text string) []span {
	if text == "" {
		return nil
	}
	var out []span
	for _, d := range s.docs {
		if len(out) > 0 && d.file != s.own.file {
			break
		}
		// A query is text, and so is one in the form of Okta's catalogue.
		catalogue := d.root.Get("detection").Get("okta_systemlog") != nil
		for _, key := range writtenIn {
			d.mentions(d.root.Get(key), text, key == "query" || key == "detection" && catalogue, &out)
		}
	}
	return out
}

func (a authored) mentions(n *source.Node, text string, words bool, out *[]span) {
	if n == nil || len(*out) >= maxSame {
		return
	}
	length := utf8.RuneCountInString(text)
	for _, item := range n.Items {
		a.mentions(item, text, words, out)
	}
	for _, p := range n.Pairs {
		if prose[p.Key.Text] {
			continue
		}
		if rest, ok := strings.CutPrefix(p.Key.Text, text); ok && (rest == "" || rest[0] == '|') {
			*out = append(*out, a.span(p.Key, 0, length))
		}
		a.mentions(p.Value, text, words || p.Key.Text == "query", out)
	}
	switch {
	case n.Kind != source.Scalar:
	case n.Text == text:
		*out = append(*out, a.span(n, 0, length))
	case words:
		for from := 0; len(*out) < maxSame; {
			i := strings.Index(n.Text[from:], text)
			if i < 0 {
				break
			}
			i += from
			from = i + len(text)
			before, _ := utf8.DecodeLastRuneInString(n.Text[:i])
			after, _ := utf8.DecodeRuneInString(n.Text[from:])
			if !inWord(before) && !inWord(after) {
				*out = append(*out, a.span(n, i, length))
			}
		}
	}
}

// inWord tells whether a character may belong to an event type or a field path.
func inWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-[", r))
}

// lengthAt is how many characters from a place on a diagnostic there is about: a whole value or key, as far as it is
// one and its parts have no places of their own, or a word.
func (f *file) lengthAt(at match.Pos) int {
	if f.plain == nil {
		f.plain = map[match.Pos]int{}
		for _, d := range f.docs {
			f.measure(d)
		}
	}
	if n := f.plain[at]; n > 0 {
		return n
	}
	return wordLength(f.line(at.Line), at.Col)
}

func (f *file) measure(n *source.Node) {
	if n == nil {
		return
	}
	for _, item := range n.Items {
		f.measure(item)
	}
	for _, p := range n.Pairs {
		f.measure(p.Key)
		switch p.Key.Text {
		case "query", "condition", "okta_systemlog":
		default:
			f.measure(p.Value)
		}
	}
	line := []rune(f.line(n.Pos.Line))
	if n.Kind == source.Scalar && n.Pos.Col >= 1 && n.Pos.Col <= len(line) && strings.HasPrefix(string(line[n.Pos.Col-1:]), n.Text) {
		f.plain[n.Pos] = utf8.RuneCountInString(n.Text)
	}
}

// wordLength is how many characters from a column on belong together: to the end of a quoted text or of a word.
func wordLength(line string, col int) int {
	rs := []rune(line)
	if col < 1 || col > len(rs) {
		return 1
	}
	rs = rs[col-1:]
	if rs[0] == '"' || rs[0] == '\'' {
		for i := 1; i < len(rs); i++ {
			if rs[i] == rs[0] {
				return i + 1
			}
		}
	}
	for i, r := range rs {
		end := unicode.IsSpace(r) || strings.ContainsRune(",]})", r) ||
			r == ':' && (i+1 == len(rs) || unicode.IsSpace(rs[i+1]))
		if end {
			return max(i, 1)
		}
	}
	return len(rs)
}
