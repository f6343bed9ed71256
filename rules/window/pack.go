package window

import (
	"encoding/binary"
	"math"

	"oktastream/state"
)

// A packed window, for state.Store: the entries of a window in as few bytes as is cheap, for this process alone.
//
//	flags · [head: shape, 2 bytes · count, values of the group key] · count, rows · [item, value] …
//
// What the windows of a rule have in common is told by the Dictionary; head and rows have a form of their own, see
// Dictionary.appendRow; everything else stands there as in the changelog.

const (
	packedHead  = 1 << 0 // there is a head, and the Dictionary has its shape
	packedMilli = 1 << 1 // times of rows are in milliseconds, as Okta writes them

	// What Size adds up: at most this much besides the content of a row, and of the window as a whole.
	rowBytes = binary.MaxVarintLen64 // its time
	ownBytes = 1 + 2 + 1 + 3
	// An entry of those that have no form of their own: two lengths and a short item.
	tickBytes = 1 + 1 + 1 + binary.MaxVarintLen64
	paceBytes = 1 + 1 + 1 + 1 + 2*binary.MaxVarintLen64
)

// AppendPacked implements state.Window.
func (w *Window) AppendPacked(b []byte) []byte {
	begin := len(b)
	var flags byte
	b = append(b, 0)
	if shape, ok := w.dict.shapeOf(&w.head); ok && w.known {
		flags |= packedHead
		b = binary.LittleEndian.AppendUint16(b, shape)
		b = binary.AppendUvarint(b, uint64(len(w.head.Group)))
		for _, g := range w.head.Group {
			b = w.dict.appendText(b, g)
		}
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
		b = w.dict.appendRow(b, r)
		last = t
	}
	size := len(b)
	if w.known && flags&packedHead == 0 {
		b = appendEntry(b, []byte(headItem), w.head.encode())
	}
	for item, value := range w.rest() {
		b = appendEntry(b, item, value)
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

func appendEntry(b, item, value []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(item)))
	b = append(b, item...)
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}

// Unpack implements state.Window. All texts of the window share one allocation.
func (w *Window) Unpack(b []byte) {
	if len(b) == 0 {
		return
	}
	r := reader{b}
	flags := r.byte()
	texts, ends := w.dict.scratch[:0], w.dict.ends[:0]
	members := 0
	if flags&packedHead != 0 {
		w.head, w.known = w.dict.shapes[binary.LittleEndian.Uint16(r.take(2))], true
		members = int(r.uvarint())
		for range members {
			texts = w.dict.text(texts, &r)
			ends = append(ends, len(texts))
		}
	}
	unit := int64(1)
	if flags&packedMilli != 0 {
		unit = 1e6
	}
	n := int(r.uvarint())
	if n > 0 {
		w.rows = make([]row, n, n+1)
	}
	last := int64(0)
	for i := range w.rows {
		last += r.varint()
		before := len(r.b)
		row := &w.rows[i]
		row.time = last * unit
		texts, row.step = w.dict.row(texts, &r)
		row.packed = uint32(before - len(r.b))
		w.bytes += row.size()
		ends = append(ends, len(texts))
	}
	w.dict.scratch, w.dict.ends = texts, ends
	all, at := string(texts), 0
	if members > 0 {
		w.head.Group = make([]string, members)
	}
	for i, end := range ends {
		if text := all[at:end]; i < members {
			w.head.Group[i] = text
		} else {
			w.rows[i-members].enc = text
		}
		at = end
	}
	w.measureHead()
	for len(r.b) > 0 {
		item := r.take(int(r.uvarint()))
		if err := w.Apply(item, r.take(int(r.uvarint()))); err != nil {
			panic("window: " + err.Error()) // memory was overwritten: the same bytes were an entry of this process
		}
	}
}

// Size implements state.Window: what the parts of the packed form take if each is as long as it can be. TestSize compares.
func (w *Window) Size() int {
	n := w.bytes + w.headBytes
	if w.judged != noTick {
		n += tickBytes
	}
	if w.pace != noPace {
		n += paceBytes
	}
	return n
}

// measureHead must follow every change of the head.
func (w *Window) measureHead() {
	w.headBytes = 0
	if !w.known {
		return
	}
	b := w.dict.measuring[:0]
	for _, g := range w.head.Group {
		b = w.dict.appendText(b, g)
	}
	w.dict.measuring = b
	w.headBytes = len(b)
}

// measure notes how long r is when it is packed.
func (d *Dictionary) measure(r row) row {
	d.measuring = d.appendRow(d.measuring[:0], r)
	r.packed = uint32(len(d.measuring))
	return r
}

// size is what the row counts in Window.bytes.
func (r row) size() int { return rowBytes + int(r.packed) }

// Owner implements state.Window: the windows of a rule share its part of the memory.
func (w *Window) Owner() state.Owner { return state.Owner(w.head.Rule) }

// reader reads what this process has packed. It panics where that has been overwritten.
type reader struct{ b []byte }

