package esql

import (
	"encoding/binary"
	"math"
	"strings"

	"oktastream/rules/event"
)

// What the stages read of an event travels as one value: a format byte, then for each term the number of its values
// and the values. Longs, booleans and times are varints, doubles eight bytes, texts carry their length. The types are the
// program's.
const rowFormat = 1

// row is the path of that value.
func (p *program) row() event.Path {
	var text strings.Builder
	text.WriteString("=esql row")
	var paths []event.Path
	for _, t := range p.inputs {
		text.WriteByte(' ')
		t.print(&text)
		paths = t.paths(paths)
	}
	inputs := p.inputs
	return event.Computed(text.String(), paths, func(ev *event.Event) []event.Value {
		b := make([]byte, 1, 128)
		b[0] = rowFormat
		for _, t := range inputs {
			b = appendValue(b, t.typ, t.eval(input{ev: ev}))
		}
		return []event.Value{{Kind: event.String, Text: string(b)}}
	})
}

func appendValue(b []byte, t typ, v value) []byte {
	b = binary.AppendUvarint(b, uint64(len(v)))
	for _, d := range v {
		switch t {
		case tKeyword, tIP:
			b = binary.AppendUvarint(b, uint64(len(d.s)))
			b = append(b, d.s...)
		case tDouble:
			b = binary.BigEndian.AppendUint64(b, math.Float64bits(d.f))
		default:
			b = binary.AppendVarint(b, d.n)
		}
	}
	return b
}

// decode reads a row. One that cannot be read, as no version of this program writes it, reads as nulls.
func (p *program) decode(row string) []value {
	out := make([]value, len(p.inputs))
	if len(row) == 0 || row[0] != rowFormat {
		return out
	}
	rest := row[1:]
	for i, t := range p.inputs {
		var n uint64
		if n, rest = cut(rest); n > uint64(len(rest)) {
			return out
		}
		if n == 0 {
			continue
		}
		v := make(value, n)
		for j := range v {
			v[j], rest = cutDatum(t.typ, rest)
		}
		out[i] = v
	}
	return out
}

func cutDatum(t typ, s string) (datum, string) {
	switch t {
	case tKeyword, tIP:
		n, rest := cut(s)
		if n > uint64(len(rest)) {
			return datum{}, ""
		}
		return datum{s: rest[:n]}, rest[n:]
	case tDouble:
		if len(s) < 8 {
			return datum{}, ""
		}
		return datum{f: math.Float64frombits(binary.BigEndian.Uint64([]byte(s[:8])))}, s[8:]
	}
	u, rest := cut(s)
	return datum{n: int64(u>>1) ^ -int64(u&1)}, rest
}

// cut splits a uvarint off s; bad input leaves nothing.
func cut(s string) (uint64, string) {
	var x uint64
	for i := 0; i < len(s) && i < binary.MaxVarintLen64; i++ {
		x |= uint64(s[i]&0x7f) << (7 * i)
		if s[i] < 0x80 {
			return x, s[i+1:]
		}
	}
	return 0, ""
}
