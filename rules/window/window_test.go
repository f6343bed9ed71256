package window

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var specs = map[string]*Spec{
	"first":       {Kind: FirstSeen, Length: 10, Lateness: 7, Quiet: 10, Episode: 1 << 62},
	"firstsettle": {Kind: FirstSeen, Length: 8, Lateness: 9, Quiet: 8, Episode: 1 << 62, Settle: true},
	"firstsince":  {Kind: FirstSeen, Length: 10, Lateness: 7, Quiet: 10, Episode: 1 << 62},
	"count":       {Kind: Count, Threshold: 3, Length: 10, Lateness: 7, Quiet: 10, Episode: 60},
	"countip":     {Kind: Count, Threshold: 2, Length: 10, Lateness: 7, Quiet: 15, Episode: 60, Distinct: []Column{{Threshold: 2}}},
	"distinct":    {Kind: Distinct, Length: 10, Lateness: 7, Quiet: 10, Episode: 60, Distinct: []Column{{Threshold: 3}}},
	"distinct2":   {Kind: Distinct, Length: 10, Lateness: 7, Quiet: 12, Episode: 60, Distinct: []Column{{Threshold: 3}, {Threshold: 2}}},
	"unordered":   {Kind: Unordered, Steps: 3, Length: 10, Lateness: 7, Quiet: 10, Episode: 60},
	"some":        {Kind: Unordered, Steps: 4, Threshold: 2, Length: 10, Lateness: 7, Quiet: 10, Episode: 60},
	"sequence":    {Kind: Sequence, Steps: 3, Length: 10, Lateness: 7, Quiet: 10, Episode: 60},
	"runs":        {Kind: Sequence, Steps: 2, Plan: []Step{{Runs: 3}, {}}, Length: 10, Lateness: 7, Quiet: 10, Episode: 60},
	"runslast":    {Kind: Sequence, Steps: 2, Plan: []Step{{}, {Runs: 2}}, Length: 10, Lateness: 7, Quiet: 13, Episode: 60},
	// Decided by the watermark.
	"until":        {Kind: Sequence, Steps: 3, Plan: []Step{{}, {}, {Role: Until}}, Length: 10, Lateness: 7, Quiet: 10, Episode: 60},
	"runsuntil":    {Kind: Sequence, Steps: 2, Plan: []Step{{Runs: 3}, {Role: Until}}, Length: 10, Lateness: 7, Quiet: 10, Episode: 60},
	"absentmiddle": {Kind: Sequence, Steps: 3, Plan: []Step{{}, {Role: Absent}, {}}, Length: 10, Lateness: 7, Quiet: 10, Episode: 60},
	"absentfirst":  {Kind: Sequence, Steps: 3, Plan: []Step{{Role: Absent}, {}, {}}, Length: 10, Lateness: 7, Quiet: 10, Episode: 60},
	"absentlast":   {Kind: Sequence, Steps: 2, Plan: []Step{{}, {Role: Absent}}, Length: 10, Lateness: 7, Quiet: 10, Episode: 60},
	"absentlast2":  {Kind: Sequence, Steps: 4, Plan: []Step{{Runs: 2}, {}, {Role: Absent}, {Role: Until}}, Length: 10, Lateness: 7, Quiet: 12, Episode: 60},
	"absentsettle": {Kind: Sequence, Steps: 2, Plan: []Step{{}, {Role: Absent}}, Length: 10, Lateness: 7, Quiet: 10, Episode: 60, Settle: true},
	"all":          {Kind: Sequence, Steps: 5, Plan: []Step{{Role: Absent}, {Runs: 2}, {Role: Absent}, {}, {Role: Until}}, Length: 12, Lateness: 7, Quiet: 12, Episode: 60},
	"sum": {Kind: Sum, Length: 10, Lateness: 7, Quiet: 10, Episode: 60, Distinct: []Column{{}},
		Condition: []Bound{{AtLeast, 5}}},
	"countabove": {Kind: Count, Threshold: 1, Length: 10, Lateness: 7, Quiet: 10, Episode: 60, Condition: []Bound{{Above, 2}}},
	// Decided at the close of the window.
	"few": {Kind: Count, Length: 10, Lateness: 7, Quiet: 10, Episode: 60, AtClose: true, Condition: []Bound{{AtLeast, 2}, {Below, 4}}},
	"onevalue": {Kind: Distinct, Length: 10, Lateness: 7, Quiet: 20, Episode: 60, AtClose: true, Distinct: []Column{{}, {Threshold: 1}},
		Condition: []Bound{{Equals, 1}}},
	"fewsteps":    {Kind: Unordered, Steps: 4, Threshold: 1, Length: 10, Lateness: 7, Quiet: 10, Episode: 60, AtClose: true, Condition: []Bound{{Equals, 2}}},
	"avg":         {Kind: Avg, Length: 10, Lateness: 7, Quiet: 10, Episode: 60, AtClose: true, Distinct: []Column{{}}, Condition: []Bound{{AtLeast, 1.5}}},
	"percentile":  {Kind: Percentile, Percentile: 80, Length: 10, Lateness: 7, Quiet: 10, Episode: 60, AtClose: true, Distinct: []Column{{}}, Condition: []Bound{{AtMost, 2}}},
	"countsettle": {Kind: Count, Threshold: 3, Length: 10, Lateness: 7, Quiet: 10, Episode: 60, Settle: true},
	"fewsettle":   {Kind: Count, Length: 10, Lateness: 7, Quiet: 10, Episode: 60, AtClose: true, Settle: true, Condition: []Bound{{AtLeast, 2}, {Below, 4}}},
	"pipeline":    {Kind: Pipeline, Program: repeats{many: true}, Length: 10, Lateness: 7, Quiet: 10, Episode: 60},
	"ticks":       {Kind: Pipeline, Program: repeats{}, Every: 4, Length: 10, Lateness: 7, Quiet: 10, Episode: 60},
	"ticksfar":    {Kind: Pipeline, Program: repeats{}, Every: 15, Length: 40, Lateness: 7, Quiet: 40, Episode: 100, Settle: true},
	"sumclose":    {Kind: Sum, Length: 10, Lateness: 7, Quiet: 10, Episode: 60, AtClose: true, Distinct: []Column{{}}, Condition: []Bound{{Differs, 3}}},
}

