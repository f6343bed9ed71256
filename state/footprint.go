package state

import "encoding/binary"

// Footprint says where the memory of a store is, in bytes. Windows that are too large to be packed are not in it.
type Footprint struct {
	Packed  int // the packed windows
	Labels  int // owner and length of each
	Lost    int // of the cells that they lie in: what is behind them
	Free    int // of the arena: cells without a window, and pages that are not full
	Records int
	Chains  int
	Hints   int
}

// Footprint looks at every window, and is for those who measure.
func (s *Store[W]) Footprint() Footprint {
	s.derive()
	var f Footprint
	for slot := range s.slots() {
		r := s.table.records.at(slot)
		if r.place == isLive {
			continue
		}
		cell := s.arena.cell(r.place)
		_, n := binary.Uvarint(cell)
		length := int(binary.LittleEndian.Uint16(cell[n:]))
		f.Packed += length
		f.Labels += n + 2
		f.Lost += len(cell) - n - 2 - length
	}
	f.Free = s.arena.held - s.arena.cells
	f.Records = s.table.records.bytes()
	f.Chains = s.table.heads.bytes()
	for o := range s.owners {
		f.Hints += s.owners[o].queue.hints.bytes()
	}
	return f
}
