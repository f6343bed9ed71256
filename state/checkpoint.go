package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Checkpoint says where a task stands. It is written to the changelog in the same transaction as the changes it
// follows, under CheckpointKey.
type Checkpoint struct {
	Input      int64    // next offset of the task's input partition
	Sequence   uint64   // transactions so far
	Partitions int32    // partition count of the input topic when written: another one would have routed keys elsewhere
	Format     uint16   // of the windows' values and of Engine; not interpreted here
	Topic      [16]byte // id of the input topic, in whose log Input is a position; zero if unknown
	RuleSet    string   // fingerprint of the rule set
	Group      string   // consumer group that owns the state
	Engine     []byte   // opaque, owned by the engine
}

// Errors of DecodeCheckpoint.
var (
	ErrVersion    = errors.New("state: checkpoint of unknown version")
	ErrCheckpoint = errors.New("state: malformed checkpoint")
)

const (
	checkpointVersion = 2
	checkpointFixed   = 1 + 2 + 8 + 8 + 4
)

// Encode returns the changelog value of c:
//
//	 0         1        3       11         19           23      39
//	+---------+--------+-------+----------+------------+-------+---------+-------+--------+
//	| version | Format | Input | Sequence | Partitions | Topic | RuleSet | Group | Engine |
//	+---------+--------+-------+----------+------------+-------+---------+-------+--------+
//
// Numbers are big-endian; each of the last three is a length of 4 bytes and then as many bytes. Version 1 has no Topic.
func (c Checkpoint) Encode() []byte {
	b := make([]byte, 0, checkpointFixed+len(c.Topic)+3*4+len(c.RuleSet)+len(c.Group)+len(c.Engine))
	b = append(b, checkpointVersion)
	b = binary.BigEndian.AppendUint16(b, c.Format)
	b = binary.BigEndian.AppendUint64(b, uint64(c.Input))
	b = binary.BigEndian.AppendUint64(b, c.Sequence)
	b = binary.BigEndian.AppendUint32(b, uint32(c.Partitions))
	b = append(b, c.Topic[:]...)
	b = appendText(b, c.RuleSet)
	b = appendText(b, c.Group)
	return appendText(b, c.Engine)
}

func appendText[T string | []byte](b []byte, text T) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
	return append(b, text...)
}

// DecodeCheckpoint reads what Encode wrote, in this version or an earlier one, and nothing else: encoding what is of this
// version gives the same bytes. It keeps no part of b. An Engine without bytes is nil.
func DecodeCheckpoint(b []byte) (Checkpoint, error) {
	var c Checkpoint
	if len(b) == 0 {
		return c, fmt.Errorf("%w: it is empty", ErrCheckpoint)
	}
	if b[0] < 1 || b[0] > checkpointVersion {
		return c, fmt.Errorf("%w: %d, this program knows up to %d", ErrVersion, b[0], checkpointVersion)
	}
	if len(b) < checkpointFixed {
		return c, fmt.Errorf("%w: %d bytes", ErrCheckpoint, len(b))
	}
	d := Checkpoint{
		Format:     binary.BigEndian.Uint16(b[1:]),
		Input:      int64(binary.BigEndian.Uint64(b[3:])),
		Sequence:   binary.BigEndian.Uint64(b[11:]),
		Partitions: int32(binary.BigEndian.Uint32(b[19:])),
	}
	rest := b[checkpointFixed:]
	if b[0] > 1 {
		if len(rest) < len(d.Topic) {
			return c, fmt.Errorf("%w: it ends too early", ErrCheckpoint)
		}
		rest = rest[copy(d.Topic[:], rest):]
	}
	var texts [3][]byte
	for i := range texts {
		if len(rest) < 4 {
			return c, fmt.Errorf("%w: it ends too early", ErrCheckpoint)
		}
		n := binary.BigEndian.Uint32(rest)
		rest = rest[4:]
		if n > math.MaxInt32 || int(n) > len(rest) {
			return c, fmt.Errorf("%w: it ends too early", ErrCheckpoint)
		}
		texts[i], rest = rest[:n], rest[n:]
	}
	if len(rest) > 0 {
		return c, fmt.Errorf("%w: %d bytes too many", ErrCheckpoint, len(rest))
	}
	d.RuleSet, d.Group = string(texts[0]), string(texts[1])
	d.Engine = append(d.Engine, texts[2]...)
	return d, nil
}
