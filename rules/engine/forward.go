package engine

import (
	"encoding/json"
	"slices"
	"strings"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// forwarder turns alerts into observations for the rules over them.
type forwarder struct {
	set     *rules.Set
	carried []*event.Projection // by class: what an observation carries besides the alert
	decoder *event.Decoder
	stats   Stats
}

func newForwarder(set *rules.Set, stats Stats) forwarder {
	f := forwarder{set: set, decoder: event.NewDecoder(set.Fields()), stats: stats}
	for _, paths := range observationPaths(set) {
		// An alert about an alert carries the new one only.
		f.carried = append(f.carried, event.NewProjection(event.Outside(paths, event.AlertMember)...))
	}
	return f
}

// alert makes observations of an alert: the event that completed it, projected, with what the alert adds as the member
// "alert". They are known by the alert's id, so an alert that comes twice, because its event does, counts once.
//
// An episode is one observation, at the time of its start. That time is final only when the watermark has passed it, so
// forwarding waits for it: with the start as it stands at the first alert, a rule over alerts would give other answers when
// the same events arrive in another order. An alert about a single event has the time of its event and waits for nothing.
func (f *forwarder) alert(rule int, a *alert.Alert, ev *event.Event, out *Output) {
	byClass := map[int][]rules.Entry{}
	var classes []int
	for _, e := range f.set.Dependents(rule) {
		c := f.set.ClassOf(e.Rule)
		if !slices.Contains(classes, c) {
			classes = append(classes, c)
		}
		byClass[c] = append(byClass[c], e)
	}
	slices.Sort(classes)
	for _, c := range classes {
		projection := f.splice(rule, ev, f.carried[c], a)
		o := Observation{Class: f.set.Classes()[c].Name, Event: projection, From: a.Rule.ID, ID: a.ID, Time: a.Time.UnixNano()}
		if ev != nil {
			o.Flags, o.Origin = ev.Flags(), ev.Origin()
			o.Origin.Topic = strings.Clone(o.Origin.Topic)
		}
		view, err := f.decoder.Decode(projection, o.meta())
		if err != nil {
			continue // unreachable: splice makes valid JSON of a valid event
		}
		var keys []string
		for _, e := range byClass[c] {
			if !match.Eval(f.set.Rules()[e.Rule].Stateful.Inputs[e.Input].Where, view) {
				continue
			}
			for _, k := range routingKeys(f.set, e, view, &f.stats[e.Rule]) {
				if !slices.Contains(keys, k) {
					keys = append(keys, k)
				}
			}
		}
		slices.Sort(keys)
		for _, k := range keys {
			o.Key = strings.Clone(k)
			out.Observations = append(out.Observations, o)
		}
	}
	out.Forwarded = append(out.Forwarded, *a)
}

// splice adds the member "alert" to the projection of ev.
func (f *forwarder) splice(rule int, ev *event.Event, carried *event.Projection, a *alert.Alert) []byte {
	m := f.set.Rules()[rule].AlertMember()
	m.ID, m.Severity, m.RiskScore, m.Group = a.ID, a.Severity, a.RiskScore, map[string]string{}
	for _, g := range a.Group {
		m.Group[g.Name] = g.Value
	}
	member, err := json.Marshal(m)
	if err != nil {
		return []byte("{}") // unreachable: texts only
	}
	b := append([]byte(`{"`+event.AlertMember+`":`), member...)
	rest := []byte("}")
	if ev != nil {
		if p := ev.Project(carried); len(p) > 2 {
			rest = append([]byte(","), p[1:]...)
		}
	}
	return append(b, rest...)
}
