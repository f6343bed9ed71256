package window

import (
	"cmp"
	"encoding/binary"
	"iter"
	"slices"

	"oktastream/rules/event"
)

// Observation is one event as a rule's window sees it. It must not be changed after it has been observed, but for Since:
// what windows keep of it is made once.
type Observation struct {
	ID   string // event id; the same id at the same time and step is the same observation
	Time int64  // event time, Unix nanoseconds
	Step int    // which Input matched, from 0; 0 for Count and Distinct
	// Columns has, for each of Spec.Distinct, the values of the event (several, if the path led through an array).
	Columns [][]string
	// Join has the values that must agree with the step before; empty is unknown, which agrees with everything.
	Join []string
	// Since is, for FirstSeen, from when on every observation of the group is sure to have come; 0 is always. It is not
	// kept with the row.
	Since int64
	// What the alert tells about this event when only the window remembers it.
	Type, IP, Result string
	Origin           event.Origin

	row   row   // as windows keep it, if they belong to maker
	entry entry // of row, once it has been asked for
	maker *Dictionary
}

// entry is one of a window, its item and its value in one piece, for the changelog.
type entry struct {
	text []byte
	item int // bytes of it
}

// row is an observation as a window keeps it: the time to sort by, and the rest as it stands in a packed window, so that
// rows which nothing looks at are neither read nor written again.
type row struct {
	time   int64
	mark   int64  // what its keeping counts from: time, or for a late one the watermark when it came, see late.go
	packed string // see Dictionary.makeRow
	step   uint8
}

// A packed row's first byte tells what is usual about it, so that the usual row needs no counts:
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
	maxPlain  = 3
)

// size is what the row takes in a packed window, or somewhat more: its time, its length and itself; and its mark.
func (r row) size() int {
	if r.late() {
		return rowSize(len(r.packed)) + lateSize
	}
	return rowSize(len(r.packed))
}

func rowSize(packed int) int { return binary.MaxVarintLen64 + 1 + packed>>7 + packed }

// rowOf is o as the windows of d keep it.
func (d *Dictionary) rowOf(o *Observation, step int) row {
	if o.maker != d || int(o.row.step) != step {
		o.row, o.entry, o.maker = d.makeRow(idOf(o.ID), o, step), entry{}, d
	}
	return o.row
}

// entryOf is the entry of o's row.
func (d *Dictionary) entryOf(o *Observation) entry {
	if o.entry.item == 0 {
		b := o.row.appendItem(d.changes[:0])
		o.entry.item = len(b)
		d.changes = o.appendValue(b, b[rowIDAt:])
		o.entry.text = slices.Clone(d.changes)
	}
	return o.entry
}

func (e entry) yieldTo(yield func(item, value []byte) bool) bool {
	return yield(e.text[:e.item:e.item], e.text[e.item:])
}

// makeRow packs o, whose id is id, without its time:
//
//	flags · [step] · id · values · type · ip · result · topic · partition · offset · index
func (d *Dictionary) makeRow(id rowID, o *Observation, step int) row {
	b := append(d.scratch[:0], 0)
	flags := byte(min(step, stepLong)) << stepShift
	if step >= stepLong {
		b = append(b, byte(step))
	}
	if id.uuid {
		flags |= rowUUID
		b = append(b, id.text...)
	} else {
		b = putString(b, id.text)
	}
	if plain(o) {
		flags |= byte(len(o.Columns))
		for _, c := range o.Columns {
			b = appendText(b, c[0])
		}
	} else {
		flags |= rowLists
		b = appendTexts(b, o.Join)
		b = binary.AppendUvarint(b, uint64(len(o.Columns)))
		for _, c := range o.Columns {
			b = appendTexts(b, c)
		}
	}
	b[0] = flags
	b = appendText(b, o.Type)
	b = appendText(b, o.IP)
	b = appendText(b, o.Result)
	b = d.appendTopic(b, o.Origin.Topic)
	b = binary.AppendVarint(b, int64(o.Origin.Partition))
	b = binary.AppendVarint(b, o.Origin.Offset)
	b = binary.AppendVarint(b, int64(o.Origin.Index))
	d.scratch = b
	return row{time: o.Time, mark: o.Time, packed: string(b), step: uint8(step)}
}

// plain reports whether the flags of a row can tell all about the columns of o.
func plain(o *Observation) bool {
	if len(o.Join) > 0 || len(o.Columns) > maxPlain {
		return false
	}
	for _, c := range o.Columns {
		if len(c) != 1 {
			return false
		}
	}
	return true
}

