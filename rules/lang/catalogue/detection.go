package catalogue

import (
	"slices"
	"strings"

	"oktastream/rules/lang/source"
)

// systemLog is the key of the expressions that we run.
const systemLog = "okta_systemlog"

// products are the keys of searches in other languages, with the names of what they are for. The catalogue has them
// beside okta_systemlog and inside it.
var products = map[string]string{
	"splunk": "Splunk", "datadog": "Datadog", "chronicle": "Chronicle", "elastic": "Elastic", "sentinel": "Sentinel", "sumologic": "Sumo Logic",
}

// Is tells whether a document is an entry of the catalogue. What tells it from a Sigma rule, which has the key detection
// as well, is that its detection has no condition and holds searches by the name of what they are for.
func Is(doc *source.Node) bool {
	if doc == nil || doc.Kind != source.Map {
		return false
	}
	d := doc.Get("detection")
	if d == nil || d.Kind != source.Map || d.Pair("condition") != nil {
		return false
	}
	return d.Pair(systemLog) != nil || slices.ContainsFunc(d.Pairs, func(p source.Pair) bool {
		return products[p.Key.Text] != "" && p.Value.Kind == source.Scalar
	})
}

// Expressions lists the System Log expressions of an entry's detection, in the author's order. Each node is a text with
// something in it. What is left out is noted in r; if nothing is left to run, r says why.
func Expressions(detection *source.Node, r *source.Report) []*source.Node {
	var found []*source.Node
	others := []string{}
	other := func(p source.Pair) {
		name := products[p.Key.Text]
		others = append(others, name)
		r.Note(p.Key.Pos, NotRun, "", "the search for %s is not run", name)
	}
	var variants func(n *source.Node)
	variants = func(n *source.Node) {
		switch {
		case n.IsNull() || n.Kind == source.Scalar && strings.TrimSpace(n.Text) == "":
		case n.Kind == source.Scalar:
			found = append(found, n)
		case n.Kind == source.List:
			for _, item := range n.Items {
				variants(item)
			}
		default:
			for _, p := range n.Pairs {
				if products[p.Key.Text] != "" {
					other(p)
					continue
				}
				variants(p.Value)
			}
		}
	}
	for _, p := range detection.Pairs {
		switch {
		case p.Key.Text == systemLog:
			variants(p.Value)
		case products[p.Key.Text] != "":
			other(p)
		case p.Key.Text != "explanation": // prose about the search
			r.Note(p.Key.Pos, source.UnknownKey, source.DidYouMean(p.Key.Text, []string{systemLog}), "the key %q of detection means nothing to us and is ignored", p.Key.Text)
		}
	}
	if len(found) > 0 {
		return found
	}
	slices.Sort(others)
	others = slices.Compact(others)
	at := detection.Pos
	if p := detection.Pair(systemLog); p != nil {
		at = p.Key.Pos
	}
	for _, p := range detection.Pairs {
		if products[p.Key.Text] != "" {
			at = p.Key.Pos
		}
	}
	if len(others) == 0 {
		r.Error(at, NoExpression, "write the expression as in the System Log's search", "%s has no expression", systemLog)
		return nil
	}
	r.Unsupported(at, NoExpression, "write it as a Sigma rule, with a correlation if it counts over time",
		"the catalogue has this detection only as a search for %s, and no System Log expression", strings.Join(others, " and "))
	return nil
}
