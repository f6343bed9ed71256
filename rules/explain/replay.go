package explain

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// replay feeds events to the engine, whose alerts are the truth, and keeps the windows of one rule beside it, with the
// same operator and the same clock, so that each observation's fate and each window can be seen.
type replay struct {
	set     *rules.Set
	rule    int
	given   []Input
	fired   map[string]bool // ids of the rule's alerts over the whole input; nil while they are being found
	local   *engine.Local
	events  *event.Decoder
	alerts  *event.Decoder
	clock   int64
	windows map[string]*window.Window
	past    []taken
	ids     map[string]int  // event id → its first place in given, for alerts of other rules
	out     engine.Output   // of the step at hand
	engine  map[string]bool // ids of the rule's alerts so far
	own     map[string]bool // ids of the alerts that the windows kept here would give
}

// taken is one observation: an event, or an alert of another rule, under one input and one group key.
type taken struct {
	n       int // index into given
	input   int
	alert   string   // id of the alert that is observed; empty for an event
	group   []string // nil if a member is missing
	members []Member
	outcome Outcome // of those that need no look at the window; else Short
	o       window.Observation
}

func newReplay(set *rules.Set, rule int, given []Input, fired map[string]bool) *replay {
	p := &replay{set: set, rule: rule, given: given, fired: fired, clock: window.NoClock,
		windows: map[string]*window.Window{}, ids: map[string]int{}, engine: map[string]bool{}, own: map[string]bool{},
		local: engine.NewLocal(set, engine.Options{AssumeHistory: true}), alerts: event.NewDecoder(event.NewFields())}
	p.events = p.local.NewDecoder()
	return p
}

func (p *replay) about() *rules.Rule { return &p.set.Rules()[p.rule] }

// step feeds event i and returns what the rule observes because of it. The event is valid until the next step.
func (p *replay) step(i int) (*event.Event, []taken, error) {
	ev, err := p.events.Decode(p.given[i].JSON, p.given[i].Meta)
	if err != nil {
		return nil, nil, fmt.Errorf("event %d: %w", i+1, err)
	}
	if _, known := p.ids[ev.ID()]; !known {
		p.ids[ev.ID()] = i
	}
	p.out = engine.Output{}
	defer p.harvest()
	if ev.Flags()&(event.TimeClamped|event.TimeMissing) == 0 {
		p.clock = max(p.clock, ev.Time())
		if err := p.local.Advance(ev.Time(), &p.out); err != nil {
			return nil, nil, fmt.Errorf("event %d: %w", i+1, err)
		}
	}
	waited := len(p.out.Forwarded)
	if err := p.local.Process(ev, &p.out); err != nil {
		return nil, nil, fmt.Errorf("event %d: %w", i+1, err)
	}
	st := p.about().Stateful
	if st == nil {
		return ev, nil, nil
	}
	// The order is the engine's: alerts that waited for the clock, then the observations of the event by class, each
	// followed by the alerts that it brings about.
	before, after := p.out.Forwarded[:waited:waited], []alert.Alert(nil)
	for _, a := range p.out.Forwarded[waited:] {
		if p.classOf(a.Rule.Name) < p.set.ClassOf(p.rule) {
			before = append(before, a)
		} else {
			after = append(after, a)
		}
	}
	got := p.takeAlerts(i, before)
	var applied [][]string
	for j := range st.Inputs {
		if in := &st.Inputs[j]; in.ObservesEvents() && match.Eval(in.Where, ev) {
			got = append(got, p.take(i, j, ev, "", &applied)...)
		}
	}
	return ev, append(got, p.takeAlerts(i, after)...), nil
}

// classOf is the class by which the observations of the rule called name travel.
func (p *replay) classOf(name string) int {
	return p.set.ClassOf(p.index(name))
}

func (p *replay) index(name string) int {
	return slices.IndexFunc(p.set.Rules(), func(r rules.Rule) bool { return r.Name == name })
}

// takeAlerts observes those of the alerts that the rule's inputs ask for.
func (p *replay) takeAlerts(i int, alerts []alert.Alert) []taken {
	var got []taken
	st := p.about().Stateful
	for k := range alerts {
		a := &alerts[k]
		var applied [][]string
		for j := range st.Inputs {
			in := &st.Inputs[j]
			if !slices.Contains(p.set.Dependents(p.index(a.Rule.Name)), rules.Entry{Rule: p.rule, Input: j}) {
				continue
			}
			view, err := p.view(a)
			if err == nil && match.Eval(in.Where, view) {
				got = append(got, p.take(i, j, view, a.ID, &applied)...)
			}
		}
	}
	return got
}

// view is an alert as a rule over alerts sees it: the event that completed it, with a member "alert".
func (p *replay) view(a *alert.Alert) (*event.Event, error) {
	group := map[string]string{}
	var values []string
	for _, f := range a.Group {
		group[f.Name] = f.Value
		values = append(values, f.Value)
	}
	doc := map[string]any{}
	for _, id := range a.Evidence.EventIDs {
		if i, ok := p.ids[id]; ok && alert.EpisodeID("", a.Rule.ID, values, id) == a.ID {
			if err := json.Unmarshal(p.given[i].JSON, &doc); err != nil {
				return nil, err
			}
		}
	}
	doc["alert"] = map[string]any{"id": a.ID, "rule": a.Rule.Name, "severity": a.Severity, "group": group}
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	return p.alerts.Decode(raw, event.Meta{ID: a.ID, Time: a.Time.UnixNano()})
}

