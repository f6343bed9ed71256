package author

import (
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

// written is a file in our format, canonical.
func written(name string, text []byte, docs []source.Document, entries bool) ([]byte, *ReasonNote) {
	if entries {
		text = converted(name, docs)
	}
	out, diags := format.Source(name, text)
	if len(diags) > 0 {
		d := diags[0]
		return nil, &ReasonNote{File: d.File, Line: d.Line, Col: d.Col, Level: rules.Error, Code: d.Code, Message: d.Message, Hint: d.Hint}
	}
	return out, nil
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
