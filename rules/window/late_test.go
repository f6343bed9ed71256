package window

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// arrival is an observation and the clock at which it comes.
type arrival struct {
	o     Observation
	clock int64
}

// lateArrivals draws a feed in which some observations come long after the clock has passed them, and some come again.
func lateArrivals(t *rapid.T, s *Spec, unit int64) (as []arrival) {
	set := draw(t, s)
	slices.SortStableFunc(set, func(a, b Observation) int { return int(a.Time - b.Time) })
	type sent struct {
		at int64
		o  Observation
	}
	var queue []sent
	delay := rapid.SampledFrom([]int{0, 0, 3, 12, 30, 60})
	backlog := int64(rapid.IntRange(0, 2).Draw(t, "backlog")) * int64(rapid.IntRange(1, 60).Draw(t, "outage"))
	for _, o := range set {
		queue = append(queue, sent{o.Time + backlog + int64(delay.Draw(t, "delay")), o})
		if rapid.IntRange(0, 3).Draw(t, "again") == 0 {
			queue = append(queue, sent{o.Time + backlog + int64(delay.Draw(t, "delay")), o})
		}
	}
	slices.SortStableFunc(queue, func(a, b sent) int { return int(a.at - b.at) })
	clock := NoClock
	for _, x := range queue {
		switch rapid.IntRange(0, 3).Draw(t, "clock") {
		case 0: // others carry it on
			clock = max(clock, x.at*unit)
		case 1:
			clock = max(clock, x.o.Time*unit)
		case 2:
			clock = max(clock, (x.at-int64(rapid.IntRange(0, 20).Draw(t, "behind")))*unit)
		}
		x.o.Time, x.o.Since = x.o.Time*unit, x.o.Since*unit
		as = append(as, arrival{x.o, clock})
	}
	return as
}

// TestLateSameEverywhere: what late observations do depends on the order of the messages alone, not on what a process
// remembers besides the window's entries.
func TestLateSameEverywhere(t *testing.T) {
	for name, spec := range specs {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				unit := units.Draw(t, "unit")
				s := spec.in(unit)
				updates := rapid.Bool().Draw(t, "updates")
				lived, moved, log := New(), New(), map[string][]byte{}
				crowd := rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "crowd")
				lived.dict.crowd, moved.dict.crowd = crowd, crowd
				both := func(do func(*Window) (Status, []Firing)) {
					status, fired := do(lived)
					again, firedAgain := do(moved)
					if diff := cmp.Diff(told(fired), told(firedAgain)); status != again || diff != "" {
						t.Fatalf("status %d and %d, firings (-kept +moved)\n%s", status, again, diff)
					}
					if diff := cmp.Diff(entriesOf(lived), entriesOf(moved)); diff != "" || !lived.Empty() && (lived.Due() != moved.Due() || lived.Size() != moved.Size()) {
						t.Fatalf("due %d and %d, size %d and %d, entries (-kept +moved)\n%s", lived.Due(), moved.Due(), lived.Size(), moved.Size(), diff)
					}
				}
				advance := func(clock int64) {
					for lived.Due() <= clock {
						due := lived.Due()
						both(func(w *Window) (Status, []Firing) { return Counted, s.Advance(w, clock) })
						if lived.Due() <= due {
							t.Fatalf("due %d stays due at clock %d", due, clock)
						}
					}
				}
				for _, a := range lateArrivals(t, spec, unit) {
					advance(a.clock)
					both(func(w *Window) (Status, []Firing) {
						w.SetHead(headOf(s))
						o := a.o
						return s.Observe(w, &o, func() string { return "projection of " + o.ID }, updates, a.clock)
					})
					if rapid.IntRange(0, 9).Draw(t, "look") == 0 {
						checkSize(t, lived)
					}
					switch rapid.IntRange(0, 4).Draw(t, "then") {
					case 0:
						write(log, moved)
						moved = moved.Clone()
					case 1:
						write(log, moved)
						moved = restore(t, log, crowd)
					case 2:
						if write(log, moved); !moved.Empty() {
							moved = repack(t, moved)
						} else {
							moved = moved.Clone()
						}
					}
				}
				advance(unit << 40)
				if !lived.Empty() {
					t.Fatalf("left when everything is over: due %d, %+v, debt %+v, trigs %v, rows %v", lived.Due(), lived.eps, lived.debt, lived.trigs, lived.rows)
				}
			})
		})
	}
}

