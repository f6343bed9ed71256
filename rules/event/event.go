package event

import "oktastream/rules/event/jsontree"

// Origin says where an event was read, so that it can be found again and so that events have a total order.
// The zero Origin is an event that no record carried (a rule test).
type Origin struct {
	Topic     string // Kafka topic, or the file an offline run read
	Partition int32  // Kafka partition; 0 for files
	Offset    int64  // Kafka offset, or the 0-based record number in a file
	Index     int32  // position of the event inside its record, from 0
}

// Compare orders origins by topic, partition, offset, index.
func (o Origin) Compare(p Origin) int {
	switch {
	case o.Topic != p.Topic:
		return order(o.Topic < p.Topic)
	case o.Partition != p.Partition:
		return order(o.Partition < p.Partition)
	case o.Offset != p.Offset:
		return order(o.Offset < p.Offset)
	case o.Index != p.Index:
		return order(o.Index < p.Index)
	}
	return 0
}

func order(less bool) int {
	if less {
		return -1
	}
	return 1
}

// Flags records what had to be assumed about an event.
type Flags uint8

const (
	// TimeMissing: published was absent or unreadable; the record's timestamp stands in, or the time of the reading.
	TimeMissing Flags = 1 << iota
	// TimeClamped: published lay further in the future than the allowed skew; the time at which the broker took the record, or
	// at which it was read, stands in, and the event advances no clock.
	TimeClamped
	// IDMissing: the event has no uuid; its origin stands in.
	IDMissing
	// TimeUnreadable, beside TimeMissing: published is there, and cannot be read as a time.
	TimeUnreadable
)

var assumptions = []struct {
	flag Flags
	note string
}{
	{TimeMissing, "the event has no readable time; the record's stands in, or that of its reading, and the clock does not follow it"},
	{TimeUnreadable, "what the event has as published cannot be read as a time"},
	{TimeClamped, "the event's time lies in the future; that of its arrival stands in, and the clock does not follow it"},
	{IDMissing, "the event has no uuid; its place in the topic stands in"},
}

// Notes says what had to be assumed, a sentence for each flag. Nothing gives nil.
func (f Flags) Notes() []string {
	var notes []string
	for _, a := range assumptions {
		if f&a.flag != 0 {
			notes = append(notes, a.note)
		}
	}
	return notes
}

// Kind is the JSON type of a Value.
type Kind uint8

const (
	String Kind = iota + 1
	Number
	Bool
	Object // an object or an array where a scalar could stand; Text is its compact JSON
)

// Value is one value found at a path. null is not a value: a path that leads to null finds nothing.
type Value struct {
	Kind Kind
	// Text is the decoded string, the number as it is written, true or false, or the JSON of an Object.
	// It may refer to the record's bytes: clone what outlives the event.
	Text string
}

// Event is one LogEvent, read through paths. It belongs to its Decoder and is valid until the next Decode; it is not
// safe for concurrent use, because it remembers what was looked up.
type Event struct {
	fields *Fields
	tree   jsontree.Tree    // what fields select
	full   jsontree.Tree    // everything, once it was asked for
	parsed bool             // full holds this event
	texts  []text           // strings that were read as JSON or as a notation
	inner  []*jsontree.Tree // what texts have been read into; kept for the next event
	arena  []byte           // texts that had to be decoded

	raw      []byte
	origin   Origin
	id       string
	typ      string
	envelope string
	carrier  []byte
	carried  jsontree.Tree // carrier, once it was asked for
	time     int64
	progress int64
	flags    Flags

	memo []memo    // by FieldID
	read []FieldID // what memo knows

	// Scratch of Project.
	part      jsontree.Tree
	projected []byte
}

type memo struct {
	known  bool
	values []Value
}

// maxArena is how much space for decoded texts is kept for the next event; one huge event must not bind its memory for
// ever.
const maxArena = 1 << 20

// maxInner is the same for trees of texts.
const maxInner = 64

// reset forgets the event before, so that no string of its record stays alive and none of its values comes back.
func (e *Event) reset() {
	for _, id := range e.read {
		m := &e.memo[id]
		if len(m.values) == 1 { // most have one, and clearing a range costs a call
			m.values[0] = Value{}
		} else {
			clear(m.values)
		}
		m.known, m.values = false, m.values[:0]
	}
	e.read = e.read[:0]
	for range len(e.fields.fields) - len(e.memo) {
		e.memo = append(e.memo, memo{})
	}
	for i := range e.texts {
		e.inner[i].Reset()
	}
	if len(e.inner) > maxInner {
		e.inner = nil
	}
	clear(e.texts)
	e.texts = e.texts[:0]
	if e.arena = e.arena[:0]; cap(e.arena) > maxArena {
		e.arena = nil
	}
	e.parsed, e.carrier = false, nil
	e.carried.Reset()
	e.raw, e.id, e.typ, e.envelope, e.time, e.progress, e.flags, e.origin = nil, "", "", "", 0, 0, 0, Origin{}
}

