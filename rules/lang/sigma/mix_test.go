package sigma

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"oktastream/rules/match"
	"oktastream/rules/window"
)

// TestMixes: the alternatives hold for exactly the sets of steps for which the condition does.
func TestMixes(t *testing.T) {
	const n = 5
	r := rand.New(rand.NewPCG(7, 8))
	leaves := make([]match.Expr, n)
	steps := map[match.Expr]int{}
	for i := range leaves {
		leaves[i] = &match.Pred{}
		steps[leaves[i]] = i
	}
	var random func(depth int) match.Expr
	random = func(depth int) match.Expr {
		kind := r.IntN(4)
		if depth == 0 {
			kind = 0
		}
		switch kind {
		case 1:
			return match.Not{X: random(depth - 1)}
		case 2:
			return match.And{random(depth - 1), random(depth - 1), random(depth - 1)}
		case 3:
			return match.Or{random(depth - 1), random(depth - 1)}
		}
		return leaves[r.IntN(n)]
	}
	var holds func(x match.Expr, seen uint64) bool
	holds = func(x match.Expr, seen uint64) bool {
		is := func(m match.Expr) bool { return holds(m, seen) }
		switch x := x.(type) {
		case match.Not:
			return !is(x.X)
		case match.And:
			return !slices.ContainsFunc(x, func(m match.Expr) bool { return !is(m) })
		case match.Or:
			return slices.ContainsFunc(x, is)
		}
		return seen>>steps[x]&1 == 1
	}
	for range 2000 {
		x := random(4)
		mixes, ok := mixesOf(x, steps, false)
		if !ok {
			t.Fatalf("too many alternatives of %d rules", n)
		}
		for seen := range uint64(1 << n) {
			got := slices.ContainsFunc(mixes, func(m window.Mix) bool { return m.Holds(seen) })
			if want := holds(x, seen); got != want {
				t.Fatalf("steps %b: got %v, want %v", seen, got, want)
			}
		}
	}
	// Alternatives that multiply are given up, not counted out.
	var wide match.And
	for i := range 20 {
		var two match.Or
		for range 2 {
			p := &match.Pred{}
			steps[p] = (2*i + len(two)) % window.MaxMixed
			two = append(two, p)
		}
		wide = append(wide, two)
	}
	if mixes, ok := mixesOf(wide, steps, false); ok {
		t.Error(fmt.Sprint("two to the twentieth alternatives: ", len(mixes)))
	}
}
