package event

import "oktastream/rules/event/jsontree"

// mark says what a projection keeps of a node.
type mark uint8

const (
	visited mark = 1 << iota // a path led through it
	kept                     // a path reads it, whole
	shadow                   // another member has the same name but for case: it must stay to keep its precedence
)

// Project returns the JSON of a LogEvent that holds only what the paths read: decoded again it has the same values for
// each of them. What no path reads and what is null is left out; an alias keeps the raw members it is computed from,
// and a path into a text keeps the text. The result shares nothing with the event, and the same event and paths give
// the same bytes.
func (e *Event) Project(paths []Path) []byte {
	if n := e.whole().Len(); cap(e.marks) >= n {
		e.marks = e.marks[:n]
		clear(e.marks)
	} else {
		e.marks = make([]mark, n)
	}
	for _, p := range paths {
		if p.c != nil {
			e.collect(nil, p.c, e.whole(), nil)
		}
	}
	out, _ := e.emit(make([]byte, 0, 256), jsontree.Root)
	e.marks = e.marks[:0]
	return out
}

// visit notes that a path leads through n, a member found alone under its name or not.
func (e *Event) visit(t *jsontree.Tree, n jsontree.Node, alone bool) {
	if n == jsontree.None || len(e.marks) == 0 || t != &e.full {
		return
	}
	if e.marks[n] |= visited; !alone {
		e.marks[n] |= shadow
	}
}

// keep notes that a path reads n.
func (e *Event) keep(t *jsontree.Tree, n jsontree.Node) {
	if len(e.marks) > 0 && t == &e.full {
		e.marks[n] |= visited | kept
	}
}

// emit appends what is kept of n, and reports whether that is anything. The top of the event always is.
func (e *Event) emit(dst []byte, n jsontree.Node) ([]byte, bool) {
	t, m := &e.full, e.marks[n]
	switch t.Kind(n) {
	case jsontree.Object:
		if m&kept != 0 {
			return t.Append(dst, n), true
		}
		start := len(dst)
		dst = append(dst, '{')
		for c := t.First(n); c != jsontree.None; c = t.Next(n, c) {
			before := len(dst)
			if e.marks[c]&visited == 0 {
				continue
			}
			if before > start+1 {
				dst = append(dst, ',')
			}
			dst = append(t.AppendKey(dst, c), ':')
			var any bool
			if dst, any = e.emit(dst, c); !any {
				dst = dst[:before]
			}
		}
		if len(dst) == start+1 && m&shadow == 0 && n != jsontree.Root {
			return dst[:start], false
		}
		return append(dst, '}'), true
	case jsontree.Array:
		return e.emitArray(dst, n)
	}
	if m&(kept|shadow) == 0 {
		return dst, false
	}
	return t.Append(dst, n), true
}

// emitArray keeps the positions of the elements: one that no path reads becomes null if others follow.
func (e *Event) emitArray(dst []byte, n jsontree.Node) ([]byte, bool) {
	t, start := &e.full, len(dst)
	dst = append(dst, '[')
	end := len(dst) // behind the last element that is kept
	for c := t.First(n); c != jsontree.None; c = t.Next(n, c) {
		if len(dst) > start+1 {
			dst = append(dst, ',')
		}
		var any bool
		if e.marks[c]&visited != 0 {
			dst, any = e.emit(dst, c)
		}
		if any {
			end = len(dst)
		} else {
			dst = append(dst, "null"...)
		}
	}
	if dst = dst[:end]; end == start+1 && e.marks[n]&shadow == 0 {
		return dst[:start], false
	}
	return append(dst, ']'), true
}
