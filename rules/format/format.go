package format

import (
	"path"
	"slices"
	"strings"

	"oktastream/rules"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
	"oktastream/rules/ruletest"
)

// Changed is the code of the diagnostic about a file that cannot be formatted without a change of its meaning.
const Changed = "OKS0811"

// Source returns text in canonical form: keys in order, lines that end in one line feed, at most one empty line between
// keys and none at the beginning and end. name tells rule tests from rules. The result is nil if there is a diagnostic:
// the text is not YAML that rules can be in, or it cannot be formatted. Source(Source(text)) is Source(text).
func Source(name string, text []byte) ([]byte, []rules.Diagnostic) {
	before, diags := parse(name, text)
	if len(diags) > 0 {
		return nil, diags
	}
	if ext := path.Ext(name); ext == ".toml" || ext == ".ndjson" {
		return text, nil // the form of another product is its own canon
	}
	clean := strings.TrimPrefix(string(text), "\ufeff")
	clean = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(clean)
	out := arrange(name, clean)
	// Blanks at the end of a line may belong to a text; then all are left.
	if trimmed := trim(out); same(name, before, trimmed) {
		out = arrange(name, trimmed)
	}
	if !same(name, before, out) {
		return nil, []rules.Diagnostic{{File: name, Pos: match.Pos{Line: 1, Col: 1}, Level: rules.Error, Code: Changed,
			Message: "the file cannot be formatted without changing what it means",
			Hint:    "put its keys in order by hand; an alias (*name), or a text that keeps its last line ends (|+), may be why"}}
	}
	return []byte(out), nil
}

func parse(name string, text []byte) ([]source.Document, []rules.Diagnostic) {
	limits := source.LimitsOf(name)
	if limits.Bytes < source.DataLimits.Bytes {
		limits = source.DataLimits // tests and lists are formatted as well
	}
	docs := source.Parse(name, text, limits)
	var diags []rules.Diagnostic
	for _, d := range docs {
		diags = append(diags, d.Report.Diagnostics...)
	}
	return docs, diags
}

// same tells whether a text has the same content as documents have. The order of keys is no content.
func same(name string, docs []source.Document, text string) bool {
	others, diags := parse(name, []byte(text))
	return len(diags) == 0 && slices.EqualFunc(docs, others, func(a, b source.Document) bool { return equal(a.Root, b.Root) })
}

func equal(a, b *source.Node) bool {
	if a.Kind != b.Kind || a.Type != b.Type || a.Text != b.Text || len(a.Pairs) != len(b.Pairs) || !slices.EqualFunc(a.Items, b.Items, equal) {
		return false
	}
	for _, p := range a.Pairs {
		if q := b.Pair(p.Key.Text); q == nil || !equal(p.Key, q.Key) || !equal(p.Value, q.Value) {
			return false
		}
	}
	return true
}

func trim(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t")
	}
	return strings.Join(lines, "\n")
}

// arrange puts the blocks of a file in order.
func arrange(name, text string) string {
	docs, diags := parse(name, []byte(text))
	if len(diags) > 0 {
		return text
	}
	lines := strings.Split(text, "\n")
	var out []string
	for _, part := range split(lines) {
		i := slices.IndexFunc(docs, func(d source.Document) bool { l := d.Root.Pos.Line; return part.from < l && l <= part.to })
		if i >= 0 {
			b := block{lines: lines, from: part.from, to: part.from + len(tidyEnd(lines[part.from:part.to])), order: orderOf(name, docs[i].Root)}
			out = append(out, tidy(b.arrange(docs[i].Root))...)
		} else {
			out = append(out, tidy(lines[part.from:part.to])...)
		}
		if part.marker != "" {
			out = append(out, part.marker)
		}
	}
	if len(out) == 0 {
		return ""
	}
	return strings.Join(out, "\n") + "\n"
}

// orderOf is the order for a document; a list of indicators has none.
func orderOf(name string, root *source.Node) order {
	switch {
	case ruletest.IsTestFile(name):
		return testOrder
	case root.Get("indicators") != nil:
		return order{}
	}
	return ruleOrder
}

// part is the lines from from up to but without to, and the marker of a document that follows them.
type part struct {
	from, to int
	marker   string
}

// split cuts a file at its document markers. No value can hold a line that looks like one.
func split(lines []string) []part {
	var parts []part
	from := 0
	for i, line := range lines {
		head, _, _ := strings.Cut(line, " ")
		if head == "---" || head == "..." {
			parts = append(parts, part{from, i, line})
			from = i + 1
		}
	}
	return append(parts, part{from: from, to: len(lines)})
}

// tidy leaves out empty lines at both ends.
func tidy(lines []string) []string {
	for len(lines) > 0 && blank(lines[0]) {
		lines = lines[1:]
	}
	return tidyEnd(lines)
}

func tidyEnd(lines []string) []string {
	for len(lines) > 0 && blank(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func blank(line string) bool { return strings.TrimSpace(line) == "" }
