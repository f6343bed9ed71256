package window

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
)

func TestMissingValueContributesNothing(t *testing.T) {
	s := specs["distinct2"]
	w := New()
	for i, c := range [][][]string{{{"a"}, {"1"}}, {{"b"}, {"1"}}, {nil, {"2"}}, {{"c"}, {"1"}}} {
		status, fired := s.Observe(w, &Observation{ID: fmt.Sprint(i), Time: int64(i), Columns: c}, func() string { return "" }, false, NoClock)
		if len(fired) > 0 {
			t.Fatalf("fired at %d: the address of a row without a hash was counted", i)
		}
		if want := c[0] == nil; (status == Missing) != want {
			t.Fatalf("row %d: status %d", i, status)
		}
	}
}

// TestThin: a busy window keeps rows in proportion to its distinct values and still fires as the reference does.
func TestThin(t *testing.T) {
	s := &Spec{Kind: Distinct, Length: 1000, Lateness: 100, Quiet: 1000, Episode: 100000, Distinct: []Column{{Threshold: 5}}}
	r := &run{t: t, s: s, w: New(), clock: NoClock}
	var set []Observation
	for i := range 5000 {
		v := fmt.Sprint(i % 4)
		if i > 4000 && i%500 == 0 {
			v = "rare"
		}
		set = append(set, Observation{ID: fmt.Sprint(i), Time: int64(i), Columns: [][]string{{v}}})
	}
	for i := range set {
		j := i ^ 1 // neighbours swapped
		r.w.SetHead(Head{AtClose: s.AtClose, Every: s.Every, Deferred: s.Deferred(), Settle: s.Settle, Length: s.Length, Lateness: s.Lateness, Quiet: s.Quiet})
		r.observe(set[j])
		r.advance(int64(i))
	}
	if n := len(r.w.rows); n > crowdedAbove+8 {
		t.Errorf("%d rows are kept for 5 values", n)
	}
	r.advance(1 << 40)
	if want := len(reference(s, set)); r.fired != want {
		t.Errorf("announced %d, want %d", r.fired, want)
	}
}

func TestDueOfFarFuture(t *testing.T) {
	s := specs["count"]
	w := New()
	w.SetHead(Head{Length: time.Duration(math.MaxInt64 / 4), Lateness: 1, Quiet: time.Duration(math.MaxInt64 / 4)})
	s.Observe(w, &Observation{ID: "x", Time: math.MaxInt64 - 5}, func() string { return "" }, false, NoClock)
	if w.Due() != math.MaxInt64 {
		t.Errorf("due wrapped around: %d", w.Due())
	}
}

func FuzzApply(f *testing.F) {
	w := New()
	w.SetHead(Head{Length: 5, Group: []string{"a", ""}})
	specs["count"].Observe(w, &Observation{ID: "0f6a2f0e-3a52-4a7e-9a57-0d6f3b6a9d11", Time: 4, Type: "t", Columns: [][]string{{"x"}, nil}}, func() string { return "" }, false, NoClock)
	for item, value := range w.Entries {
		f.Add(item, value)
	}
	f.Fuzz(func(t *testing.T, item, value []byte) {
		w := New()
		if err := w.Apply(item, value); err != nil {
			return
		}
		for gotItem, got := range w.Entries {
			if string(gotItem) == string(item) && string(got) != string(value) && got != nil {
				// A second encoding of the same content is accepted; it must then be stable.
				v := New()
				if err := v.Apply(gotItem, got); err != nil {
					t.Fatal(err)
				}
			}
		}
		w.Due()
		w.Clone()
		repack(t, w)
		if err := w.Apply(item, nil); err != nil {
			t.Fatal(err)
		}
	})
}

// TestMergedStaysSettled: an episode whose start has been told to be final, and that grows together with one which waited,
// does not tell so again.
func TestMergedStaysSettled(t *testing.T) {
	s := specs["countsettle"] // three within 10, lateness 7
	r := &run{t: t, s: s, w: New(), clock: NoClock}
	for _, at := range []int64{98, 99, 100, 111, 112, 113, 106, 115} {
		r.advance(max(r.clock, at-1))
		r.w.SetHead(headOf(s))
		if r.observe(Observation{ID: fmt.Sprint(at), Time: at}); at == 100 {
			r.advance(108) // the watermark is behind 100
		}
		r.w = repack(t, r.w)
	}
	r.advance(1 << 40)
	if r.fired != 1 || !slices.Equal(r.settled, []int64{100}) {
		t.Errorf("fired %d times, settled %v", r.fired, r.settled)
	}
}
