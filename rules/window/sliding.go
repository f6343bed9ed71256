package window

import (
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// sliding counts what the rows of an interval hold, and moves along the rows: each row is added once and removed once,
// so that in-order arrival costs O(1) an observation, amortised.
type sliding struct {
	from, to int   // rows[from:to] are counted
	at       int64 // the end of the interval
	steps    []int
	columns  []map[string]int // by packed value
	sum      *big.Rat         // of the numbers in column 0; exact, so that adding and removing in any order agree
	values   int              // how many numbers there are
	tally    Tally            // Kind Pipeline: the Program's
	looks    *int             // counts rows
	digest   *digest          // for those who tell of the rows; nil where nobody does
}

func (w *Window) sliding(s *Spec) *sliding { return newSliding(w.dict, s).begin(s, w.head.Group) }

// viewAt is the window's own view, moved to t, which had better not go back. With updates it can tell of the rows, too.
func (w *Window) viewAt(s *Spec, t int64, updates bool) *sliding {
	v := w.view
	if v == nil || v.at > t || updates && v.digest == nil {
		v = w.sliding(s)
		if updates {
			v.digest = newDigest(s, w.head.Group, true)
		}
		v.from, _ = w.firstAtOrAfter(subSaturated(t, s.Length))
		v.to = v.from
		w.view = v
	}
	v.move(w.rows, t, int64(s.Length))
	return v
}

func newSliding(d *Dictionary, s *Spec) *sliding {
	v := &sliding{looks: &d.steps, steps: make([]int, max(s.Steps, 1)), columns: make([]map[string]int, len(s.Distinct))}
	for i := range v.columns {
		v.columns[i] = map[string]int{}
	}
	if s.numeric() {
		v.sum = new(big.Rat)
	}
	return v
}

func (v *sliding) add(r row, by int) {
	*v.looks++
	if int(r.step) < len(v.steps) {
		v.steps[r.step] += by
	}
	if v.sum != nil {
		for value := range r.column(0) {
			if n, ok := number(unpackText(value)); ok {
				v.values += by
				if by > 0 {
					v.sum.Add(v.sum, n)
				} else {
					v.sum.Sub(v.sum, n)
				}
			}
		}
	}
	switch {
	case v.tally == nil:
	case by > 0:
		v.tally.Add(r.text())
	default:
		v.tally.Remove(r.text())
	}
	for i, m := range v.columns {
		for value := range r.column(i) {
			if n := m[value] + by; n != 0 {
				m[value] = n
			} else {
				delete(m, value)
			}
		}
	}
	if v.digest != nil {
		v.digest.add(r, by)
	}
}

// move makes v count the rows with times in [t-length, t]. Successive calls must not go back in time, and rows may only
// have been appended in between.
func (v *sliding) move(rows []row, t, length int64) {
	for v.to < len(rows) && rows[v.to].time <= t {
		v.add(rows[v.to], 1)
		v.to++
	}
	for v.from < v.to && !within(rows[v.from].time, t, length) {
		v.add(rows[v.from], -1)
		v.from++
	}
	v.at = t
}

// holds reports whether the counted rows meet a Spec of any kind but Sequence.
func (v *sliding) holds(s *Spec) bool {
	switch s.Kind {
	case Count:
		if v.to-v.from < s.Threshold {
			return false
		}
	case Unordered:
		if len(s.Mixes) > 0 && !v.mixed(s.Mixes) || len(s.Mixes) == 0 && v.seen() < s.StepsNeeded() {
			return false
		}
	}
	return v.distinct(s) && v.bounded(s) && (v.tally == nil || v.to > v.from && v.tally.Holds())
}

// seen is the number of different steps.
func (v *sliding) seen() int {
	seen := 0
	for _, n := range v.steps {
		if n > 0 {
			seen++
		}
	}
	return seen
}

// bounded reports whether the measured quantity meets the condition.
func (v *sliding) bounded(s *Spec) bool {
	if len(s.Condition) == 0 {
		return true
	}
	q := v.quantity(s)
	for _, b := range s.Condition {
		if q == nil || !b.Holds(q) {
			return false
		}
	}
	return true
}

// quantity is what Condition is about; nil if nothing was measured.
func (v *sliding) quantity(s *Spec) *big.Rat {
	switch s.Kind {
	case Distinct:
		return new(big.Rat).SetInt64(int64(len(v.columns[0])))
	case Unordered:
		return new(big.Rat).SetInt64(int64(v.seen()))
	case Sum:
		return v.sum
	case Avg:
		if v.values == 0 {
			return nil
		}
		return new(big.Rat).Quo(v.sum, new(big.Rat).SetInt64(int64(v.values)))
	case Percentile:
		return v.percentile(s.Percentile)
	}
	return new(big.Rat).SetInt64(int64(v.to - v.from))
}

// percentile sorts what was counted. A window is judged once, when it closes, so this is paid once a window.
func (v *sliding) percentile(p float64) *big.Rat {
	if v.values == 0 {
		return nil
	}
	type counted struct {
		n     *big.Rat
		times int
	}
	var all []counted
	for packed, times := range v.columns[0] {
		if n, ok := number(unpackText(packed)); ok {
			all = append(all, counted{n, times})
		}
	}
	slices.SortFunc(all, func(a, b counted) int { return a.n.Cmp(b.n) })
	rank := max(int(math.Ceil(p/100*float64(v.values))), 1)
	for _, c := range all {
		if rank -= c.times; rank <= 0 {
			return c.n
		}
	}
	return all[len(all)-1].n
}

// number reads a decimal number exactly. Exponents are bounded, because an exact 1e999999999 would fill the memory.
func number(text string) (*big.Rat, bool) {
	if len(text) > 64 || strings.ContainsAny(text, "/_xXpP") {
		return nil, false
	}
	if f, err := strconv.ParseFloat(text, 64); err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

func (v *sliding) distinct(s *Spec) bool {
	for i, c := range s.Distinct {
		if len(v.columns[i]) < c.Threshold {
			return false
		}
	}
	return true
}

// completions returns the times t in [from, to], taken from the rows, at which the interval [t-Length, t] holds what s
// asks for. Where the row at from is the last one, the window's own view serves.
func (w *Window) completions(s *Spec, from, to int64, updates bool) []int64 {
	if s.Kind == Sequence {
		return w.sequences(s, from, to, updates)
	}
	length := int64(s.Length)
	if n := len(w.rows); n > 0 && w.rows[n-1].time == from {
		if w.view == nil && !w.crowded() && w.scarce(s) {
			return nil
		}
		if w.viewAt(s, from, updates).holds(s) {
			return []int64{from}
		}
		return nil
	}
	v := w.sliding(s)
	v.from, _ = w.firstAtOrAfter(subSaturated(from, s.Length))
	v.to = v.from
	i, _ := w.firstAtOrAfter(from)
	var times []int64
	for ; i < len(w.rows) && w.rows[i].time <= to; i++ {
		t := w.rows[i].time
		v.move(w.rows, t, length)
		if v.holds(s) && (len(times) == 0 || times[len(times)-1] != t) {
			times = append(times, t)
		}
	}
	return times
}

// scarce reports whether all rows together do not reach a threshold, so that no interval can. Most windows never get
// further, and counting what they hold costs more than to see that.
func (w *Window) scarce(s *Spec) bool {
	n := len(w.rows)
	if s.Kind == Count && n < s.Threshold || s.Kind == Unordered && n < s.StepsNeeded() {
		return true
	}
	for i, c := range s.Distinct {
		values := 0
		for r := 0; r < n && values < c.Threshold; r++ {
			w.dict.steps++
			for range w.rows[r].column(i) {
				values++
			}
		}
		if values < c.Threshold {
			return true
		}
	}
	return false
}

// firstAtOrAfter is the index of the first row with a time of t or later.
func (w *Window) firstAtOrAfter(t int64) (int, bool) {
	return slices.BinarySearchFunc(w.rows, t, func(r row, t int64) int {
		if r.time < t {
			return -1
		}
		return 1
	})
}
