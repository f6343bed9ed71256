package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// scaling measures what a second core brings, and checks the model of many workers against a simulation.
//
// The model: a worker owns whole partitions, so of N partitions and M workers the busiest owns ⌈N/M⌉, and the group is
// N/⌈N/M⌉ times as fast as one worker, as long as the load is spread evenly over partitions. Workers share nothing but the
// brokers: there is no other term. What the model leaves out is that keys are not spread evenly; the simulation has that.
func scaling(ctx context.Context, t *table, events [][]byte, rounds int) error {
	set, err := ruleSet(100, true)
	if err != nil {
		return err
	}
	side := func(workers int) contender {
		works := make([]contender, workers)
		for w := range works {
			works[w] = whole("", set, events)
		}
		return contender{name: fmt.Sprintf("%d workers", workers), run: func(round int) (int, error) {
			var wg sync.WaitGroup
			errs := make([]error, workers)
			for w := range workers {
				wg.Go(func() { _, errs[w] = works[w].run(round) })
			}
			wg.Wait()
			for _, err := range errs {
				if err != nil {
					return 0, err
				}
			}
			return workers * len(events), nil
		}}
	}
	ts, err := rotate(rounds, side(1), side(2))
	if err != nil {
		return err
	}
	t.add(atLeast("events/s of two workers over one, by wall clock, without a broker", ratios(ts[0].wall, ts[1].wall), 1.8, rounds,
		fmt.Sprintf("%d cores; %.2f and %.2f µs an event; needs the second core free", runtime.GOMAXPROCS(0), micros(median(ts[0].wall)), micros(median(ts[1].wall)))),
		row{What: "CPU an event, two workers over one, without a broker", Value: ratio(ts[1], ts[0]), Rounds: rounds,
			Note: fmt.Sprintf("%.2f and %.2f µs: what two share, caches and the collector", micros(median(ts[1].cpu)), micros(median(ts[0].cpu)))})

	for _, keys := range []struct {
		name string
		n    int
		zipf float64
	}{{"100,000 actors, all alike", 100_000, 0}, {"100,000 actors, the busiest two thousand times the median", 100_000, 1.1}} {
		load := partitionLoads(1000, keys.n, keys.zipf)
		worst, at := 1.0, 0
		for _, workers := range []int{1, 2, 3, 5, 8, 16, 32, 64, 100, 200, 500, 1000} {
			model := 1000 / float64((1000+workers-1)/workers)
			if r := speedup(load, workers) / model; r < worst {
				worst, at = r, workers
			}
		}
		t.add(row{What: "simulated speed-up over the model N/⌈N/M⌉, 1,000 partitions, 1 to 1,000 workers, the worst: " + keys.name,
			Value: worst, Rounds: 1, Note: fmt.Sprintf("at %d workers; at 16 it is %.2f of %.1f", at, speedup(load, 16), 1000/float64((1000+15)/16))})
	}
	return partitions(ctx, t, rounds)
}

// partitions measures what many partitions cost one worker.
func partitions(ctx context.Context, t *table, rounds int) error {
	set, err := ruleSet(100, true)
	if err != nil {
		return err
	}
	var cs []contender
	for _, n := range []int{8, 1000} {
		b, err := startBroker(n, short)
		if err != nil {
			return err
		}
		defer b.close()
		cs = append(cs, contender{name: fmt.Sprintf("%d partitions", n), run: func(int) (int, error) {
			return short, consume(ctx, b.addr, short, decoder(set))
		}})
	}
	ts, err := rotate(max(rounds/3, 1), cs...)
	if err != nil {
		return err
	}
	t.add(row{What: "CPU of fetching and decoding from 1,000 partitions over 8", Value: ratio(ts[1], ts[0]), Rounds: max(rounds/3, 1),
		Note: fmt.Sprintf("%.2f and %.2f µs an event, connecting included", micros(median(ts[1].cpu)), micros(median(ts[0].cpu)))})
	return nil
}

// partitionLoads is how many of a million events come to each of n partitions, keyed as Kafka's producers do it. Keys are
// equally busy when zipf is 0.
func partitionLoads(n, keys int, zipf float64) []int {
	r := rand.New(rand.NewPCG(1, 1))
	draw := func() uint64 { return uint64(r.IntN(keys)) }
	if zipf > 0 {
		draw = rand.NewZipf(r, zipf, 50, uint64(keys-1)).Uint64
	}
	place := kgo.StickyKeyPartitioner(nil).ForTopic("")
	where := make([]int, keys)
	for k := range where {
		where[k] = place.Partition(&kgo.Record{Key: fmt.Appendf(nil, "user%d@corp.example", k)}, n)
	}
	load := make([]int, n)
	for range 1_000_000 {
		load[where[draw()]]++
	}
	return load
}

// speedup is how much faster so many workers are done than one, each with its share of the partitions.
func speedup(load []int, workers int) float64 {
	total, busiest := 0, 0
	sums := make([]int, workers)
	for p, n := range load {
		total += n
		sums[p%workers] += n
		busiest = max(busiest, sums[p%workers])
	}
	return float64(total) / float64(busiest)
}
