package jsontree

import "strings"

// What mostly follows a name and a value, and a value without any, as four reads them.
const (
	quoteColon = '"' | ':'<<8
	commaQuote = ',' | '"'<<8
	null       = 'n' | 'u'<<8 | 'l'<<16 | 'l'<<24
)

// four is the four bytes at i, the first of them lowest, or 0 where less are left.
func four(s string, i int) uint32 {
	if i < 0 || i > len(s)-4 {
		return 0
	}
	return uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24
}

// object parses the members behind an opening brace. It takes the straight way for what events are made of: names and
// texts without escapes, nulls, and no blanks. Each step aside leads back to the straight way.
func (p *parser) object(i int, at Place) int {
	s, inside := p.s, Node(len(p.nodes)-1) // unless nothing is selected here, which then has no places either
	if i = p.space(i); i < len(s) && s[i] == '}' {
		return i + 1
	}
	if i = p.quote(i); i < 0 {
		return -1
	}
	place := p.place(at)
	for { // i is behind the quote that begins a name
		from, to, coded := i, p.near(i), false
		if to < 0 {
			to = p.far(i)
		}
		first := byte(0) // of the value
		if x := four(s, to); uint16(x) == quoteColon && byte(x>>16) > ' ' {
			i, first = to+len(`":`), byte(x>>16)
		} else if i, to, coded = p.colon(from); i < 0 {
			return -1
		} else if i < len(s) {
			first = s[i]
		}
		of, hash := nowhere, uint16(0)
		switch {
		case at == nowhere:
		case coded: // it might be any name
			of, p.odd = wherever, p.odd || at != wherever
			p.dotted = p.dotted || dotted(unquote(s[from:to]))
		default:
			if m := place.slots[slot(to-from, s[from], s[to-1])]; m != Top || place.whole {
				if of, hash = p.find(m, place, s[from:to]); of > 0 {
					p.note(of, inside)
				}
			}
			if of <= Top && !p.dotted && strings.IndexByte(s[from:to], '.') >= 0 {
				p.dotted = dotted(s[from:to])
			}
		}
		switch {
		case first == '"':
			start, coded := i+1, false
			if i = p.near(start); i < 0 {
				i = p.far(start)
			}
			if i < len(s) && s[i] == '"' {
				i++
			} else if i, coded = p.str(start - 1); i < 0 {
				return -1
			}
			if of != nowhere {
				p.nodes = append(p.nodes, node{key: uint32(from), keyEnd: uint32(to), hash: hash, at: of, val: uint32(start), end: uint32(i - 1),
					next: Node(len(p.nodes) + 1), kind: String, coded: coded})
			}
		case first == 'n' && of == nowhere && four(s, i) == null:
			i += len("null")
		default:
			if i = p.value(i, name{uint32(from), uint32(to), hash}, of); i < 0 {
				return -1
			}
		}
		if uint16(four(s, i)) == commaQuote {
			i += len(`,"`)
			continue
		}
		if i = p.space(i); i < len(s) && s[i] == '}' {
			return i + 1
		}
		if i >= len(s) || s[i] != ',' {
			return p.fail(i, "expected , or } after a member")
		}
		if i = p.quote(p.space(i + 1)); i < 0 {
			return -1
		}
	}
}

// quote is the offset behind the quote at i, which must begin a name, or -1.
func (p *parser) quote(i int) int {
	if i >= len(p.s) || p.s[i] != '"' {
		return p.fail(i, `expected the " of a member's name`)
	}
	return i + 1
}

// colon parses a member's name, whose first byte behind the quote is at from, and what stands before its value. It
// returns where the value begins, or -1, and where the name ends. A coded name has escapes or bytes outside ASCII.
func (p *parser) colon(from int) (value, to int, coded bool) {
	i, coded := p.str(from - 1)
	if i < 0 {
		return -1, 0, false
	}
	to = i - 1
	if i = p.space(i); i >= len(p.s) || p.s[i] != ':' {
		return p.fail(i, "expected : after a member's name"), 0, false
	}
	return p.space(i + 1), to, coded
}

// place is what is known of members at a place.
func (p *parser) place(at Place) *placeInfo {
	switch at {
	case nowhere:
		return &nothing
	case wherever:
		return &anything
	}
	return &p.places[at]
}

// find is the place of members with this name, which is not coded, and the name's hash. of is the first in the slot of the
// name. Without a place of its own a member is wherever or nowhere.
func (p *parser) find(of Place, place *placeInfo, name string) (Place, uint16) {
	for ; of != Top; of = p.places[of].next {
		if m := &p.places[of]; m.name == name || len(m.name) == len(name) && strings.EqualFold(m.name, name) {
			return of, m.hash
		}
	}
	if place.whole {
		return wherever, hashASCII(name)
	}
	return nowhere, 0
}

// note takes the next node for that of a place. inside is the object that it is a member of: a node behind it, at the
// same place, is another member of the same name.
func (p *parser) note(of Place, inside Node) {
	n := Node(len(p.nodes))
	if before := p.at[of]; before > inside || -before > inside {
		p.odd = true
	}
	if p.arrays > 0 {
		n = -n
	}
	p.at[of] = n
}
