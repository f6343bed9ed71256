package event

import (
	"maps"
	"slices"
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
	// selected is what the fields read, identity, time and type included: no more of an event is kept in its tree.
	selected            jsontree.Selection
	typ, id, publishing jsontree.Place
	enrichment          Enrichment
	naming              Naming
}

type field struct {
	path   Path
	chains [][]jsontree.Place // for each of the path's reads: the places of the names it begins with
	direct jsontree.Place     // of the value, where the path is nothing but names; else Top
}

// NewFields returns an empty set.
func NewFields() *Fields {
	f := &Fields{ids: map[string]FieldID{}, enrichment: plain{}}
	f.typ, f.id, f.publishing = f.member(nameType), f.member(nameID), f.member(namePublished)
	return f
}

// With returns a copy of f that has paths as well. What f has keeps its numbers, so whoever knows those of f can read
// events of a Decoder of the copy.
func (f *Fields) With(paths ...Path) *Fields {
	g := *f
	g.ids, g.fields, g.selected = maps.Clone(f.ids), slices.Clone(f.fields), f.selected.Clone()
	for _, p := range paths {
		g.Add(p)
	}
	return &g
}

// member selects a member of the top.
func (f *Fields) member(name jsontree.Name) jsontree.Place {
	at, _ := f.selected.Member(jsontree.Top, name)
	f.selected.Everything(at)
	return at
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
			x.chains = append(x.chains, choose(&f.selected, r.steps))
		}
		if r := p.c.reads; len(r) > 0 && !p.c.all && !r[0].carried && (r[0].convert == asIs || r[0].convert == maybeAddress) && len(x.chains[0]) == len(r[0].steps) && !r[0].steps[len(r[0].steps)-1].picks() {
			x.direct = x.chains[0][len(x.chains[0])-1]
		}
	}
	f.fields = append(f.fields, x)
	for _, q := range p.Reads() {
		f.Add(q)
	}
	return id
}

// choose selects whatever a walk along steps can look at, and returns the places of the first steps: up to one that
// picks among the elements of an array. A name that is a number may pick one too, and then what follows it is about that
// element: it selects all there is.
func choose(selected *jsontree.Selection, steps []step) (chain []jsontree.Place) {
	at, ok, direct := jsontree.Top, true, true
	for _, step := range steps {
		if step.index >= 0 || step.loose != "" {
			break
		}
		if at, ok = selected.Member(at, step.name); !ok {
			return chain // Member has selected all
		}
		if direct {
			chain = append(chain, at)
		}
		direct = direct && len(step.selects) == 0
		for _, sel := range step.selects {
			if !sel.filter {
				continue
			}
			if member, ok := selected.Member(at, sel.name); ok {
				selected.Everything(member)
			}
		}
	}
	selected.Everything(at)
	return chain
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

// Path is the path of a field.
func (e *Event) Path(id FieldID) Path { return e.fields.fields[id].path }

// lookup is the id of a path that has one.
func (f *Fields) lookup(p Path) (FieldID, bool) {
	if p.c == nil {
		return 0, false
	}
	id, ok := f.ids[p.c.canon]
	return id, ok
}
