package catalogue

import (
	"path"
	"strings"

	"oktastream/rules"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// Translate returns an entry with its metadata under the keys of our rule format. The detection stays as it is, and so
// do keys that the catalogue does not define: an entry may be completed with level or oktastream. What the catalogue
// recommends for prevention follows the description, because an alert has no other place for it. Entries that the
// catalogue calls hunts, by folder or file name, are searches that a person runs and reads through: they become signals,
// unless the document says otherwise. doc is not changed; file is its name, with /.
func Translate(doc *source.Node, file string, r *source.Report) *source.Node {
	t := translation{Report: r, out: &source.Node{Kind: source.Map, Pos: doc.Pos}}
	for _, p := range doc.Pairs {
		t.pair(doc, p)
	}
	if isHunt(file) && doc.Pair("oktastream") == nil {
		kind := source.Pair{Key: text("kind", doc.Pos), Value: text("signal", doc.Pos)}
		t.add(text("oktastream", doc.Pos), &source.Node{Kind: source.Map, Pos: doc.Pos, Pairs: []source.Pair{kind}})
	}
	return t.out
}

func isHunt(file string) bool {
	return strings.HasPrefix(path.Base(file), "hunt_") || path.Base(path.Dir(file)) == "hunts"
}

// renamed lists the keys whose values fit ours as they are.
var renamed = map[string]string{"created_date": "date", "modified_date": "modified", "false_positives": "falsepositives"}

type translation struct {
	*source.Report
	out *source.Node
}

func (t *translation) add(key, value *source.Node) {
	t.out.Pairs = append(t.out.Pairs, source.Pair{Key: key, Value: value})
}

func (t *translation) pair(doc *source.Node, p source.Pair) {
	key, value := p.Key, p.Value
	if name := renamed[key.Text]; name != "" && doc.Pair(name) == nil {
		key = text(name, key.Pos)
	}
	switch p.Key.Text {
	case "description":
		value = withPrevention(value, doc.Get("prevention"))
	case "prevention":
		if doc.Pair("description") != nil {
			return
		}
		key, value = text("description", key.Pos), withPrevention(text("", value.Pos), value)
	case "author":
		value = joined(value)
	case "references", "false_positives":
		value = present(value)
	case "threat":
		if doc.Pair("tags") == nil {
			key, value = text("tags", key.Pos), t.tags(value)
		}
	}
	if value.Kind == source.List && len(value.Items) == 0 || value.IsNull() {
		return
	}
	t.add(key, value)
}

// text is a new value.
func text(s string, at match.Pos) *source.Node {
	return &source.Node{Kind: source.Scalar, Type: source.String, Text: s, Pos: at}
}

// withPrevention adds the recommendations to the description.
func withPrevention(description, prevention *source.Node) *source.Node {
	if description.Kind != source.Scalar || prevention.IsNull() {
		return description
	}
	var b strings.Builder
	for _, n := range present(prevention).Items {
		if n.Kind == source.Scalar {
			b.WriteString("- " + strings.TrimSpace(n.Text) + "\n")
		}
	}
	if b.Len() == 0 {
		return description
	}
	head := strings.TrimSpace(description.Text)
	if head != "" {
		head += "\n\n"
	}
	return text(head+"Prevention:\n"+b.String(), description.Pos)
}

// joined makes one text of several authors.
func joined(n *source.Node) *source.Node {
	if n.Kind != source.List {
		return n
	}
	var names []string
	for _, item := range present(n).Items {
		names = append(names, item.Text)
	}
	return text(strings.Join(names, ", "), n.Pos)
}

// present is a list without its empty items; a single value becomes a list of one.
func present(n *source.Node) *source.Node {
	if n.Kind == source.Scalar {
		n = &source.Node{Kind: source.List, Pos: n.Pos, Items: []*source.Node{n}}
	}
	if n.Kind != source.List {
		return n
	}
	list := &source.Node{Kind: source.List, Pos: n.Pos}
	for _, item := range n.Items {
		if !item.IsNull() {
			list.Items = append(list.Items, item)
		}
	}
	return list
}

// tags makes ATT&CK tags of tactics and techniques. Whether ATT&CK has them is checked with the tags.
func (t *translation) tags(threat *source.Node) *source.Node {
	list := &source.Node{Kind: source.List, Pos: threat.Pos}
	add := func(name string, at match.Pos) {
		list.Items = append(list.Items, text("attack."+strings.ToLower(strings.ReplaceAll(strings.TrimSpace(name), " ", "-")), at))
	}
	for _, p := range threat.Pairs {
		for _, n := range present(p.Value).Items {
			switch {
			case strings.EqualFold(p.Key.Text, "tactic") && n.Kind == source.Scalar:
				add(n.Text, n.Pos)
			case strings.EqualFold(p.Key.Text, "technique"):
				t.techniques(n, add)
			default:
				t.Note(n.Pos, source.UnknownKey, "Tactic and Technique are known", "%s of threat is ignored", p.Key.Text)
			}
		}
	}
	return list
}

// techniques reads T1078: Valid Accounts, as a map or as text, or the bare id.
func (t *translation) techniques(n *source.Node, add func(string, match.Pos)) {
	one := func(id, name string, at match.Pos) {
		add(id, at)
		known, ok := rules.ParseAttackTag("attack." + id)
		if ok && known.Name != "" && name != "" && !strings.Contains(strings.ToLower(name), strings.ToLower(known.Name)) {
			t.Note(at, OddName, "the id counts", "ATT&CK calls %s %s, and the entry %s", known.ID, known.Name, name)
		}
	}
	switch n.Kind {
	case source.Scalar:
		id, name, _ := strings.Cut(n.Text, ":")
		one(strings.TrimSpace(id), strings.TrimSpace(name), n.Pos)
	case source.Map:
		for _, p := range n.Pairs {
			one(p.Key.Text, p.Value.Text, p.Key.Pos)
		}
	default:
		t.Note(n.Pos, source.UnknownKey, "", "a technique is an id with a name, not %s", n.Kind)
	}
}
