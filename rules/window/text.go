package window

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"oktastream/rules/event"
)

// The first byte of a packed text tells its form. Which one a text gets depends on the text alone: texts are equal when
// their packed forms are, and the Size of a window does not depend on what came before it.
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

// appendText appends s in the shortest form that it has.
func appendText(b []byte, s string) []byte {
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
	if len(s)%2 == 0 && len(s) >= 8 && len(s) < 1<<9 {
		packed := append(b, textHex, byte(len(s)/2))
		if len(s) == 64 {
			packed = append(b, textHash)
		}
		if packed, ok := parseHex(packed, s); ok {
			return packed
		}
	}
	if id, ok := parseUUID(s); ok {
		return append(append(b, textUUID), id[:]...)
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

// appendTexts appends a count and the texts.
func appendTexts(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendText(b, s)
	}
	return b
}

// text is the next packed text.
func (r *reader) text() string {
	form, n := r.rest[0], 0
	switch {
	case form < textLong:
		n = int(form)
	case form == textHash:
		n = 32
	case form == textHex:
		n = 1 + int(r.rest[1])
	case form == textIPv4:
		n = 4
	case form == textIPv6 || form == textUUID:
		n = 16
	case form == textWord || form == textTopic:
		n = 2
	case form == textLong:
		behind := reader{r.rest[1:]}
		n = int(behind.uvarint())
		n += len(r.rest) - 1 - len(behind.rest)
	}
	return r.take(1 + n)
}

// textAt is the packed text behind i others.
func (r *reader) textAt(i int) string {
	for range i {
		r.text()
	}
	return r.text()
}

// texts hands the packed texts of the list that r stands at to yield, until it has enough, and goes behind the list.
// A nil yield skips them.
func (r *reader) texts(yield func(string) bool) {
	for range r.uvarint() {
		if t := r.text(); yield != nil && !yield(t) {
			yield = nil
		}
	}
}

// plainText is the text that appendText was given, if it need not be written out.
func plainText(packed string) (text string, ok bool) {
	switch form := packed[0]; {
	case form < textLong:
		return packed[1:], true
	case form == textLong:
		r := reader{packed[1:]}
		r.uvarint()
		return r.rest, true
	case form == textWord:
		return words().text[uint16(packed[1])|uint16(packed[2])<<8], true
	case form >= textResult:
		return outcomes[form-textResult], true
	}
	return "", false
}

// unpackText is the text that appendText was given.
func unpackText(packed string) string {
	if text, ok := plainText(packed); ok {
		return text
	}
	var buf [64]byte
	return string(appendUnpacked(buf[:0], packed))
}

// isText reports whether it is s.
func isText(packed, s string) bool {
	if text, ok := plainText(packed); ok {
		return text == s
	}
	var buf [64]byte
	return string(appendUnpacked(buf[:0], packed)) == s
}

// appendUnpacked appends it to b.
func appendUnpacked(b []byte, packed string) []byte {
	if text, ok := plainText(packed); ok {
		return append(b, text...)
	}
	switch packed[0] {
	case textHash:
		return appendHex(b, packed[1:])
	case textHex:
		return appendHex(b, packed[2:])
	case textIPv4:
		return netip.AddrFrom4([4]byte([]byte(packed[1:]))).AppendTo(b)
	case textIPv6:
		return netip.AddrFrom16([16]byte([]byte(packed[1:]))).AppendTo(b)
	case textUUID:
		return appendUUID(b, packed[1:])
	}
	return b
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
	if len(s) <= 16 || len(s) > 45 || strings.IndexByte(s[:5], ':') < 0 {
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

// parseHex appends the bytes that an even number of digits stand for; ok is false if there is anything else among them.
func parseHex(b []byte, s string) (_ []byte, ok bool) {
	for i := 0; i+1 < len(s); i += 2 {
		hi, lo := unhex[s[i]], unhex[s[i+1]]
		if hi|lo == 0xff {
			return b, false
		}
		b = append(b, hi<<4|lo)
	}
	return b, true
}

func appendHex(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	for i := 0; i < len(s); i++ {
		b = append(b, digits[s[i]>>4], digits[s[i]&15])
	}
	return b
}

// parseUUID reads a UUID in the usual lower-case form.
func parseUUID(s string) (id [16]byte, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return id, false
	}
	at := 0
	for i := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			at++
		}
		hi, lo := unhex[s[at]], unhex[s[at+1]]
		if hi|lo == 0xff {
			return id, false
		}
		id[i] = hi<<4 | lo
		at += 2
	}
	return id, true
}

func appendUUID(b []byte, id string) []byte {
	b = appendHex(b, id[:4])
	for _, part := range []string{id[4:6], id[6:8], id[8:10], id[10:]} {
		b = appendHex(append(b, '-'), part)
	}
	return b
}
