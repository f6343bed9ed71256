package state

import (
	"encoding/binary"
	"math/bits"
)

// record is what the store knows of a committed window without looking into it. It has no pointers and 36 bytes, so that
// the collector does not see how many there are.
type record struct {
	id    ID
	at    instant // when it is due, or hollow
	next  uint32  // the next slot in the chain, or in the list of free slots
	timer uint32  // place of its hint in the queue, or none
	place uint32  // address of the packed window, or isLive or isFree
}

const (
	none   = ^uint32(0)
	isLive = ^uint32(0)     // the window is an object in Store.live
	isFree = ^uint32(0) - 1 // no window
)

// instant is a time in two halves: an int64 would be aligned to 8 bytes.
type instant [2]uint32

func instantOf(t int64) instant      { return instant{uint32(t >> 32), uint32(t)} }
func (i instant) nanoseconds() int64 { return int64(i[0])<<32 | int64(i[1]) }

// table finds records by ID. A record's number, its slot, stays the same as long as it is there.
//
// It is a hash table with chains that grows by linear hashing: each new record splits one chain, so no insertion waits
// for the whole table to be copied, and the table takes 4 bytes a record at any size.
type table struct {
	records paged[record]
	heads   paged[uint32]
	free    uint32 // first of the list of free slots
	count   int
}

func newTable() table {
	return table{records: paged[record]{shift: 14}, heads: paged[uint32]{shift: 17}, free: none}
}

// chain is the number of the chain of id. IDs are hashes that nobody can aim at; what is mixed here is for those in tests
// and for the level in the first byte.
func (t *table) chain(id *ID) uint32 {
	hi, lo := bits.Mul64(binary.LittleEndian.Uint64(id[:8])^0x9e3779b97f4a7c15, binary.LittleEndian.Uint64(id[8:])^0xd6e8feb86659fd93)
	n := t.heads.len()
	mask := uint32(1)<<bits.Len32(n) - 1
	c := uint32(hi^lo) & mask
	if c >= n { // not split yet
		c &= mask >> 1
	}
	return c
}

func (t *table) find(id *ID) (slot uint32, ok bool) {
	if t.count == 0 {
		return none, false
	}
	for s := *t.heads.at(t.chain(id)); s != none; {
		r := t.records.at(s)
		if r.id == *id {
			return s, true
		}
		s = r.next
	}
	return none, false
}

// add makes a record for an id that has none.
func (t *table) add(id ID) uint32 {
	if uint32(t.count) >= t.heads.len() {
		t.split()
	}
	slot := t.free
	if slot != none {
		t.free = t.records.at(slot).next
	} else {
		slot = t.records.len()
		t.records.push(record{})
	}
	head := t.heads.at(t.chain(&id))
	*t.records.at(slot) = record{id: id, next: *head, timer: none, place: isFree}
	*head = slot
	t.count++
	return slot
}

// split adds a chain and gives it its part of the one that has held its records so far.
func (t *table) split() {
	n := t.heads.len()
	t.heads.push(none)
	if n == 0 {
		return
	}
	old := t.heads.at(n - 1<<(bits.Len32(n)-1))
	for link := old; *link != none; {
		s := *link
		r := t.records.at(s)
		if t.chain(&r.id) != n {
			link = &r.next
			continue
		}
		head := t.heads.at(n)
		*link, r.next, *head = r.next, *head, s
	}
}

func (t *table) remove(slot uint32) {
	r := t.records.at(slot)
	link := t.heads.at(t.chain(&r.id))
	for *link != slot {
		link = &t.records.at(*link).next
	}
	*link = r.next
	*r = record{next: t.free, timer: none, place: isFree}
	t.free = slot
	t.count--
}