// run feeds arrivals and follows announced episodes by the sequence of firings; it returns "start..end" of every
// episode once everything has been announced.
type run struct {
	t       fataler
	s       *Spec
	w       *Window
	clock   int64
	fired   int
	settled []int64 // starts of episodes, once final
	updates bool
	late    int
	seen    map[string]bool // ids that have come, of one step or another
}

type fataler interface {
	Helper()
	Fatalf(string, ...any)
}

func (r *run) take(fs []Firing) {
	for _, f := range fs {
		if f.Settled {
			r.settled = append(r.settled, f.Start)
			continue
		}
		if f.Revision == 1 {
			r.fired++
		}
		if f.Content.Count == 0 || f.At < f.Start || f.At > f.End {
			r.t.Fatalf("firing without its content: %+v", f)
		}
		if r.s.Kind == Sequence && len(f.Content.Chain) != r.s.shape().stages {
			r.t.Fatalf("firing without its chain: %+v", f)
		}
	}
}

func (r *run) observe(o Observation) {
	status, fs := r.s.Observe(r.w, &o, func() string { return "projection of " + o.ID }, r.updates, r.clock)
	if status == Late {
		r.late++
	}
	for _, f := range fs {
		if f.Revision == 1 && !f.Settled && (r.s.AtClose || r.s.Waits() || r.s.Every > 0 || f.EventID != o.ID) && f.Trigger != "projection of "+f.EventID && !(r.late > 0 && r.s.Deferred()) {
			r.t.Fatalf("held-back firing lost its trigger: %+v", f)
		}
	}
	for _, f := range fs {
		// What is kept up to date to be told must be what a look at all rows tells.
		if r.s.arrives() && !r.w.thinned() && !r.seen[o.ID] && slices.Contains(f.Content.EventIDs, o.ID) {
			fresh := repack(r.t, r.w)
			fresh.unfold()
			if diff := cmp.Diff(fresh.content(r.s, f.At), f.Content, cmpopts.IgnoreUnexported(Observation{}), cmp.Comparer(func(a, b *big.Rat) bool { return a == b || a != nil && b != nil && a.Cmp(b) == 0 })); diff != "" {
				r.t.Fatalf("content of revision %d (-all rows +told)\n%s", f.Revision, diff)
			}
		}
	}
	if r.seen == nil {
		r.seen = map[string]bool{}
	}
	r.seen[o.ID] = true
	r.take(fs)
}

