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
	name  string
	hash  uint16
	whole bool         // and so are the places below
	next  Place        // another member of the same object in the same slot
	slots [slots]Place // of the members, by the slot of their names; Top, which is nobody's member, is none
}

// slots is how many a place has: enough that most names that are selected have one of their own, and most others find
// theirs empty.
const slots = 64

// slot spreads the names of members by their length and their first and last byte, which are quotes if the name is empty.
// Names that are equal but for case have the same slot.
func slot(length int, first, last byte) uint {
	const fold = 'a' - 'A'
	return (uint(length) + 8*uint(first|fold) + 2*uint(last|fold)) % slots
}

var (
	nothing  placeInfo
	anything = placeInfo{whole: true}
)

// everything selects all there is.
var everything = &Selection{places: []placeInfo{{whole: true}}}

// Clone returns a copy that grows on its own; the places of s have the same numbers in it.
func (s *Selection) Clone() Selection {
	return Selection{slices.Clone(s.places)}
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
	for _, of := range s.places[at].slots {
		for ; of != Top; of = s.places[of].next {
			s.Everything(of)
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
	quoted := `"` + name.text + `"`
	n := slot(len(name.text), quoted[1], quoted[len(name.text)])
	for of := s.places[at].slots[n]; of != Top; of = s.places[of].next {
		if strings.EqualFold(s.places[of].name, name.text) {
			return of, true
		}
	}
	member = Place(len(s.places))
	s.places = append(s.places, placeInfo{name: name.text, hash: name.hash, whole: s.places[at].whole, next: s.places[at].slots[n]})
	s.places[at].slots[n] = member
	return member, true
}
