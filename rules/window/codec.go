package window

import (
	"encoding/binary"
	"encoding/hex"
)

// putString appends s with its length.
func putString(b []byte, s string) []byte {
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

// cutString splits a string with its length off s; bad input gives "" and nothing left.
func cutString(s string) (string, string) {
	n, rest := cutUvarint(s)
	if n > uint64(len(rest)) {
		return "", ""
	}
	return rest[:n], rest[n:]
}

// eachOf walks the list at the head of s and returns what follows it. A nil yield only skips.
func eachOf(s string, yield func(string) bool) string {
	n, rest := cutUvarint(s)
	more := true
	for ; n > 0 && rest != ""; n-- {
		var v string
		v, rest = cutString(rest)
		if more && yield != nil {
			more = yield(v)
		}
	}
	return rest
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

func (d *decoder) list() []string {
	n := d.uvarint()
	if n == 0 {
		return nil
	}
	if n > uint64(len(d.rest)) {
		d.bad, d.rest = true, ""
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = d.string()
	}
	return list
}

// A UUID in the usual lower-case form is kept as its 16 bytes behind a zero byte, any other id as it is behind a one.

func packID(id string) string {
	if len(id) == 36 && id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-' {
		var b [17]byte
		hexed := id[0:8] + id[9:13] + id[14:18] + id[19:23] + id[24:36]
		if _, err := hex.Decode(b[1:], []byte(hexed)); err == nil && unpackID(string(b[:])) == id {
			return string(b[:])
		}
	}
	return "\x01" + id
}

func unpackID(p string) string {
	if len(p) == 17 && p[0] == 0 {
		h := hex.EncodeToString([]byte(p[1:]))
		return h[0:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:32]
	}
	if p == "" {
		return ""
	}
	return p[1:]
}
