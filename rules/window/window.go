package window

import (
	"math"
	"slices"
	"strings"
	"time"
)

// Window is the state of one (rule, group key): the observations that can still take part in an interval, sorted by
// time, and the episodes that are not over. It implements state.Window. One goroutine owns it.
type Window struct {
	dict *Dictionary
	fold fold // while there are no contents
	*contents
}

// contents are an unfolded window.
type contents struct {
	head  Head
	known bool // head is set
	rows  []row
	eps   []episode // sorted by start, not overlapping
	trigs []trigger // projections kept for the alerts to come: AtClose, Every, sequences that wait, rows out of order that wait

	judged int64 // Every: the highest tick that has been judged; AtClose: the end of the last window; or noTick

	pace pace // sequences that wait: see decide.go
	debt debt // see disorder.go

	dirty  []string // items changed since Clone, with repetitions
	view   *sliding // derived from rows; nil when it must be rebuilt
	seq    *sweep   // likewise, for sequences
	end    endRow   // likewise
	marks  marks    // likewise, of late rows
	alikes *alikes  // likewise, for Distinct
	bytes  int      // of Size, without group and tick

	group string // texts of the group key, packed
	shape int    // number of the head in the Dictionary; noShape if it has not been looked up
}

// New returns an empty window without a head that belongs to no store.
func New() *Window { return new(Dictionary).New() }

// Head returns the head; ok is false for a window that has none, because it is new or its entry was lost.
func (w *Window) Head() (h Head, ok bool) {
	w.unfold()
	return w.head, w.known
}

// Claim is SetHead, unless w is the window of another rule or group: then it reports false.
func (w *Window) Claim(h Head) bool {
	if w.contents == nil && (w.fold.is(w.dict, &h) || w.fold.assume(w.dict, &h)) {
		return true
	}
	if is, known := w.Head(); known && (is.Rule != h.Rule || !slices.Equal(is.Group, h.Group)) {
		return false
	}
	w.SetHead(h)
	return true
}

// SetHead makes w the window of a rule and group. It changes nothing if the head is the same.
func (w *Window) SetHead(h Head) {
	if w.contents == nil && (w.fold.is(w.dict, &h) || w.fold.assume(w.dict, &h)) {
		return
	}
	w.unfold()
	h.Thinned = w.head.Thinned
	if w.known && w.head.equal(&h) {
		return
	}
	group := make([]string, len(h.Group))
	for i, g := range h.Group {
		group[i] = strings.Clone(g)
	}
	h.Group = group
	w.assume(h)
	w.touch(headItem)
}

// assume makes h the head. It keeps the group key.
func (w *Window) assume(h Head) {
	if len(h.Group) == 0 {
		h.Group = nil
	}
	w.head, w.known, w.shape = h, true, noShape
	b := w.dict.scratch[:0]
	for _, g := range h.Group {
		b = appendText(b, g)
	}
	w.dict.scratch, w.group = b, string(b)
}

func (w *Window) touch(item string) { w.dirty = append(w.dirty, item) }

// Clone returns a copy that shares only what is never written again: encoded rows and stored triggers.
func (w *Window) Clone() *Window {
	w.unfold()
	c := &Window{dict: w.dict, contents: new(contents)}
	*c.contents = *w.contents
	c.rows = slices.Clone(w.rows)
	c.eps = slices.Clone(w.eps)
	c.trigs = slices.Clone(w.trigs)
	c.dirty = nil
	w.view, w.seq, w.alikes = nil, nil, nil // they go on with the copy: to make them anew costs all rows
	if c.Empty() {                          // its head has no entry, see Entries: what comes next must write it
		c.head, c.known, c.judged, c.group, c.shape, c.pace, c.debt = Head{}, false, noTick, "", noShape, noPace, noDebt
		c.view, c.seq, c.end, c.alikes = nil, nil, endRow{}, nil
	}
	return c
}

// Committed drops what only an open transaction needs.
func (w *Window) Committed() {
	w.unfold()
	w.dirty = nil
}

// Empty reports whether nothing is left that could still matter.
func (w *Window) Empty() bool {
	if w.contents == nil {
		return w.fold.count() == 0
	}
	return len(w.rows) == 0 && len(w.eps) == 0 && (!w.head.AtClose || w.judged == noTick)
}

// leave forgets what goes with the content once that is gone, so that what comes next finds a new window, whether the
// transaction that emptied it has ended or not.
func (w *Window) leave() {
	if !w.Empty() {
		return
	}
	if w.judged != noTick {
		w.judged = noTick
		w.touch(tickItem)
	}
	w.setPace(noPace)
	w.setDebt(noDebt)
	if w.head.Thinned {
		w.head.Thinned, w.shape = false, noShape
		w.touch(headItem)
	}
}

// Due is the clock value at which the window wants to be advanced: when an episode that waits for its predecessor to
// end can be decided, or when all content has expired.
//
// Rows that expire one by one are dropped by the next observation; only the last row's expiry needs a timer, so a busy
// window costs no timer work per row.
func (w *Window) Due() int64 {
	if w.contents == nil {
		return w.fold.due(w.dict)
	}
	if w.waiting() {
		return w.debt.due // nothing else is settled before
	}
	due, expiry := int64(math.MaxInt64), int64(math.MinInt64)
	if n := len(w.rows); n > 0 && w.head.Every > 0 {
		due = after(w.nextTick(), 0, w.head.Lateness) // the last tick that sees a row also drops it
	} else if n > 0 {
		last := w.rows[n-1].time
		if m := w.lateRows(); m.n > 0 {
			last = max(last, m.most)
		}
		expiry = after(last, w.head.Length, w.head.Lateness)
		if w.head.AtClose {
			due = after(w.rows[0].time, w.head.Length, w.head.Lateness)
		}
	}
	for i := range w.eps {
		e := &w.eps[i]
		wait := w.head.Lateness
		if w.head.Deferred {
			wait += w.head.Length
		}
		end := after(e.end, w.head.Quiet, wait)
		over := after(e.remembered(), w.head.Quiet, wait)
		if w.head.AtClose { // see forget
			over = after(e.end, w.head.Quiet+w.head.Length, w.head.Lateness)
		}
		expiry = max(expiry, over)
		if w.head.Settle && !e.pending() && !e.settled {
			due = min(due, after(e.start, 0, wait))
		}
		switch {
		case !e.pending():
		case i == 0 || w.announcedAfter(i) >= 0: // see settle: whatever it waits for ends before that
			due = min(due, end)
		default:
			due = min(due, after(w.eps[i-1].end, w.head.Quiet, wait))
		}
	}
	if w.head.AtClose && w.judged != noTick { // see close
		expiry = max(expiry, after(w.judged, w.head.Length, w.head.Lateness))
	}
	if w.pace.next != never {
		due = min(due, after(w.pace.next, 0, w.head.Lateness))
	}
	if expiry != math.MinInt64 {
		due = min(due, expiry)
	}
	return due
}

// after is the first clock value at which something at t is over, for good: an event may still arrive until the clock
// is more than lateness past it. It saturates instead of wrapping.
func after(t int64, keep, lateness time.Duration) int64 {
	d := int64(keep) + int64(lateness) + 1
	if t > math.MaxInt64-d {
		return math.MaxInt64
	}
	return t + d
}
