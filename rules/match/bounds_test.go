package match

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"testing"
)

// What a literal is enough to find is found by it: nothing of such a rule is evaluated for events that lack the literal.
// What no literal finds is evaluated one by one, also a text of no length, which every value holds.
func TestWhatIsLookedUp(t *testing.T) {
	nets := pred("client.ipAddress", InCIDR)
	nets.Nets = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	year := pred("published", Equal, "2024")
	year.Part = Year
	for _, c := range []struct {
		x    Expr
		scan int
	}{
		{pred("n", Equal, "a"), 0}, {pred("n", Equal, "1"), 0}, {pred("n", Prefix, "a"), 0}, {pred("n", Suffix, "a"), 0}, {pred("n", Contains, "a"), 0}, {folding(pred("n", Contains, "A")), 0},
		{nets, 0}, {pred("n", Contains, ""), 1}, {pred("n", Contains, "a", ""), 1}, {pred("n", Less, "1"), 1}, {pred("n", Exists), 1}, {year, 1},
	} {
		x, _ := build(t, []Expr{c.x}, sample)
		scans := 0
		for _, f := range x.root.fields {
			scans += len(f.scan)
		}
		if scans != c.scan {
			t.Errorf("%s: %d predicates are evaluated for every event, want %d", String(c.x), scans, c.scan)
		}
	}
}

// However many conditions rules have in common, the index is divided a few times only.
func TestIndexIsShallow(t *testing.T) {
	var exprs []Expr
	for range 20 {
		var members And
		for i := range 8 {
			members = append(members, pred(fmt.Sprintf("field%d", i), Equal, "x"))
		}
		exprs = append(exprs, append(members, pred("n", Less, fmt.Sprint(len(exprs)))))
	}
	x, ev := build(t, exprs, `{"n":9,"field0":"x","field1":"x","field2":"x","field3":"x","field4":"x","field5":"x","field6":"x","field7":"x"}`)
	var depth func(n *node) int
	depth = func(n *node) int {
		deepest := 0
		for _, f := range n.fields {
			var below []*bucket
			for _, s := range f.scan {
				below = append(below, s.bucket)
			}
			if f.exact != nil && f.exact.equal != nil {
				below = append(below, slices.Collect(maps.Values(f.exact.equal.buckets))...)
			}
			for _, b := range below {
				if b.next != nil {
					deepest = max(deepest, depth(b.next))
				}
			}
		}
		return deepest + 1
	}
	if got := depth(x.root); got != maxDepth {
		t.Errorf("%d divisions, want %d", got, maxDepth)
	}
	if got := x.NewMatcher().Match(ev, nil); len(got) != 10 || got[0] != 10 {
		t.Errorf("matched %v", got)
	}
}

// A gate takes the memory its keys need, and no more.
func TestGateSize(t *testing.T) {
	for _, n := range []int{1, 2, 3, 100, 128, 1000} {
		keys := make([]string, n)
		for i := range keys {
			keys[i] = fmt.Sprint("key", i)
		}
		g := newGate(keys)
		if size := 64 * len(g.set); size < bitsPerKey*n || size > max(64, 2*bitsPerKey*n) {
			t.Errorf("%d bits for %d keys", size, n)
		}
	}
}

// Of the runs of bytes that a text has, the one that most texts share stands for it.
func TestSharedRuns(t *testing.T) {
	for _, texts := range [][]string{{"xxabc", "abcyy", "zabcz"}, {"abc", "abcd", "dabc"}} {
		if got := slices.Collect(maps.Keys(sharedRuns(texts, 3))); len(got) != 1 || got[0] != "abc" {
			t.Errorf("%q share %q", texts, got)
		}
	}
}
