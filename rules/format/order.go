package format

import (
	"slices"

	"oktastream/rules/lang"
	"oktastream/rules/lang/sigma"
	"oktastream/rules/lang/source"
	"oktastream/rules/ruletest"
)

// order is the canonical order of the keys of a block.
type order struct {
	keys []string // in order; other keys come after them, as the author has them
	last []string // these come after the others
	in   map[string]order
}

// rank sorts keys: the known ones, then the author's, then the last ones.
func (o order) rank(key string) int {
	if i := slices.Index(o.keys, key); i >= 0 {
		return i
	}
	if i := slices.Index(o.last, key); i >= 0 {
		return len(o.keys) + 1 + i
	}
	return len(o.keys)
}

// ruleOrder is the order in which SigmaHQ keeps its rules, so that a rule from there stays easy to compare with its
// origin; our own keys stand where they read best.
var ruleOrder = order{
	keys: []string{
		"title", "id", "name", "related", "taxonomy", "status", "description", "license", "references", "author", "date", "modified",
		"tags", "scope", "logsource", "detection", "query", "language", "rule", "correlation", "generate", "filter", "fields", "falsepositives", "level",
	},
	last: []string{"oktastream"},
	in: map[string]order{
		"logsource":   {keys: []string{"category", "product", "service", "definition"}},
		"detection":   {last: []string{"timeframe", "condition"}},
		"filter":      {keys: []string{"rules"}, last: []string{"condition"}},
		"correlation": tableOrder(sigma.CorrelationFields),
		"oktastream":  tableOrder(lang.Options),
	},
}

var testOrder = tableOrder(ruletest.FileFields())

// tableOrder is the order of a table of fields.
func tableOrder(fields []source.Field) order {
	o := order{keys: source.Names(fields), in: map[string]order{}}
	for _, f := range fields {
		if f.Type == source.Object {
			o.in[f.Name] = tableOrder(f.Fields)
		}
	}
	return o
}
