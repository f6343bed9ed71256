package window

import (
	"encoding/binary"

	"oktastream/state"
)

// A packed window, for state.Store: the entries of a window in as few bytes as is cheap, for this process alone.
//
//	flags · [head: shape, 2 bytes · count, values of the group key] · count, [time, row] … · [count, [place, mark] … of late rows] ·
//	[item, value] …
//
// What the windows of a rule have in common is told by the Dictionary; group key and rows have a form of their own, which
// they keep while the window is unpacked; everything else stands there as in the changelog.

const (
	packedHead  = 1 << 0 // there is a head, and the Dictionary has its shape
	packedMilli = 1 << 1 // times of rows are in milliseconds, as Okta writes them
	packedLate  = 1 << 2 // there are late rows

	// What Size adds up besides group key and rows: at most this much for the window as a whole.
	ownBytes = 1 + 2 + 1 + 3
	// A late row: its place and its mark, and its share of their count.
	lateSize = 2*binary.MaxVarintLen64 + 4
	// An entry of those that have no form of their own: two lengths and a short item.
	tickBytes = 1 + 1 + 1 + binary.MaxVarintLen64
	paceBytes = 1 + 1 + 1 + 1 + 2*binary.MaxVarintLen64
)

// AppendPacked implements state.Window.
func (w *Window) AppendPacked(b []byte) []byte {
	if w.contents == nil {
		return w.fold.appendPacked(b)
	}
	begin := len(b)
	var flags byte
	b = append(b, 0)
	if w.known && w.shape == noShape {
		w.shape = w.dict.shapeOf(&w.head)
	}
	if w.known && w.shape != noShape {
		flags |= packedHead
		b = binary.LittleEndian.AppendUint16(b, uint16(w.shape))
		b = binary.AppendUvarint(b, uint64(len(w.head.Group)))
		b = append(b, w.group...)
	}
	unit := int64(1)
	if w.inMillis() {
		flags |= packedMilli
		unit = 1e6
	}
	b = binary.AppendUvarint(b, uint64(len(w.rows)))
	last := int64(0)
	for _, r := range w.rows {
		t := r.time / unit
		b = binary.AppendVarint(b, t-last) // may wrap around, and wraps back
		b = putString(b, r.packed)
		last = t
	}
	if m := w.lateRows(); m.n > 0 {
		flags |= packedLate
		b = binary.AppendUvarint(b, uint64(m.n))
		for i, r := range w.rows {
			if r.late() {
				b = binary.AppendVarint(binary.AppendUvarint(b, uint64(i)), r.mark)
			}
		}
	}
	size := len(b)
	if w.known && flags&packedHead == 0 {
		b = appendEntry(b, headItem, w.head.encode())
	}
	for i := range w.eps {
		b = appendEntry(b, w.eps[i].item(), w.eps[i].encode())
	}
	if w.judged != noTick {
		b = appendEntry(b, tickItem, encodeTick(w.judged))
	}
	if w.pace != noPace {
		b = appendEntry(b, paceItem, w.pace.encode())
	}
	if w.debt != noDebt {
		b = appendEntry(b, debtItem, w.debt.encode())
	}
	for _, t := range w.trigs {
		b = putString(putString(b, t.item), t.text)
	}
	if flags&packedHead == 0 && len(w.rows) == 0 && len(b) == size {
		return b[:begin] // nothing has been applied
	}
	b[begin] = flags
	return b
}

func (w *Window) inMillis() bool {
	for i := range w.rows {
		if w.rows[i].time%1e6 != 0 {
			return false
		}
	}
	return true
}

func appendEntry(b []byte, item string, value []byte) []byte {
	return putString(putString(b, item), value)
}

// Unpack implements state.Window. What the window keeps is parts of one copy of b.
func (w *Window) Unpack(b []byte) {
	if len(b) == 0 {
		return
	}
	text := string(b)
	if w.contents == nil {
		if w.fold.read(w.dict, text) {
			return
		}
		w.unfold()
	}
	r := reader{text}
	flags := r.byte()
	if flags&packedHead != 0 {
		n := r.take(2)
		r.rest = w.adopt(int(n[0])|int(n[1])<<8, r.rest)
	}
	unit := int64(1)
	if flags&packedMilli != 0 {
		unit = 1e6
	}
	if n := int(r.uvarint()); n > 0 {
		w.rows = make([]row, n, n+1)
	}
	last := int64(0)
	for i := range w.rows {
		last += r.varint()
		w.rows[i] = rowFrom(last*unit, r.take(int(r.uvarint())))
		w.bytes += w.rows[i].size()
	}
	if flags&packedLate != 0 {
		for range r.uvarint() {
			late := &w.rows[r.uvarint()]
			late.mark = r.varint()
			w.marks.note(*late)
			w.bytes += lateSize
		}
	}
	for r.rest != "" {
		item := r.take(int(r.uvarint()))
		if err := w.install(item, r.take(int(r.uvarint()))); err != nil {
			panic("window: " + err.Error()) // memory was overwritten: the same bytes were an entry of this process
		}
	}
}

// adopt makes the head that of a shape and of the group key that packed begins with, and returns what follows that.
func (w *Window) adopt(shape int, packed string) (rest string) {
	w.shape, w.known = shape, true
	w.head = w.dict.shapes[shape]
	r := reader{packed}
	if n := r.uvarint(); n > 0 {
		w.head.Group = make([]string, n)
	}
	w.group = r.rest
	for i := range w.head.Group {
		w.head.Group[i] = unpackText(r.text())
	}
	w.group = w.group[:len(w.group)-len(r.rest)]
	return r.rest
}

// Size implements state.Window: what the parts of the packed form take if each is as long as it can be. TestSize compares.
func (w *Window) Size() int {
	if w.contents == nil {
		return w.fold.bytes + len(w.fold.group())
	}
	n := w.bytes + len(w.group)
	if w.judged != noTick {
		n += tickBytes
	}
	if w.pace != noPace {
		n += paceBytes
	}
	if w.debt != noDebt {
		n += debtBytes
	}
	return n
}

// Owner implements state.Window: the windows of a rule share its part of the memory.
func (w *Window) Owner() state.Owner {
	switch {
	case w.contents != nil:
		return state.Owner(w.head.Rule)
	case w.fold.head != "":
		return state.Owner(w.dict.shapes[w.fold.shape].Rule)
	}
	return state.Owner{}
}

// reader reads what this process has packed. It panics where that has been overwritten.
type reader struct{ rest string }

func (r *reader) take(n int) string {
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

func (r *reader) byte() byte { return r.take(1)[0] }

func (r *reader) uvarint() uint64 {
	var x uint64
	for i := 0; ; i++ {
		c := r.rest[i]
		x |= uint64(c&0x7f) << (7 * i & 63)
		if c < 0x80 {
			r.rest = r.rest[i+1:]
			return x
		}
	}
}

func (r *reader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}
