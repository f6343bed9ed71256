package window

import (
	"encoding/binary"
	"errors"
	"iter"

	"oktastream/rules/event"
)

// Observation is one event as a rule's window sees it.
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
}

// row is an observation as a window keeps it: the time to sort by, and the rest encoded, so that an idle window costs
// one pointer an observation.
//
//	enc: id · step · join list · column lists · type · ip · result · topic · partition · offset · index
//
// Strings carry a uvarint length; lists a uvarint count; an id that is a UUID in lower case takes 16 bytes (see putID).
type row struct {
	time   int64
	enc    string
	step   uint8
	packed uint32 // length in the packed form, see Dictionary.measure
}

const rowItem = 'r'

// item is the row's key among the window's entries: rows sort by time, then step, then id.
func (r row) item() []byte {
	id, _ := cutString(r.enc)
	return rowKey(r.time, r.step, id)
}

func rowKey(t int64, step uint8, id string) []byte {
	b := make([]byte, 0, 10+len(id))
	b = append(b, rowItem)
	b = binary.BigEndian.AppendUint64(b, uint64(t)^(1<<63)) // two's complement sorts as unsigned with the sign flipped
	b = append(b, step)
	return append(b, id...)
}

// before orders rows as their items do.
func (r row) before(o row) bool {
	if r.time != o.time {
		return r.time < o.time
	}
	if r.step != o.step {
		return r.step < o.step
	}
	return r.packedID() < o.packedID()
}

func (r row) packedID() string {
	id, _ := cutString(r.enc)
	return id
}

func (r row) id() string { return unpackID(r.packedID()) }

func makeRow(o Observation) row {
	b := make([]byte, 0, 128)
	b = putString(b, packID(o.ID))
	b = append(b, byte(o.Step))
	b = putList(b, o.Join)
	b = binary.AppendUvarint(b, uint64(len(o.Columns)))
	for _, c := range o.Columns {
		b = putList(b, c)
	}
	b = putString(b, o.Type)
	b = putString(b, o.IP)
	b = putString(b, o.Result)
	b = putString(b, o.Origin.Topic)
	b = binary.AppendVarint(b, int64(o.Origin.Partition))
	b = binary.AppendVarint(b, o.Origin.Offset)
	b = binary.AppendVarint(b, int64(o.Origin.Index))
	return row{time: o.Time, step: uint8(o.Step), enc: string(b)}
}

var errRow = errors.New("window row is cut short")

// parseRow checks that enc can be read and that it belongs under item.
func parseRow(item []byte, enc string) (row, error) {
	if len(item) < 10 {
		return row{}, errRow
	}
	r := row{
		time: int64(binary.BigEndian.Uint64(item[1:9]) ^ (1 << 63)),
		step: item[9],
		enc:  enc,
	}
	o, err := r.observation()
	if err != nil {
		return row{}, err
	}
	r = makeRow(o) // of several encodings of one observation, the one that the packed form gives back
	if r.packedID() != string(item[10:]) {
		return row{}, errors.New("window row does not belong to its item")
	}
	return r, nil
}

// join yields the join values.
func (r row) join() iter.Seq[string] {
	_, rest := cutString(r.enc)
	return func(yield func(string) bool) {
		if len(rest) > 0 {
			eachOf(rest[1:], yield)
		}
	}
}

// column yields the values of column i.
func (r row) column(i int) iter.Seq[string] {
	return func(yield func(string) bool) {
		_, rest := cutString(r.enc)
		if len(rest) == 0 {
			return
		}
		rest = eachOf(rest[1:], nil)
		n, rest := cutUvarint(rest)
		for c := uint64(0); c < n; c++ {
			if c == uint64(i) {
				eachOf(rest, yield)
				return
			}
			rest = eachOf(rest, nil)
		}
	}
}

// observation decodes the whole row.
func (r row) observation() (Observation, error) {
	d := decoder{rest: r.enc}
	o := Observation{Time: r.time, ID: unpackID(d.string()), Step: int(d.byte()), Join: d.list()}
	if n := d.uvarint(); n > 0 {
		if n > uint64(len(d.rest)) {
			return Observation{}, errRow
		}
		o.Columns = make([][]string, n)
		for i := range o.Columns {
			o.Columns[i] = d.list()
		}
	}
	o.Type, o.IP, o.Result = d.string(), d.string(), d.string()
	o.Origin.Topic = d.string()
	o.Origin.Partition = int32(d.varint())
	o.Origin.Offset = d.varint()
	o.Origin.Index = int32(d.varint())
	if d.bad || d.rest != "" || int(r.step) != o.Step {
		return Observation{}, errRow
	}
	return o, nil
}