func (w *Window) thinned() bool { return w.contents != nil && w.head.Thinned }

// arrives reports whether arriving observations fire, and rows stay behind that.
func (s *Spec) arrives() bool { return s.Kind != FirstSeen && !s.AtClose && s.Every == 0 && !s.Waits() }

func (r *run) advance(clock int64) {
	r.clock = clock
	for r.w.Due() <= clock {
		due := r.w.Due()
		r.take(r.s.Advance(r.w, clock))
		if r.w.Due() <= due {
			r.t.Fatalf("due %d stays due at clock %d", due, clock)
		}
	}
}

func draw(t *rapid.T, s *Spec) []Observation {
	most := 40
	if s.Kind == Sequence {
		most = 18 // the reference tries every chain
	}
	n := rapid.IntRange(0, most).Draw(t, "n")
	set := make([]Observation, n)
	now := int64(100)
	for i := range set {
		now += int64(rapid.IntRange(0, 9).Draw(t, "gap"))
		o := Observation{ID: fmt.Sprint("e", i), Time: now, Step: rapid.IntRange(0, max(s.Steps, 1)-1).Draw(t, "step")}
		for range s.Distinct {
			var vs []string
			if rapid.IntRange(0, 5).Draw(t, "has") > 0 {
				vs = append(vs, fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "v")))
			}
			o.Columns = append(o.Columns, vs)
		}
		if s.Program != nil {
			o.Columns = [][]string{{fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "v"))}}
		}
		if s.Kind == Sequence && rapid.Bool().Draw(t, "joins") {
			o.Join = []string{fmt.Sprint(rapid.IntRange(0, 1).Draw(t, "join"))}
		}
		if s.Kind == Sequence && i > 0 && set[i-1].ID == fmt.Sprint("e", i-1) && rapid.IntRange(0, 5).Draw(t, "same") == 0 {
			// An event that meets two steps.
			o.ID, o.Time, o.Step, now = set[i-1].ID, set[i-1].Time, (set[i-1].Step+1)%s.Steps, set[i-1].Time
		}
		set[i] = o
	}
	if s == specs["firstsince"] {
		since := int64(rapid.IntRange(90, 130).Draw(t, "since"))
		for i := range set {
			set[i].Since = since
		}
	}
	return set
}

// arrivals orders set so that no observation is late: each is behind the highest before it by at most Lateness.
func arrivals(t *rapid.T, s *Spec, set []Observation) []Observation {
	type arrival struct {
		at int64
		o  Observation
	}
	var as []arrival
	for _, o := range set {
		as = append(as, arrival{o.Time + int64(rapid.IntRange(0, int(s.Lateness)).Draw(t, "delay")), o})
		if rapid.IntRange(0, 4).Draw(t, "dup") == 0 {
			as = append(as, arrival{o.Time + int64(rapid.IntRange(0, int(s.Lateness)).Draw(t, "delay")), o})
		}
	}
	slices.SortStableFunc(as, func(a, b arrival) int { return int(a.at - b.at) })
	var out []Observation
	for _, a := range as {
		out = append(out, a.o)
	}
	return out
}

// in is s with its lengths of time in another unit, in nanoseconds.
func (s *Spec) in(unit int64) *Spec {
	c := *s
	for _, d := range []*time.Duration{&c.Length, &c.Lateness, &c.Quiet, &c.Episode, &c.Every} {
		if *d != Unending {
			*d *= time.Duration(unit)
		}
	}
	return &c
}

// units are those of the times that are drawn: only windows with whole milliseconds may be folded.
var units = rapid.SampledFrom([]int64{1, 1e6})

func headOf(s *Spec) Head {
	return Head{AtClose: s.AtClose, Every: s.Every, Deferred: s.Deferred(), Settle: s.Settle, Length: s.Length, Lateness: s.Lateness, Quiet: s.Quiet, Group: []string{"g"}}
}

