package window

import (
	"encoding/binary"
	"errors"
	"slices"
)

// The value of a row in the changelog:
//
//	id · step · join list · column lists · type · ip · result · topic · partition · offset · index · [mark, of a late one]
//
// Strings carry a uvarint length, lists a uvarint count; the id is as in the item.

// appendValue appends r as the changelog has it.
func (d *Dictionary) appendValue(b []byte, r row) []byte {
	flags, id, in := r.open()
	b = binary.AppendUvarint(b, uint64(1+len(id.text)))
	if id.uuid {
		b = append(b, 0)
	} else {
		b = append(b, 1)
	}
	b = append(append(b, id.text...), r.step)
	if flags&rowLists == 0 {
		n := flags & maxPlain
		b = append(b, 0, n)
		for range n {
			b = putText(append(b, 1), in.text())
		}
	} else {
		b = putTexts(b, &in)
		n := in.uvarint()
		b = binary.AppendUvarint(b, n)
		for range n {
			b = putTexts(b, &in)
		}
	}
	for range 3 {
		b = putText(b, in.text())
	}
	b = putString(b, d.topicOf(in.text()))
	b = append(b, in.rest...) // partition, offset, index
	if r.late() {
		b = binary.AppendVarint(b, r.mark)
	}
	return b
}

// appendValue appends the same for the row of o; id is as in the item.
func (o *Observation) appendValue(b []byte, id []byte) []byte {
	b = append(putString(b, id), o.row.step)
	b = binary.AppendUvarint(putList(b, o.Join), uint64(len(o.Columns)))
	for _, c := range o.Columns {
		b = putList(b, c)
	}
	for _, s := range [...]string{o.Type, o.IP, o.Result, o.Origin.Topic} {
		b = putString(b, s)
	}
	b = binary.AppendVarint(b, int64(o.Origin.Partition))
	b = binary.AppendVarint(b, o.Origin.Offset)
	return binary.AppendVarint(b, int64(o.Origin.Index))
}

// putText appends a packed text with its length.
func putText(b []byte, packed string) []byte {
	if text, ok := plainText(packed); ok {
		return putString(b, text)
	}
	var buf [2 * 255]byte
	return putString(b, appendUnpacked(buf[:0], packed))
}

func putTexts(b []byte, in *reader) []byte {
	n := in.uvarint()
	b = binary.AppendUvarint(b, n)
	for range n {
		b = putText(b, in.text())
	}
	return b
}

var errRow = errors.New("window row is cut short, or does not belong to its item")

// parseRow checks that value can be read and that it belongs under item. Of several encodings of one observation it
// makes the same row.
func (d *Dictionary) parseRow(item, value string) (row, error) {
	k, ok := parseItem(item)
	if !ok {
		return row{}, errRow
	}
	in := decoder{rest: value}
	id, step := in.string(), in.byte()
	o := &d.parsed
	o.Time, o.Join = k.time, in.list(o.Join[:0])
	columns := in.uvarint()
	if columns > uint64(len(in.rest)) {
		return row{}, errRow
	}
	o.Columns = slices.Grow(o.Columns[:0], int(columns))[:columns]
	for i := range o.Columns {
		o.Columns[i] = in.list(o.Columns[i][:0])
	}
	o.Type, o.IP, o.Result = in.string(), in.string(), in.string()
	o.Origin.Topic = in.string()
	o.Origin.Partition = int32(in.varint())
	o.Origin.Offset = in.varint()
	o.Origin.Index = int32(in.varint())
	mark := k.time
	if in.rest != "" {
		mark = in.varint()
		in.bad = in.bad || mark <= k.time
	}
	if in.bad || in.rest != "" || step != k.step || id != item[rowIDAt:] {
		return row{}, errRow
	}
	r := d.makeRow(k.id, o, int(step))
	r.mark = mark
	return r, nil
}

// observation is what r was made of.
func (d *Dictionary) observation(r row) Observation {
	flags, id, in := r.open()
	o := Observation{Time: r.time, ID: id.String(), Step: int(r.step)}
	list := func() (list []string) {
		in.texts(func(packed string) bool {
			list = append(list, unpackText(packed))
			return true
		})
		return list
	}
	if flags&rowLists == 0 {
		for range flags & maxPlain {
			o.Columns = append(o.Columns, []string{unpackText(in.text())})
		}
	} else {
		o.Join = list()
		for range in.uvarint() {
			o.Columns = append(o.Columns, list())
		}
	}
	o.Type, o.IP, o.Result = unpackText(in.text()), unpackText(in.text()), unpackText(in.text())
	o.Origin.Topic = d.topicOf(in.text())
	o.Origin.Partition, o.Origin.Offset, o.Origin.Index = int32(in.varint()), in.varint(), int32(in.varint())
	return o
}
