package window

import "slices"

// link is the best chain that ends at a row: its first row as late as can be, so that it spans the least time.
type link struct {
	start int64
	prev  int // row before it in the chain; -1 for step 0
	ok    bool
}

// chains computes, for rows[lo:hi], the best chain ending at each. A chain has one row of each step, from step 0 on,
// with times that do not decrease, of different events, and joins that agree between neighbours wherever both are
// known. Rows of the same time stand sorted by step, so a chain may run through equal times in any order of arrival.
//
// Best starts are kept per step and join value, so the pass is linear in rows and join values.
func (w *Window) chains(s *Spec, lo, hi int) []link {
	links := make([]link, hi-lo)
	type best struct {
		any, unknown int // row with the latest start, -1 for none: over all rows of the step; over rows without a join
		byJoin       map[string]int
	}
	steps := make([]best, s.Steps)
	for i := range steps {
		steps[i] = best{any: -1, unknown: -1}
	}
	later := func(a, b int) int { // the row of a and b whose chain starts later; the earlier row wins a tie
		if a < 0 || b >= 0 && links[b-lo].start > links[a-lo].start {
			return b
		}
		return a
	}
	for i := lo; i < hi; i++ {
		r := w.rows[i]
		step := int(r.step)
		if step >= s.Steps {
			continue
		}
		joined := false
		l := link{start: r.time, prev: -1, ok: step == 0}
		if step > 0 {
			b := &steps[step-1]
			p := b.any
			for v := range r.join() {
				if !joined {
					joined, p = true, b.unknown
				}
				if j, ok := b.byJoin[v]; ok {
					p = later(p, j)
				}
			}
			// The same event cannot stand for two steps. Looking for the next best row instead costs a walk, which
			// only an event that matches two steps pays.
			if p >= 0 && w.rows[p].packedID() == r.packedID() {
				p = -1
				for j := i - 1; j >= lo; j-- {
					if o := w.rows[j]; int(o.step) == step-1 && links[j-lo].ok && o.packedID() != r.packedID() && agree(o, r) {
						p = later(p, j)
					}
				}
			}
			if p >= 0 {
				l = link{start: links[p-lo].start, prev: p, ok: true}
			}
		}
		links[i-lo] = l
		if !l.ok {
			continue
		}
		b := &steps[step]
		b.any = later(b.any, i)
		known := false
		for v := range r.join() {
			known = true
			if b.byJoin == nil {
				b.byJoin = map[string]int{}
			}
			if j, ok := b.byJoin[v]; ok {
				b.byJoin[v] = later(j, i)
			} else {
				b.byJoin[v] = i
			}
		}
		if !known {
			b.unknown = later(b.unknown, i)
		}
	}
	return links
}

// agree reports whether two rows may follow each other: they share a join value, or one of them has none.
func agree(a, b row) bool {
	known := false
	for v := range a.join() {
		known = true
		for u := range b.join() {
			if u == v {
				return true
			}
		}
	}
	if !known {
		return true
	}
	for range b.join() {
		return false
	}
	return true
}

// sequences returns the times in [from, to] of rows of the last step that end a chain of at most Length.
func (w *Window) sequences(s *Spec, from, to int64) []int64 {
	first, _ := w.firstAtOrAfter(from)
	hi := first
	ends := false
	for hi < len(w.rows) && w.rows[hi].time <= to {
		ends = ends || int(w.rows[hi].step) == s.Steps-1
		hi++
	}
	if !ends {
		return nil // the usual case: an early step arrived in order
	}
	lo, _ := w.firstAtOrAfter(from - int64(s.Length))
	links := w.chains(s, lo, hi)
	var times []int64
	for i := first; i < hi; i++ {
		r, l := w.rows[i], links[i-lo]
		if int(r.step) == s.Steps-1 && l.ok && r.time-l.start <= int64(s.Length) &&
			w.conditions(s, r.time) && (len(times) == 0 || times[len(times)-1] != r.time) {
			times = append(times, r.time)
		}
	}
	return times
}

// conditions reports whether the columns of [t-Length, t] reach their thresholds.
func (w *Window) conditions(s *Spec, t int64) bool {
	if !slices.ContainsFunc(s.Distinct, func(c Column) bool { return c.Threshold > 0 }) {
		return true
	}
	v := newSliding(s)
	v.from, _ = w.firstAtOrAfter(t - int64(s.Length))
	v.to = v.from
	v.move(w.rows, t, int64(s.Length))
	return v.distinct(s)
}

// chain returns the rows of the best chain that ends at time t, in order, or nil.
func (w *Window) chain(s *Spec, t int64) []int {
	lo, _ := w.firstAtOrAfter(t - int64(s.Length))
	hi, _ := w.firstAtOrAfter(t + 1)
	links := w.chains(s, lo, hi)
	end := -1
	for i := lo; i < hi; i++ {
		if l := links[i-lo]; int(w.rows[i].step) == s.Steps-1 && l.ok && w.rows[i].time == t &&
			(end < 0 || l.start > links[end-lo].start) {
			end = i
		}
	}
	if end < 0 {
		return nil
	}
	var rows []int
	for i := end; i >= 0; i = links[i-lo].prev {
		rows = append(rows, i)
	}
	slices.Reverse(rows)
	return rows
}
