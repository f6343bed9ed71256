package esql

import (
	"fmt"
	"slices"
	"strings"

	"oktastream/rules/window"
)

// program is the part of a query from the first STATS on, for the window of a group of the last. It implements
// window.Program.
type program struct {
	inputs  []*term // over the event: what a row has
	members []*term // over the event: the keys of the last stage, which are those of the window
	stages  []stage // the first reads inputs
	where   []*term // on the row of the last stage
	outputs []output

	member [][]int  // by stage and key: which member it is, -1 for a finer key
	needed [][]bool // by stage and aggregate: whether where depends on it
}

// output is a column at the end of the query.
type output struct {
	name string
	t    *term
}

// finish completes a program whose stages, conditions and members are set.
func (p *program) finish(c *compiler) {
	p.member = make([][]int, len(p.stages))
	for i := range p.stages {
		for _, k := range p.stages[i].keys {
			p.member[i] = append(p.member[i], p.memberOf(c.raw(i, k)))
		}
	}
	p.stages = slices.Clone(p.stages)
	first := &p.stages[0]
	keys := make([]*term, len(first.keys))
	for j, k := range first.keys {
		if keys[j] = k; p.member[0][j] < 0 {
			keys[j] = p.input(k)
		}
	}
	aggs := slices.Clone(first.aggs)
	for j := range aggs {
		if !aggs[j].arg.isLit {
			aggs[j].arg = p.input(aggs[j].arg)
		}
	}
	first.keys, first.aggs = keys, aggs
	p.need()
}

func (p *program) memberOf(raw *term) int {
	if raw == nil {
		return -1
	}
	return slices.IndexFunc(p.members, func(m *term) bool { return m.String() == raw.String() })
}

// input adds a term over the event to the row, and returns the term that reads it from there.
func (p *program) input(t *term) *term {
	text := t.String()
	i := slices.IndexFunc(p.inputs, func(have *term) bool { return have.String() == text })
	if i < 0 {
		i = len(p.inputs)
		p.inputs = append(p.inputs, t)
	}
	return &term{typ: t.typ, col: i, at: t.at, size: 1}
}

// need marks the aggregates that decide; the others are only computed for an alert.
func (p *program) need() {
	p.needed = make([][]bool, len(p.stages))
	reading := p.where
	for i := len(p.stages) - 1; i >= 0; i-- {
		st := &p.stages[i]
		used := make([]bool, st.width())
		for _, t := range reading {
			t.columns(used)
		}
		p.needed[i] = used[len(st.keys):]
		reading = slices.Clone(st.where)
		reading = append(reading, st.keys...)
		for j, n := range p.needed[i] {
			if n {
				reading = append(reading, st.aggs[j].arg)
			}
		}
	}
}

// String says all that the program computes.
func (p *program) String() string {
	var b strings.Builder
	for _, t := range p.inputs {
		fmt.Fprintf(&b, "row %s\n", t)
	}
	for i := range p.stages {
		st := &p.stages[i]
		for _, t := range st.where {
			fmt.Fprintf(&b, "where %s\n", t)
		}
		b.WriteString("stats")
		for j, k := range st.keys {
			if m := p.member[i][j]; m >= 0 {
				fmt.Fprintf(&b, " by member %d", m)
			} else {
				fmt.Fprintf(&b, " by %s", k)
			}
		}
		for j := range st.aggs {
			fmt.Fprintf(&b, " %s", &st.aggs[j])
		}
		b.WriteByte('\n')
	}
	for _, t := range p.where {
		fmt.Fprintf(&b, "where %s\n", t)
	}
	for _, o := range p.outputs {
		fmt.Fprintf(&b, "output %q %s\n", o.name, o.t)
	}
	return b.String()
}

// Begin implements window.Program.
func (p *program) Begin(group []string, all bool) window.Tally {
	if all {
		return p.begin(group, nil)
	}
	return p.begin(group, p.needed)
}

func (p *program) begin(group []string, needed [][]bool) *tally {
	t := &tally{p: p, needed: needed, members: make([]value, len(p.members)), groups: make([]map[string]*bucketed, len(p.stages))}
	for i, m := range p.members {
		if i < len(group) && group[i] != "" {
			if d, ok := parseDatum(group[i], m.typ); ok {
				t.members[i] = one(d)
			}
		}
	}
	for i := range t.groups {
		t.groups[i] = map[string]*bucketed{}
	}
	return t
}

