package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"oktastream/rules/match"
)

// parseJSONLines reads a file with one JSON document on each line, as products export their rules.
func parseJSONLines(file, text string, limits Limits) []Document {
	var docs []Document
	for i, line := range strings.Split(text, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		d := Document{Report: &Report{File: file}}
		t := &jsonTree{line: i + 1, text: line, limits: limits, report: d.Report, decoder: json.NewDecoder(strings.NewReader(line))}
		t.decoder.UseNumber()
		t.col = 1
		root := t.value(0)
		if _, err := t.decoder.Token(); d.Report.OK() && !errors.Is(err, io.EOF) {
			t.fail(errors.New("there is more than one value on the line"))
		}
		if d.Report.OK() {
			d.Root = root
		}
		docs = append(docs, d)
	}
	return docs
}

type jsonTree struct {
	line    int
	text    string
	limits  Limits
	report  *Report
	decoder *json.Decoder
	nodes   int

	offset, col int // of the last place: columns are counted on from there, since places only rise
}

// place is where the token begins that follows an offset.
func (t *jsonTree) place(after int64) (int, match.Pos) {
	at := int(after)
	for at < len(t.text) && strings.IndexByte(" \t\r,:", t.text[at]) >= 0 {
		at++
	}
	for ; t.offset < at; t.offset++ {
		if t.text[t.offset]&0xc0 != 0x80 { // not the inside of a character
			t.col++
		}
	}
	return at, match.Pos{Line: t.line, Col: t.col}
}

func (t *jsonTree) fail(err error) {
	if t.report.OK() {
		_, at := t.place(t.decoder.InputOffset())
		t.report.Error(at, Syntax, "each line holds one JSON document", "not JSON: %v", err)
	}
}

// value reads one value; nil after an error.
func (t *jsonTree) value(depth int) *Node {
	start, pos := t.place(t.decoder.InputOffset())
	token, err := t.decoder.Token()
	if err != nil {
		t.fail(err)
		return nil
	}
	t.nodes++
	switch {
	case t.nodes > t.limits.Nodes:
		t.report.Error(pos, TooLarge, "split the document", "the document has more than %d values", t.limits.Nodes)
		return nil
	case depth > maxDepth:
		t.report.Error(pos, TooDeep, "", "lists and maps are nested deeper than %d", maxDepth)
		return nil
	}
	n := &Node{Kind: Scalar, Pos: pos, size: 1}
	switch v := token.(type) {
	case json.Delim:
		if v == '[' {
			return t.list(n, depth)
		}
		return t.object(n, depth)
	case string:
		n.Type, n.Text, n.raw = String, v, t.text[start:t.decoder.InputOffset()]
	case json.Number:
		n.Type, n.Text = Int, v.String()
		if strings.ContainsAny(n.Text, ".eE") {
			n.Type = Float
		}
	case bool:
		n.Type, n.Text = Bool, string(bytes.TrimSpace([]byte(t.text[start:t.decoder.InputOffset()])))
	default:
		n.Type = Null
	}
	return n
}

func (t *jsonTree) list(n *Node, depth int) *Node {
	n.Kind = List
	for t.decoder.More() {
		item := t.value(depth + 1)
		if item == nil {
			return nil
		}
		n.Items = append(n.Items, item)
	}
	return t.end(n)
}

func (t *jsonTree) object(n *Node, depth int) *Node {
	n.Kind = Map
	seen := map[string]match.Pos{}
	for t.decoder.More() {
		key := t.value(depth + 1)
		if key == nil {
			return nil
		}
		if first, twice := seen[key.Text]; twice {
			t.report.Error(key.Pos, DuplicateKey, "put both into one, or rename one",
				"the key %q stands twice, first at %d:%d", key.Text, first.Line, first.Col)
			return nil
		}
		if len(n.Pairs) == maxKeys {
			t.report.Error(key.Pos, TooLarge, "", "a map has more than %d keys", maxKeys)
			return nil
		}
		seen[key.Text] = key.Pos
		value := t.value(depth + 1)
		if value == nil {
			return nil
		}
		n.Pairs = append(n.Pairs, Pair{Key: key, Value: value})
	}
	return t.end(n)
}

// end reads the closing bracket.
func (t *jsonTree) end(n *Node) *Node {
	if _, err := t.decoder.Token(); err != nil {
		t.fail(err)
		return nil
	}
	return n
}
