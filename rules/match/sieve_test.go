package match

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A value that holds a text passes, wherever in the value the text stands.
func TestSievePassesWhatHoldsAText(t *testing.T) {
	letters := rapid.StringOfN(rapid.RuneFrom([]rune("abcé\x00")), 0, 20, -1)
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("abcé\x00")), 1, 20, -1), 1, 12).Draw(t, "texts")
		short := false
		for _, text := range texts {
			short = short || len(text) < gram+minStride-1
		}
		s := newSieve(texts)
		if (s == nil) != short {
			t.Fatalf("sieve %v of %q", s, texts)
		}
		if s == nil {
			return
		}
		value := letters.Draw(t, "before") + rapid.SampledFrom(texts).Draw(t, "text") + letters.Draw(t, "behind")
		if !s.passes(value) {
			t.Fatalf("%q does not pass, and holds one of %q", value, texts)
		}
	})
}

// What the sieve is for: values of other texts do not pass.
func TestSieveHoldsBackMostValues(t *testing.T) {
	s := newSieve([]string{"curl/7.", "python-requests", "go-http-client", "implant/1", "implant/2", "headlesschrome"})
	const agent = "mozilla/5.0 (windows nt 10.0; win64; x64) applewebkit/537.36 (khtml, like gecko) chrome/120.0.0.0 safari/537.36"
	for i := range strings.Count(agent, "") - 1 {
		if s.passes(agent[i:]) {
			t.Errorf("%q passes", agent[i:])
		}
	}
}
