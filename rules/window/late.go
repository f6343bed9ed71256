package window

import (
	"math"
	"slices"
)

// A late observation has a time below the watermark: lateness bounds how far order is irrelevant, and what has to be kept
// for that. It must not blind. A late observation therefore joins what the window still holds, and other late ones, and
// what more observations cannot undo fires.
//
// Each row has a mark: its time, or the watermark at its arrival if that was later. It is given up when the watermark is
// more than Length past the mark, so a late row is kept for Length of clock after it came, and a copy that comes within
// that counts once. An episode that a late observation has had a part in is remembered likewise, for Quiet, so that rows
// which outlive their own time do not fire again.
//
// What was decided stays decided: a window that has closed, a tick that has been judged, a sequence that had to wait for
// what must not come, a history that has gone by. Observations that only those could use are Closed. Others take part in
// what is still open, see admits.
//
// The set of observations alone decides as long as none is late. With late ones it is the order of the messages that
// decides, clocks included: which rows were still there. No transaction, restart or folding may make a difference.

// admits reports whether an observation at t, behind the watermark, can take part in anything that is still open. The
// window must have been advanced to that watermark.
func (s *Spec) admits(w *Window, t, watermark int64) bool {
	switch {
	case s.AtClose:
		return !s.expired(t, watermark) && (w.judged == noTick || t > w.judged)
	case s.Every > 0:
		return t > subSaturated(tickAt(watermark, s.Every), s.Length)
	case s.Waits() || s.Kind == FirstSeen:
		return !s.expired(t, watermark)
	}
	return true
}

// late reports whether r came behind the watermark.
func (r row) late() bool { return r.mark > r.time }

// marks are those of the late rows. They are derived.
type marks struct {
	n           int   // late rows
	least, most int64 // of their marks
	stale       bool  // rows with one of those have gone
	past        int   // so many rows at the front are late: what expires by its time is looked for behind them
}

func (m *marks) note(r row) {
	if !r.late() {
		return
	}
	if m.n == 0 {
		m.least, m.most, m.stale = r.mark, r.mark, false
	}
	m.n++
	m.least, m.most = min(m.least, r.mark), max(m.most, r.mark)
}

func (m *marks) forget(r row) {
	m.past = 0
	if r.late() {
		m.n--
		m.stale = m.stale || r.mark == m.least || r.mark == m.most
	}
}

// lateRows are the marks as they are now.
func (w *Window) lateRows() *marks {
	if m := &w.marks; m.stale {
		*m = marks{}
		for _, r := range w.rows {
			m.note(r)
		}
	}
	return &w.marks
}

// put puts r at place i.
func (w *Window) put(i int, r row) {
	w.rows = slices.Insert(w.rows, i, r)
	w.bytes += r.size()
	w.marks.note(r)
	switch m := &w.marks; {
	case i < m.past && r.late():
		m.past++
	case i < m.past:
		m.past = i
	}
}

// drop gives up the rows that nothing to come needs: those with marks more than Length before needed.
func (s *Spec) drop(w *Window, needed int64) {
	m := w.lateRows()
	if m.n > 0 && s.expired(m.least, needed) {
		s.dropMarked(w, needed)
		return
	}
	// No late row goes, and the others go from the front on, but for the late ones among them, which stay.
	if len(w.rows) == 0 {
		return
	}
	i, end, gone := m.past, 0, 0
	for ; i < len(w.rows) && s.expired(w.rows[i].time, needed); i++ {
		if r := w.rows[i]; !r.late() {
			end = i + 1
			w.uncount(i-gone, r)
			gone++
			w.bytes -= r.size()
			w.touch(r.item())
		}
	}
	late := m.past
	upTo := w.rows[max(end-1, 0)].time
	if m.past = i - gone; gone == 0 {
		return
	}
	if m.n > 0 {
		to := end
		for j := end - 1; j >= late; j-- {
			if w.rows[j].late() {
				to--
				w.rows[to] = w.rows[j]
			}
		}
		copy(w.rows[gone:to], w.rows[:late])
	}
	clear(w.rows[:gone]) // their texts go at once; their slots when the slice grows, so that a busy window is not moved for each row
	w.rows = w.rows[gone:]
	w.dropped(end, gone, upTo)
}

// dropMarked is drop where late rows go as well.
func (s *Spec) dropMarked(w *Window, needed int64) {
	w.marks = marks{}
	end, gone, upTo := 0, 0, none
	kept := w.rows[:0]
	for i, r := range w.rows {
		if s.expired(r.mark, needed) {
			end, upTo = i+1, r.time
			w.uncount(i-gone, r)
			gone++
			w.bytes -= r.size()
			w.touch(r.item())
			continue
		}
		w.marks.note(r)
		kept = append(kept, r)
	}
	clear(w.rows[len(kept):])
	w.rows = kept
	w.dropped(end, gone, upTo)
}

// uncount takes r, which goes from place i, out of the window's view.
func (w *Window) uncount(i int, r row) {
	switch v := w.view; {
	case v == nil || i >= v.to:
	case i < v.from:
		v.from, v.to = v.from-1, v.to-1
	default:
		v.add(r, -1)
		v.to--
	}
}

// dropped keeps what else is derived from the rows in step when gone of the first end rows, up to a time, have been given up.
func (w *Window) dropped(end, gone int, upTo int64) {
	if w.end.at <= upTo {
		w.end = endRow{}
	}
	if v := w.seq; v != nil {
		if v.lost = true; v.to < end {
			w.seq = nil
		} else {
			v.to -= gone
		}
	}
}

// outlast makes an episode be remembered as long as a row with this mark.
func (w *Window) outlast(e *episode, mark int64) {
	if mark > max(e.end, e.mark) {
		e.mark = mark
		w.touch(e.item())
	}
}

// remembered is the time that the memory of an episode counts from.
func (e *episode) remembered() int64 { return max(e.end, e.mark) }

// within reports whether b is at most d behind a, which is not later. Late rows may be centuries apart from others.
func within(a, b int64, d int64) bool { return uint64(b)-uint64(a) <= uint64(d) }

// noMark is the mark of an episode that no late observation has had a part in.
const noMark = int64(math.MinInt64)
