package window

import (
	"fmt"
	"testing"
	"time"
)

// repeats is a Program: it holds when the rows are at least a number, and no more than half of them are different
// values. More rows can undo that. At least three different values is the other one, which they cannot.
type repeats struct{ many bool }

func (p repeats) String() string { return fmt.Sprint("repeats ", p.many) }

func (p repeats) Begin([]string, bool) Tally {
	return &repeatsTally{repeats: p, seen: map[string]int{}}
}

func (t *repeatsTally) Outputs() []Output {
	return []Output{{Name: "n", Values: []any{int64(t.n)}}}
}

type repeatsTally struct {
	repeats
	n    int
	seen map[string]int
}

func (t *repeatsTally) Add(row string) { t.n++; t.seen[row]++ }

func (t *repeatsTally) Remove(row string) {
	t.n--
	if t.seen[row]--; t.seen[row] == 0 {
		delete(t.seen, row)
	}
}

func (t *repeatsTally) Holds() bool {
	if t.many {
		return len(t.seen) >= 3
	}
	return t.n >= 2 && 2*len(t.seen) <= t.n
}

// holdsNaively is what repeats says of rows, counted from the beginning.
func (p repeats) holdsNaively(rows []string) bool {
	different := 0
	for i, r := range rows {
		isNew := 1
		for _, before := range rows[:i] {
			if before == r {
				isNew = 0
			}
		}
		different += isNew
	}
	if p.many {
		return different >= 3
	}
	return len(rows) >= 2 && different+different <= len(rows)
}

func TestTickAt(t *testing.T) {
	for _, tt := range []struct{ t, every, want int64 }{
		{0, 5, 0}, {1, 5, 5}, {5, 5, 5}, {6, 5, 10}, {-1, 5, 0}, {-5, 5, -5}, {-6, 5, -5}, {1<<63 - 1, 10, 1<<63 - 1},
	} {
		if got := tickAt(tt.t, time.Duration(tt.every)); got != tt.want {
			t.Errorf("tick of %d at every %d: got %d, want %d", tt.t, tt.every, got, tt.want)
		}
	}
}

// A tick sees what is younger than Length, its own instant included, and is judged when the watermark has passed it.
func TestTickInterval(t *testing.T) {
	s := &Spec{Kind: Pipeline, Program: repeats{}, Every: 10, Length: 20, Lateness: 5, Quiet: 20, Episode: 100}
	at := func(times ...int64) *Window {
		w := New()
		w.SetHead(Head{Every: s.Every, Length: s.Length, Lateness: s.Lateness, Quiet: s.Quiet})
		for _, n := range times {
			if status, fired := s.Observe(w, &Observation{ID: fmt.Sprint(n), Time: n, Columns: [][]string{{"a"}}}, func() string { return fmt.Sprint("p", n) }, false, NoClock); status != Counted || fired != nil {
				t.Fatalf("%v %v", status, fired)
			}
		}
		return w
	}
	for _, tt := range []struct {
		name  string
		times []int64
		tick  int64 // at which it fires, 0 for none
	}{
		{"on the tick, and one nanosecond inside", []int64{81, 100}, 100},
		{"on the tick, and as old as the interval is long", []int64{80, 100}, 0},
		{"both before the tick", []int64{91, 92}, 100},
		{"too far apart", []int64{71, 92}, 0},
		{"before the epoch", []int64{-18, -1}, -0},
	} {
		w := at(tt.times...)
		var fired []Firing
		for clock := int64(-100); clock < 300; clock++ {
			for _, f := range s.Advance(w, clock) {
				if clock != f.At+6 {
					t.Errorf("%s: fired at clock %d", tt.name, clock)
				}
				fired = append(fired, f)
			}
		}
		want := 1
		if tt.tick == 0 && tt.times[0] > 0 {
			want = 0
		}
		if len(fired) != want || want == 1 && (fired[0].At != tt.tick || fired[0].Trigger != fmt.Sprint("p", tt.times[1]) || len(fired[0].Content.Outputs) != 1) {
			t.Errorf("%s: %+v", tt.name, fired)
		}
		if !w.Empty() || w.bytes != ownBytes {
			t.Errorf("%s: %d rows and %d bytes are left", tt.name, len(w.rows), w.bytes)
		}
	}
}
