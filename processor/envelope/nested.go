package envelope

import (
	"fmt"
	"slices"
	"strings"

	"oktastream/rules/event/jsontree"
)

// maxLevel is how many members an event may be below that belong to no envelope we know by name.
const maxLevel = 8

// ownSchema begins the schema of our alerts, which hold events: what is alerted on must not come back as input.
const ownSchema = "oktastream.alert/"

// openNested looks for the one member that holds events, a few levels down. Several members may hold the same event, as
// text and as object; where they hold different ones, nobody can tell which is meant.
func openNested(u *Unwrapper, p part) bool {
	if p.kindOf() != jsontree.Object || p.level == maxLevel || strings.HasPrefix(p.str("schema"), ownSchema) {
		return false
	}
	before := u.mark()
	found := jsontree.None
	for c := p.t.First(p.n); c != jsontree.None && !u.overfull; c = p.t.Next(p.n, c) {
		at := u.mark()
		if !u.below(p, c) {
			continue
		}
		if u.wide() {
			break
		}
		switch {
		case len(u.result.Events) == at.events:
			u.undo(at)
		case found == jsontree.None:
			found = c
		case u.same(u.result.Events[before.events:at.events], u.result.Events[at.events:]):
			u.undo(at)
		default:
			reason := fmt.Sprintf("the members %s and %s hold different events: pin the path to the one that is meant", shown(p.t.Key(found)), shown(p.t.Key(c)))
			u.undo(before)
			u.reject(Ambiguous, p.inside(reason), p.json())
			return true
		}
	}
	return found != jsontree.None
}

// below opens a member, if it can hold an event and has not been opened before.
func (u *Unwrapper) below(p part, c jsontree.Node) bool {
	kind := p.t.Kind(c)
	switch {
	case u.hasTried(c):
		return false
	case kind == jsontree.String:
		if !carries(p.t, c) {
			return false
		}
		as := Text
		if p.depth == 0 && u.pin != "" {
			as = u.pin
		}
		u.inside(p, as, c)
	case kind != jsontree.Object && kind != jsontree.Array:
		return false
	case p.level == 0:
		if p.depth == MaxNesting {
			return false
		}
		u.around = append(u.around, place{p.t, p.n})
		q := u.into(p, Nested)
		q.n, q.level = c, 1
		u.recognise(q)
		u.around = u.around[:len(u.around)-1]
	default:
		u.around = append(u.around, place{p.t, p.n})
		p.n = c
		p.level++
		u.recognise(p)
		u.around = u.around[:len(u.around)-1]
	}
	return true
}

// same reports whether both have the same events, by their uuids.
func (u *Unwrapper) same(a, b []Found) bool {
	return slices.EqualFunc(a, b, func(a, b Found) bool {
		id := identity(a.JSON)
		return id != "" && id == identity(b.JSON)
	})
}

func identity(json []byte) string {
	var t jsontree.Tree
	if t.Parse(json) != nil {
		return ""
	}
	return part{t: &t}.str("uuid")
}

// shown is a name out of the record, for people.
func shown(name string) string {
	if len(name) > 40 {
		name = name[:40] + "…"
	}
	return fmt.Sprintf("%q", strings.ToValidUTF8(name, "?"))
}
