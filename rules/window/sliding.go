package window

import "slices"

// sliding counts what the rows of an interval hold, and moves along the rows: each row is added once and removed once,
// so that in-order arrival costs O(1) an observation, amortised.
type sliding struct {
	from, to int // rows[from:to] are counted
	steps    []int
	columns  []map[string]int
}

func newSliding(s *Spec) *sliding {
	v := &sliding{steps: make([]int, max(s.Steps, 1)), columns: make([]map[string]int, len(s.Distinct))}
	for i := range v.columns {
		v.columns[i] = map[string]int{}
	}
	return v
}

func (v *sliding) add(r row, by int) {
	if int(r.step) < len(v.steps) {
		v.steps[r.step] += by
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
}

// move makes v count the rows with times in [t-length, t]. Successive calls must not go back in time, and rows may only
// have been appended in between.
func (v *sliding) move(rows []row, t, length int64) {
	for v.to < len(rows) && rows[v.to].time <= t {
		v.add(rows[v.to], 1)
		v.to++
	}
	for v.from < v.to && t-rows[v.from].time > length {
		v.add(rows[v.from], -1)
		v.from++
	}
}

// holds reports whether the counted rows meet a Spec of any kind but Sequence.
func (v *sliding) holds(s *Spec) bool {
	switch s.Kind {
	case Count:
		if v.to-v.from < s.Threshold {
			return false
		}
	case Unordered:
		for _, n := range v.steps {
			if n == 0 {
				return false
			}
		}
	}
	return v.distinct(s)
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
func (w *Window) completions(s *Spec, from, to int64) []int64 {
	if s.Kind == Sequence {
		return w.sequences(s, from, to)
	}
	length := int64(s.Length)
	if n := len(w.rows); n > 0 && w.rows[n-1].time == from {
		if w.view == nil {
			w.view = newSliding(s)
			w.view.from, _ = w.firstAtOrAfter(from - length)
			w.view.to = w.view.from
		}
		w.view.move(w.rows, from, length)
		if w.view.holds(s) {
			return []int64{from}
		}
		return nil
	}
	v := newSliding(s)
	v.from, _ = w.firstAtOrAfter(from - length)
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

// firstAtOrAfter is the index of the first row with a time of t or later.
func (w *Window) firstAtOrAfter(t int64) (int, bool) {
	return slices.BinarySearchFunc(w.rows, t, func(r row, t int64) int {
		if r.time < t {
			return -1
		}
		return 1
	})
}
