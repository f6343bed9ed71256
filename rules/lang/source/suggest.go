package source

import (
	"strings"

	"oktastream/rules/nearest"
)

// DidYouMean is a hint with the closest candidate, or the list of them if none is close.
func DidYouMean(word string, candidates []string) string {
	if s := nearest.Of(word, candidates); s != "" {
		return "did you mean " + s + "?"
	}
	return "one of " + strings.Join(candidates, ", ")
}
