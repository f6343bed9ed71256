package elastic

import (
	"slices"
	"strings"

	"oktastream/rules/lang/source"
)

// Key is the key of a document that holds an Elastic rule, as in the TOML files.
const Key = "rule"

// Is tells whether a document holds an Elastic rule.
func Is(doc *source.Node) bool { return doc.Get(Key) != nil && doc.Get(Key).Kind == source.Map }

// SwitchedOff is the place where a rule says that it is not enabled; nil for a rule that is, or does not say.
func SwitchedOff(doc *source.Node) *source.Node {
	if n := doc.Get(Key).Get("enabled"); Is(doc) && n != nil && n.Kind == source.Scalar && n.Text == "false" {
		return n
	}
	return nil
}

// renamed lists the keys whose values fit those of our rule format as they are.
var renamed = [][2]string{{"name", "title"}, {"rule_id", "id"}, {"description", "description"}, {"severity", "level"}, {"license", "license"},
	{"references", "references"}, {"false_positives", "falsepositives"}}

// maturities are the states of Elastic's rules in the words of ours.
var maturities = map[string]string{"production": "stable", "development": "experimental", "beta": "test", "deprecated": "deprecated"}

// Translate returns the document with the rule's metadata under the keys of our rule format; the rule itself stays where
// it is, for Compile. A table oktastream beside the rule stays as well: its settings go before what is made of the rule.
// doc is not changed.
func Translate(doc *source.Node, _ string, _ *source.Report) *source.Node {
	rule, meta := doc.Get(Key), doc.Get("metadata")
	out := &source.Node{Kind: source.Map, Pos: doc.Pos}
	add := func(key string, value *source.Node) {
		if value != nil && !value.IsNull() && (value.Kind != source.List || len(value.Items) > 0) {
			out.Pairs = append(out.Pairs, source.Pair{Key: text(key, value), Value: value})
		}
	}
	for _, names := range renamed {
		add(names[1], rule.Get(names[0]))
	}
	add("author", joined(rule.Get("author")))
	add("date", day(meta.Get("creation_date"), rule.Get("created_at")))
	add("modified", day(meta.Get("updated_date"), rule.Get("updated_at")))
	if m := meta.Get("maturity"); m != nil && maturities[m.Text] != "" {
		add("status", text(maturities[m.Text], m))
	}
	add("tags", tags(rule))
	if fields := rule.Get("investigation_fields"); fields != nil && fields.Kind == source.Map {
		add("fields", fields.Get("field_names"))
	}
	add("oktastream", options(doc, rule))
	out.Pairs = append(out.Pairs, *doc.Pair(Key))
	return out
}

// text is a new value at the place of another.
func text(s string, at *source.Node) *source.Node {
	return &source.Node{Kind: source.Scalar, Type: source.String, Text: s, Pos: at.Pos}
}

func day(candidates ...*source.Node) *source.Node {
	for _, n := range candidates {
		if n != nil && n.Kind == source.Scalar {
			return text(strings.ReplaceAll(n.Text, "/", "-"), n)
		}
	}
	return nil
}

// joined makes one text of several.
func joined(n *source.Node) *source.Node {
	if n == nil || n.Kind != source.List {
		return n
	}
	var names []string
	for _, item := range n.Items {
		names = append(names, item.Text)
	}
	return text(strings.Join(names, ", "), n)
}

// options are the settings of ours that the rule has an equivalent of.
func options(doc, rule *source.Node) *source.Node {
	out := &source.Node{Kind: source.Map, Pos: rule.Pos}
	own := doc.Get("oktastream")
	if own != nil && own.Kind != source.Map {
		return own // the loader says what is wrong with it
	}
	if own != nil {
		out.Pos = own.Pos
		out.Pairs = slices.Clone(own.Pairs)
	}
	add := func(key string, value *source.Node) {
		if value != nil && own.Get(key) == nil {
			out.Pairs = append(out.Pairs, source.Pair{Key: text(key, value), Value: value})
		}
	}
	if n := rule.Get("risk_score"); n != nil && n.Type == source.Int {
		add("risk", n)
	}
	if n := rule.Get("note"); n != nil && n.Kind == source.Scalar && strings.TrimSpace(n.Text) != "" {
		add("triage", n)
	}
	if n := rule.Get("building_block_type"); n != nil && n.Kind == source.Scalar && n.Text != "" {
		add("kind", text("signal", n))
	}
	if len(out.Pairs) == 0 {
		return nil
	}
	return out
}

// tags are the rule's own, and those of ATT&CK for its threats.
func tags(rule *source.Node) *source.Node {
	out := &source.Node{Kind: source.List, Pos: rule.Pos}
	seen := map[string]bool{}
	add := func(tag string, at *source.Node) {
		if at != nil && tag != "" && !seen[tag] {
			seen[tag] = true
			out.Items = append(out.Items, text(tag, at))
		}
	}
	for _, n := range items(rule.Get("tags")) {
		add(n.Text, n)
	}
	attack := func(name string) string { return "attack." + strings.ToLower(strings.ReplaceAll(name, " ", "-")) }
	for _, threat := range items(rule.Get("threat")) {
		if f := threat.Get("framework"); f != nil && !strings.Contains(strings.ToUpper(f.Text), "ATT&CK") {
			continue
		}
		if n := threat.Get("tactic").Get("name"); n != nil {
			add(attack(n.Text), n)
		}
		for _, technique := range items(threat.Get("technique")) {
			if n := technique.Get("id"); n != nil {
				add(attack(n.Text), n)
			}
			for _, sub := range items(technique.Get("subtechnique")) {
				if n := sub.Get("id"); n != nil {
					add(attack(n.Text), n)
				}
			}
		}
	}
	return out
}

// items are those of a list, or a single value as a list of one.
func items(n *source.Node) []*source.Node {
	switch {
	case n == nil || n.IsNull():
		return nil
	case n.Kind == source.List:
		return n.Items
	}
	return []*source.Node{n}
}
