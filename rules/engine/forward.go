package engine

import (
	"encoding/json"
	"slices"
	"strings"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
)

// forward turns an alert into observations for the rules over it: the event that completed it, projected, with what the
// alert adds as the member "alert". An episode is one observation, at the time of its start. That time is final only when
// the watermark has passed it, so forwarding waits for it: with the start as it stands at the first alert, a rule over
// alerts would give other answers when the same events arrive in another order.
func (t *Task) forward(rule int, a *alert.Alert, ev *event.Event, out *Output) {
	dependents := t.set.Dependents(rule)
	if len(dependents) == 0 {
		return
	}
	byClass := map[int][]rules.Entry{}
	var classes []int
	for _, e := range dependents {
		c := t.set.ClassOf(e.Rule)
		if !slices.Contains(classes, c) {
			classes = append(classes, c)
		}
		byClass[c] = append(byClass[c], e)
	}
	slices.Sort(classes)
	for _, c := range classes {
		projection := splice(ev, t.paths[c], a)
		o := Observation{Class: t.set.Classes()[c].Name, Event: projection, From: a.Rule.ID, ID: a.ID, Time: a.Time.UnixNano()}
		if ev != nil {
			o.Flags, o.Origin = ev.Flags(), ev.Origin()
		}
		view, err := t.alerts.Decode(projection, o.meta())
		if err != nil {
			continue // unreachable: splice makes valid JSON of a valid event
		}
		var keys []string
		for _, e := range byClass[c] {
			for _, k := range routingKeys(t.set, e, view, &t.stats[e.Rule]) {
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
}

// alertMember is what rules over alerts can read of an alert, see rules.Input.From.
type alertMember struct {
	ID       string            `json:"id"`
	Rule     string            `json:"rule"`
	Severity alert.Severity    `json:"severity"`
	Group    map[string]string `json:"group,omitempty"`
}

// splice adds the member "alert" to the projection of ev.
func splice(ev *event.Event, paths []event.Path, a *alert.Alert) []byte {
	m := alertMember{ID: a.ID, Rule: a.Rule.Name, Severity: a.Severity, Group: map[string]string{}}
	for _, f := range a.Group {
		m.Group[f.Name] = f.Value
	}
	member, err := json.Marshal(m)
	if err != nil {
		return []byte("{}") // unreachable: strings only
	}
	b := append([]byte(`{"alert":`), member...)
	rest := []byte("}")
	if ev != nil {
		// An alert about an alert carries the new one only.
		own := slices.DeleteFunc(slices.Clone(paths), func(p event.Path) bool { return isAlertPath(p) })
		if p := ev.Project(own); len(p) > 2 {
			rest = append([]byte(","), p[1:]...)
		}
	}
	return append(b, rest...)
}

func isAlertPath(p event.Path) bool { return strings.HasPrefix(p.String(), "alert.") }