// told is all that firings say.
func told(fired []Firing) (texts []string) {
	for _, f := range fired {
		quantity := ""
		if f.Content.Quantity != nil {
			quantity, f.Content.Quantity = f.Content.Quantity.String(), nil
		}
		texts = append(texts, fmt.Sprintf("%+v %s", f, quantity))
	}
	return texts
}

// TestLateFires: what more observations cannot undo fires as soon as what is kept holds it, once, and only for what was
// observed. A row is kept for Length of clock after its time, or its arrival if it came late.
func TestLateFires(t *testing.T) {
	for name, s := range specs {
		if s.AtClose || s.Every > 0 || s.Waits() || s.Kind == FirstSeen {
			continue
		}
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				w := New()
				var came, kept []arrival
				step := func(clock int64, fired []Firing) {
					for _, f := range fired {
						var in []Observation
						late := false
						for _, a := range came {
							if o := a.o; o.Time >= f.Content.From && o.Time <= f.At {
								if s.perEvent() {
									o.Step = 0
								}
								in = append(in, o)
								late = late || o.Time < s.watermark(a.clock)
							}
						}
						for _, r := range slices.Concat(f.Content.First, f.Content.Last, f.Content.Chain) {
							if !slices.ContainsFunc(in, func(o Observation) bool { return o.ID == r.ID && o.Time == r.Time && o.Step == r.Step }) {
								t.Fatalf("fired with %+v, which never came", r)
							}
						}
						slices.SortStableFunc(in, func(a, b Observation) int { return int(a.Time - b.Time) })
						held := holds(s, in, f.At)
						if s.Kind == Sequence {
							held = completes(s, in, f.Content.Chain[len(f.Content.Chain)-1])
						}
						if !held {
							t.Fatalf("fired at %d without its content: %+v", f.At, in)
						}
						if f.Content.Late > 0 && !late {
							t.Fatalf("%d late of %+v, none of which was", f.Content.Late, in)
						}
					}
				}
				clock := NoClock
				for _, a := range lateArrivals(t, s, 1) {
					for clock = a.clock; w.Due() <= clock; {
						due := w.Due()
						if step(clock, s.Advance(w, clock)); w.Due() <= due {
							t.Fatalf("due %d stays due at clock %d", due, clock)
						}
					}
					watermark := s.watermark(a.clock)
					mark := func(b arrival) int64 { return max(b.o.Time, s.watermark(b.clock)) }
					kept = slices.DeleteFunc(kept, func(b arrival) bool { return s.expired(mark(b), watermark) })
					isCopy := slices.ContainsFunc(kept, func(b arrival) bool {
						return b.o.ID == a.o.ID && b.o.Time == a.o.Time && (b.o.Step == a.o.Step || s.perEvent())
					})
					w.SetHead(headOf(s))
					status, fired := s.Observe(w, &a.o, func() string { return "x" }, false, a.clock)
					if isCopy && status != Duplicate && !(s.Kind == Distinct && w.head.Thinned) {
						t.Fatalf("status %d of a copy", status)
					}
					if status == Missing || status == Duplicate {
						continue
					}
					if late := a.o.Time < watermark; status == Closed || (status == Late) != late {
						t.Fatalf("status %d at watermark %d of time %d", status, watermark, a.o.Time)
					}
					came, kept = append(came, a), append(kept, a)
					step(clock, fired)
					var rows []Observation
					for _, b := range kept {
						o := b.o
						if s.perEvent() {
							o.Step = 0
						}
						rows = append(rows, o)
					}
					slices.SortStableFunc(rows, func(a, b Observation) int { return int(a.Time - b.Time) })
					for _, r := range rows {
						if s.Kind == Sequence && !completes(s, rows, r) || s.Kind != Sequence && !holds(s, rows, r.Time) {
							continue
						}
						if !slices.ContainsFunc(w.eps, func(e episode) bool { return e.start <= r.Time && r.Time <= e.end }) {
							t.Fatalf("nothing tells that the condition holds at %d; kept: %+v", r.Time, rows)
						}
					}
				}
			})
		})
	}
}

