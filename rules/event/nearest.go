package event

import misspelt "oktastream/rules/nearest"

// nearest keeps the candidate with the fewest typing errors against want, the alphabetically first of equals.
type nearest struct {
	want     string
	name     string
	distance int
}

// offer considers a candidate, folded like want; name is how to write it.
func (n *nearest) offer(folded, name string) {
	limit := max(1, len(n.want)/5)
	if n.name != "" {
		limit = n.distance
	}
	if diff := len(folded) - len(n.want); diff > limit || -diff > limit {
		return
	}
	d := misspelt.Distance(n.want, folded)
	if d < limit || d == limit && (n.name == "" || name < n.name) {
		n.name, n.distance = name, d
	}
}
