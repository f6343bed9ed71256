package nearest

import (
	"math/bits"
	"slices"
	"strings"
)

// maxErrors is how many typing errors a suggestion may be away. Beyond three, what is nearest is no longer what was meant,
// and a small bound is what makes a search through thousands of names cheap.
const maxErrors = 3

// longest is the length in bytes of a name that is compared; a longer one has no neighbour. It bounds the time that a
// name out of a hostile file can take.
const longest = 256

// Of returns the name that has the fewest typing errors against word, letter case aside, and "" when none is near. Of
// equally near names it returns the alphabetically first.
func Of(word string, names []string) string {
	return NewIndex(names).Find(word)
}

// Index is a list of names to search many times. It is immutable and safe for concurrent use.
type Index struct {
	byLength [longest + 1][]entry
}

type entry struct {
	name    string
	folded  string
	letters uint64
}

// NewIndex returns an index of names. It keeps no reference to the slice.
func NewIndex(names []string) *Index {
	x := new(Index)
	for _, name := range names {
		if folded := strings.ToLower(name); folded != "" && len(folded) <= longest {
			x.byLength[len(folded)] = append(x.byLength[len(folded)], entry{name, folded, letters(folded)})
		}
	}
	for _, list := range x.byLength {
		slices.SortFunc(list, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	}
	return x
}

// Find is Of for the names of the index.
func (x *Index) Find(word string) string {
	want := strings.ToLower(word)
	if len(want) > longest {
		return ""
	}
	set := letters(want)
	best, limit := "", min(maxErrors, 1+len(want)/4)
	for length := max(0, len(want)-limit); length <= min(longest, len(want)+limit); length++ {
		for i := range x.byLength[length] {
			e := &x.byLength[length][i]
			// An error changes at most two letters of the set.
			if bits.OnesCount64(set^e.letters) > 2*limit {
				continue
			}
			d := Distance(want, e.folded, limit)
			if d < limit || d == limit && (best == "" || e.name < best) {
				best, limit = e.name, d
			}
		}
	}
	return best
}

// letters is the set of bytes in s, each by its last six bits.
func letters(s string) uint64 {
	var set uint64
	for i := range len(s) {
		set |= 1 << (s[i] & 63)
	}
	return set
}

// Distance is the number of bytes to insert, delete, replace or swap with their neighbour to turn a into b, if no part is
// changed twice. It is limit+1 for all names further apart than limit, and for all longer than 256 bytes.
func Distance(a, b string, limit int) int {
	if len(a) > longest || len(b) > longest {
		return limit + 1
	}
	// Paths begin alike, and what both share at their ends costs nothing.
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	var rows [3][longest + 1]uint16
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = uint16(j)
	}
	for i := 1; i <= len(a); i++ {
		row[0] = uint16(i)
		nearest := row[0]
		for j := 1; j <= len(b); j++ {
			change := uint16(1)
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			nearest = min(nearest, row[j])
		}
		// A swap reaches over one row, so one row beyond the limit is not the end yet.
		if int(nearest) > limit+1 {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return min(int(last[len(b)]), limit+1)
}
