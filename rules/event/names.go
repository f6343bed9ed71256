package event

import (
	"slices"
	"strings"
	"sync"
)

// Names lists the names of fields that a LogEvent is known to have: Okta's own, and those that Elastic's Okta integration
// gives them. The slice must not be changed.
var Names = sync.OnceValue(func() []string {
	var names []string
	add := func(raw string) {
		raw, _ = strings.CutSuffix(raw, ".*")
		names = append(names, raw)
		if rest, ok := strings.CutPrefix(raw, debugData); ok {
			names = append(names, "okta.debug_context.debug_data."+snake(rest), "okta.debug_context.debug_data.flattened."+rest)
		} else {
			names = append(names, "okta."+snake(raw))
		}
	}
	for path := range lines(logEventPaths) {
		add(path)
	}
	for name := range lines(debugDataNames) {
		add(debugData + name)
	}
	for name := range ecs() {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
})

// snake turns camelCase into the snake_case that Camel turns back.
func snake(name string) string {
	var b strings.Builder
	for i, c := range []byte(name) {
		if 'A' <= c && c <= 'Z' {
			if i > 0 && name[i-1] != '.' {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	return b.String()
}
