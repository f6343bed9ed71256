package source

import (
	"strings"

	"oktastream/rules/nearest"
)

// Suggest returns the candidate closest to word, if one is close enough to be what was meant; else "".
func Suggest(word string, candidates []string) string {
	best, limit := "", 1+len(word)/4
	for _, c := range candidates {
		if d := nearest.Distance(strings.ToLower(word), strings.ToLower(c)); d < limit || d == limit && best == "" {
			best, limit = c, d
		}
	}
	return best
}

// DidYouMean is a hint with the closest candidate, or the list of them if none is close.
func DidYouMean(word string, candidates []string) string {
	if s := Suggest(word, candidates); s != "" {
		return "did you mean " + s + "?"
	}
	return "one of " + strings.Join(candidates, ", ")
}
