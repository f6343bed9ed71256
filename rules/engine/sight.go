package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/window"
)

// reader gets out of an event what the windows of stateful rules are told about it.
type reader struct {
	set        *rules.Set
	fields     *event.Fields // of the set, and whatever the inputs read besides
	inputs     [][]reading   // by rule and input
	ip, result event.FieldID
	sights     []sight
	groupings  []grouping
	event      int // counts them
}

// reading is what one input reads, as numbers of fields.
type reading struct {
	group, columns []event.FieldID
	join           event.FieldID
	joins          bool
	alone          bool // the rule has no other input
	sight          int  // into reader.sights
	grouping       int  // into reader.groupings
}

// sight is an event as all inputs see it that read the same: however many rules observe it, it is made once, and so is
// the row of it that their windows keep.
type sight struct {
	event int // of which it is
	window.Observation
}

func newReader(set *rules.Set) reader {
	paths := []event.Path{pathIP, pathResult}
	for _, r := range set.Rules() {
		if r.Stateful == nil {
			continue
		}
		for i := range r.Stateful.Inputs {
			in := &r.Stateful.Inputs[i]
			paths = append(slices.Concat(paths, in.Group, in.Columns), in.Join)
		}
	}
	r := reader{set: set, fields: set.Fields().With(paths...), inputs: make([][]reading, len(set.Rules()))}
	r.ip, r.result = r.fields.Add(pathIP), r.fields.Add(pathResult)
	same, alike := map[string]int{}, map[string]int{}
	for n, rule := range set.Rules() {
		st := rule.Stateful
		if st == nil {
			continue
		}
		for i := range st.Inputs {
			in := &st.Inputs[i]
			x := reading{group: r.numbers(in.Group), columns: r.numbers(in.Columns), join: r.fields.Add(in.Join),
				joins: !in.Join.IsZero(), alone: len(st.Inputs) == 1}
			x.sight = numberOf(same, fmt.Sprint(stepOf(st, i), st.Verbatim, x.columns, x.join))
			class := set.ClassOf(n)
			x.grouping = numberOf(alike, fmt.Sprint(class, set.Classes()[class].Member[n], st.Verbatim, st.NullGroup, x.group))
			r.inputs[n] = append(r.inputs[n], x)
		}
	}
	r.sights, r.groupings = make([]sight, len(same)), make([]grouping, len(alike))
	return r
}

// numberOf is that of a name, in order of first sight.
func numberOf(names map[string]int, name string) int {
	n, ok := names[name]
	if !ok {
		n = len(names)
		names[name] = n
	}
	return n
}

func (r *reader) numbers(paths []event.Path) (ids []event.FieldID) {
	for _, p := range paths {
		ids = append(ids, r.fields.Add(p))
	}
	return ids
}

// stepOf is the step that an input stands for: 0 where steps do not matter.
func stepOf(st *rules.Stateful, input int) int {
	if st.Window.Steps == 0 {
		return 0
	}
	return input
}

// next goes to another event.
func (r *reader) next() { r.event++ }

// maxID is the longest id that windows keep. An entry of the changelog has it in key and value, and must fit into a record:
// one that does not would stop the task for ever.
const maxID = 1 << 10

// rowID is the id of an event as windows know it: a digest if it is longer than any that Okta writes.
func rowID(id string) string {
	if len(id) <= maxID {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// see is the event at hand as input e sees it. What it refers to is valid until next.
func (r *reader) see(e rules.Entry, o *Observation, ev *event.Event) *window.Observation {
	in := &r.inputs[e.Rule][e.Input]
	s := &r.sights[in.sight]
	if s.event == r.event {
		return &s.Observation
	}
	s.event = r.event
	st := r.set.Rules()[e.Rule].Stateful
	columns, join := s.Columns[:0], s.Join[:0] // their memory serves again
	for c, field := range in.columns {
		var values []string
		if c < cap(columns) {
			values = columns[:c+1][c][:0]
		}
		columns = append(columns, usable(values, st, ev.Path(field), ev.Field(field), MaxKeys))
	}
	if in.joins {
		join = usable(join, st, ev.Path(in.join), ev.Field(in.join), MaxKeys)
	}
	s.Observation = window.Observation{ID: rowID(o.ID), Time: o.Time, Step: stepOf(st, e.Input), Columns: columns, Join: join,
		Type: ev.Type(), IP: text(ev.Field(r.ip)), Result: text(ev.Field(r.result)), Origin: o.Origin}
	return &s.Observation
}
