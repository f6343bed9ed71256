package window

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// TestRestartTellsTheSame: what a window fires, and when, does not tell whether it has been committed, packed, or read back
// from its entries in between, also when rows wait to be judged, or have been thinned out.
func TestRestartTellsTheSame(t *testing.T) {
	for name, s := range specs {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				set := draw(t, s)
				s := s.in(1e6)
				updates := rapid.Bool().Draw(t, "updates")
				crowd := rapid.SampledFrom([]int{0, 1, 3, 8}).Draw(t, "crowd")
				var order []Observation
				if rapid.Bool().Draw(t, "late") { // in no order at all: some are late
					for _, i := range rapid.Permutation(indexes(len(set))).Draw(t, "order") {
						order = append(order, set[i])
					}
				} else {
					order = arrivals(t, s.in(1), set)
				}
				plain, other := New(), New()
				plain.dict.crowd, other.dict.crowd = crowd, crowd
				log := map[string][]byte{}
				clock := NoClock
				same := func(what string, a, b any) {
					if diff := cmp.Diff(a, b, cmpopts.IgnoreUnexported(Observation{}), cmp.Comparer(func(a, b *big.Rat) bool { return a == b || a != nil && b != nil && a.Cmp(b) == 0 })); diff != "" {
						t.Fatalf("%s (-plain +restarted)\n%s", what, diff)
					}
				}
				advance := func() {
					for range 100 {
						same("due", plain.Due(), other.Due())
						if plain.Due() > clock {
							return
						}
						same("firings of the clock", s.Advance(plain, clock), s.Advance(other, clock))
					}
				}
				for _, o := range order {
					o.Time, o.Since = o.Time*1e6, o.Since*1e6
					if rapid.IntRange(0, 2).Draw(t, "moves") == 0 {
						clock = max(clock, o.Time+int64(rapid.IntRange(-5, 5).Draw(t, "by"))*1e6)
						advance()
					}
					trigger := func() string { return "projection of " + o.ID }
					plain.SetHead(headOf(s))
					other.SetHead(headOf(s))
					p, q := o, o
					status, fired := s.Observe(plain, &p, trigger, updates, clock)
					status2, fired2 := s.Observe(other, &q, trigger, updates, clock)
					same("status of "+o.ID, status, status2)
					same("firings of "+o.ID, fired, fired2)
					same("entries", entriesOf(plain), entriesOf(other))
					same("size", plain.Size(), other.Size())
					switch rapid.IntRange(0, 4).Draw(t, "then") {
					case 0:
						write(log, other)
						other = other.Clone()
					case 1:
						write(log, other)
						other = restore(t, log, crowd)
					case 2:
						if write(log, other); !other.Empty() {
							other = repack(t, other)
						}
					}
					if plain.Empty() { // its head has no entry
						plain, other = plain.Clone(), other.Clone()
						clear(log)
					}
				}
				clock = 1 << 60
				advance()
			})
		})
	}
}

func entriesOf(w *Window) []string {
	var list []string
	for item, value := range w.Entries {
		list = append(list, fmt.Sprintf("%q = %q", item, value))
	}
	return list
}
