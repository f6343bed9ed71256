package lint

import (
	"fmt"
	"slices"
	"strings"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// Feed is how events leave Okta. It decides which types can arrive at all.
type Feed string

const (
	EventHook    Feed = "event-hook"     // about a quarter of the types
	LogStream    Feed = "log-stream"     // all types
	SystemLogAPI Feed = "system-log-api" // all types
)

// Feeds lists all feeds.
func Feeds() []Feed { return []Feed{EventHook, LogStream, SystemLogAPI} }

// ParseFeed reads the name of a feed; "" is the zero Feed.
func ParseFeed(text string) (Feed, error) {
	f := Feed(text)
	if text == "" || slices.Contains(Feeds(), f) {
		return f, nil
	}
	return "", fmt.Errorf("there is no feed %q; there is: %s, %s, %s", text, EventHook, LogStream, SystemLogAPI)
}

// delivers reports whether events of a type can come. What the catalogue does not know may.
func (f Feed) delivers(eventType string) bool {
	info, known := event.LookupType(eventType)
	return f != EventHook || !known || info.Hook
}

// feed finds rules that wait for events which the feed does not bring.
func (c *checker) feed(s *subject) {
	var dead []string // types that do not come
	blind := 0        // conditions of which no type comes
	xs := conditions(s.rule)
	for _, x := range xs {
		types, confined := match.EventTypes(x)
		if !confined {
			continue
		}
		missing := slices.DeleteFunc(slices.Clone(types), c.o.Feed.delivers)
		if len(types) > 0 && len(missing) == len(types) {
			blind++
		}
		dead = append(dead, missing...)
	}
	if len(dead) == 0 {
		return
	}
	slices.Sort(dead)
	dead = slices.Compact(dead)
	hint := "feed the topic from a log stream or the System Log API"
	if blind > 0 && (needsAll(s.rule) || blind == len(xs) && !observesAlerts(s.rule)) {
		what := "the rule"
		if needsAll(s.rule) && blind < len(xs) {
			what = "a step of the rule, and with it the rule,"
		}
		c.report(s.rule, s.places(dead[0], match.Pos{})[0], rules.Error, NeverOnFeed, hint,
			"%s can never match on the feed %s: it does not deliver %s", what, c.o.Feed, strings.Join(dead, ", "))
		return
	}
	for _, t := range dead {
		c.report(s.rule, s.places(t, match.Pos{})[0], rules.Warning, PartlyOnFeed, hint, "the feed %s does not deliver %s", c.o.Feed, t)
	}
}

// needsAll reports whether every input has to be observed.
func needsAll(r *rules.Rule) bool {
	if r.Stateful == nil {
		return false
	}
	w := &r.Stateful.Window
	if slices.ContainsFunc(w.Plan, func(s window.Step) bool { return s.Role != window.Occurs }) {
		return false // what must not come need not be able to
	}
	return w.Kind == window.Sequence || w.Kind == window.Unordered && len(w.Mixes) == 0 && w.StepsNeeded() == w.Steps
}

func observesAlerts(r *rules.Rule) bool {
	return r.Stateful != nil && slices.ContainsFunc(r.Stateful.Inputs, func(in rules.Input) bool { return in.ObservesAlerts() })
}
