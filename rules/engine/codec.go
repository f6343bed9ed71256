package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"oktastream/rules/event"
)

// Wire form of a Message: one byte for the kind, which also tells the version, then
//
//	O: class · key · id · from · time · flags · origin (topic, partition, offset, index) · event JSON to the end
//	C: level · epoch · count, sources (topic, partition, max, idle) · count, input topics (name, partitions)
//
// Strings carry a uvarint length, integers are varints. The event stands last and as it is, so that a person who looks
// at the topic with a console consumer can read it.
const (
	kindObservation = 'O'
	kindClocks      = 'C'
)

// maxLevels bounds what a message may claim; a rule set has a handful.
const maxLevels = 1000

// ErrMessage is wrapped by every error of DecodeMessage.
var ErrMessage = errors.New("message in the repartition topic cannot be read")

// Encode returns the wire form.
func (m Message) Encode() []byte {
	switch {
	case m.Observation != nil:
		o := m.Observation
		b := make([]byte, 0, 96+len(o.Class)+len(o.Key)+len(o.Origin.Topic)+len(o.Event))
		b = append(b, kindObservation)
		b = putString(b, o.Class)
		b = putString(b, o.Key)
		b = putString(b, o.ID)
		b = putString(b, o.From)
		b = binary.AppendVarint(b, o.Time)
		b = append(b, byte(o.Flags))
		b = putString(b, o.Origin.Topic)
		b = binary.AppendVarint(b, int64(o.Origin.Partition))
		b = binary.AppendVarint(b, o.Origin.Offset)
		b = binary.AppendVarint(b, int64(o.Origin.Index))
		return append(b, o.Event...)
	case m.Clocks != nil:
		return m.Clocks.append([]byte{kindClocks})
	}
	return nil
}

func (c *Clocks) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(c.Level))
	b = binary.AppendVarint(b, c.Epoch)
	b = binary.AppendUvarint(b, uint64(len(c.Sources)))
	for _, s := range c.Sources {
		b = putString(b, s.Topic)
		b = binary.AppendVarint(b, int64(s.Partition))
		b = binary.AppendVarint(b, s.Max)
		idle := byte(0)
		if s.Idle {
			idle = 1
		}
		b = append(b, idle)
	}
	b = binary.AppendUvarint(b, uint64(len(c.Partitions)))
	for _, t := range slices.Sorted(maps.Keys(c.Partitions)) {
		b = putString(b, t)
		b = binary.AppendVarint(b, int64(c.Partitions[t]))
	}
	return b
}

// DecodeMessage reads the wire form. The Observation's Event refers to b.
func DecodeMessage(b []byte) (Message, error) {
	if len(b) == 0 {
		return Message{}, fmt.Errorf("%w: it is empty", ErrMessage)
	}
	d := decoder{rest: b[1:]}
	var m Message
	switch b[0] {
	case kindObservation:
		o := &Observation{Class: d.string(), Key: d.string(), ID: d.string(), From: d.string(), Time: d.varint(), Flags: event.Flags(d.byte())}
		o.Origin = event.Origin{Topic: d.string(), Partition: int32(d.varint()), Offset: d.varint(), Index: int32(d.varint())}
		o.Event = d.rest
		d.rest = nil
		m.Observation = o
	case kindClocks:
		m.Clocks = d.clocks()
	default:
		return Message{}, fmt.Errorf("%w: kind %q is not known to this version", ErrMessage, b[0])
	}
	if d.bad || len(d.rest) > 0 {
		return Message{}, fmt.Errorf("%w: it is cut short or too long", ErrMessage)
	}
	return m, nil
}

func (d *decoder) clocks() *Clocks {
	c := &Clocks{}
	level := d.uvarint()
	if level > maxLevels {
		d.bad = true
		return c
	}
	c.Level = int(level)
	c.Epoch = d.varint()
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.bad = true
		return c
	}
	for range n {
		c.Sources = append(c.Sources, SourceClock{Topic: d.string(), Partition: int32(d.varint()), Max: d.varint(), Idle: d.byte() == 1})
	}
	n = d.uvarint()
	if n > uint64(len(d.rest)) {
		d.bad = true
		return c
	}
	if n > 0 {
		c.Partitions = make(map[string]int32, n)
	}
	for range n {
		t := d.string()
		c.Partitions[t] = int32(d.varint())
	}
	return c
}

func putString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// decoder reads varints and strings; after bad input every read gives a zero value.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) uvarint() uint64 {
	x, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.bad, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[n:]
	return x
}

func (d *decoder) varint() int64 {
	x, n := binary.Varint(d.rest)
	if n <= 0 {
		d.bad, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[n:]
	return x
}

func (d *decoder) byte() byte {
	if len(d.rest) == 0 {
		d.bad = true
		return 0
	}
	c := d.rest[0]
	d.rest = d.rest[1:]
	return c
}

func (d *decoder) string() string {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.bad, d.rest = true, nil
		return ""
	}
	s := string(d.rest[:n])
	d.rest = d.rest[n:]
	return s
}
