package window

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"slices"
	"sync"

	"oktastream/rules/event"
)

// Dictionary holds what packed windows do not repeat: heads without their group keys, and names of topics. Both are few.
// All windows of a state.Store must share one, and belong to its goroutine; the zero value is ready.
type Dictionary struct {
	shapes []Head // without Group
	shape  map[string]uint16
	topics []string
	topic  map[string]uint16

	scratch, measuring, key []byte
	ends                    []int
}

// New returns an empty window without a head.
func (d *Dictionary) New() *Window {
	return &Window{dict: d, judged: noTick, pace: noPace, bytes: ownBytes}
}

// shapeOf is the number of h without its group key. There is none when the numbers have run out.
func (d *Dictionary) shapeOf(h *Head) (uint16, bool) {
	d.key = h.appendShape(d.key[:0])
	n, ok := d.shape[string(d.key)]
	if ok || len(d.shapes) > maxWords {
		return n, ok
	}
	if d.shape == nil {
		d.shape = map[string]uint16{}
	}
	n = uint16(len(d.shapes))
	shape := *h
	shape.Group = nil
	d.shapes = append(d.shapes, shape)
	d.shape[string(d.key)] = n
	return n, true
}

// The first byte of a packed text tells its form. Which one a text gets depends on the text alone, so that the Size of a
// window does not depend on what came before it.
const (
	textShort  = 0   // to 191: as it is, of that length
	textLong   = 192 // a length, and as it is
	textHash   = 193 // 64 hexadecimal digits in lower case
	textHex    = 194 // a length, and as many pairs of them
	textIPv4   = 195 // 4 bytes
	textIPv6   = 196 // 16 bytes
	textUUID   = 197 // 16 bytes
	textWord   = 198 // 2 bytes: a word of Okta's
	textTopic  = 199 // 2 bytes: a name in the Dictionary
	textResult = 200 // and up: an outcome
)

// outcomes are those that Okta documents, and what else its log has.
var outcomes = []string{"", "SUCCESS", "FAILURE", "SKIPPED", "ALLOW", "DENY", "CHALLENGE", "UNKNOWN", "UNANSWERED", "ABANDONED",
	"DEFERRED", "SCHEDULE_ACTIVATION", "RATE_LIMIT", "UNAUTHENTICATED"}

// words are the names of event types, and their numbers. They differ between releases of this program, as packed windows
// may.
var words = sync.OnceValue(func() vocabulary {
	v := vocabulary{number: map[string]uint16{}}
	for _, t := range event.Types() {
		v.number[t.Name] = uint16(len(v.text))
		v.text = append(v.text, t.Name)
	}
	return v
})

type vocabulary struct {
	text   []string
	number map[string]uint16
}

func (d *Dictionary) appendTopic(b []byte, name string) []byte {
	n, ok := d.topic[name]
	if !ok {
		if len(d.topics) > maxWords {
			return d.appendText(b, name)
		}
		if d.topic == nil {
			d.topic = map[string]uint16{}
		}
		n = uint16(len(d.topics))
		name = string(append([]byte(nil), name...)) // it must not keep the row
		d.topics = append(d.topics, name)
		d.topic[name] = n
	}
	return binary.LittleEndian.AppendUint16(append(b, textTopic), n)
}

// appendText appends s in the shortest form that it has.
func (d *Dictionary) appendText(b []byte, s string) []byte {
	if len(s) <= 2 {
		return append(append(b, byte(len(s))), s...)
	}
	if c := s[0]; c >= 'A' && c <= 'Z' {
		if i := slices.Index(outcomes, s); i >= 0 {
			return append(b, textResult+byte(i))
		}
	}
	if ip, ok := ipv4(s); ok {
		return append(append(b, textIPv4), ip[:]...)
	}
	if len(s)%2 == 0 && len(s) >= 8 && len(s) < 1<<9 && isHex(s) {
		if len(s) == 64 {
			b = append(b, textHash)
		} else {
			b = append(b, textHex, byte(len(s)/2))
		}
		for i := 0; i < len(s); i += 2 {
			b = append(b, unhex[s[i]]<<4|unhex[s[i+1]])
		}
		return b
	}
	if len(s) == 36 {
		if id := packID(s); len(id) == 17 && id[0] == 0 {
			return append(append(b, textUUID), id[1:]...)
		}
	}
	if n, ok := words().number[s]; ok {
		return binary.LittleEndian.AppendUint16(append(b, textWord), n)
	}
	if ip, ok := ipv6(s); ok {
		return append(append(b, textIPv6), ip[:]...)
	}
	if len(s) < textLong {
		b = append(b, textShort+byte(len(s)))
	} else {
		b = binary.AppendUvarint(append(b, textLong), uint64(len(s)))
	}
	return append(b, s...)
}

// text appends the next text.
func (d *Dictionary) text(b []byte, r *reader) []byte {
	switch form := r.byte(); form {
	default:
		if form >= textResult {
			return append(b, outcomes[form-textResult]...)
		}
		return append(b, r.take(int(form))...)
	case textLong:
		return append(b, r.take(int(r.uvarint()))...)
	case textHash:
		return hex.AppendEncode(b, r.take(32))
	case textHex:
		return hex.AppendEncode(b, r.take(int(r.byte())))
	case textIPv4:
		return netip.AddrFrom4([4]byte(r.take(4))).AppendTo(b)
	case textIPv6:
		return netip.AddrFrom16([16]byte(r.take(16))).AppendTo(b)
	case textUUID:
		return appendUUID(b, r.take(16))
	case textWord:
		return append(b, words().text[binary.LittleEndian.Uint16(r.take(2))]...)
	case textTopic:
		return append(b, d.topics[binary.LittleEndian.Uint16(r.take(2))]...)
	}
}

// ipv4 reads an address that is written as AppendTo writes it.
func ipv4(s string) (ip [4]byte, ok bool) {
	if len(s) < 7 || len(s) > 15 || s[0] > '9' {
		return ip, false
	}
	part, n, digits := 0, 0, 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '.':
			if digits == 0 || part == 3 {
				return ip, false
			}
			ip[part] = byte(n)
			part, n, digits = part+1, 0, 0
		case c < '0' || c > '9' || digits > 0 && n == 0:
			return ip, false
		default:
			n, digits = 10*n+int(c-'0'), digits+1
			if n > 255 {
				return ip, false
			}
		}
	}
	if part != 3 || digits == 0 {
		return ip, false
	}
	ip[3] = byte(n)
	return ip, true
}

// ipv6 likewise.
func ipv6(s string) (ip [16]byte, ok bool) {
	if len(s) <= 16 || len(s) > 45 || slices.Index([]byte(s[:min(len(s), 5)]), ':') < 0 {
		return ip, false
	}
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is6() || a.Zone() != "" {
		return ip, false
	}
	var buf [64]byte
	if string(a.AppendTo(buf[:0])) != s {
		return ip, false
	}
	return a.As16(), true
}

// unhex is the value of a hexadecimal digit in lower case; 0xff for any other byte.
var unhex = func() (table [256]byte) {
	for i := range table {
		table[i] = 0xff
	}
	for i, c := range "0123456789abcdef" {
		table[c] = byte(i)
	}
	return table
}()

func isHex(s string) bool {
	for i := 0; i < len(s); i++ {
		if unhex[s[i]] == 0xff {
			return false
		}
	}
	return true
}

func appendUUID(b []byte, id []byte) []byte {
	b = hex.AppendEncode(b, id[:4])
	for _, part := range [][]byte{id[4:6], id[6:8], id[8:10], id[10:]} {
		b = hex.AppendEncode(append(b, '-'), part)
	}
	return b
}