// TestOrderInsensitive is the promise of the package: whatever the order of arrival within the lateness, with
// duplicates, with the clock moving at any pace behind the data, with the window cloned or restored from its entries
// at any point, the episodes are those of the reference.
func TestOrderInsensitive(t *testing.T) {
	for name, s := range specs {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				set := draw(t, s)
				unit := units.Draw(t, "unit")
				r := &run{t: t, s: s.in(unit), w: New(), clock: NoClock, updates: rapid.Bool().Draw(t, "updates")}
				r.w.dict.crowd = rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "crowd")
				high := int64(math.MinInt64)
				log := map[string][]byte{}
				for _, o := range arrivals(t, s, set) {
					o.Time, o.Since = o.Time*unit, o.Since*unit
					high = max(high, o.Time)
					switch rapid.IntRange(0, 3).Draw(t, "clock") {
					case 0:
						r.advance(max(r.clock, high))
					case 1:
						r.advance(max(r.clock, high-unit*int64(rapid.IntRange(0, 20).Draw(t, "behind"))))
					}
					r.w.SetHead(headOf(r.s))
					r.observe(o)
					checkSize(t, r.w)
					switch rapid.IntRange(0, 6).Draw(t, "then") {
					case 0: // commit
						write(log, r.w)
						r.w = r.w.Clone()
					case 1: // commit and crash
						write(log, r.w)
						r.w = restore(t, log, r.w.dict.crowd)
					case 2: // commit to a store
						if write(log, r.w); !r.w.Empty() {
							r.w = repack(t, r.w)
						} else {
							r.w = r.w.Clone()
						}
					}
				}
				if r.late > 0 {
					t.Fatalf("%d observations late, none should be", r.late)
				}
				r.advance(unit << 40)
				if !r.w.Empty() {
					t.Fatalf("window is not empty after everything expired: %d bytes", r.w.Size())
				}
				want := reference(s, set)
				if r.fired != len(want) {
					t.Fatalf("announced %d episodes, want %d: %v", r.fired, len(want), want)
				}
				if !s.Settle {
					return
				}
				slices.Sort(r.settled)
				for i, w := range want {
					if len(r.settled) != len(want) || !strings.HasPrefix(w, fmt.Sprint(r.settled[i]/unit, "..")) {
						t.Fatalf("settled starts %v, want those of %v", r.settled, want)
					}
				}
			})
		})
	}
}

// TestExtents keeps the clock still, so that nothing expires, and compares the episodes themselves.
func TestExtents(t *testing.T) {
	for name, s := range specs {
		if s.AtClose || s.Every > 0 || s.Waits() {
			continue // nothing closes while the clock stands still
		}
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				set := draw(t, s)
				if len(set) > 0 && set[len(set)-1].Time-set[0].Time > int64(s.Episode) {
					return // the longest episode is settled by the clock, which stands still here
				}
				r := &run{t: t, s: s, w: New(), clock: NoClock}
				for _, i := range rapid.Permutation(indexes(len(set))).Draw(t, "order") {
					r.observe(set[i])
					checkEntries(t, r.w)
				}
				if diff := cmp.Diff(reference(s, set), extents(r.w)); diff != "" {
					t.Fatal(diff)
				}
			})
		})
	}
}

func extents(w *Window) []string {
	var out []string
	w.unfold()
	for _, e := range w.eps {
		if e.eventID != "" { // those of FirstSeen for what is not known have none
			out = append(out, fmt.Sprintf("%d..%d", e.start, e.end))
		}
	}
	return out
}

func indexes(n int) []int {
	is := make([]int, n)
	for i := range is {
		is[i] = i
	}
	return is
}

func write(log map[string][]byte, w *Window) {
	for item, value := range w.Changes {
		if value == nil {
			delete(log, string(item))
		} else {
			log[string(item)] = slices.Clone(value)
		}
	}
}

func restore(t *rapid.T, log map[string][]byte, crowd int) *Window {
	w := New()
	w.dict.crowd = crowd
	var items []string
	for item := range log {
		items = append(items, item)
	}
	slices.Sort(items)
	for _, i := range rapid.Permutation(items).Draw(t, "log order") {
		if err := w.Apply([]byte(i), log[i]); err != nil {
			t.Fatalf("apply %q: %v", i, err)
		}
		if rapid.IntRange(0, 3).Draw(t, "pack") == 0 { // whatever part of it has been read
			w = repack(t, w)
		}
	}
	checkSize(t, w)
	entries := map[string][]byte{}
	for item, value := range w.Entries {
		entries[string(item)] = slices.Clone(value)
	}
	if diff := cmp.Diff(log, entries); diff != "" {
		t.Fatalf("restored window differs from its log: %s", diff)
	}
	return w
}

