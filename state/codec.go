package state

import (
	"errors"
	"fmt"
)

// A changelog key says what its value is:
//
//	 0   1                     17
//	+---+---------------------+-----------+
//	|'w'| window ID, 16 bytes | item …    |   one entry of a window; the value is the window's
//	+---+---------------------+-----------+
//	|'c'|                                     the checkpoint, see Checkpoint.Encode
//	+---+
//
// The first byte is also the version: another layout gets another letter, so that an older program refuses what it
// cannot read. How windows encode their values is told by Checkpoint.Format, once for all.
const (
	kindEntry      = 'w'
	kindCheckpoint = 'c'
)

const itemAt = 1 + len(ID{})

// CheckpointKey is the changelog key of the checkpoint. It must not be changed.
var CheckpointKey = []byte{kindCheckpoint}

// Errors of Apply. An error of a window's own Apply is wrapped as well.
var (
	ErrKind = errors.New("state: changelog key of unknown kind")
	ErrKey  = errors.New("state: malformed changelog key")
	ErrOpen = errors.New("state: a transaction is open")
)

func appendKey(b []byte, id ID, item []byte) []byte {
	b = append(b, kindEntry)
	b = append(b, id[:]...)
	return append(b, item...)
}

// changeList collects changes. Their bytes share a few pieces of memory, which go together soon: when the transaction has
// been written.
type changeList struct {
	changes []Change
	piece   []byte
}

const pieceBytes = 1 << 15

// add copies item and value.
func (l *changeList) add(id ID, item, value []byte) {
	size := itemAt + len(item) + len(value)
	if cap(l.piece)-len(l.piece) < size {
		l.piece = make([]byte, 0, max(size, pieceBytes))
	}
	begin := len(l.piece)
	key := begin + itemAt + len(item)
	l.piece = append(appendKey(l.piece, id, item), value...)
	c := Change{Key: l.piece[begin:key:key]}
	if value != nil {
		c.Value = l.piece[key:len(l.piece):len(l.piece)]
	}
	l.changes = append(l.changes, c)
}

// Apply restores one record of the changelog; records must come in the order of the log. A nil value is a tombstone.
// Neither slice is kept. It fails with ErrOpen while a transaction is open. After any other error the state is
// incomplete, and the store must not be used.
func (s *Store[W]) Apply(key, value []byte) error {
	if s.open != nil {
		return ErrOpen
	}
	switch {
	case len(key) == 0:
		return fmt.Errorf("%w: it is empty", ErrKey)
	case key[0] == kindCheckpoint:
		return s.applyCheckpoint(key, value)
	case key[0] != kindEntry:
		return fmt.Errorf("%w: %q", ErrKind, key[0])
	case len(key) < itemAt:
		return fmt.Errorf("%w: %d bytes, an entry has at least %d", ErrKey, len(key), itemAt)
	}
	id, item := ID(key[1:itemAt]), key[itemAt:]
	if s.reading == none || s.table.records.at(s.reading).id != id {
		s.endReading()
		if _, known := s.table.find(&id); !known && value == nil {
			return nil
		}
		s.startReading(id)
	}
	s.restoring = true
	if err := s.read.Apply(item, value); err != nil {
		return fmt.Errorf("state: window %x, item %q: %w", id, item, err)
	}
	return nil
}

func (s *Store[W]) applyCheckpoint(key, value []byte) error {
	if len(key) != len(CheckpointKey) {
		return fmt.Errorf("%w: %d bytes, that of a checkpoint has %d", ErrKey, len(key), len(CheckpointKey))
	}
	if value == nil {
		s.checkpoint = nil
		return nil
	}
	c, err := DecodeCheckpoint(value)
	if err != nil {
		return err
	}
	s.checkpoint = &c
	return nil
}

// Checkpoint returns the checkpoint that was applied last: where the restored log ends. Commits do not change it.
func (s *Store[W]) Checkpoint() (Checkpoint, bool) {
	if s.checkpoint == nil {
		return Checkpoint{}, false
	}
	return *s.checkpoint, true
}
