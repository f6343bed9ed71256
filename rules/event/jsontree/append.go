package jsontree

import "unicode/utf8"

// Append appends the compact JSON of n: no blanks, members and their spelling as they stand in the text, and bytes that
// are not UTF-8 replaced by U+FFFD.
func (t *Tree) Append(dst []byte, n Node) []byte {
	m := &t.nodes[n]
	switch m.kind {
	case String:
		return appendQuoted(dst, t.text[m.val:m.end], m.coded)
	case Array, Object:
		return t.appendContainer(dst, n)
	}
	return append(dst, t.text[m.val:m.end]...)
}

func (t *Tree) appendContainer(dst []byte, n Node) []byte {
	open, shut := byte('['), byte(']')
	if t.nodes[n].kind == Object {
		open, shut = '{', '}'
	}
	dst = append(dst, open)
	for c := t.First(n); c != None; c = t.Next(n, c) {
		if c != n+1 {
			dst = append(dst, ',')
		}
		if open == '{' {
			dst = append(t.AppendKey(dst, c), ':')
		}
		dst = t.Append(dst, c)
	}
	return append(dst, shut)
}

// AppendKey appends the quoted name of the member n.
func (t *Tree) AppendKey(dst []byte, n Node) []byte {
	m := &t.nodes[n]
	return appendQuoted(dst, t.text[m.key:m.keyEnd], m.hash == 0)
}

// appendQuoted appends the inside of a JSON string, which may be escaped already, between quotes.
func appendQuoted(dst []byte, s string, coded bool) []byte {
	dst = append(dst, '"')
	if !coded || utf8.ValidString(s) {
		dst = append(dst, s...)
	} else {
		for _, r := range s { // ranging yields U+FFFD for every byte that is not UTF-8
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}

// AppendString appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD.
func AppendString(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', digits[s[i]>>4], digits[s[i]&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}