// Type is the event type, as it is written: the first value of the path eventType, "" when there is none.
func (e *Event) Type() string { return e.typ }

// ID is the uuid, or topic/partition/offset/index when IDMissing is set.
func (e *Event) ID() string { return e.id }

// Time is the event time in nanoseconds since 1970. It is published unless a flag says otherwise, and 0 when nothing
// at all says when the event happened.
func (e *Event) Time() int64 { return e.time }

// Progress is how far the event says that its source has come, in nanoseconds since 1970; 0 if it says nothing, because its
// time was assumed. It is the event's time, but no later than the record was stamped: see progress.
func (e *Event) Progress() int64 { return e.progress }

// Flags says what had to be assumed.
func (e *Event) Flags() Flags { return e.flags }

// Origin is where the event was read.
func (e *Event) Origin() Origin { return e.origin }

// Raw is the JSON that was decoded. It must not be changed.
func (e *Event) Raw() []byte { return e.raw }

// Complete reports whether the event has at its top what every LogEvent has: eventType, uuid and published, each once,
// spelt as Okta spells them, and as texts that are not empty.
func (e *Event) Complete() bool {
	if e.tree.Odd() {
		return false
	}
	for _, m := range []struct {
		at   jsontree.Place
		name jsontree.Name
	}{{e.fields.typ, nameType}, {e.fields.id, nameID}, {e.fields.publishing, namePublished}} {
		n := e.tree.At(m.at)
		if e.tree.Kind(n) != jsontree.String || len(e.tree.Raw(n)) == len(`""`) || e.tree.Key(n) != m.name.String() {
			return false
		}
	}
	return true
}

// Envelope is the wrapping the event arrived in, as Meta gave it.
func (e *Event) Envelope() string { return e.envelope }

// Field returns the values of the field, in the order of the event; none when the path leads nowhere or to null. The
// slice belongs to the event. Asking again costs nothing.
func (e *Event) Field(id FieldID) []Value {
	m := &e.memo[id]
	if m.known {
		return m.values
	}
	m.known = true
	e.read = append(e.read, id)
	f := &e.fields.fields[id]
	if f.path.c == nil {
		return nil
	}
	if f.direct != jsontree.Top && !e.tree.Odd() {
		if v, ok := e.scalar(&e.tree, e.tree.At(f.direct)); ok {
			if f.path.c.reads[0].convert == maybeAddress {
				v = e.respelt(v)
			}
			m.values = append(m.values, v)
			return m.values
		}
	}
	m.values = e.collect(m.values, f.path.c, &e.tree, f.chains)
	return m.values
}

// scalars are the kinds of what is a value by itself.
var scalars = [...]Kind{jsontree.String: String, jsontree.Number: Number, jsontree.Bool: Bool, jsontree.Object: 0}

// scalar is the value of a text, number or boolean.
func (e *Event) scalar(t *jsontree.Tree, n jsontree.Node) (v Value, ok bool) {
	kind := scalars[t.Kind(n)]
	if kind == 0 {
		return Value{}, false
	}
	text, ok := t.Plain(n)
	if !ok {
		text, e.arena = t.Decoded(n, e.arena)
	}
	return Value{kind, text}, true
}

// whole is the tree of everything. It takes a second pass over the event, which most events never need.
func (e *Event) whole() *jsontree.Tree {
	if !e.parsed {
		e.parsed = true
		if e.full.Parse(e.raw) != nil {
			panic("event: the text of an event has changed while it was in use")
		}
		if e.full.Dotted() { // where no field reads, else decoding had found it
			if e.full.Parse(e.full.Nested()) != nil {
				e.full.Reset() // nested too deep for any path
			}
		}
	}
	return &e.full
}

// outer is the tree of what the envelope says.
func (e *Event) outer() *jsontree.Tree {
	if e.carried.Len() == 0 && e.carried.Parse(e.carrier) != nil {
		e.carrier = nil // no JSON, which no envelope of ours has
	}
	return &e.carried
}

// Lookup is Field for a path that may not be among the fields. It allocates when it is not, and the first time for an
// event it parses what the fields left out.
func (e *Event) Lookup(p Path) []Value {
	if id, ok := e.fields.lookup(p); ok {
		return e.Field(id)
	}
	if p.c == nil {
		return nil
	}
	return e.collect(nil, p.c, e.whole(), nil)
}

// first is the text of the first scalar at a member of the top, as Field would find it. Where objects count too, an
// object's text is its JSON.
func (e *Event) first(at jsontree.Place, key jsontree.Name, objects bool) string {
	n := jsontree.None
	if e.tree.Odd() {
		n = e.tree.FindName(jsontree.Root, key)
	} else {
		n = e.tree.At(at)
	}
	switch e.tree.Kind(n) {
	case jsontree.String, jsontree.Number, jsontree.Bool:
		return e.tree.Text(n)
	case jsontree.Array, jsontree.Object:
		for _, v := range e.leaf(nil, &e.tree, n, asIs) {
			if v.Kind != Object || objects {
				return v.Text
			}
		}
	}
	return ""
}
