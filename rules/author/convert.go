package author

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"oktastream/rules"
	"oktastream/rules/format"
	"oktastream/rules/lang/catalogue"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// isElastic tells by its name whether a file holds rules in a form of Elastic's that is no YAML.
func isElastic(name string) bool { return strings.EqualFold(path.Ext(name), ".toml") || isExport(name) }

// isExport tells whether a file holds rules as Kibana exports them, one on each line.
func isExport(name string) bool { return path.Ext(name) == ".ndjson" }

// target names the file that is made of another: the loader knows the form by the end of the name.
func target(name string) string {
	if isElastic(name) {
		return path.Base(name)
	}
	return strings.TrimSuffix(path.Base(name), path.Ext(name)) + ".yaml"
}

// written is what becomes of a file: Elastic's forms stay as they are, and everything else is in ours, canonical. refused
// has the lines of the rules that do not run; an export is written without them.
func written(name string, text []byte, docs []source.Document, refused []int) ([]byte, *ReasonNote) {
	switch {
	case isExport(name):
		return without(text, refused), nil
	case isElastic(name):
		return text, nil
	case slices.ContainsFunc(docs, func(d source.Document) bool { return catalogue.Is(d.Root) }):
		text = converted(name, docs)
	}
	out, diags := format.Source(name, text)
	if len(diags) > 0 {
		d := diags[0]
		return nil, &ReasonNote{File: d.File, Line: d.Line, Col: d.Col, Level: rules.Error, Code: d.Code, Message: d.Message, Hint: d.Hint}
	}
	return out, nil
}

// without leaves lines out of a text, counted from 1.
func without(text []byte, lines []int) []byte {
	var out []byte
	n := 0
	for line := range bytes.Lines(text) {
		if n++; !slices.Contains(lines, n) {
			out = append(out, line...)
		}
	}
	return out
}

// converted writes the documents of a file that has entries of the catalogue in it.
func converted(name string, docs []source.Document) []byte {
	var parts []string
	for _, d := range docs {
		if d.Root == nil {
			continue
		}
		root := d.Root
		if catalogue.Is(root) {
			root = rule(name, root)
		}
		var b strings.Builder
		writeNode(&b, root, "")
		parts = append(parts, b.String())
	}
	head := fmt.Sprintf("# Made of %s, an entry of Okta's catalogue of detections.\n\n", path.Base(name))
	return []byte(head + strings.Join(parts, "---\n"))
}

// rule is an entry as a rule of ours. Variants are joined with or, as the loader does; the level that it would assume is
// written down, so that its author sees it.
func rule(name string, entry *source.Node) *source.Node {
	var r source.Report // the loader has said all of it
	root := catalogue.Translate(entry, name, &r)
	var queries []string
	for _, n := range catalogue.Expressions(entry.Get("detection"), &r) {
		queries = append(queries, n.Text)
	}
	query := strings.TrimSpace(strings.Join(queries, ""))
	if len(queries) > 1 {
		for i := range queries {
			queries[i] = "(" + strings.TrimSpace(queries[i]) + ")"
		}
		query = strings.Join(queries, "\nor\n") + "\n"
	}
	out := &source.Node{Kind: source.Map, Pos: root.Pos}
	add := func(key, value string) {
		out.Pairs = append(out.Pairs, source.Pair{Key: text(key), Value: text(value)})
	}
	for _, p := range root.Pairs {
		if p.Key.Text == "detection" && len(queries) > 0 {
			add("query", query)
			add("language", "okta")
			continue
		}
		out.Pairs = append(out.Pairs, p)
	}
	if !slices.ContainsFunc(out.Pairs, func(p source.Pair) bool { return p.Key.Text == "level" }) {
		add("level", "medium")
	}
	return out
}

func text(s string) *source.Node {
	return &source.Node{Kind: source.Scalar, Type: source.String, Text: s, Pos: match.Pos{Line: 1, Col: 1}}
}
