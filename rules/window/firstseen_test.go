package window

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func firstHead(s *Spec) Head {
	return Head{Settle: s.Settle, Length: s.Length, Lateness: s.Lateness, Quiet: s.Quiet, Group: []string{"g"}}
}

// TestFirstSeenIsFirst takes the definition at its word: what fires is every observation after which a look back over the
// history finds nothing.
func TestFirstSeenIsFirst(t *testing.T) {
	s := specs["firstsettle"]
	rapid.Check(t, func(t *rapid.T) {
		set := draw(t, s)
		var want []int64
		for _, o := range set {
			before := slices.ContainsFunc(set, func(p Observation) bool { return p.Time < o.Time && o.Time-p.Time <= int64(s.Length) })
			if !before && !slices.Contains(want, o.Time) {
				want = append(want, o.Time)
			}
		}
		r := &run{t: t, s: s, w: New(), clock: NoClock}
		high := int64(0)
		for _, o := range arrivals(t, s, set) {
			high = max(high, o.Time)
			r.w.SetHead(firstHead(s))
			r.observe(o)
			r.advance(high)
		}
		r.advance(1 << 40)
		slices.Sort(r.settled)
		if !slices.Equal(r.settled, want) {
			t.Fatalf("first seen at %v, want %v", r.settled, want)
		}
	})
}

// TestFirstSeenBoundaries: the history's far end belongs to it, as both ends of every window do.
func TestFirstSeenBoundaries(t *testing.T) {
	s := specs["first"] // history 10, lateness 7
	for name, c := range map[string]struct {
		since int64
		times []int64
		want  int
	}{
		"alone":                         {0, []int64{100}, 1},
		"again within":                  {0, []int64{100, 105}, 1},
		"again at the far end":          {0, []int64{100, 110}, 1},
		"again behind it":               {0, []int64{100, 111}, 2},
		"seen often, then not":          {0, []int64{100, 108, 116, 124, 135}, 2},
		"the same time":                 {0, []int64{100, 100}, 1},
		"the wrong way round":           {0, []int64{100, 95}, 1},
		"a late one continues":          {0, []int64{100, 112, 106}, 1},
		"history not complete":          {95, []int64{100, 105}, 0},
		"complete to the instant":       {90, []int64{100}, 0},
		"complete":                      {89, []int64{100}, 1},
		"seen while it was incomplete":  {95, []int64{100, 110}, 0},
		"seen long after":               {95, []int64{100, 111}, 1},
		"before all that is known":      {110, []int64{100, 105}, 0},
		"before, and long after":        {110, []int64{100, 121}, 1},
		"a late one before all of it":   {97, []int64{108, 101}, 0},
		"behind what is not known":      {97, []int64{108}, 1},
		"known since the first of them": {100, []int64{100}, 0},
	} {
		r := &run{t: t, s: s, w: New(), clock: NoClock}
		for i, at := range c.times {
			r.w.SetHead(firstHead(s))
			r.observe(Observation{ID: fmt.Sprint(i), Time: at, Since: c.since})
		}
		r.advance(1 << 40)
		if r.fired != c.want || !r.w.Empty() {
			t.Errorf("%s: fired %d times, want %d", name, r.fired, c.want)
		}
	}
}

// TestFirstSeenIsSmall: a group that is seen all the time costs one entry, and a change costs that entry.
func TestFirstSeenIsSmall(t *testing.T) {
	for _, name := range []string{"first", "firstsettle", "firstsince"} {
		s := specs[name]
		r := &run{t: t, s: s, w: New(), clock: NoClock}
		written := 0
		for i := range 5000 {
			r.w.SetHead(firstHead(s))
			r.observe(Observation{ID: fmt.Sprint(i), Time: int64(1000 + i), Since: 1})
			r.advance(int64(1000 + i))
			for range r.w.Changes {
				written++
			}
			r.w = r.w.Clone()
			if i > 100 && (len(r.w.rows) > 0 || len(r.w.eps) != 1) {
				t.Fatalf("%s: %d rows and %d episodes after %d observations", name, len(r.w.rows), len(r.w.eps), i)
			}
		}
		if r.fired != 1 || written > 5010 {
			t.Errorf("%s: fired %d times, wrote %d entries", name, r.fired, written)
		}
	}
}
