package event

import (
	"strconv"

	"oktastream/rules/event/jsontree"
)

// FieldID numbers a path among the Fields of a rule set, from 0.
type FieldID int32

// Fields is the set of paths that the loaded rules read, so that an event looks each of them up at most once however
// many rules ask. It is filled while rules are compiled; afterwards it may be read by any number of goroutines, and it
// must not grow while a Decoder of it is in use.
type Fields struct {
	ids    map[string]FieldID // by canonical path
	fields []field
	places []place
	known  map[place]int32
}

type field struct {
	path   Path
	places []int32 // where each of the path's reads begins to be more than a chain of names
}

// place is a member of an object that several fields lie below. The event finds it once for all of them.
type place struct {
	parent int32 // -1 for the top of the event
	name   jsontree.Name
}

// NewFields returns an empty set.
func NewFields() *Fields {
	return &Fields{ids: map[string]FieldID{}, known: map[place]int32{}}
}

// Add gives the number of a path, the same for paths that differ in notation only. The zero Path has a number too; it
// never has a value.
func (f *Fields) Add(p Path) FieldID {
	canon := ""
	if p.c != nil {
		canon = p.c.canon
	}
	if id, ok := f.ids[canon]; ok {
		return id
	}
	id := FieldID(len(f.fields))
	f.ids[canon] = id
	x := field{path: p}
	if p.c != nil {
		for _, r := range p.c.reads {
			x.places = append(x.places, f.place(r.steps))
		}
	}
	f.fields = append(f.fields, x)
	for _, q := range p.Reads() {
		f.Add(q)
	}
	return id
}

// place interns the leading names of steps, except the last: what remains is for the walk.
func (f *Fields) place(steps []step) int32 {
	at := int32(-1)
	for i, s := range steps {
		if i == len(steps)-1 || len(s.selects) > 0 || s.index >= 0 {
			break
		}
		p := place{parent: at, name: s.name}
		next, ok := f.known[p]
		if !ok {
			next = int32(len(f.places))
			f.known[p] = next
			f.places = append(f.places, p)
		}
		at = next
	}
	return at
}

// Len is the number of fields.
func (f *Fields) Len() int { return len(f.fields) }

// Path is the path that was first added under id. It panics for an id that this set did not give.
func (f *Fields) Path(id FieldID) Path {
	if id < 0 || int(id) >= len(f.fields) {
		panic("event: no field " + strconv.Itoa(int(id)))
	}
	return f.fields[id].path
}

// lookup is the id of a path that has one.
func (f *Fields) lookup(p Path) (FieldID, bool) {
	if p.c == nil {
		return 0, false
	}
	id, ok := f.ids[p.c.canon]
	return id, ok
}