// TestLateStaysClosed: what waits for the watermark is decided by what has come until then, and never again.
func TestLateStaysClosed(t *testing.T) {
	for name, s := range specs {
		if !s.AtClose && s.Every == 0 && !s.Waits() || s.Settle {
			continue
		}
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				r := &run{t: t, s: s, w: New(), clock: NoClock}
				ref := &decisions{s: s, watermark: math.MinInt64, closed: math.MinInt64}
				for _, a := range lateArrivals(t, s, 1) {
					ref.advance(s.watermark(a.clock))
					r.advance(a.clock)
					r.w.SetHead(headOf(s))
					r.observe(a.o)
					ref.add(a.o)
				}
				ref.advance(1 << 40)
				r.advance(1 << 40)
				if want := ref.episodes(); r.fired != len(want) {
					t.Fatalf("announced %d episodes, want %d: %v", r.fired, len(want), want)
				}
			})
		})
	}
}

// decisions is the definition of what is decided by the watermark: each time it moves, what it has passed is judged by what
// has come so far.
type decisions struct {
	s         *Spec
	came      []Observation // with AtClose, those in windows that are open
	watermark int64
	closed    int64 // AtClose: the end of the last window
	times     []int64
}

func (d *decisions) add(o Observation) {
	s := d.s
	if s.NeedsValue() && len(o.Columns[0]) == 0 {
		return
	}
	if s.perEvent() {
		o.Step = 0
	}
	if slices.ContainsFunc(d.came, func(c Observation) bool { return c.ID == o.ID && c.Time == o.Time && c.Step == o.Step }) {
		return
	}
	if s.AtClose && (o.Time+int64(s.Length) < d.watermark || o.Time <= d.closed) {
		return
	}
	d.came = append(d.came, o)
	slices.SortStableFunc(d.came, func(a, b Observation) int { return int(a.Time - b.Time) })
}

func (d *decisions) advance(watermark int64) {
	s, from := d.s, d.watermark
	d.watermark = max(d.watermark, watermark)
	passed := func(t int64) bool { return from <= t && t < d.watermark }
	switch {
	case len(d.came) == 0:
	case s.AtClose:
		for len(d.came) > 0 && d.came[0].Time+int64(s.Length) < d.watermark {
			d.closed = d.came[0].Time + int64(s.Length)
			n := 0
			for n < len(d.came) && d.came[n].Time <= d.closed {
				n++
			}
			if content(s, d.came[:n], d.came[n-1].Time) {
				d.times = append(d.times, d.came[n-1].Time)
			}
			d.came = d.came[n:]
		}
	case s.Every > 0:
		for t := d.came[0].Time; t <= d.came[len(d.came)-1].Time+int64(s.Length); t++ {
			var in []Observation
			for _, o := range d.came {
				if o.Time > t-int64(s.Length) && o.Time <= t {
					in = append(in, o)
				}
			}
			if passed(t) && t%int64(s.Every) == 0 && len(in) > 0 && content(s, in, t) {
				d.times = append(d.times, t)
			}
		}
	default:
		for _, o := range d.came {
			start, ok := chainStart(s, d.came, o)
			if ok && (!s.Deferred() && passed(o.Time) || s.Deferred() && passed(start+int64(s.Length))) {
				d.times = append(d.times, o.Time)
			}
		}
	}
}

// episodes are the clusters of what has been decided.
func (d *decisions) episodes() []string { return clusters(d.s, d.times) }