func (r *reader) take(n int) []byte {
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) byte() byte { return r.take(1)[0] }

func (r *reader) uvarint() uint64 {
	if c := r.b[0]; c < 0x80 {
		r.b = r.b[1:]
		return uint64(c)
	}
	x, n := binary.Uvarint(r.b)
	r.b = r.b[n:]
	return x
}

func (r *reader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// A row's first byte tells what is usual about it, so that the usual row needs no counts:
//
//	bits 0–1  number of columns, if each has one value and there is no join
//	bit 2     the id is a UUID
//	bit 3     there are a join list and column lists instead
//	bits 4–7  the step, 15 if it stands behind
const (
	rowUUID   = 1 << 2
	rowLists  = 1 << 3
	stepShift = 4
	stepLong  = 15
)

// appendRow appends r without its time:
//
//	flags · [step] · id · values · type · ip · result · topic · partition · offset · index
func (d *Dictionary) appendRow(b []byte, r row) []byte {
	id, rest := cutString(r.enc)
	rest = rest[1:] // the step
	flags := byte(min(r.step, stepLong)) << stepShift
	isUUID := len(id) == 17 && id[0] == 0
	if isUUID {
		flags |= rowUUID
	}
	columns, plain := plainColumns(rest)
	if plain {
		flags |= byte(columns)
	} else {
		flags |= rowLists
	}
	b = append(b, flags)
	if r.step >= stepLong {
		b = append(b, r.step)
	}
	if isUUID {
		b = append(b, id[1:]...)
	} else {
		b = putString(b, id)
	}
	if plain {
		rest = rest[2:]
		for range columns {
			b, rest = d.appendCut(b, rest[1:])
		}
	} else {
		b, rest = d.appendList(b, rest)
		var n uint64
		n, rest = cutUvarint(rest)
		b = binary.AppendUvarint(b, n)
		for range n {
			b, rest = d.appendList(b, rest)
		}
	}
	for range 3 {
		b, rest = d.appendCut(b, rest)
	}
	topic, rest := cutString(rest)
	b = d.appendTopic(b, topic)
	return append(b, rest...)
}

// plainColumns is the number of columns in the encoded lists of a row, if the flags can tell all about them.
func plainColumns(lists string) (n int, ok bool) {
	if lists[0] != 0 || lists[1] > 3 {
		return 0, false
	}
	n = int(lists[1])
	lists = lists[2:]
	for range n {
		if lists[0] != 1 {
			return 0, false
		}
		_, lists = cutString(lists[1:])
	}
	return n, true
}

func (d *Dictionary) appendCut(b []byte, s string) ([]byte, string) {
	text, rest := cutString(s)
	return d.appendText(b, text), rest
}

func (d *Dictionary) appendList(b []byte, s string) ([]byte, string) {
	n, rest := cutUvarint(s)
	b = binary.AppendUvarint(b, n)
	for range n {
		b, rest = d.appendCut(b, rest)
	}
	return b, rest
}

// row appends to b the encoding that appendRow was given.
func (d *Dictionary) row(b []byte, r *reader) ([]byte, uint8) {
	flags := r.byte()
	step := flags >> stepShift
	if step == stepLong {
		step = r.byte()
	}
	if flags&rowUUID != 0 {
		b = append(b, 17, 0)
		b = append(b, r.take(16)...)
	} else {
		n := r.uvarint()
		b = binary.AppendUvarint(b, n)
		b = append(b, r.take(int(n))...)
	}
	b = append(b, step)
	if flags&rowLists == 0 {
		n := flags & 3
		b = append(b, 0, n)
		for range n {
			b = d.putText(append(b, 1), r)
		}
	} else {
		b = d.putTexts(b, r)
		n := r.uvarint()
		b = binary.AppendUvarint(b, n)
		for range n {
			b = d.putTexts(b, r)
		}
	}
	for range 3 {
		b = d.putText(b, r)
	}
	b = d.putText(b, r) // topic
	for range 3 {       // partition, offset, index
		b = binary.AppendUvarint(b, r.uvarint())
	}
	return b, step
}

// putText appends the next text with its length.
func (d *Dictionary) putText(b []byte, r *reader) []byte {
	at := len(b)
	b = d.text(append(b, 0), r)
	n := len(b) - at - 1
	if n < 0x80 {
		b[at] = byte(n)
		return b
	}
	var length [binary.MaxVarintLen64]byte
	more := binary.PutUvarint(length[:], uint64(n)) - 1
	b = append(b, length[:more]...)
	copy(b[at+1+more:], b[at+1:at+1+n])
	copy(b[at:], length[:more+1])
	return b
}

func (d *Dictionary) putTexts(b []byte, r *reader) []byte {
	n := r.uvarint()
	b = binary.AppendUvarint(b, n)
	for range n {
		b = d.putText(b, r)
	}
	return b
}

const maxWords = math.MaxUint16
