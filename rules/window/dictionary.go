package window

import (
	"encoding/binary"
	"math"
	"strings"
)

// Dictionary holds what packed windows do not repeat: heads without their group keys, and names of topics. Both are few.
// All windows of a state.Store must share one, and belong to its goroutine; the zero value is ready.
type Dictionary struct {
	shapes []Head // without Group
	shape  map[string]uint16
	topics []string
	topic  map[string]uint16

	steps int // rows that windows have looked at, for tests that count work
	crowd int // instead of crowdedAbove, in tests, where waiting is long

	// Scratch.
	scratch, changes []byte
	parsed           Observation
	spare            []Window
}

const maxWords = math.MaxUint16

// windowsMade are made at once. They stay in memory as long as one of them does; those that a store keeps as objects have
// thousands of bytes.
const windowsMade = 8

// New returns an empty window without a head.
func (d *Dictionary) New() *Window {
	if len(d.spare) == 0 {
		d.spare = make([]Window, windowsMade)
	}
	w := &d.spare[0]
	d.spare = d.spare[1:]
	w.dict, w.fold.bytes = d, ownBytes
	return w
}

// noShape is the number of a head that has not been looked up, or cannot be numbered.
const noShape = -1

// shapeOf is the number of h without its group key; noShape when the numbers have run out.
func (d *Dictionary) shapeOf(h *Head) int {
	d.scratch = h.appendShape(d.scratch[:0])
	n, ok := d.shape[string(d.scratch)]
	switch {
	case ok:
		return int(n)
	case len(d.shapes) > maxWords:
		return noShape
	case d.shape == nil:
		d.shape = map[string]uint16{}
	}
	n = uint16(len(d.shapes))
	shape := *h
	shape.Group = nil
	d.shapes = append(d.shapes, shape)
	d.shape[string(d.scratch)] = n
	return int(n)
}

// appendTopic appends the name of a topic as a packed text.
func (d *Dictionary) appendTopic(b []byte, name string) []byte {
	n, ok := d.topic[name]
	if !ok {
		if len(d.topics) > maxWords {
			return appendText(b, name)
		}
		if d.topic == nil {
			d.topic = map[string]uint16{}
		}
		n = uint16(len(d.topics))
		name = strings.Clone(name) // it must not keep the record
		d.topics = append(d.topics, name)
		d.topic[name] = n
	}
	return binary.LittleEndian.AppendUint16(append(b, textTopic), n)
}

// topicOf is the name that appendTopic was given.
func (d *Dictionary) topicOf(packed string) string {
	if packed[0] == textTopic {
		return d.topics[uint16(packed[1])|uint16(packed[2])<<8]
	}
	return unpackText(packed)
}
