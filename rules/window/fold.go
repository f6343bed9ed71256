package window

import (
	"encoding/binary"
	"math"
	"slices"
)

// Most observations complete nothing: they only add a row behind the others of a window that holds too little. For that the
// window need not be taken apart, nor packed again: it stays folded, which is its packed form with some rows taken off the
// front and some added at the end. Whatever else is asked of it unfolds it, and it goes on as it always would.
//
// What a window answers does not tell whether it is folded: entries, changes, packed form, size and due are the same.
// TestFold compares.

// fold is a window that has nothing but a head and rows, all of them at whole milliseconds and told apart by their times. The
// fold of a new window is empty but for bytes.
type fold struct {
	head  string // the packed form up to the number of rows; "" without a head
	shape int    // what head tells
	begun bool   // the head has come since

	was        packedRows // the rows that the packed form has
	packedRows            // those of them that are left
	added      []added    // later than those
	end        int64      // time of the last row that was there
	last       int64      // time of the last row of all
	lists      bool       // a row may have several values in a column
	bytes      int        // of Size, without group key

	one [1]added // of added: most windows have no more
}

// packedRows are the rows of a packed form: the time of the first, and what stands behind it.
type packedRows struct {
	rows  string
	first int64
	n     int
}

// added is a row and its entry.
type added struct {
	row
	entry
}

const (
	foldFlags = packedHead | packedMilli
	foldGroup = 1 + 2 + 1 // of the group key in fold.head

	// maxFolded is the most rows that a folded window has: each transaction, and each observation of several values, goes
	// along them.
	maxFolded = 64
)

// folds reports whether windows with this head may be folded: those that are looked at when their last row has expired.
func (h *Head) folds() bool { return !h.AtClose && h.Every == 0 && !h.Deferred }

// read takes in a packed window; ok is false if it is one that must be taken apart.
func (f *fold) read(d *Dictionary, packed string) (ok bool) {
	if packed[0] != foldFlags || packed[foldGroup-1] >= 0x80 {
		return false
	}
	shape := int(packed[1]) | int(packed[2])<<8
	in := reader{packed[foldGroup:]}
	for range packed[foldGroup-1] {
		in.text()
	}
	head := packed[:len(packed)-len(in.rest)]
	n := int(in.uvarint())
	if n == 0 || n > maxFolded || !d.shapes[shape].folds() {
		return false
	}
	first := in.varint() * 1e6
	rows, last, bytes, lists := in.rest, first, ownBytes, byte(0)
	for i := range n {
		if i > 0 {
			delta := in.varint()
			if delta <= 0 {
				return false
			}
			last += delta * 1e6
		}
		size := int(in.uvarint())
		lists |= in.rest[0] & rowLists
		in.rest = in.rest[size:]
		bytes += rowSize(size)
	}
	if in.rest != "" {
		return false
	}
	f.head, f.shape, f.bytes, f.lists = head, shape, bytes, lists != 0
	f.was, f.end, f.last = packedRows{rows, first, n}, last, last
	f.packedRows = f.was
	return true
}

// next takes off the first row, of one or more.
func (r *packedRows) next() row {
	in := reader{r.rows}
	first := rowFrom(r.first, in.take(int(in.uvarint())))
	if r.n--; r.n > 0 {
		r.first += in.varint() * 1e6
	}
	r.rows = in.rest
	return first
}

func (f *fold) count() int { return f.n + len(f.added) }

// group is the values of the group key, packed.
func (f *fold) group() string {
	if f.head == "" {
		return ""
	}
	return f.head[foldGroup:]
}

// is reports whether h is the head.
func (f *fold) is(d *Dictionary, h *Head) bool {
	if f.head == "" || !d.shapes[f.shape].alike(h) || int(f.head[foldGroup-1]) != len(h.Group) {
		return false
	}
	in := reader{f.group()}
	for _, g := range h.Group {
		if !isText(in.text(), g) {
			return false
		}
	}
	return true
}

// assume makes h the head of a new window; ok is false if it cannot be folded.
func (f *fold) assume(d *Dictionary, h *Head) (ok bool) {
	if f.head != "" || !h.folds() || len(h.Group) >= 0x80 {
		return false
	}
	if f.shape = d.shapeOf(h); f.shape == noShape {
		return false
	}
	b := binary.LittleEndian.AppendUint16(append(d.scratch[:0], foldFlags), uint16(f.shape))
	d.scratch = appendTexts(b, h.Group)
	f.head, f.begun, f.bytes = string(d.scratch), true, ownBytes
	return true
}

