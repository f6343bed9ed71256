package event

import (
	"net/netip"
	"strings"
	"unsafe"
)

// One address has many texts: 2001:DB8:0::1 and 2001:db8::1, ::ffff:192.0.2.1 and 192.0.2.1. A field of addresses therefore
// reads in one spelling, whatever the sender wrote, so that whatever compares, groups or counts its values as texts, in any
// language, compares, groups and counts addresses. The spelling of a plain IPv4 address is what everybody writes, and what
// is no address stays as it is. Literals are respelt where they are compared with such a field, see package match.

// ParseAddress reads an address, an IPv4 one also when it is written as IPv6, and without the zone, which names an
// interface of the machine that wrote it.
func ParseAddress(s string) (netip.Addr, bool) {
	// A failing ParseAddr allocates; most texts that are no address end here.
	if s == "" || len(s) > 64 || strings.IndexByte("0123456789abcdefABCDEF:", s[0]) < 0 ||
		strings.IndexByte(s, '.') < 0 && strings.IndexByte(s, ':') < 0 {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(s)
	return addr.Unmap().WithZone(""), err == nil
}

// Address is s in the spelling that fields of addresses read in, s itself if it is no address.
func Address(s string) string {
	addr, ok := ParseAddress(s)
	if !ok {
		return s
	}
	var b [maxAddress]byte
	if text := addr.AppendTo(b[:0]); string(text) != s {
		return string(text)
	}
	return s
}

const maxAddress = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")

// HoldsAddresses reports whether every value of the path is read as an address where it is one: that of Okta's and the
// integration's fields named ip and ipAddress.
func (p Path) HoldsAddresses() bool {
	if p.c == nil || len(p.c.reads) == 0 {
		return false
	}
	for _, r := range p.c.reads {
		if !r.convert.isAddress() {
			return false
		}
	}
	return true
}

// isAddress tells the conversions that respell addresses.
func (c convert) isAddress() bool { return c == address || c == maybeAddress || c == filledAddress }

// addressed is the conversion of a read that a path's text names, by the name of the last member.
func addressed(r read) read {
	if last := r.steps[len(r.steps)-1].key; strings.EqualFold(last, "ip") || strings.EqualFold(last, "ipAddress") {
		switch r.convert {
		case asIs:
			r.convert = maybeAddress
		case filled:
			r.convert = filledAddress
		}
	}
	return r
}

// respelt is v, which may be an address, in the spelling of addresses. The space comes from the event's arena.
func (e *Event) respelt(v Value) Value {
	addr, ok := ParseAddress(v.Text)
	if !ok || strings.IndexByte(v.Text, ':') < 0 {
		return v // an IPv4 address has one spelling that ParseAddress takes
	}
	from := len(e.arena)
	e.arena = addr.AppendTo(e.arena)
	text := e.arena[from:]
	if string(text) == v.Text {
		e.arena = e.arena[:from]
		return v
	}
	return Value{Kind: v.Kind, Text: unsafe.String(unsafe.SliceData(text), len(text))}
}
