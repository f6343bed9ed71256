package event

import "oktastream/rules/event/jsontree"

// everyValue is the path of all scalars. No other path can be written or spelled like it.
const everyValue = "[*]"

// collectEvery appends all texts, numbers and booleans of the event in its order. A text that holds JSON is one value.
// Of members of the same name each counts, also those that no path can read.
func (e *Event) collectEvery(dst []Value) []Value {
	t := e.whole()
	for n := range jsontree.Node(t.Len()) {
		switch t.Kind(n) {
		case jsontree.String:
			dst = append(dst, Value{Kind: String, Text: t.Text(n)})
		case jsontree.Number:
			dst = append(dst, Value{Kind: Number, Text: t.Text(n)})
		case jsontree.Bool:
			dst = append(dst, Value{Kind: Bool, Text: t.Text(n)})
		}
	}
	return dst
}