// add adds o as the last row, and drops the rows that have expired, if that is all that comes of it. Otherwise it reports false,
// and nothing has changed.
func (f *fold) add(d *Dictionary, s *Spec, o *Observation, step int, watermark int64) bool {
	switch {
	case f.head == "" || s.Kind > Sequence || s.AtClose || s.Every > 0 || s.Waits():
		return false
	case o.Time%1e6 != 0 || f.count() > 0 && o.Time <= f.last || f.count() >= min(maxFolded, d.crowdedAbove()):
		return false
	case len(f.added) > 0 && s.expired(f.added[0].time, watermark):
		return false
	}
	had, bytes := f.packedRows, f.bytes
	for f.n > 0 && s.expired(f.first, watermark) {
		f.bytes -= f.next().size()
	}
	r := d.rowOf(o, step)
	if !f.lacks(s, r) {
		f.packedRows, f.bytes = had, bytes
		return false
	}
	f.bytes += r.size()
	f.last = r.time
	f.lists = f.lists || r.packed[0]&rowLists != 0
	if f.added == nil {
		f.added = f.one[:0]
	}
	f.added = append(f.added, added{r, d.entryOf(o)})
	return true
}

// lacks reports whether the rows and r, which is later, together do not reach what s asks for, so that no interval can.
func (f *fold) lacks(s *Spec, r row) bool {
	n := f.count() + 1
	switch s.Kind {
	case Count:
		if n < s.Threshold {
			return true
		}
	case Unordered:
		if n < s.StepsNeeded() {
			return true
		}
	case Sequence:
		if h := s.shape(); n < h.stages || int(r.step) != h.last {
			return true
		}
	}
	plain := !f.lists && r.packed[0]&rowLists == 0
	for i, c := range s.Distinct {
		if plain && n < c.Threshold || f.values(i, c.Threshold, r) < c.Threshold {
			return true
		}
	}
	return false
}

// values is the number of different values that the rows and r have in column i, or some of them if those are enough.
func (f *fold) values(i, enough int, r row) int {
	if enough <= 0 {
		return 0
	}
	var buf [8]string
	seen := buf[:0]
	look := func(r row) {
		for v := range r.column(i) {
			if !slices.Contains(seen, v) {
				seen = append(seen, v)
			}
		}
	}
	look(r)
	for n := 0; n < len(f.added) && len(seen) < enough; n++ {
		look(f.added[n].row)
	}
	in := reader{f.rows}
	for n := f.n; n > 0 && len(seen) < enough; n-- {
		look(row{packed: in.take(int(in.uvarint()))})
		if n > 1 {
			in.varint() // its time
		}
	}
	return len(seen)
}

// due is when the last row has expired.
func (f *fold) due(d *Dictionary) int64 {
	if f.count() == 0 {
		return math.MaxInt64
	}
	h := &d.shapes[f.shape]
	return after(f.last, h.Length, h.Lateness)
}

// appendPacked is Window.AppendPacked.
func (f *fold) appendPacked(b []byte) []byte {
	if f.head == "" {
		return b
	}
	b = binary.AppendUvarint(append(b, f.head...), uint64(f.count()))
	last := int64(0)
	if f.n > 0 {
		b = append(binary.AppendVarint(b, f.first/1e6), f.rows...)
		last = f.end
	}
	for i := range f.added {
		a := &f.added[i]
		b = binary.AppendVarint(b, (a.time-last)/1e6)
		b = putString(b, a.packed)
		last = a.time
	}
	return b
}

// changes is Window.Changes of a window with rows.
func (f *fold) changes(d *Dictionary, yield func(item, value []byte) bool) {
	if f.begun && !f.yieldHead(d, yield) {
		return
	}
	for gone := f.was; gone.n > f.n; {
		b := gone.next().appendItem(d.changes[:0])
		if d.changes = b; !yield(b[:len(b):len(b)], nil) {
			return
		}
	}
	for i := range f.added {
		if !f.added[i].yieldTo(yield) {
			return
		}
	}
}

// entries is Window.Entries of a window that was not there before.
func (f *fold) entries(d *Dictionary, yield func(item, value []byte) bool) {
	if len(f.added) == 0 || !f.yieldHead(d, yield) {
		return
	}
	for i := range f.added {
		if !f.added[i].yieldTo(yield) {
			return
		}
	}
}

func (f *fold) yieldHead(d *Dictionary, yield func(item, value []byte) bool) bool {
	b := append(d.changes[:0], headItem...)
	b = d.shapes[f.shape].appendShape(b)
	in := reader{f.head[foldGroup-1:]}
	b = putTexts(b, &in)
	d.changes = b
	n := len(headItem)
	return yield(b[:n:n], b[n:])
}

// unfold makes w an object.
func (w *Window) unfold() {
	if w.contents != nil {
		return
	}
	f := &w.fold
	w.contents = &contents{judged: noTick, pace: noPace, debt: noDebt, bytes: ownBytes, shape: noShape}
	if f.head == "" {
		return
	}
	defer func() { w.fold = fold{} }()
	w.adopt(f.shape, f.head[foldGroup-1:])
	if f.begun {
		w.touch(headItem)
	}
	w.rows = make([]row, 0, f.count()+1)
	for had := f.was; had.n > 0; {
		if r := had.next(); had.n < f.n {
			w.rows = append(w.rows, r)
		} else {
			w.touch(r.item())
		}
	}
	for _, a := range f.added {
		w.rows = append(w.rows, a.row)
		w.touch(a.row.item())
	}
	w.bytes = f.bytes
}
