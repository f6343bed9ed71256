package elastic

import (
	"slices"

	"oktastream/rules/lang/source"
)

// exceptionsKey is the key of a rule under which the items of its exception lists stand. No export has it.
const exceptionsKey = "=exceptions"

// Export turns the lines of an export from Kibana into documents with a rule each, as Translate reads them. The items of
// exception lists go to the rules that name their list; the line that counts what was exported is left out. Lines that
// could not be read stay as they are.
func Export(lines []source.Document) []source.Document {
	exceptions := map[exceptionList][]*source.Node{}
	var out []source.Document
	for _, d := range lines {
		switch list := d.Root.Get("list_id"); {
		case d.Root.Get("entries") != nil && list != nil:
			of := listOf(d.Root)
			exceptions[of] = append(exceptions[of], d.Root)
		case d.Root.Get("exported_count") != nil, list != nil:
		default:
			out = append(out, d)
		}
	}
	for i, d := range out {
		if d.Root == nil || d.Root.Kind != source.Map {
			continue
		}
		found := &source.Node{Kind: source.List, Pos: d.Root.Pos}
		for _, ref := range items(d.Root.Get("exceptions_list")) {
			id, of := ref.Get("list_id"), listOf(ref)
			switch {
			case id == nil:
			case exceptions[of] == nil:
				d.Report.Warn(id.Pos, BadFilter, "export the rule with its exceptions", "the exception list %s (%s) has no items in this file: nothing is excepted", of.id, of.namespace)
			default:
				found.Items = append(found.Items, exceptions[of]...)
			}
		}
		rule := *d.Root
		rule.Pairs = append(slices.Clone(rule.Pairs), source.Pair{Key: text(exceptionsKey, d.Root), Value: found})
		out[i].Root = &source.Node{Kind: source.Map, Pos: d.Root.Pos, Pairs: []source.Pair{{Key: text(Key, d.Root), Value: &rule}}}
	}
	return out
}

// exceptionList is what a list is known by: one of a space (single) and one of all spaces (agnostic) may have the same id.
type exceptionList struct{ namespace, id string }

// listOf is the list that an item belongs to, or that a rule refers to.
func listOf(n *source.Node) exceptionList {
	of := exceptionList{textOf(n.Get("namespace_type")), textOf(n.Get("list_id"))}
	if of.namespace == "" {
		of.namespace = "single" // Kibana's default
	}
	return of
}
