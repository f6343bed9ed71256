package ruletest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"oktastream/rules/event"
)

// settable returns the path of the LogEvent at which a value has to be set so that a rule which reads name sees it. A
// path of the LogEvent is settable as it is. An ECS name such as source.ip is an alias: set under that name, a value would
// be read by nothing, and a test that expects no alert would pass for the wrong reason. So the value is set where the name
// reads it, if the name then has this value, and refused otherwise: what is computed, such as event.category, follows
// from other fields.
func settable(name string, value any) (string, error) {
	p, err := event.ParsePath(name)
	if err != nil {
		return "", err
	}
	own := event.MustPath(name).Sources()
	if len(own) == 0 {
		return "", fmt.Errorf("%s is the same in every event", name)
	}
	if raw(name, own) {
		return name, nil
	}
	for _, source := range own {
		// A classification may happen to be called like what it was made of; the name of an event type is never one.
		if shows(p, source, value) && (source != "eventType" || shows(p, source, "user.session.end")) {
			return source, nil
		}
	}
	return "", fmt.Errorf("%s does not show a value that is set; it is computed from %s", name, strings.Join(slices.Compact(own), ", "))
}

// raw reports whether a name is one of the paths that it reads.
func raw(name string, sources []string) bool {
	at, err := parsePlace(name)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(sources, func(s string) bool {
		other, err := parsePlace(s)
		return err == nil && slices.EqualFunc(at, other, func(a, b segment) bool { return strings.EqualFold(a.name, b.name) })
	})
}

// shows reports whether an event with value at source has it under p.
func shows(p event.Path, source string, value any) bool {
	at, err := parsePlace(source)
	if err != nil {
		return false
	}
	value = numbered(clone(value), "1") // what holds for one number holds for all
	e := template("user.session.start")
	at.set(e, value)
	text, err := json.Marshal(e)
	if err != nil {
		return false
	}
	ev, err := event.NewDecoder(event.NewFields()).Decode(text, event.Meta{})
	if err != nil {
		return false
	}
	got := ev.Lookup(p)
	for _, want := range scalars(value) {
		if p.HoldsAddresses() {
			want = event.Address(want)
		}
		if !slices.ContainsFunc(got, func(v event.Value) bool { return v.Text == want }) {
			return false
		}
	}
	return true
}

// scalars are the values in v as a rule reads them; null and empty lists have none.
func scalars(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, scalars(e)...)
		}
		return out
	case map[string]any:
		return nil
	}
	return []string{fmt.Sprint(v)}
}

// counter stands in a text for the number of the repetition, from 1: user{n}@example.com.
const counter = "{n}"

// numbered replaces the counter in all texts of v.
func numbered(v any, n string) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, counter, n)
	case []any:
		for i := range v {
			v[i] = numbered(v[i], n)
		}
	case map[string]any:
		for k := range v {
			v[k] = numbered(v[k], n)
		}
	}
	return v
}
