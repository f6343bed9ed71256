package notation

import (
	"net/netip"
	"strings"
)

// Digit tells whether c is one of 0 to 9.
func Digit(c byte) bool { return '0' <= c && c <= '9' }

// Letter tells whether a name may begin with c.
func Letter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '@'
}

// Number returns the offset behind 5, 0.5, .5, 5. or 5e3. An e that no digits follow is no part of the number.
func Number(query string, at int) int {
	at = digits(query, at)
	if at < len(query) && query[at] == '.' {
		at = digits(query, at+1)
	}
	if at < len(query) && (query[at] == 'e' || query[at] == 'E') {
		exponent := at + 1
		if exponent < len(query) && (query[exponent] == '+' || query[exponent] == '-') {
			exponent++
		}
		if end := digits(query, exponent); end > exponent {
			return end
		}
	}
	return at
}

func digits(query string, at int) int {
	for at < len(query) && Digit(query[at]) {
		at++
	}
	return at
}

// IsRaw tells whether the text that begins at at is one for Raw.
func IsRaw(query string, at int) bool { return strings.HasPrefix(query[at:], quotes) }

const quotes = `"""`

// Raw reads a text between three double quotes, in which nothing is escaped. Up to two quotes right before the last three
// belong to it. It returns false for a text that does not end.
func Raw(query string, at int) (text string, end int, ok bool) {
	start := at + len(quotes)
	n := strings.Index(query[start:], quotes)
	if n < 0 {
		return "", len(query), false
	}
	end = start + n + len(quotes)
	for more := 0; more < 2 && end < len(query) && query[end] == '"'; more++ {
		end++
	}
	return query[start : end-len(quotes)], end, true
}

// Text reads a text between double quotes. escape appends what a backslash and what follows it stand for, and returns the
// offset behind that. Text returns false for a text that does not end on its line; end is then where the line does.
func Text(query string, at int, escape func(text *strings.Builder, backslash int) int) (text string, end int, ok bool) {
	var b strings.Builder
	for at++; at < len(query); {
		switch c := query[at]; c {
		case '"':
			return b.String(), at + 1, true
		case '\n', '\r':
			return "", at, false
		case '\\':
			at = escape(&b, at)
		default:
			b.WriteByte(c)
			at++
		}
	}
	return "", len(query), false
}

// Name reads a name between backticks, in which two stand for one. It may be empty. Name returns false for one that does
// not end.
func Name(query string, at int) (name string, end int, ok bool) {
	var b strings.Builder
	for at++; at < len(query); at++ {
		if query[at] == '`' {
			if at++; at == len(query) || query[at] != '`' {
				return b.String(), at, true
			}
		}
		b.WriteByte(query[at])
	}
	return "", len(query), false
}

// Network reads a network, or an address as the network of it alone: Elastic's own rules have "::1" in their lists.
func Network(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return addr.WithZone("").Prefix(addr.BitLen())
	}
	return netip.ParsePrefix(text)
}
