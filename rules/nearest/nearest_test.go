package nearest

import (
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
		{"group-id", "group.id", 1}, {"groupp.id", "group.id", 1}, {"ca", "abc", 3}, {strings.Repeat("a", 300), "a", 300},
	} {
		if got := Distance(tt.a, tt.b); got != tt.want {
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
			if d := Distance(name, typo); d > 1 || d == 0 && typo != name || d != Distance(typo, name) {
				t.Fatalf("%q is %d from %q, and %d back", typo, d, name, Distance(typo, name))
			}
		}
	})
}
