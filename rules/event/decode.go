package event

import (
	"errors"
	"strconv"
	"time"

	"oktastream/rules/event/jsontree"
)

// Meta is what the event itself does not say.
type Meta struct {
	Origin Origin
	// Timestamp is the record's time in nanoseconds since 1970, 0 when unknown. Appended: the broker has set it, when it took
	// the record; else whoever sent the record has.
	Timestamp int64
	Appended  bool
	// Now is the wall clock at the reading, 0 when unknown. Skew is how far in the future of it, or of what the broker says,
	// an event's time may lie; 0 means any distance.
	Now  int64
	Skew time.Duration
	// ID and Time are given for observations, whose identity and time were found when the event was read. Their zero
	// values ask for the event's own.
	ID   string
	Time int64
	// Flags are added to those that decoding finds.
	Flags Flags
	// Envelope is the wrapping the event arrived in.
	Envelope string
	// Carrier is what the envelope, or the record, says beside the event: a JSON object that paths read as the member
	// envelope. Nil leaves that to a member of the event's own. It must not change as long as the event is in use.
	Carrier []byte
}

// Decoder makes Events. It reuses its memory and is not safe for concurrent use.
type Decoder struct{ event Event }

// NewDecoder returns a decoder of events whose fields are numbered by f. nil is an empty set.
func NewDecoder(f *Fields) *Decoder {
	if f == nil {
		f = NewFields()
	}
	return &Decoder{event: Event{fields: f}}
}

// ErrNotObject is the error for JSON that is no object, and so no event.
var ErrNotObject = errors.New("an event is a JSON object")

var nameType, nameID, namePublished = jsontree.NewName("eventType"), jsontree.NewName("uuid"), jsontree.NewName("published")

// Decode reads the JSON of one LogEvent. The Event, and every string it hands out, refers to raw: both are valid until
// the next Decode, and raw must not change before that. Strings that live longer must be cloned.
//
// What encoding/json calls valid is accepted, down to jsontree.MaxDepth levels, with any type anywhere; of members of
// the same name the last counts. Dotted names nest, see jsontree. The error is a *jsontree.Error with the offset, or ErrNotObject. After an error the
// decoder holds no event.
func (d *Decoder) Decode(raw []byte, m Meta) (*Event, error) {
	e := &d.event
	e.reset()
	if err := e.tree.ParseSelected(raw, &e.fields.selected); err != nil {
		return nil, err
	}
	if e.tree.Kind(jsontree.Root) != jsontree.Object {
		return nil, ErrNotObject
	}
	if e.tree.Dotted() {
		var err error
		if raw, err = e.nest(raw); err != nil {
			return nil, err
		}
	}
	e.carrier, e.raw, e.origin, e.flags, e.envelope = m.Carrier, raw, m.Origin, m.Flags, m.Envelope
	e.typ = e.first(e.fields.typ, nameType, false)
	if e.id = m.ID; e.id == "" {
		if e.id = e.first(e.fields.id, nameID, false); e.id == "" {
			e.id, e.flags = m.Origin.String(), e.flags|IDMissing
		}
	}
	if e.time = m.Time; e.time == 0 {
		var assumed Flags
		e.time, assumed = eventTime(e.first(e.fields.publishing, namePublished, true), e.id, m)
		e.flags |= assumed
		e.progress = progress(e.time, assumed, m)
	}
	return e, nil
}

// nest reads raw with what is dotted in its place, which is what the event is from then on.
func (e *Event) nest(raw []byte) ([]byte, error) {
	if err := e.full.Parse(raw); err != nil {
		return nil, err
	}
	raw = e.full.Nested()
	return raw, e.tree.ParseSelected(raw, &e.fields.selected)
}

// String is topic/partition/offset/index: the identity of an event that has none of its own.
func (o Origin) String() string {
	b := append([]byte(o.Topic), '/')
	b = append(strconv.AppendInt(b, int64(o.Partition), 10), '/')
	b = append(strconv.AppendInt(b, o.Offset, 10), '/')
	return string(strconv.AppendInt(b, int64(o.Index), 10))
}