// take observes ev under input j in every group that it belongs to.
func (p *replay) take(i, j int, ev *event.Event, alertID string, applied *[][]string) []taken {
	st := p.about().Stateful
	in := &st.Inputs[j]
	t := taken{n: i, input: j, alert: alertID, o: window.Observation{ID: ev.ID(), Time: ev.Time(), Step: j, Type: ev.Type()}}
	for _, path := range in.Columns {
		t.o.Columns = append(t.o.Columns, engine.Usable(st, path, ev.Lookup(path)))
	}
	if !in.Join.IsZero() {
		t.o.Join = engine.Usable(st, in.Join, ev.Lookup(in.Join))
	}
	groups, whole := p.groups(&t, in, ev)
	if !whole {
		t.outcome = MissingKey
		p.past = append(p.past, t)
		return []taken{t}
	}
	var got []taken
	for _, g := range groups {
		again := slices.ContainsFunc(*applied, func(o []string) bool { return slices.Equal(o, g) })
		if st.Window.Steps == 0 && again {
			continue // where steps do not matter, an event that meets two inputs is one observation
		}
		*applied = append(*applied, g)
		t := t
		t.group = g
		t.members = slices.Clone(t.members)
		for m := range g {
			t.members[m].Value = g[m]
		}
		t.outcome = p.observe(t)
		p.past = append(p.past, t)
		got = append(got, t)
	}
	return got
}

// groups lists the group keys of ev, as the engine does: by the values of the routing member, and for each of them every
// combination of the others. whole is false if a member is missing.
func (p *replay) groups(t *taken, in *rules.Input, ev *event.Event) (groups [][]string, whole bool) {
	st := p.about().Stateful
	routing := p.set.Classes()[p.set.ClassOf(p.rule)].Member[p.rule]
	values := make([][]string, len(in.Group))
	whole = true
	for m, path := range in.Group {
		member := Member{Name: st.GroupBy[m], Path: path.String()}
		found := ev.Lookup(path)
		values[m] = engine.Members(st, path, found)
		member.Value = strings.Join(values[m], ", ") // of several the group has one, see take
		if len(values[m]) == 0 {
			whole = false
			if member.Seen = texts(found); len(found) == 0 {
				member.Problem = "is absent"
			} else {
				member.Problem = "has only " + quoted(member.Seen) + ", which stands for a missing value"
			}
		}
		t.members = append(t.members, member)
	}
	if !whole {
		return nil, false
	}
	keys := []string{""}
	if routing >= 0 {
		keys = values[routing]
	}
	for _, k := range keys {
		of := [][]string{{}}
		for m := range values {
			vs := values[m]
			if m == routing {
				vs = []string{k}
			}
			var next [][]string
			for _, g := range of {
				for _, v := range vs {
					next = append(next, append(slices.Clone(g), v))
				}
			}
			of = next[:min(len(next), engine.MaxKeys)]
		}
		groups = append(groups, of...)
	}
	return groups, true
}

// observe gives the observation to its window.
func (p *replay) observe(t taken) Outcome {
	spec := &p.about().Stateful.Window
	w := p.window(t.group)
	w.SetHead(window.Head{Rule: p.set.StateID(p.rule), Group: t.group, Length: spec.Length, Lateness: spec.Lateness,
		Quiet: spec.Quiet, AtClose: spec.AtClose, Every: spec.Every, Settle: spec.Settle})
	status, fired := spec.Observe(w, &t.o, func() string { return "" }, false, p.clock)
	p.note(t.group, fired)
	switch status {
	case window.Missing:
		return MissingValue
	case window.Closed:
		return Late
	case window.Duplicate:
		return Duplicate
	}
	return Short
}

func (p *replay) note(group []string, fired []window.Firing) {
	for _, f := range fired {
		p.own[p.alertID(group, f.EventID)] = true
	}
}

func (p *replay) alertID(group []string, eventID string) string {
	return alert.EpisodeID("", p.about().ID, group, eventID)
}

func (p *replay) window(group []string) *window.Window {
	key := ""
	for _, g := range group {
		key += strconv.Quote(g)
	}
	w := p.windows[key]
	if w == nil {
		w = window.New()
		p.windows[key] = w
	}
	return w
}

// end closes every window, here and in the engine, and returns the ids of the rule's alerts.
func (p *replay) end() (map[string]bool, error) {
	p.out = engine.Output{}
	if err := p.local.Close(&p.out); err != nil {
		return nil, err
	}
	r := p.about()
	if r.Stateful != nil {
		if len(p.given) > 0 {
			p.takeAlerts(len(p.given)-1, p.out.Forwarded)
		}
		for _, w := range p.windows {
			if h, ok := w.Head(); ok {
				p.note(h.Group, r.Stateful.Window.Advance(w, int64(1)<<62))
			}
		}
	}
	p.harvest()
	return p.engine, nil
}

// harvest takes note of the rule's alerts in the output.
func (p *replay) harvest() {
	for i := range p.out.Alerts {
		if a := &p.out.Alerts[i]; a.Rule.ID == p.about().ID && a.Kind != "operator" {
			p.engine[a.ID] = true
		}
	}
}
