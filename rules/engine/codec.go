package engine

import (
	"cmp"
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
//	C: level · epoch · count, sources (topic, partition, max, state) · count, input topics (name, partitions)
//	   · if there are any: count, sources of an organisation and path (topic, partition, organisation, path, max, state)
//
// The state of a source is 1 for idle, 2 for unsettled, and else 0. Versions that know no organisations wrote 0 and 1 and
// read anything else as 0, and their messages are those of this version where there are no organisations.
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
		b := m.Clocks.append([]byte{kindClocks})
		if m.Clocks.named() > 0 {
			b = m.Clocks.appendNamed(b)
		}
		return b
	}
	return nil
}

// named is how many sources have an organisation or a path.
func (c *Clocks) named() (n int) {
	for i := range c.Sources {
		if c.Sources[i].isNamed() {
			n++
		}
	}
	return n
}

func (s *SourceClock) isNamed() bool { return s.Org != "" || s.Path != "" }

const (
	stateLive byte = iota
	stateIdle
	stateUnsettled
)

func (s *SourceClock) state() byte {
	switch {
	case s.Idle:
		return stateIdle
	case s.Unsettled:
		return stateUnsettled
	}
	return stateLive
}

func (s *SourceClock) setState(b byte) { s.Idle, s.Unsettled = b == stateIdle, b == stateUnsettled }

// appendNamed appends the sources of organisations and paths.
func (c *Clocks) appendNamed(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(c.named()))
	for _, s := range c.Sources {
		if !s.isNamed() {
			continue
		}
		b = putString(b, s.Topic)
		b = binary.AppendVarint(b, int64(s.Partition))
		b = putString(putString(b, s.Org), s.Path)
		b = append(binary.AppendVarint(b, s.Max), s.state())
	}
	return b
}

func (c *Clocks) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(c.Level))
	b = binary.AppendVarint(b, c.Epoch)
	b = binary.AppendUvarint(b, uint64(len(c.Sources)-c.named()))
	for _, s := range c.Sources {
		if s.isNamed() {
			continue
		}
		b = putString(b, s.Topic)
		b = binary.AppendVarint(b, int64(s.Partition))
		b = append(binary.AppendVarint(b, s.Max), s.state())
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
		if len(d.rest) > 0 {
			d.named(m.Clocks)
		}
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
		s := SourceClock{Topic: d.string(), Partition: int32(d.varint()), Max: d.varint()}
		s.setState(d.byte())
		c.Sources = append(c.Sources, s)
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

// named reads the sources of organisations and paths, and puts them where they belong.
func (d *decoder) named(c *Clocks) {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.bad = true
		return
	}
	for range n {
		s := SourceClock{Topic: d.string(), Partition: int32(d.varint()), Org: d.string(), Path: d.string(), Max: d.varint()}
		s.setState(d.byte())
		c.Sources = append(c.Sources, s)
	}
	slices.SortStableFunc(c.Sources, compareSources)
}

func compareSources(a, b SourceClock) int {
	return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Org, b.Org), cmp.Compare(a.Path, b.Path))
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