// Outputs implements window.Tally.
func (t *tally) Outputs() []window.Output {
	row := t.last()
	if row == nil {
		return nil
	}
	var out []window.Output
	for _, o := range t.p.outputs {
		w := window.Output{Name: o.name}
		for _, d := range o.t.eval(input{row: row}) {
			w.Values = append(w.Values, native(o.t.typ, d))
		}
		out = append(out, w)
	}
	return out
}

// tally keeps the stages up to date. A row that changes a group of one stage takes that group's former row out of the
// next stage, and puts the new one in.
type tally struct {
	p       *program
	needed  [][]bool // nil for all aggregates
	members []value
	groups  []map[string]*bucketed // by stage and key
}

// bucketed is the rows of one group of a stage.
type bucketed struct {
	n    int // rows in it
	keys []value
	aggs []aggregator // nil for those that are not needed
	row  []value      // as the next stage has it
}

// Add implements window.Tally.
func (t *tally) Add(row string) { t.feed(0, t.p.decode(row), 1) }

// Remove implements window.Tally.
func (t *tally) Remove(row string) { t.feed(0, t.p.decode(row), -1) }

// feed adds a row to a stage, or takes it out.
func (t *tally) feed(i int, row []value, by int) {
	st := &t.p.stages[i]
	in := input{row: row}
	for _, w := range st.where {
		if !w.isTrue(in) {
			return
		}
	}
	args := make([]value, len(st.aggs))
	for j := range st.aggs {
		if t.needed == nil || t.needed[i][j] {
			args[j] = st.aggs[j].arg.eval(in)
		}
	}
	for _, keys := range t.keys(i, in) {
		t.feedGroup(i, keys, args, by)
	}
}

// keys lists the groups that a row belongs to: one for each value of a key with several, and one for null.
func (t *tally) keys(i int, in input) [][]value {
	all := [][]value{nil}
	for j, k := range t.p.stages[i].keys {
		var values []value
		if m := t.p.member[i][j]; m >= 0 {
			values = []value{t.members[m]}
		} else {
			for _, d := range dedupe(k.eval(in)) {
				values = append(values, one(d))
			}
			if values == nil {
				values = []value{nil}
			}
		}
		var next [][]value
		for _, keys := range all {
			for _, v := range values {
				next = append(next, append(slices.Clone(keys), v))
			}
		}
		all = next
	}
	return all
}

func (t *tally) feedGroup(i int, keys, args []value, by int) {
	st := &t.p.stages[i]
	var name []byte
	for j, k := range st.keys {
		name = appendValue(name, k.typ, keys[j])
	}
	g := t.groups[i][string(name)]
	if g == nil {
		g = &bucketed{keys: keys, aggs: make([]aggregator, len(st.aggs))}
		for j := range st.aggs {
			if t.needed == nil || t.needed[i][j] {
				g.aggs[j] = st.aggs[j].begin()
			}
		}
		t.groups[i][string(name)] = g
	}
	g.n += by
	for j, a := range g.aggs {
		for _, d := range args[j] {
			if by > 0 {
				a.add(d)
			} else {
				a.remove(d)
			}
		}
	}
	if g.n <= 0 {
		delete(t.groups[i], string(name))
	}
	if i+1 == len(t.p.stages) {
		return
	}
	if g.row != nil {
		t.feed(i+1, g.row, -1)
		g.row = nil
	}
	if g.n > 0 {
		g.row = g.results()
		t.feed(i+1, g.row, 1)
	}
}

// results is the row that a group yields. It shares nothing that changes.
func (g *bucketed) results() []value {
	row := slices.Clone(g.keys)
	for _, a := range g.aggs {
		if a == nil {
			row = append(row, nil)
			continue
		}
		row = append(row, a.result())
	}
	return row
}

// last is the row at the end of the query, before its columns are named; nil if there is none.
func (t *tally) last() []value {
	for _, g := range t.groups[len(t.groups)-1] { // there is one group: the window's
		row := g.results()
		for _, w := range t.p.where {
			if !w.isTrue(input{row: row}) {
				return nil
			}
		}
		return row
	}
	return nil
}

// Holds implements window.Tally.
func (t *tally) Holds() bool { return t.last() != nil }
