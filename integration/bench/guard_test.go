//go:build !race

package main

import (
	"testing"

	"oktastream/integration/bench/corpus"
	"oktastream/rules/event"
)

// Regressions that matter are several times the noise of a busy machine, and noise only ever makes a contender slower: so
// each cost is the least of a few rounds, compared with another cost of the same run, against a floor far from what
// `make bench` measures. The race detector would distort them.

// least is the contender's CPU time for a unit in its best round.
func least(ts timings) float64 {
	best := ts.cpu[0]
	for _, d := range ts.cpu {
		best = min(best, d)
	}
	return float64(best)
}

// guard measures up to three times, and fails with the figures if a ratio is never within its limit.
func guard(t *testing.T, what string, limit float64, of, over contender) {
	t.Helper()
	var seen []float64
	for range 3 {
		ts, err := rotate(7, of, over)
		if err != nil {
			t.Fatal(err)
		}
		r := least(ts[0]) / least(ts[1])
		if seen = append(seen, r); r <= limit {
			t.Logf("%s: %.2f, limit %.2f", what, r, limit)
			return
		}
	}
	t.Errorf("%s: %.2f in three attempts, limit %.2f", what, seen, limit)
}

func TestCosts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long: not with -short")
	}
	events := corpus.New(1500, 3)
	few, err := ruleSet(10, false)
	if err != nil {
		t.Fatal(err)
	}
	many, err := ruleSet(10_000, false)
	if err != nil {
		t.Fatal(err)
	}
	d := event.NewDecoder(few.Fields())
	decode := each("decode", events, func(raw []byte) error { _, err := d.Decode(raw, event.Meta{}); return err })
	guard(t, "decoding over encoding/json", 1/5.0, decode, standardDecoder(events))
	guard(t, "decoding and 10,000 rules over decoding and 10", 2.5, whole("many", many, events), whole("few", few, events))
}
