package engine

import (
	"slices"
	"strings"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// Ingest is the first half of detection: it evaluates stateless rules and routes observations. It has no state; a worker
// owns one, for its scratch memory.
type Ingest struct {
	set     *rules.Set
	opts    Options
	matcher *match.Matcher
	stats   Stats
	hits    []int
	routes  []route
	carried []*event.Projection // by class: what an observation carries
	forward forwarder
	build   builder
}

// route is one copy of the event at hand.
type route struct {
	class int
	key   string
}

// NewIngest returns an Ingest for set. Any number of them may share a set.
func NewIngest(set *rules.Set, opts Options) *Ingest {
	stats := make(Stats, len(set.Rules()))
	return &Ingest{set: set, opts: opts, matcher: set.Index().NewMatcher(), stats: stats, carried: carried(set),
		forward: newForwarder(set, stats), build: newBuilder(set, opts)}
}

// carried is for each class what its observations carry: what its rules read, and what an alert tells.
func carried(set *rules.Set) (by []*event.Projection) {
	for _, paths := range observationPaths(set) {
		by = append(by, event.NewProjection(paths...))
	}
	return by
}

func observationPaths(set *rules.Set) (by [][]event.Path) {
	for c := range set.Classes() {
		by = append(by, slices.Concat(set.ClassPaths(c), alert.DescribePaths()))
	}
	return by
}

// Process evaluates ev and appends alerts and observations to out. Nothing in out refers to ev.
func (g *Ingest) Process(ev *event.Event, out *Output) {
	g.hits = g.matcher.Match(ev, g.hits[:0])
	if len(g.hits) == 0 {
		return
	}
	g.routes = g.routes[:0]
	last := -1
	for _, n := range g.hits {
		e := g.set.Entry(n)
		if e.Rule != last {
			g.stats[e.Rule].Matched++
			last = e.Rule
		}
		if e.Input < 0 {
			g.single(e.Rule, ev, out)
			continue
		}
		g.route(e, ev)
	}
	g.emit(ev, out)
}

// single raises the alert of a rule on single events, for those who read alerts and for the rules that observe it.
func (g *Ingest) single(rule int, ev *event.Event, out *Output) {
	silent, observed := g.set.Rules()[rule].Silent, len(g.set.Dependents(rule)) > 0
	if silent && !observed {
		return
	}
	a := g.build.single(rule, ev)
	if observed {
		g.forward.alert(rule, &a, ev, out)
	}
	if !silent {
		out.Alerts = append(out.Alerts, a)
		g.stats[rule].Alerts++
	}
}

// route adds the routes that input e needs, unless the event lacks a member of the group key or the counted value.
func (g *Ingest) route(e rules.Entry, ev *event.Event) {
	keys := routingKeys(g.set, e, ev, &g.stats[e.Rule])
	for _, k := range keys {
		if r := (route{g.set.ClassOf(e.Rule), k}); !slices.Contains(g.routes, r) {
			g.routes = append(g.routes, r)
		}
	}
}

// routingKeys are the values of the routing member under which an event is an observation of input e; none if it lacks
// a member of the group key or the counted value.
func routingKeys(set *rules.Set, e rules.Entry, ev *event.Event, stats *RuleStats) []string {
	st := set.Rules()[e.Rule].Stateful
	in := &st.Inputs[e.Input]
	member := set.Classes()[set.ClassOf(e.Rule)].Member[e.Rule]
	if st.Window.NeedsValue() && len(usable(nil, st, in.Columns[0], ev.Lookup(in.Columns[0]), 1)) == 0 {
		stats.Missing++
		return nil
	}
	keys := []string{""}
	for m, p := range in.Group {
		vs := members(nil, st, p, ev.Lookup(p), MaxKeys+1)
		if len(vs) == 0 {
			stats.Missing++
			return nil
		}
		if m == member {
			keys = vs
		}
	}
	if len(keys) > MaxKeys {
		stats.Overflow++
		keys = keys[:MaxKeys]
	}
	return keys
}

func (g *Ingest) emit(ev *event.Event, out *Output) {
	slices.SortFunc(g.routes, func(a, b route) int {
		if a.class != b.class {
			return a.class - b.class
		}
		return strings.Compare(a.key, b.key)
	})
	var projection []byte
	for i, r := range g.routes {
		if i == 0 || r.class != g.routes[i-1].class {
			projection = ev.Project(g.carried[r.class])
		}
		out.Observations = append(out.Observations, Observation{
			Class: g.set.Classes()[r.class].Name, Key: strings.Clone(r.key), Event: projection,
			ID: strings.Clone(ev.ID()), Time: ev.Time(), Flags: ev.Flags(), Origin: ev.Origin(),
		})
	}
}

// TakeStats returns the counts since the last call.
func (g *Ingest) TakeStats() Stats {
	s := slices.Clone(g.stats)
	clear(g.stats)
	return s
}

// usable appends to out, which is empty, the different values that are not missing (see event.Path.Placeholder and
// rules.Stateful.Verbatim), in order of appearance, at most limit of them.
func usable(out []string, st *rules.Stateful, p event.Path, vs []event.Value, limit int) []string {
	for _, v := range vs {
		missing := v.Text == "" || !st.Verbatim && p.Placeholder(v.Text)
		if v.Kind == event.Object || missing || slices.Contains(out, v.Text) {
			continue
		}
		if out = append(out, v.Text); len(out) == limit {
			break
		}
	}
	return out
}

// members is usable for a member of the group key.
func members(out []string, st *rules.Stateful, p event.Path, vs []event.Value, limit int) []string {
	out = usable(out, st, p, vs, limit)
	if len(out) == 0 && st.NullGroup {
		return append(out, "")
	}
	return out
}
