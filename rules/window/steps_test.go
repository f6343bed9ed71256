package window

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// What a window does is counted in rows that it looks at. However many observations come, in whatever order, within one
// window's length: four times as many cost about four times as much, not sixteen times.

// crowds are Specs with the observations of somebody who wants them to be dear. Times are filled in by orders.
var crowds = map[string]struct {
	Spec
	o func(i, n int) Observation
}{
	"count":        {Spec{Kind: Count, Threshold: 5}, plainRow},
	"count, unmet": {Spec{Kind: Count, Threshold: 1 << 30}, plainRow},
	"distinct":     {Spec{Kind: Distinct, Distinct: []Column{{Threshold: 5}}}, valued},
	"distinct, met by the last": {Spec{Kind: Distinct, Distinct: []Column{{Threshold: 2}, {}}}, func(i, n int) Observation {
		return Observation{Columns: [][]string{{fmt.Sprint(i / (n - 1))}, {fmt.Sprint(i)}}} // nothing repeats, so nothing is thinned out
	}},
	"distinct, unmet": {Spec{Kind: Distinct, Distinct: []Column{{Threshold: 1 << 30}}}, valued},
	"distinct, thinned": {Spec{Kind: Distinct, Distinct: []Column{{Threshold: 9}}}, func(i, _ int) Observation {
		return Observation{Columns: [][]string{{fmt.Sprint(i % 7)}}}
	}},
	"any of":        {Spec{Kind: Unordered, Steps: 3, Threshold: 2}, stepped(2)},
	"any of, unmet": {Spec{Kind: Unordered, Steps: 3}, stepped(2)},
	"sum":           {Spec{Kind: Sum, Distinct: []Column{{}}, Condition: []Bound{{AtLeast, 5}}}, valued},
	"sum of nothing": {Spec{Kind: Sum, Distinct: []Column{{}}, Condition: []Bound{{AtLeast, 5}}}, func(int, int) Observation {
		return Observation{Columns: [][]string{{"0"}}}
	}},
	"sequence, once": {Spec{Kind: Sequence, Steps: 2}, func(i, n int) Observation { return Observation{Step: i / (n - 1)} }},
	"sequence, each": {Spec{Kind: Sequence, Steps: 2}, stepped(2)},
	"sequence, never": {Spec{Kind: Sequence, Steps: 2}, func(i, _ int) Observation {
		return Observation{Step: i % 2, Join: []string{fmt.Sprint(i)}}
	}},
	"sequence, short of values": {Spec{Kind: Sequence, Steps: 2, Distinct: []Column{{Threshold: 1 << 30}}}, func(i, _ int) Observation {
		return Observation{Step: i % 2, Columns: [][]string{{fmt.Sprint(i)}}}
	}},
	"runs":           {Spec{Kind: Sequence, Steps: 2, Plan: []Step{{Runs: 4}, {}}}, stepped(2)},
	"until":          {Spec{Kind: Sequence, Steps: 3, Plan: []Step{{}, {}, {Role: Until}}}, stepped(3)},
	"absent":         {Spec{Kind: Sequence, Steps: 3, Plan: []Step{{}, {Role: Absent}, {}}}, stepped(3)},
	"absent at last": {Spec{Kind: Sequence, Steps: 2, Plan: []Step{{}, {Role: Absent}}}, stepped(2)},
	"pipeline":       {Spec{Kind: Pipeline, Program: repeats{many: true}}, valued},
	"pipeline, unmet": {Spec{Kind: Pipeline, Program: repeats{many: true}}, func(int, int) Observation {
		return Observation{Columns: [][]string{{"same"}}}
	}},
	"ticks":      {Spec{Kind: Pipeline, Program: repeats{}, Every: 6 * time.Minute}, valued},
	"average":    {Spec{Kind: Avg, AtClose: true, Distinct: []Column{{}}, Condition: []Bound{{AtLeast, 1}}}, valued},
	"percentile": {Spec{Kind: Percentile, Percentile: 90, AtClose: true, Distinct: []Column{{}}, Condition: []Bound{{AtLeast, 1}}}, valued},
	"first seen": {Spec{Kind: FirstSeen}, plainRow},
}

func plainRow(int, int) Observation { return Observation{} }
func valued(i, _ int) Observation   { return Observation{Columns: [][]string{{fmt.Sprint(i)}}} }
func stepped(steps int) func(i, _ int) Observation {
	return func(i, _ int) Observation { return Observation{Step: i % steps} }
}

// orders put n observations within an hour: when number i happened. The clock follows what has come, or stands still.
var orders = map[string]func(i, n int, r *rand.Rand) (at time.Duration){
	"in order":        func(i, n int, _ *rand.Rand) time.Duration { return time.Hour * time.Duration(i) / time.Duration(n) },
	"newest first":    func(i, n int, _ *rand.Rand) time.Duration { return time.Hour * time.Duration(n-i) / time.Duration(n) },
	"at random":       func(_, _ int, r *rand.Rand) time.Duration { return time.Duration(r.Int64N(int64(time.Hour))) },
	"all at one time": func(int, int, *rand.Rand) time.Duration { return time.Minute },
	"from both ends": func(i, n int, _ *rand.Rand) time.Duration {
		if i%2 == 0 {
			return time.Hour * time.Duration(i) / time.Duration(2*n)
		}
		return time.Hour * time.Duration(2*n-i) / time.Duration(2*n)
	},
	"a little out of order": func(i, n int, _ *rand.Rand) time.Duration { return time.Hour * time.Duration(i^3) / time.Duration(n) },
}

// steps is how many rows are looked at when n observations come.
func steps(s *Spec, o func(i, n int) Observation, order func(i, n int, r *rand.Rand) time.Duration, n int, updates, moves bool) int {
	d := new(Dictionary)
	w := d.New()
	r := rand.New(rand.NewPCG(1, 2))
	at := make([]time.Duration, n)
	for i := range at {
		at[i] = order(i, n, r)
	}
	high := int64(0)
	names := r.Perm(n) // what comes at one time comes in no order
	for i := range n {
		x := o(i, n)
		x.ID, x.Time = fmt.Sprint(names[i]), int64(at[i].Truncate(time.Millisecond))
		clock := NoClock
		if high = max(high, x.Time); moves {
			clock = high
			for range 100 {
				if w.Due() > clock {
					break
				}
				s.Advance(w, clock)
			}
		}
		w.SetHead(headOf(s))
		s.Observe(w, &x, func() string { return "p" }, updates, clock)
		if i%50 == 0 { // a transaction commits
			w = w.Clone()
		}
	}
	for range 5 { // and all of it expires
		s.Advance(w, 1<<60)
	}
	return d.steps
}

func TestStepsAreLinear(t *testing.T) {
	const n = 600
	for name, c := range crowds {
		s := c.Spec
		s.Length, s.Lateness, s.Quiet, s.Episode = 2*time.Hour, 2*time.Hour, 2*time.Hour, 24*time.Hour
		for _, order := range slices.Sorted(func(yield func(string) bool) {
			for o := range orders {
				if !yield(o) {
					return
				}
			}
		}) {
			for _, updates := range []bool{false, true} {
				for _, moves := range []bool{false, true} {
					few, many := steps(&s, c.o, orders[order], n, updates, moves), steps(&s, c.o, orders[order], 4*n, updates, moves)
					if many > 6*few+4*n {
						t.Errorf("%s, %s, updates %v, clock moves %v: %d observations cost %d steps, %d cost %d", name, order, updates, moves, n, few, 4*n, many)
					}
				}
			}
		}
	}
}
