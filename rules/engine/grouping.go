package engine

import (
	"slices"

	"oktastream/rules"
	"oktastream/rules/event"
)

// grouping is the group keys of an event, as all inputs see them that group alike.
type grouping struct {
	event    int // of which they are
	members  [][]string
	group    []string // of combination
	count    int      // of combinations
	overflow int      // how often there were more than MaxKeys
}

// read reads the fields of a group key whose member routing is to be key, for that is where the event was sent: the others may
// have every combination of their values.
func (g *grouping) read(fields []event.FieldID, st *rules.Stateful, routing int, key string, ev *event.Event) {
	g.members, g.count, g.overflow = g.members[:0], 1, 0
	for m, field := range fields {
		if m == cap(g.members) {
			g.members = append(g.members, nil)
		}
		g.members = g.members[:m+1]
		vs := members(g.members[m][:0], st, ev.Path(field), ev.Field(field), MaxKeys)
		if m == routing {
			if !slices.Contains(vs, key) {
				g.count = 0 // this copy was routed for another rule of the class
				return
			}
			vs = append(vs[:0], key)
		}
		g.members[m] = vs
		if g.count *= len(vs); g.count > MaxKeys {
			g.overflow++
			g.count = MaxKeys
		}
	}
}

// combination is the n-th combination of the members' values, in their order. It is valid until the next one.
func (g *grouping) combination(n int) []string {
	g.group = append(g.group[:0], make([]string, len(g.members))...)
	for m := len(g.members) - 1; m >= 0; m-- {
		vs := g.members[m]
		g.group[m], n = vs[n%len(vs)], n/len(vs)
	}
	return g.group
}
