package event

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
	d := distance(n.want, folded)
	if d < limit || d == limit && (n.name == "" || name < n.name) {
		n.name, n.distance = name, d
	}
}

// distance is the number of bytes to insert, delete, replace or swap with their neighbour to turn a into b.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