func TestLateCases(t *testing.T) {
	count := &Spec{Kind: Count, Threshold: 3, Length: 10, Lateness: 5, Quiet: 10, Episode: 1000}
	first := &Spec{Kind: FirstSeen, Length: 50, Lateness: 5, Quiet: 50, Episode: Unending}
	few := &Spec{Kind: Count, Length: 10, Lateness: 5, Quiet: 10, Episode: 1000, AtClose: true, Condition: []Bound{{Below, 4}}}
	ticks := &Spec{Kind: Pipeline, Program: repeats{many: true}, Every: 10, Length: 30, Lateness: 5, Quiet: 30, Episode: 1000}
	until := &Spec{Kind: Sequence, Steps: 3, Plan: []Step{{}, {}, {Role: Until}}, Length: 10, Lateness: 5, Quiet: 10, Episode: 1000}
	type in struct {
		clock, time int64
		step        int
		want        Status
		fires       int
	}
	for name, c := range map[string]struct {
		s  *Spec
		in []in
	}{
		"late ones join each other, once":             {count, []in{{100, 20, 0, Late, 0}, {100, 22, 0, Late, 0}, {100, 24, 0, Late, 1}, {100, 26, 0, Late, 0}, {104, 27, 0, Late, 0}}},
		"in any order":                                {count, []in{{100, 24, 0, Late, 0}, {100, 20, 0, Late, 0}, {100, 22, 0, Late, 1}}},
		"too far apart":                               {count, []in{{100, 20, 0, Late, 0}, {100, 22, 0, Late, 0}, {100, 31, 0, Late, 0}}},
		"a late one joins what is kept":               {count, []in{{100, 97, 0, Counted, 0}, {102, 99, 0, Counted, 0}, {105, 95, 0, Late, 1}}},
		"a copy counts once":                          {count, []in{{100, 20, 0, Late, 0}, {100, 20, 0, Duplicate, 0}, {105, 20, 0, Duplicate, 0}, {110, 20, 0, Duplicate, 0}, {110, 21, 0, Late, 0}}},
		"kept for its length after it came":           {count, []in{{100, 20, 0, Late, 0}, {100, 21, 0, Late, 0}, {110, 22, 0, Late, 1}}},
		"and no longer":                               {count, []in{{100, 20, 0, Late, 0}, {100, 21, 0, Late, 0}, {111, 22, 0, Late, 0}}},
		"the episode outlives what made it":           {count, []in{{100, 20, 0, Late, 0}, {104, 21, 0, Late, 0}, {108, 22, 0, Late, 1}, {116, 23, 0, Late, 0}, {117, 22, 0, Duplicate, 0}}},
		"a first sight":                               {first, []in{{100, 90, 0, Late, 1}, {100, 90, 0, Late, 0}, {120, 91, 0, Late, 0}, {130, 127, 0, Counted, 0}}},
		"a first sight whose history has gone by":     {first, []in{{100, 44, 0, Closed, 0}}},
		"an upper bound that is open":                 {few, []in{{100, 90, 0, Late, 0}, {105, 92, 0, Late, 0}, {105, 101, 0, Counted, 0}, {106, 102, 0, Counted, 1}}},
		"an upper bound that is closed":               {few, []in{{100, 84, 0, Closed, 0}, {100, 96, 0, Counted, 0}, {112, 97, 0, Closed, 1}, {112, 106, 0, Closed, 0}, {112, 107, 0, Counted, 0}}},
		"a tick that is judged, and one that is open": {ticks, []in{{100, 71, 0, Late, 0}, {100, 70, 0, Closed, 0}}},
		"until: the end is decided":                   {until, []in{{100, 94, 0, Late, 0}, {100, 94, 1, Late, 0}, {106, 104, 1, Counted, 0}}},
		"until: the beginning may be late":            {until, []in{{100, 94, 0, Late, 0}, {100, 99, 1, Counted, 0}, {105, 104, 2, Counted, 1}}},
		"until: what undoes it may be late":           {until, []in{{100, 92, 0, Late, 0}, {100, 99, 1, Counted, 0}, {104, 94, 2, Late, 0}, {105, 104, 2, Counted, 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := New(), c.s
			for i, in := range c.in {
				w.SetHead(headOf(s))
				o := &Observation{ID: fmt.Sprint(in.time, in.step), Time: in.time, Step: in.step, Columns: [][]string{{"1"}}}
				status, fired := s.Observe(w, o, func() string { return "x" }, false, in.clock)
				if status != in.want || len(fired) != in.fires {
					t.Errorf("observation %d at clock %d, time %d: status %d, %d firings; want %d, %d", i, in.clock, in.time, status, len(fired), in.want, in.fires)
				}
			}
		})
	}
}

// TestTimelyStateIsAsBefore: what older versions have written is read, and what is not late is written as they did.
func TestTimelyStateIsAsBefore(t *testing.T) {
	for item, value := range map[string]string{
		"r\x80\x00\x00\x00\x05\xf5\xe1\x00\x00\x01e2": "\x03\x01e2\x00\x00\x02\x01\x011\x00\x00\x00\x00\x00\x00\x00\x00",
		"e\x00\x00\x00\x01":                           "\x01\xc8\x01\xcc\x01\x01\x02e2\xcc\x01\x00\x00",
	} {
		w := New()
		if err := w.Apply([]byte(item), []byte(value)); err != nil {
			t.Fatalf("%q: %v", item, err)
		}
		entries := map[string]string{}
		for i, v := range w.Entries {
			entries[string(i)] = string(v)
		}
		if entries[item] != value || w.lateRows().n != 0 {
			t.Errorf("%q: read %q, written %q", item, value, entries[item])
		}
		if err := w.Apply([]byte(item), []byte(value+"\x02")); err == nil {
			t.Errorf("%q: a mark before its time is read", item)
		}
	}
}
