package main

import (
	"fmt"
	"slices"
	"syscall"
	"time"
)

// contender does the same work as the others of its rotation in another way, or part of it.
type contender struct {
	name string
	// run does n units of work, events as a rule. round counts from 0.
	run func(round int) (n int, err error)
	// less, if it is there, does fewer units, or none, in the same way. What it takes is subtracted: what remains is the
	// work alone, without what is done once, as joining a group is.
	less func(round int) (n int, err error)
}

// timings are what the rounds of one contender took: CPU and wall clock, per unit.
type timings struct {
	name      string
	cpu, wall []time.Duration
}

// rotate lets contenders take turns. One more round before the first fills caches and is not counted.
func rotate(rounds int, contenders ...contender) ([]timings, error) {
	ts := make([]timings, len(contenders))
	for round := -1; round < rounds; round++ {
		for i, c := range contenders {
			n, used, took, err := timed(c.run, round+1)
			if err == nil && c.less != nil {
				var n0 int
				var used0, took0 time.Duration
				n0, used0, took0, err = timed(c.less, round+1)
				n, used, took = n-n0, used-used0, took-took0
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			if ts[i].name = c.name; round >= 0 {
				ts[i].cpu = append(ts[i].cpu, used/time.Duration(n))
				ts[i].wall = append(ts[i].wall, took/time.Duration(n))
			}
		}
	}
	return ts, nil
}

func timed(run func(int) (int, error), round int) (n int, used, took time.Duration, err error) {
	began, before := time.Now(), cpu()
	n, err = run(round)
	return n, cpu() - before, time.Since(began), err
}

// ratio is the median over the rounds of a's CPU time over b's.
func ratio(a, b timings) float64 { return ratios(a.cpu, b.cpu) }

func ratios(a, b []time.Duration) float64 {
	var rs []float64
	for i := range a {
		rs = append(rs, float64(a[i])/float64(b[i]))
	}
	return median(rs)
}

// cpu is the CPU time of this process so far.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median[T int | float64 | time.Duration](xs []T) T {
	xs = slices.Clone(xs)
	slices.Sort(xs)
	if len(xs) == 0 {
		var zero T
		return zero
	}
	return xs[len(xs)/2]
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
