package match

import (
	"oktastream/rules/event"
	"oktastream/rules/event/jsontree"
)

// elementMeta gives an element what an event would have to be searched for.
var elementMeta = event.Meta{ID: ElementName, Time: 1}

// read is the path that p takes its values from: of a field that Elasticsearch flattens the elements, for an Element.
func (p *Pred) read() event.Path {
	if p.Op == Element {
		return p.Path.Elements()
	}
	return p.Path
}

// appendElement appends the event that the Body of an Element sees.
func appendElement(dst []byte, v event.Value) []byte {
	dst = append(dst, `{"`+ElementName+`":`...)
	if v.Kind == event.String {
		dst = jsontree.AppendString(dst, v.Text)
	} else {
		dst = append(dst, v.Text...)
	}
	return append(dst, '}')
}

// element is the compiled Body of a predicate: an index of one expression over paths of its own.
type element struct {
	fields *event.Fields
	index  *Index
}

func compileElement(body Expr) *element {
	f := event.NewFields()
	b := NewBuilder(f)
	b.Add(body)
	return &element{fields: f, index: b.Build()}
}

// inner matches elements; it is what a Matcher keeps for an element.
type inner struct {
	decoder *event.Decoder
	matcher *Matcher
	text    []byte
	found   []int
}

func (m *Matcher) element(e *element, v event.Value) bool {
	in := m.inner[e]
	if in == nil {
		in = &inner{decoder: event.NewDecoder(e.fields), matcher: e.index.NewMatcher()}
		if m.inner == nil {
			m.inner = map[*element]*inner{}
		}
		m.inner[e] = in
	}
	if cap(in.text) > maxArena {
		in.text = nil
	}
	in.text = appendElement(in.text[:0], v)
	ev, err := in.decoder.Decode(in.text, elementMeta)
	if err != nil {
		return false // nested deeper than an event can be
	}
	in.found = in.matcher.Match(ev, in.found[:0])
	return len(in.found) > 0
}
