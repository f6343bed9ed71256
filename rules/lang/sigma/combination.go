package sigma

import (
	"encoding/json"
	"slices"
	"strings"

	"oktastream/rules/event"
)

// maxCombinations of one event; as with any list of values, further ones are not counted.
const maxCombinations = 64

// combination is the path of the combinations of values of several fields, each written as a JSON array of texts: one for
// each way to take a value of every field. An event that lacks a value of a field has none. Of one field it is that field.
func combination(fields []event.Path) event.Path {
	if len(fields) == 1 {
		return fields[0]
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.String()
	}
	return event.Computed("=sigma combination "+list(names), fields, func(ev *event.Event) []event.Value {
		tuples := [][]string{nil}
		for _, f := range fields {
			var next [][]string
			for _, t := range tuples {
				for _, v := range ev.Lookup(f) {
					if v.Kind != event.Object && !f.Placeholder(v.Text) && len(next) < maxCombinations {
						next = append(next, append(slices.Clip(t), v.Text))
					}
				}
			}
			tuples = next
		}
		var values []event.Value
		for _, t := range tuples {
			values = append(values, event.Value{Kind: event.String, Text: list(t)})
		}
		return values
	})
}

// list is a JSON array of texts, with <, > and & as they are.
func list(texts []string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(texts) // of strings into memory, which cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}
