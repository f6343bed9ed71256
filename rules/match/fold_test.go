package match

import (
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// Folding takes eight bytes at a time where it can; it must say what folding rune by rune says, wherever in the text
// capitals and characters outside ASCII stand.
func TestFoldIsThatOfEachRune(t *testing.T) {
	piece := rapid.SampledFrom([]string{"a", "Z", "@", "[", "`", "{", "\x00", "\x7f", "É", "ſ", "K", "\xff", "aaaaaaa", "Mozilla/5.0", "12345678"})
	rapid.Check(t, func(t *rapid.T) {
		s := ""
		for _, p := range rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces") {
			s += p
		}
		var want []byte
		for _, r := range s {
			want = utf8.AppendRune(want, foldRune(r))
		}
		if got := appendFold([]byte("x"), s); string(got) != "x"+string(want) {
			t.Fatalf("%q folds to %q, want %q", s, got[1:], want)
		}
		if isFolded(s) && s != string(want) {
			t.Fatalf("%q is said to fold to itself, and folds to %q", s, want)
		}
		ascii := true
		for i := range len(s) {
			ascii = ascii && s[i] < utf8.RuneSelf
		}
		if ascii && s == string(want) && !isFolded(s) {
			t.Fatalf("%q folds to itself and would be copied", s)
		}
		if isASCII(s) != ascii {
			t.Fatalf("isASCII(%q) = %v", s, !ascii)
		}
		other := string(want)
		if rapid.Bool().Draw(t, "another") && s != "" {
			i := rapid.IntRange(0, len(s)-1).Draw(t, "at")
			other = fold(s[:i] + piece.Draw(t, "instead") + s[i+1:])
		}
		if ascii && foldsTo(s, other) != (string(want) == other) {
			t.Fatalf("foldsTo(%q, %q) = %v", s, other, !(string(want) == other))
		}
	})
}
