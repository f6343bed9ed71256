package window

import "encoding/binary"

// putString appends s with its length.
func putString[T string | []byte](b []byte, s T) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func putList(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = putString(b, s)
	}
	return b
}

// cutUvarint splits a uvarint off s; bad input gives 0 and nothing left.
func cutUvarint(s string) (uint64, string) {
	var x uint64
	for i := 0; i < len(s) && i < binary.MaxVarintLen64; i++ {
		c := s[i]
		x |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return x, s[i+1:]
		}
	}
	return 0, ""
}

// decoder reads the encodings above from an untrusted text; after bad input every read gives a zero value.
type decoder struct {
	rest string
	bad  bool
}

func (d *decoder) uvarint() uint64 {
	if d.rest == "" {
		d.bad = true
		return 0
	}
	before := len(d.rest)
	x, rest := cutUvarint(d.rest)
	if rest == "" && d.rest[before-1] >= 0x80 {
		d.bad = true
	}
	d.rest = rest
	return x
}

func (d *decoder) varint() int64 {
	u := d.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (d *decoder) byte() byte {
	if d.rest == "" {
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
		d.bad, d.rest = true, ""
		return ""
	}
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}

// list appends the texts of a list to it.
func (d *decoder) list(list []string) []string {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.bad, d.rest = true, ""
		return list
	}
	for range n {
		list = append(list, d.string())
	}
	return list
}
