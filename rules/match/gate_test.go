package match

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A key passes, and so does every text of ASCII that folds to it.
func TestGatePassesKeys(t *testing.T) {
	text := rapid.StringOfN(rapid.RuneFrom([]rune("abKZ@[`{k é\u212a")), 0, 20, -1)
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(text, 1, 40).Draw(t, "texts")
		keys := make([]string, len(texts))
		for i, s := range texts {
			keys[i] = fold(s)
		}
		exact, folded := newGate(texts), newGate(keys)
		for i, s := range texts {
			if !exact.passes(s) || !folded.passes(keys[i]) {
				t.Fatalf("%q is a key and does not pass", s)
			}
			if isASCII(s) && !(folded.passes(s) && folded.passes(strings.ToUpper(s))) {
				t.Fatalf("%q folds to a key and does not pass", s)
			}
		}
	})
}

// What the gate is for: texts of other lengths or with other ends do not pass.
func TestGateHoldsBackMostTexts(t *testing.T) {
	var keys []string
	for i := range 1000 {
		keys = append(keys, fmt.Sprintf("ghost%d@corp.example", i), fmt.Sprintf("%d", i))
	}
	g, passed := newGate(keys), 0
	for i := range 1000 {
		for _, s := range []string{fmt.Sprintf("first.last%d@corp.example", i), fmt.Sprintf("%d.", i), fmt.Sprintf("%064x", i)} {
			if g.passes(s) {
				passed++
			}
		}
	}
	if passed > 2*3000/bitsPerKey {
		t.Errorf("%d of 3000 texts pass", passed)
	}
}
