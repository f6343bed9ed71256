package event

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"

	"oktastream/rules/nearest"
)

//go:embed logevent.txt
var logEventPaths string

//go:embed debugdata.txt
var debugDataNames string

const debugData = "debugContext.debugData."

// schema holds the paths that a LogEvent is known to have.
type schema struct {
	names map[string]string // folded → as written, raw paths and those above them
	open  map[string]bool   // folded paths below which any name is known
}

var logEvent = sync.OnceValue(func() schema {
	s := schema{names: map[string]string{}, open: map[string]bool{}}
	add := func(path string) {
		path, open := strings.CutSuffix(path, ".*")
		if open {
			s.open[strings.ToLower(path)] = true
		}
		for up := path; ; {
			s.names[strings.ToLower(up)] = up
			i := strings.LastIndexByte(up, '.')
			if i < 0 {
				break
			}
			up = up[:i]
		}
	}
	for path := range lines(logEventPaths) {
		add(path)
	}
	for _, name := range slices.Concat(documentNames, alertNames) {
		add(name)
	}
	for name := range lines(debugDataNames) {
		add(debugData + name + ".*") // a text may hold JSON or a map
	}
	return s
})

// documentNames are what ECS documents say beside the event that they were made of, as far as rules ask for it, and what
// envelopes say, see Meta.Carrier.
var documentNames = []string{"tags", "labels.*", "organization.id", "organization.name", "data_stream.namespace", "host.*", "agent.*", "observer.*",
	"envelope.host", "envelope.source", "envelope.sourcetype", "envelope.index", "envelope.fields.*", "envelope.eventId", "envelope.account",
	"envelope.region", "envelope.detail-type", "envelope.tags", "envelope.labels.*", "envelope.organization.*", "envelope.data_stream.*", "envelope.headers.*"}

// alertNames are what the engine says of an alert below AlertMember, where a rule observes alerts.
var alertNames = []string{"alert.id", "alert.event_kind", "alert.rule", "alert.rule_id", "alert.title", "alert.kind", "alert.severity", "alert.risk_score",
	"alert.tags", "alert.tactic_ids", "alert.tactics", "alert.technique_ids", "alert.techniques", "alert.group.*"}

// KnownPath reports whether a LogEvent can have the path, as far as Okta documents it or events have shown. For an
// unknown path it suggests the known one that is nearest, "" when none is. debugData is an open map, so an unknown
// path is a reason to warn and no more.
func KnownPath(p Path) (known bool, suggestion string) {
	if p.c == nil {
		return false, ""
	}
	for _, q := range p.c.from {
		if known, suggestion := KnownPath(q); !known {
			return false, suggestion
		}
	}
	if len(p.c.reads) == 0 {
		return true, "" // a constant, or computed
	}
	if parts := alternatives(p.c.text); len(parts) > 1 {
		for _, part := range parts {
			if known, suggestion := KnownPath(MustPath(part)); !known {
				return false, suggestion
			}
		}
		return true, ""
	}
	s := logEvent()
	for _, r := range p.c.reads {
		if r.own || s.has(r.steps) {
			return true, ""
		}
	}
	if suggestion = suggest(p.c.text); suggestion == "" { // okta.* names are not listed, what they stand for is
		suggestion = suggest(canonical(p.c.reads[0].steps))
	}
	return false, suggestion
}

// has reports whether steps, without array positions, lead along a known path.
func (s schema) has(steps []step) bool {
	var path strings.Builder
	for i, st := range steps {
		if st.index >= 0 && i > 0 {
			continue
		}
		if path.Len() > 0 {
			path.WriteByte('.')
		}
		path.WriteString(strings.ToLower(st.key))
		if _, ok := s.names[path.String()]; !ok {
			return false
		}
		if s.open[path.String()] {
			return true
		}
	}
	return true
}

// spellings are the names that an author may have meant: raw paths and ECS names.
var spellings = sync.OnceValue(func() *nearest.Index {
	return nearest.NewIndex(slices.Concat(slices.Collect(maps.Values(logEvent().names)), slices.Collect(maps.Keys(ecs()))))
})

// byLastName holds, for each last name of a path, the shortest path that ends in it, so that client.userAgent.os is not
// hidden by something deep.
var byLastName = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for folded, name := range logEvent().names {
		i := strings.LastIndexByte(folded, '.')
		if i < 0 {
			continue
		}
		last := folded[i+1:]
		if old := m[last]; old == "" || len(name) < len(old) || len(name) == len(old) && name < old {
			m[last] = name
		}
	}
	return m
})

// suggest finds the nearest known path, or the one whose last name is what the author wrote.
func suggest(text string) string {
	if name := spellings().Find(text); name != "" {
		return name
	}
	want := strings.ToLower(text)
	return byLastName()[want[strings.LastIndexByte(want, '.')+1:]]
}
