package nearest

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"group.id", "group.id", 0}, {"gruop.id", "group.id", 1}, {"grop.id", "group.id", 1},
		{"group-id", "group.id", 1}, {"groupp.id", "group.id", 1}, {"ca", "abc", 3}, {"abcdefgh", "stuvwxyz", 6},
		{strings.Repeat("a", 300), "a", 6},
	} {
		if got := Distance(tt.a, tt.b, 5); got != tt.want {
			t.Errorf("from %q to %q: %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

// One typing error is a distance of at most one, and the way back is as long.
func TestDistanceProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[ab.]{2,12}`).Draw(t, "name")
		i := rapid.IntRange(0, len(name)-2).Draw(t, "at")
		for _, typo := range []string{name[:i] + name[i+1:], name[:i] + "x" + name[i:], name[:i] + "x" + name[i+1:],
			name[:i] + name[i+1:i+2] + name[i:i+1] + name[i+2:]} {
			if d := Distance(name, typo, 9); d > 1 || d == 0 && typo != name || d != Distance(typo, name, 9) {
				t.Fatalf("%q is %d from %q, and %d back", typo, d, name, Distance(typo, name, 9))
			}
		}
	})
}

// A limit changes no distance within it, and Find returns what comparing with every name returns.
func TestFindProperty(t *testing.T) {
	word := rapid.StringMatching(`[abB.]{0,9}`)
	rapid.Check(t, func(t *rapid.T) {
		want, names := word.Draw(t, "word"), rapid.SliceOfN(word, 0, 12).Draw(t, "names")
		limit := min(maxErrors, 1+len(want)/4)
		best, distance := "", limit+1
		for _, name := range slices.Sorted(slices.Values(names)) {
			d := Distance(strings.ToLower(want), strings.ToLower(name), 20)
			if bounded := Distance(strings.ToLower(want), strings.ToLower(name), limit); bounded != min(d, limit+1) {
				t.Fatalf("from %q to %q: %d within %d, want %d", want, name, bounded, limit, min(d, limit+1))
			}
			if name != "" && d < distance {
				best, distance = name, d
			}
		}
		if got := Of(want, names); got != best {
			t.Fatalf("%q in %q: got %q, want %q", want, names, got, best)
		}
	})
}

func TestFind(t *testing.T) {
	keys := []string{"title", "detection", "correlation", "id"}
	for word, want := range map[string]string{
		"detecton": "detection", "Title": "title", "titel": "title", "corelation": "correlation",
		"xyz": "", "description": "", "": "", strings.Repeat("detection", 100_000): "",
	} {
		if got := Of(word, keys); got != want {
			t.Errorf("%.20q: got %q, want %q", word, got, want)
		}
	}
}
