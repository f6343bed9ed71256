package esql

import (
	"slices"
	"strings"
	"time"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// Options are the schedule of a rule, which becomes its window.
type Options struct {
	From     time.Duration // how far a run looks back
	Interval time.Duration // from run to run
}

// Compile makes a rule's condition of a query: an expression on single events if it has no STATS, else a window. One of
// them is not nil, unless r has got an error. Positions are those of the query's file.
func Compile(text *source.Node, o Options, r *source.Report) (where match.Expr, stateful *rules.Stateful) {
	guessed := new(bool)
	defer catch(text, r, guessed)
	q := parse(text.Text)
	c := &compiler{scope: eventScope(q.metadata)}
	c.scope.guessed = guessed
	c.scope.aggregates = slices.ContainsFunc(q.commands, func(cmd command) bool { return cmd.word == "STATS" })
	c.sources(q.sources)
	for i := range q.commands {
		c.command(&q.commands[i], q.commands[i+1:])
	}
	bounds(text, q.commands, r)
	if len(c.stages) == 0 {
		if c.alerts > 0 {
			unsupported(c.alerts-1, "aggregate them with STATS", "a query over alerts needs STATS")
		}
		return c.condition(), nil
	}
	return nil, c.stateful(o)
}

// compiler turns commands into stages. Columns before the first STATS are terms over the event, those behind a STATS
// terms over the row that it makes.
type compiler struct {
	scope  *scope
	alerts int     // behind the source that holds alerts, 0 for none
	events bool    // there is a source that holds events
	where  []*term // of the stage at hand: on events, or on the rows of the last STATS
	filter []*term // before the first STATS, once there is one
	stages []stage
	back   time.Duration // how far the query itself looks back, 0 if it does not say
}

// stage is one STATS. Its row has the keys first and then the aggregates.
type stage struct {
	where []*term // on the rows that come in; for the first stage they are conditions of the rule
	keys  []*term
	names []string // of keys
	at    int
	aggs  []aggregate
}

func (s *stage) width() int { return len(s.keys) + len(s.aggs) }

func (s *stage) typ(col int) typ {
	if col < len(s.keys) {
		return s.keys[col].typ
	}
	return s.aggs[col-len(s.keys)].typ()
}

func (c *compiler) command(cmd *command, rest []command) {
	switch cmd.word {
	case "WHERE":
		if x := c.lookBack(cmd.where); x != nil {
			c.where = append(c.where, condition(c.scope.build(x), "WHERE"))
		}
	case "EVAL":
		for _, f := range cmd.fields {
			c.scope.set(f.name, c.scope.build(f.x))
		}
	case "STATS":
		c.stats(cmd)
	case "KEEP":
		c.scope.keep(cmd.names)
	case "DROP":
		c.scope.drop(cmd.names)
	case "RENAME":
		c.scope.rename(cmd.renames)
	case "DISSECT":
		c.dissect(cmd)
	case "GROK":
		c.grok(cmd)
	case "LIMIT":
		for _, later := range rest {
			if later.word == "STATS" || later.word == "WHERE" {
				unsupported(cmd.at, "put LIMIT at the end, or leave it out", "LIMIT before %s is not supported: which rows are left would depend on the order of arrival", later.word)
			}
		}
	}
}

// stats begins a stage.
func (c *compiler) stats(cmd *command) {
	st := stage{where: c.where, at: cmd.at}
	before := c.scope
	next := &scope{columns: map[string]*term{}, aggregates: true}
	for _, k := range cmd.by {
		t := before.build(k.x)
		if t.typ == tSpan {
			fail(k.at, CodeType, "", "rows cannot be grouped by a duration")
		}
		before.set(k.name, t) // a key may be used by the aggregates
		st.keys, st.names = append(st.keys, t), append(st.names, k.name)
	}
	type output struct {
		name string
		t    *term
	}
	var outputs []output
	for _, f := range cmd.fields {
		var filter *term
		if f.filter != nil {
			filter = condition(before.build(f.filter), "WHERE")
		}
		inner := &scope{columns: map[string]*term{}, aggregates: true}
		inner.aggregate = func(x *expr) *term { return st.column(st.add(newAggregate(x, before.build, filter)), x.at) }
		for i, name := range st.names {
			inner.set(name, st.column(i, cmd.at))
		}
		t := inner.build(f.x)
		if !t.aggregated(len(st.keys)) && !t.isLit {
			fail(f.x.at, CodeType, "", "STATS makes aggregates, and %s is none", f.name)
		}
		outputs = append(outputs, output{f.name, t})
	}
	for _, o := range outputs {
		next.set(o.name, o.t)
	}
	for i, name := range st.names {
		next.set(name, st.column(i, cmd.by[i].at))
	}
	if len(c.stages) == 0 {
		c.filter, st.where = c.where, nil
	}
	c.stages, c.scope, c.where = append(c.stages, st), next, nil
}

// aggregated tells whether a term reads an aggregate of a row with that many keys.
func (t *term) aggregated(keys int) bool {
	for _, a := range t.args {
		if a.aggregated(keys) {
			return true
		}
	}
	return t.op == "" && t.col >= keys
}

// column is the term of a column of the stage's row.
func (s *stage) column(col, at int) *term { return &term{typ: s.typ(col), col: col, at: at, size: 1} }

// add adds an aggregate, unless it is there already, and returns its column.
func (s *stage) add(a aggregate) int {
	for i := range s.aggs {
		if s.aggs[i].String() == a.String() {
			return len(s.keys) + i
		}
	}
	s.aggs = append(s.aggs, a)
	return len(s.keys) + len(s.aggs) - 1
}

// condition is the conjunction of the conditions on events.
func (c *compiler) condition() match.Expr {
	where := c.where
	if len(c.stages) > 0 {
		where = c.filter
	}
	x := match.And{}
	for _, t := range where {
		x = append(x, lower(t, true))
	}
	if len(x) == 1 {
		return x[0]
	}
	return x
}

// stateful makes the window. It groups by the keys of the last STATS, which must come from the event: the keys of the
// stages before live inside the program.
func (c *compiler) stateful(o Options) *rules.Stateful {
	last := &c.stages[len(c.stages)-1]
	p := &program{stages: c.stages, where: c.where}
	in := rules.Input{Name: "event", Where: c.condition()}
	switch {
	case c.alerts > 0 && c.events:
		in.Alerts = rules.AlertsFor(in.Where)
	case c.alerts > 0:
		in.Alerts = rules.OnlyAlerts
	}
	st := &rules.Stateful{Verbatim: true, NullGroup: true}
	for i, k := range last.keys {
		raw := c.raw(len(c.stages)-1, k)
		if raw == nil {
			unsupported(k.at, "", "the last STATS groups by %s, which an earlier one has aggregated: such groups change with every event", last.names[i])
		}
		p.members = append(p.members, raw)
		st.GroupBy = append(st.GroupBy, last.names[i])
		in.Group = append(in.Group, raw.key())
	}
	p.finish(c)
	for _, name := range c.scope.order {
		if t := c.scope.columns[name]; t.op != "" || t.col >= len(last.keys) || t.isLit {
			p.outputs = append(p.outputs, output{name, t})
		}
	}
	in.Columns = []event.Path{p.row()}
	st.Inputs = []rules.Input{in}
	st.Window = window.Spec{Kind: window.Pipeline, Program: p, Length: o.From}
	if c.back > 0 && (o.From <= 0 || c.back < o.From) {
		st.Window.Length = c.back
	}
	if !p.monotone() {
		st.Window.Every = o.Interval
	}
	return st
}

// raw is a term over the rows that stage i reads, as a term over the event; nil if it reads an aggregate.
func (c *compiler) raw(i int, t *term) *term {
	if i == 0 {
		return t
	}
	before := &c.stages[i-1]
	if t.op == "" {
		switch {
		case t.isLit:
			return t
		case t.col < len(before.keys):
			return c.raw(i-1, before.keys[t.col])
		}
		return nil
	}
	args := make([]*term, len(t.args))
	for j, a := range t.args {
		if args[j] = c.raw(i, a); args[j] == nil {
			return nil
		}
	}
	moved := *t
	moved.args = args
	return newTerm(moved)
}

// key is the path that a group key is read from: the field itself where its text is the key.
func (t *term) key() event.Path {
	if t.op == "" && !t.isLit && !t.clock && (t.typ == tKeyword || t.typ == tIP) {
		return t.path
	}
	return event.Computed("=esql key "+t.String(), t.paths(nil), func(ev *event.Event) []event.Value {
		var out []event.Value
		for _, d := range t.eval(input{ev: ev}) {
			out = append(out, event.Value{Kind: event.String, Text: show(t.typ, d)})
		}
		return out
	})
}

// sources looks for one that holds Okta's events.
func (c *compiler) sources(names []name) {
	for _, n := range names {
		pattern := n.text
		if _, rest, remote := strings.Cut(pattern, ":"); remote && !strings.HasPrefix(pattern, "-") { // of another cluster
			pattern = rest
		}
		pattern, _, _ = strings.Cut(pattern, "::")
		if strings.HasPrefix(pattern, ".alerts-") {
			c.alerts = n.at + 1
			continue
		}
		if matcher([]name{{text: pattern, wild: true}})("logs-okta.system-default") || strings.HasPrefix(pattern, "logs-okta") || strings.HasPrefix(pattern, "filebeat-") {
			c.events = true
		}
	}
	if c.events || c.alerts > 0 {
		return
	}
	at := 0
	if len(names) > 0 {
		at = names[0].at
	}
	panic(problem{at: at, code: CodeSource, unsupported: true, hint: "FROM logs-okta.system-*", message: "FROM names no source that holds Okta's events"})
}
