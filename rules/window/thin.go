package window

import "slices"

// A crowded Distinct window drops rows that cannot matter any more. A row need not be kept if it repeats the values of both a row before and a row after it that are no further apart than
// Length: every interval of that length that holds such a row holds one of those two as well. What is counted does not
// change, and a busy group keeps a number of rows that goes with its distinct values, not with its events.
//
// A row that comes can make only itself and its neighbours with the same values needless. So no more is looked at, and
// that costs O(log n).

// alikes are the rows of a busy window by their values, in order. Rows that have gone may be among them.
type alikes struct {
	of    map[string][]rowKey
	total int
}

// thin drops what row i, just inserted, makes needless. It depends on the rows alone, so that a restored window thins
// where the lost one would have.
func (s *Spec) thin(w *Window, i int) {
	crowded := w.crowded()
	if w.alikes == nil && !crowded {
		return
	}
	fresh := w.rows[i].key()
	values := w.rows[i].values(len(s.Distinct))
	x := w.alikes
	if x == nil || x.total > 2*len(w.rows)+crowdedAbove {
		x = &alikes{of: map[string][]rowKey{}}
		for _, r := range w.rows {
			w.dict.steps++
			v := r.values(len(s.Distinct))
			x.of[v] = append(x.of[v], r.key())
			x.total++
		}
		w.alikes = x
	} else if p, known := slices.BinarySearchFunc(x.of[values], fresh, rowKey.compare); !known { // a copy may come when its row has gone
		x.of[values] = slices.Insert(x.of[values], p, fresh)
		x.total++
	}
	if !crowded {
		return // it stays known, for a window may be about as large as that for long
	}
	near := x.around(w, values, fresh)
	for m := 1; m+1 < len(near); {
		if !within(near[m-1].time, near[m+1].time, int64(s.Length)) || !w.stands(near[m-1], near[m], near[m+1]) {
			m++
			continue
		}
		w.thinOut(near[m])
		x.drop(values, near[m])
		near = slices.Delete(near, m, m+1)
	}
}

// around are k and the two rows of its values before and behind it that the window still has.
func (x *alikes) around(w *Window, values string, k rowKey) []rowKey {
	stands := func(p int) bool {
		w.dict.steps++
		_, found := w.place(x.of[values][p])
		if !found {
			x.drop(values, x.of[values][p])
		}
		return found
	}
	at := func() int {
		p, _ := slices.BinarySearchFunc(x.of[values], k, rowKey.compare)
		return p
	}
	near := []rowKey{k}
	for p := at() - 1; p >= 0 && len(near) < 3; p-- {
		if stands(p) {
			near = slices.Insert(near, 0, x.of[values][p])
		}
	}
	before := len(near)
	for p := at() + 1; p < len(x.of[values]) && len(near) < before+2; {
		if stands(p) {
			near = append(near, x.of[values][p])
			p++
		}
	}
	return near
}

func (x *alikes) drop(values string, k rowKey) {
	if p, found := slices.BinarySearchFunc(x.of[values], k, rowKey.compare); found {
		x.of[values] = slices.Delete(x.of[values], p, p+1)
		x.total--
	}
}

// thinOut drops the row with this key.
func (w *Window) thinOut(k rowKey) {
	i, _ := w.place(k)
	if !w.head.Thinned {
		w.head.Thinned, w.shape = true, noShape
		w.touch(headItem)
	}
	r := w.rows[i]
	w.uncount(i, r)
	w.marks.forget(r)
	w.bytes -= r.size()
	w.touch(r.item())
	w.rows = slices.Delete(w.rows, i, i+1)
}

// stands reports whether row mid may go because it repeats row a before it and row b behind it: late rows stay longer than
// others at their time, and must not be given up for what goes earlier.
func (w *Window) stands(a, mid, b rowKey) bool {
	mark := func(k rowKey) int64 {
		i, _ := w.place(k)
		return w.rows[i].mark
	}
	m := mark(mid)
	return m <= mark(b) && (m == mid.time || m <= mark(a))
}

// values is a text that is equal for rows with equal columns.
func (r row) values(columns int) string {
	var b []byte
	for i := range columns {
		for v := range r.column(i) {
			b = putString(b, v)
		}
		b = append(b, 0xff)
	}
	return string(b)
}
