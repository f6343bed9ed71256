package event

import "strings"

// Computed returns the path of values that a function makes of an event: an expression of a query language, say, that
// is grouped by, counted or compared like a field.
//
// The text says what is computed, and must say all of it, beginning with "=" and the name of the language: two computed
// paths with the same text are the same path, and the text is part of the identity of what rules keep. reads lists every path that values looks at; nothing else of the event may matter to it but
// its time, id and type. values must answer the same for the same event, may be called by several goroutines at once, and
// returns nil for no value. It panics for a text that does not begin with "=".
func Computed(text string, reads []Path, values func(*Event) []Value) Path {
	if !strings.HasPrefix(text, computedMark) {
		panic("event: computed path " + text)
	}
	c := &compiled{text: text, canon: text, computed: values}
	for _, p := range reads {
		if !p.IsZero() {
			c.from = append(c.from, p)
		}
	}
	shared, _ := paths.LoadOrStore(text, c)
	return Path{shared.(*compiled)}
}

// computedMark begins the text of computed paths. No other path can be written like it; ParsePath finds a computed path
// by its text once there is one.
const computedMark = "="

// Reads lists the paths that a computed path looks at; nil for any other path.
func (p Path) Reads() []Path {
	if p.c == nil {
		return nil
	}
	return p.c.from
}