// repack packs and unpacks, which must make no difference.
func repack(t fataler, w *Window) *Window {
	t.Helper()
	packed := w.AppendPacked([]byte("before"))
	u := w.dict.New()
	u.Unpack(packed[len("before"):])
	if again := u.AppendPacked([]byte("before")); string(again) != string(packed) {
		t.Fatalf("packed again:\n%x, the first time:\n%x", again, packed)
	}
	all := func(w *Window) (entries []string) {
		for item, value := range w.Entries {
			entries = append(entries, string(item)+" = "+string(value))
		}
		return entries
	}
	if diff := cmp.Diff(all(w), all(u)); diff != "" {
		t.Fatalf("entries differ (-before +after)\n%s", diff)
	}
	for item := range u.Changes {
		if u.Empty() {
			break // it says that it is gone
		}
		t.Fatalf("unpacked window has changed %q", item)
	}
	if u.Size() != w.Size() || u.Due() != w.Due() || u.Owner() != w.Owner() || u.Empty() != w.Empty() {
		t.Fatalf("unpacked: size %d, due %d; before: size %d, due %d", u.Size(), u.Due(), w.Size(), w.Due())
	}
	u = w.dict.New() // as nobody has looked at it
	u.Unpack(packed[len("before"):])
	return u
}

// checkEntries wants every item once, in ascending order: who writes the difference of two windows merges their entries, and
// would tombstone behind its back what comes out of order.
func checkEntries(t *rapid.T, w *Window) {
	last := ""
	for item := range w.Entries {
		if string(item) <= last {
			t.Fatalf("entry %q comes behind %q", item, last)
		}
		last = string(item)
	}
}

func checkSize(t *rapid.T, w *Window) {
	checkEntries(t, w)
	size, packed := w.Size(), len(w.AppendPacked(nil))
	w = repack(t, w)
	w.unfold()
	n := ownBytes
	for _, r := range w.rows {
		n += r.size()
	}
	for i := range w.eps {
		n += w.eps[i].size()
	}
	for _, t := range w.trigs {
		n += t.size()
	}
	if n += len(w.group); w.judged != noTick {
		n += tickBytes
	}
	if w.pace != noPace {
		n += paceBytes
	}
	if w.debt != noDebt {
		n += debtBytes
	}
	if n != size || packed > size {
		t.Fatalf("size %d, counted %d; %d bytes packed", size, n, packed)
	}
}

func TestLate(t *testing.T) {
	s := specs["count"]
	w := New()
	w.SetHead(Head{AtClose: s.AtClose, Every: s.Every, Deferred: s.Deferred(), Settle: s.Settle, Length: s.Length, Lateness: s.Lateness, Quiet: s.Quiet})
	for _, c := range []struct {
		time int64
		want Status
	}{{93, Counted}, {92, Late}, {100, Counted}, {100, Duplicate}} {
		got, _ := s.Observe(w, &Observation{ID: fmt.Sprint(c.time), Time: c.time}, func() string { return "" }, false, 100)
		if got != c.want {
			t.Errorf("time %d at clock 100 and lateness 7: %d, want %d", c.time, got, c.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for text, ok := range map[string]bool{"1": true, "-2.5": true, "1e3": true, "": false, "x": false, "1/2": false, "0x10": false,
		"NaN": false, "Inf": false, "1e400": false, "1e-400": true, "1_0": false} {
		if _, got := number(text); got != ok {
			t.Errorf("number(%q): %v", text, got)
		}
	}
}

// TestSumIsExact: adding and removing in any order leaves nothing behind.
func TestSumIsExact(t *testing.T) {
	v := newSliding(new(Dictionary), &Spec{Kind: Sum, Distinct: []Column{{}}})
	rows := make([]row, 1000)
	for i := range rows {
		rows[i] = new(Dictionary).makeRow(idOf(fmt.Sprint(i)), &Observation{Columns: [][]string{{"0.1"}}}, 0)
		v.add(rows[i], 1)
	}
	if !(Bound{Equals, 100}).Holds(v.sum) {
		t.Errorf("a thousand tenths are %v", v.sum)
	}
	for _, r := range rows {
		v.add(r, -1)
	}
	if v.sum.Sign() != 0 || v.values != 0 {
		t.Errorf("%v of %d values is left", v.sum, v.values)
	}
}
