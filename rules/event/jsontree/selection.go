package jsontree

import (
	"slices"
	"strings"
)

// Selection says which parts of a text a tree has to hold. Its places are chains of member names from the top; a tree
// has the members at each place and, as far as a place asks for it, all that is below. An array has all its elements,
// each with what the array's place says. What is not selected is checked like the rest and leaves no node, so that a
// text costs memory, and looking things up in it time, only for what somebody reads.
//
// A tree may hold more than was selected, never less. The zero Selection selects the top alone. It may be read by any
// number of goroutines, but not while it grows.
type Selection struct{ places []placeInfo }

// Place numbers a chain of names of a Selection.
type Place int32

const (
	// Top is the place of the whole text.
	Top Place = 0

	nowhere  Place = -1 // of values that are not selected
	wherever Place = -2 // of values that are selected whole, and whose members are no places
)

type placeInfo struct {
	name    string
	whole   bool   // and so are the places below
	lengths uint64 // of the members' names, modulo 64: most other names are passed over by that
	used    int
	slots   []slot // the members: open addressing by the hash of the name; a power of two, at most half full
}

// slot is empty if its place is Top, which is nobody's member.
type slot struct {
	hash uint16
	at   Place
}

// everything selects all there is.
var everything = &Selection{places: []placeInfo{{whole: true}}}

// Clone returns a copy that grows on its own; the places of s have the same numbers in it.
func (s *Selection) Clone() Selection {
	c := Selection{slices.Clone(s.places)}
	for i := range c.places {
		c.places[i].slots = slices.Clone(c.places[i].slots)
	}
	return c
}

func (s *Selection) init() {
	if s.places == nil {
		s.places = make([]placeInfo, 1)
	}
}

// Everything selects all that is below a place.
func (s *Selection) Everything(at Place) {
	s.init()
	s.places[at].whole = true
	for _, x := range s.places[at].slots {
		if x.at != Top {
			s.Everything(x.at)
		}
	}
}

// Member selects the members at a place whose name is name in any case, and returns their place. There is none for a
// name with characters outside ASCII: everything at the place is selected then.
func (s *Selection) Member(at Place, name Name) (member Place, ok bool) {
	s.init()
	if name.hash == 0 {
		s.Everything(at)
		return 0, false
	}
	if of := s.places[at].find(s.places, name.hash, []byte(name.text)); of > 0 {
		return of, true
	}
	member = Place(len(s.places))
	s.places = append(s.places, placeInfo{name: name.text, whole: s.places[at].whole})
	p := &s.places[at]
	p.lengths |= 1 << (len(name.text) & 63)
	if 2*(p.used+1) > len(p.slots) {
		old := p.slots
		p.slots = make([]slot, max(4, 4*len(old)))
		for _, x := range old {
			if x.at != Top {
				p.put(x)
			}
		}
	}
	p.put(slot{name.hash, member})
	p.used++
	return member, true
}

func (p *placeInfo) put(x slot) {
	i := p.first(x.hash)
	for p.slots[i].at != Top {
		i = (i + 1) & (len(p.slots) - 1)
	}
	p.slots[i] = x
}

func (p *placeInfo) first(hash uint16) int { return int(hash^hash>>8) & (len(p.slots) - 1) }

// find is the place of the members with this name, which is ASCII. Without one it is wherever or nowhere.
func (p *placeInfo) find(places []placeInfo, hash uint16, name []byte) Place {
	if len(p.slots) > 0 {
		for i := p.first(hash); p.slots[i].at != Top; i = (i + 1) & (len(p.slots) - 1) {
			x := p.slots[i]
			if x.hash == hash && (places[x.at].name == string(name) || strings.EqualFold(places[x.at].name, string(name))) {
				return x.at
			}
		}
	}
	if p.whole {
		return wherever
	}
	return nowhere
}