// rowFrom is the row with this packed form.
func rowFrom(time int64, packed string) row {
	r := row{time: time, mark: time, packed: packed, step: packed[0] >> stepShift}
	if r.step == stepLong {
		r.step = packed[1]
	}
	return r
}

// rowID is the id of an event.
type rowID struct {
	text string // 16 bytes of a UUID
	uuid bool
}

func idOf(id string) rowID {
	if uuid, ok := parseUUID(id); ok {
		return rowID{string(uuid[:]), true}
	}
	return rowID{text: id}
}

func (id rowID) String() string {
	if id.uuid {
		return string(appendUUID(nil, id.text))
	}
	return id.text
}

// open reads the row up to its lists.
func (r row) open() (flags byte, id rowID, lists reader) {
	lists = reader{r.packed}
	flags = lists.byte()
	if flags>>stepShift == stepLong {
		lists.byte()
	}
	if id.uuid = flags&rowUUID != 0; id.uuid {
		id.text = lists.take(16)
	} else {
		id.text = lists.take(int(lists.uvarint()))
	}
	return flags, id, lists
}

func (r row) id() rowID {
	_, id, _ := r.open()
	return id
}

// join yields the join values, packed: equal ones are equal texts.
func (r row) join() iter.Seq[string] {
	return func(yield func(string) bool) {
		if flags, _, lists := r.open(); flags&rowLists != 0 {
			lists.texts(yield)
		}
	}
}

// column yields the values of column i, packed likewise.
func (r row) column(i int) iter.Seq[string] {
	return func(yield func(string) bool) {
		flags, _, lists := r.open()
		if flags&rowLists == 0 {
			if i < int(flags&maxPlain) {
				yield(lists.textAt(i))
			}
			return
		}
		lists.texts(nil)
		if uint64(i) >= lists.uvarint() {
			return
		}
		for range i {
			lists.texts(nil)
		}
		lists.texts(yield)
	}
}

// rowKey orders the rows of a window: by time, then step, then id.
type rowKey struct {
	time int64
	step uint8
	id   rowID
}

// Compare orders observations as a window does.
func (o Observation) Compare(p Observation) int { return o.key().compare(p.key()) }

func (o Observation) key() rowKey { return rowKey{o.Time, uint8(o.Step), idOf(o.ID)} }

func (r row) key() rowKey { return rowKey{r.time, r.step, r.id()} }

func (r row) compare(k rowKey) int {
	if r.time != k.time {
		return cmp.Compare(r.time, k.time)
	}
	return r.key().compare(k)
}

func (k rowKey) compare(o rowKey) int {
	switch {
	case k.time != o.time:
		return cmp.Compare(k.time, o.time)
	case k.step != o.step:
		return cmp.Compare(k.step, o.step)
	case k.id.uuid == o.id.uuid:
		return cmp.Compare(k.id.text, o.id.text)
	case k.id.uuid:
		return -1
	}
	return 1
}

// item is the row's key among the window's entries: a letter, time, step and id, so that rows sort by their items. A
// UUID in the usual lower-case form is 16 bytes behind a zero byte, any other id as it is behind a one.
func (r row) item() string {
	var buf [64]byte
	return string(r.appendItem(buf[:0]))
}

func (r row) appendItem(b []byte) []byte { return r.key().appendItem(b) }

func (k rowKey) item() string {
	var buf [64]byte
	return string(k.appendItem(buf[:0]))
}

func (k rowKey) appendItem(b []byte) []byte {
	b = append(b, rowItem)
	b = binary.BigEndian.AppendUint64(b, uint64(k.time)^(1<<63)) // two's complement sorts as unsigned with the sign flipped
	b = append(b, k.step)
	if k.id.uuid {
		b = append(b, 0)
	} else {
		b = append(b, 1)
	}
	return append(b, k.id.text...)
}

const (
	rowItem  = 'r'
	rowIDAt  = 1 + 8 + 1
	uuidSize = 16
)

// parseItem is the key of a row with this item; ok is false if no row has it.
func parseItem(item string) (k rowKey, ok bool) {
	if len(item) <= rowIDAt {
		return k, false
	}
	for _, c := range []byte(item[1 : rowIDAt-1]) {
		k.time = k.time<<8 | int64(c)
	}
	k.time ^= -1 << 63
	k.step = item[rowIDAt-1]
	k.id = rowID{text: item[rowIDAt+1:], uuid: item[rowIDAt] == 0}
	if k.id.uuid {
		return k, len(k.id.text) == uuidSize
	}
	_, isUUID := parseUUID(k.id.text)
	return k, item[rowIDAt] == 1 && !isUUID
}
