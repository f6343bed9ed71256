package event

import (
	"bytes"

	"oktastream/rules/event/jsontree"
)

// Projection says what Project keeps of events. It may be shared by goroutines. The zero Projection keeps nothing.
type Projection struct {
	selected jsontree.Selection
	carried  jsontree.Selection // of what the envelope says
	carries  bool
}

// NewProjection returns the projection that keeps what the paths can look at, and nothing for a zero Path.
func NewProjection(paths ...Path) *Projection {
	p := new(Projection)
	p.add(paths)
	return p
}

func (p *Projection) add(paths []Path) {
	for _, path := range paths {
		if path.c == nil {
			continue
		}
		if path.c.every {
			p.selected.Everything(jsontree.Top)
		}
		for _, r := range path.c.reads {
			choose(&p.selected, r.steps)
			if r.carried {
				choose(&p.carried, r.steps[1:])
				p.carries = true
			}
		}
		p.add(path.Reads())
	}
}

// Project returns the JSON of a LogEvent that holds what the paths of p can look at: decoded again it has the same values for
// each of them, whatever members have the same name, or one that differs in case. An alias has the raw members that it is
// computed from, and a path into a text the whole text. The result shares nothing with the event, and the same event and
// paths give the same bytes.
func (e *Event) Project(p *Projection) []byte {
	if e.part.Select(&e.tree, &p.selected) != nil {
		panic("event: the text of an event has changed while it was in use")
	}
	if e.part.Dotted() && e.part.Select(e.whole(), &p.selected) != nil {
		panic("event: the text of an event has changed while it was in use")
	}
	e.projected = e.part.Append(e.projected[:0], jsontree.Root)
	if p.carries && e.carrier != nil && e.part.ParseSelected(e.carrier, &p.carried) == nil {
		e.projected = e.projected[:len(e.projected)-1]
		if len(e.projected) > 1 {
			e.projected = append(e.projected, ',')
		}
		e.projected = e.part.Append(append(e.projected, `"`+carrierMember+`":`...), jsontree.Root)
		e.projected = append(e.projected, '}')
	}
	out := bytes.Clone(e.projected)
	if cap(e.projected) > maxArena {
		e.projected = nil
	}
	return out
}
