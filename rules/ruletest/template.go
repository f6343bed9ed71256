package ruletest

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"sync"

	"oktastream/rules/lang/source"
)

//go:embed templates.yaml
var templatesYAML []byte

// catalogue holds the templates: what every event has, and what the types add.
type catalogue struct {
	event map[string]any
	types map[string]map[string]any
}

var templates = sync.OnceValue(func() catalogue {
	docs := source.Parse("templates.yaml", templatesYAML, source.DataLimits)
	if len(docs) != 1 || docs[0].Root == nil {
		// The file is part of the program, and a test reads it.
		panic(fmt.Sprintf("the event templates cannot be read: %v", docs))
	}
	root := docs[0].Root
	c := catalogue{event: plain(root.Get("event")).(map[string]any), types: map[string]map[string]any{}}
	for name, overlay := range plain(root.Get("types")).(map[string]any) {
		c.types[name] = overlay.(map[string]any)
	}
	return c
})

// Templates lists the event types that have a template of their own, sorted. Any other type starts from the common part.
func Templates() []string { return slices.Sorted(maps.Keys(templates().types)) }

// template returns a new event of the type, which the caller may change.
func template(eventType string) map[string]any {
	c := templates()
	e := clone(c.event).(map[string]any)
	merge(e, c.types[eventType])
	e["eventType"] = eventType
	return e
}

// merge writes the members of from into m: objects merge, everything else replaces.
func merge(m, from map[string]any) {
	for k, v := range from {
		inner, ok := v.(map[string]any)
		if old, both := m[k].(map[string]any); ok && both && len(inner) > 0 {
			merge(old, inner)
			continue
		}
		m[k] = clone(v)
	}
}

func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = clone(e)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			l[i] = clone(e)
		}
		return l
	}
	return v
}
