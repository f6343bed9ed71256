package window

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Ranked and Bag against a plain list.
func TestRankedAndCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, c := NewRanked(cmp.Compare[int]), &Bag[int]{}
		var list []int
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			v := rapid.IntRange(0, 30).Draw(t, "v")
			if rapid.Bool().Draw(t, "add") {
				r.Add(v)
				c.Add(v)
				list = append(list, v)
				slices.Sort(list)
			} else {
				r.Remove(v)
				c.Remove(v)
				if i := slices.Index(list, v); i >= 0 {
					list = slices.Delete(list, i, i+1)
				}
			}
			if r.Len() != len(list) {
				t.Fatalf("%d values, want %v", r.Len(), list)
			}
			for i, want := range list {
				if got := r.At(i); got != want {
					t.Fatalf("value %d is %d, want %v", i, got, list)
				}
			}
			all := c.All()
			slices.Sort(all)
			if want := slices.Compact(slices.Clone(list)); !slices.Equal(all, want) || c.Len() != len(want) {
				t.Fatalf("members %v, want %v", all, want)
			}
		}
	})
}

// In sorted arrival a tree without balance would be a list.
func TestRankedDepth(t *testing.T) {
	r := NewRanked(cmp.Compare[int])
	const n = 1 << 16
	for i := range n {
		r.Add(i)
	}
	var depth func(*rank[int]) int
	depth = func(n *rank[int]) int {
		if n == nil {
			return 0
		}
		return 1 + max(depth(n.left), depth(n.right))
	}
	if d := depth(r.root); d > 64 {
		t.Errorf("%d values make a tree of depth %d", n, d)
	}
}

func TestTotals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var whole Total
		var parts RealTotal
		want, wantParts := new(big.Int), new(big.Rat)
		for range rapid.IntRange(0, 50).Draw(t, "steps") {
			n := rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, -1, 0, 1})).Draw(t, "n")
			f := rapid.Float64Range(-1e300, 1e300).Draw(t, "f")
			if rapid.Bool().Draw(t, "add") {
				whole.Add(n)
				parts.Add(f)
				want.Add(want, big.NewInt(n))
				wantParts.Add(wantParts, new(big.Rat).SetFloat64(f))
			} else {
				whole.Remove(n)
				parts.Remove(f)
				want.Sub(want, big.NewInt(n))
				wantParts.Sub(wantParts, new(big.Rat).SetFloat64(f))
			}
			if whole.Rat().Cmp(new(big.Rat).SetInt(want)) != 0 || parts.Rat().Cmp(wantParts) != 0 {
				t.Fatalf("got %s and %s, want %s and %s", whole.Rat(), parts.Rat(), want, wantParts)
			}
			if got, ok := whole.Int64(); ok != want.IsInt64() || ok && got != want.Int64() {
				t.Fatalf("got %d %v, want %s", got, ok, want)
			}
		}
	})
}
