package window

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// foldable are rules of which windows stay folded as long as nothing completes; specs complete too early for that.
var foldable = map[string]*Spec{
	"count4":     {Kind: Count, Threshold: 4, Length: 10, Lateness: 7, Quiet: 10, Episode: 60},
	"distinct3":  {Kind: Distinct, Distinct: []Column{{Threshold: 3}}, Length: 10, Lateness: 7, Quiet: 10, Episode: 60},
	"count2of3":  {Kind: Count, Threshold: 2, Distinct: []Column{{}, {Threshold: 3}}, Length: 30, Lateness: 7, Quiet: 30, Episode: 60},
	"bounded":    {Kind: Count, Threshold: 5, Condition: []Bound{{Above, 6}}, Length: 40, Lateness: 1, Quiet: 40, Episode: 60},
	"unordered4": {Kind: Unordered, Steps: 4, Length: 20, Lateness: 7, Quiet: 20, Episode: 60},
	"sequence4":  {Kind: Sequence, Steps: 4, Length: 20, Lateness: 7, Quiet: 20, Episode: 60},
	"runs":       {Kind: Sequence, Steps: 2, Plan: []Step{{Runs: 3}, {}}, Length: 20, Lateness: 7, Quiet: 20, Episode: 60},
	"many":       {Kind: Distinct, Distinct: []Column{{Threshold: 90}, {}, {}, {}}, Length: 1000, Lateness: 7, Quiet: 1000, Episode: 2000},
}

// answers are all that a window says.
func answers(w *Window) []string {
	out := []string{fmt.Sprint("size ", w.Size(), ", due ", w.Due(), ", owner ", w.Owner(), ", empty ", w.Empty()),
		fmt.Sprintf("packed %x", w.AppendPacked(nil))}
	for item, value := range w.Changes {
		out = append(out, fmt.Sprintf("change %q %v %x", item, value == nil, value))
	}
	return out
}

// TestFold: an observation does the same to a window whether it is folded or not.
func TestFold(t *testing.T) {
	folded, total := 0, 0
	check := func(s *Spec) func(*rapid.T) {
		return func(t *rapid.T) {
			unit := rapid.SampledFrom([]int64{1e6, 1e6, 1e6, 5e5}).Draw(t, "unit")
			set := draw(t, s)
			updates := rapid.Bool().Draw(t, "updates")
			s := s.in(unit)
			a, b := New(), New()
			b.unfold()
			head, clock := headOf(s), NoClock
			head.Rule, head.Group = [16]byte{7}, rapid.SliceOfN(texts, 0, 3).Draw(t, "group")
			for _, o := range set {
				o.Type, o.IP, o.Result, o.Origin.Topic, o.Origin.Offset = "user.session.start", "192.0.2.1", "SUCCESS", "t", o.Time
				if rapid.IntRange(0, 3).Draw(t, "uuid") == 0 {
					o.ID = fmt.Sprintf("0f6a2f0e-3a52-4a7e-9a57-%012x", o.Time)
				}
				if rapid.IntRange(0, 9).Draw(t, "disorder") == 7 {
					o.Time -= int64(rapid.IntRange(0, 12).Draw(t, "earlier"))
				}
				o.Time, o.Since = o.Time*unit, o.Since*unit
				if rapid.IntRange(0, 2).Draw(t, "clock") == 0 {
					clock = max(clock, o.Time-unit*int64(rapid.IntRange(-5, 15).Draw(t, "behind")))
				}
				if rapid.IntRange(0, 29).Draw(t, "edit") == 23 {
					head.Lateness += time.Duration(unit)
					s.Lateness = head.Lateness
				}
				if x, y := a.Claim(head), b.Claim(head); !x || !y {
					t.Fatalf("claimed: %v and %v", x, y)
				}
				times := rapid.SampledFrom([]int{1, 1, 1, 2}).Draw(t, "times")
				for range times {
					p, q := o, o
					status1, fired1 := s.Observe(a, &p, func() string { return "p" }, updates, clock)
					status2, fired2 := s.Observe(b, &q, func() string { return "p" }, updates, clock)
					if status1 != status2 || a.Open(o.Time) != b.Open(o.Time) {
						t.Fatalf("status %v, not folded %v", status1, status2)
					}
					if diff := cmp.Diff(fmt.Sprintf("%+v", fired2), fmt.Sprintf("%+v", fired1)); diff != "" {
						t.Fatalf("fired (-plain +folded)\n%s", diff)
					}
				}
				if diff := cmp.Diff(answers(b), answers(a)); diff != "" {
					t.Fatalf("after %+v (-plain +folded)\n%s", o, diff)
				}
				total++
				if a.contents == nil {
					folded++
				}
				switch rapid.IntRange(0, 5).Draw(t, "then") {
				case 0, 1:
					if a.Empty() {
						a, b = a.Clone(), b.Clone()
					} else {
						a, b = repack(t, a), repack(t, b)
					}
					b.unfold()
				case 2:
					a = a.Clone()
					b = b.Clone()
				case 3:
					var x, y []string
					for item, value := range a.Entries {
						x = append(x, fmt.Sprintf("%q %x", item, value))
					}
					for item, value := range b.Entries {
						y = append(y, fmt.Sprintf("%q %x", item, value))
					}
					if diff := cmp.Diff(y, x); diff != "" {
						t.Fatalf("entries (-plain +folded)\n%s", diff)
					}
				}
			}
			if h, known := a.Head(); known {
				if want, _ := b.Head(); !h.equal(&want) {
					t.Fatalf("head %+v, want %+v", h, want)
				}
			}
		}
	}
	for name, s := range specs {
		t.Run(name, rapid.MakeCheck(check(s)))
	}
	for name, s := range foldable {
		folded, total = 0, 0
		t.Run(name, rapid.MakeCheck(check(s)))
		if folded < total/20 {
			t.Errorf("%s: folded after %d of %d observations only", name, folded, total)
		}
	}
}
