package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// contender evaluates all rules for an event and returns how many match.
type contender struct {
	name  string
	match func(raw []byte) (int, error)
}

// timings are what one contender used: CPU time for an event, in each round, and how much it found in every one of them.
type timings struct {
	name  string
	cpu   []time.Duration
	found int
}

// compare lets contenders take turns at the events. One more round before the first fills caches and is not counted.
func compare(cs []contender, events [][]byte, rounds int) ([]timings, error) {
	ts := make([]timings, len(cs))
	for round := -1; round < rounds; round++ {
		for i, c := range cs {
			before, found := cpu(), 0
			for _, raw := range events {
				n, err := c.match(raw)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", c.name, err)
				}
				found += n
			}
			used := (cpu() - before) / time.Duration(len(events))
			if ts[i].name, ts[i].found = c.name, found; round >= 0 {
				ts[i].cpu = append(ts[i].cpu, used)
			}
		}
	}
	return ts, nil
}

// cpu is the CPU time of this process so far.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// row is as the rows of the command bench.
type row struct {
	What    string  `json:"what"`
	Value   float64 `json:"value"`
	Target  float64 `json:"target"`
	AtLeast bool    `json:"at_least"`
	Rounds  int     `json:"rounds"`
	Note    string  `json:"note"`
}

// table collects rows and prints each.
type table struct{ rows []row }

// add has a row for each contender but the first, which is the product. It is an error if one found another number of
// matches: it would have done other work.
func (t *table) add(about string, target float64, events int, ts []timings) error {
	ours := ts[0]
	fmt.Printf("\n| %s | CPU over oktastream's | target | | how |\n| --- | ---: | ---: | --- | --- |\n", about)
	fmt.Printf("| %s | 1 | | | %.2f µs an event, %d found in %d |\n", ours.name, micros(ours.cpu), ours.found, events)
	for _, peer := range ts[1:] {
		if peer.found != ours.found {
			return fmt.Errorf("%s found %d, %s %d", ours.name, ours.found, peer.name, peer.found)
		}
		ratios := make([]float64, len(peer.cpu))
		for i := range ratios {
			ratios[i] = float64(peer.cpu[i]) / float64(ours.cpu[i])
		}
		r := row{What: about + ": " + peer.name, Value: median(ratios), Target: target, AtLeast: true, Rounds: len(ratios),
			Note: fmt.Sprintf("%.2f µs an event, oktastream %.2f; each found %d in %d", micros(peer.cpu), micros(ours.cpu), ours.found, events)}
		verdict := "met"
		if r.Value < target {
			verdict = "not met"
		}
		fmt.Printf("| %s | %.3g | ≥ %g | %s | %.2f µs an event, %d rounds |\n", peer.name, r.Value, target, verdict, micros(peer.cpu), r.Rounds)
		t.rows = append(t.rows, r)
	}
	return nil
}

func (t *table) write(file string) error {
	text, err := json.MarshalIndent(t.rows, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

func micros(ds []time.Duration) float64 { return float64(median(ds)) / float64(time.Microsecond) }

func median[T float64 | time.Duration](xs []T) T {
	xs = slices.Clone(xs)
	slices.Sort(xs)
	return xs[len(xs)/2]
}
