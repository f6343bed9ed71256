package match

import (
	"slices"

	"oktastream/rules/event"
)

// An access is a list of predicates of which at least one holds whenever an expression does. The expression is filed
// under all of them, and need not be looked at for an event for which none holds.
type access []int32

// accesses returns the accesses of a compiled expression, one for each part that must hold; nil if nothing positive must
// hold.
func (t *table) accesses(c condition) []access {
	switch c.kind {
	case test:
		return []access{{c.pred}}
	case conjunction:
		var all []access
		for _, m := range c.members {
			all = append(all, t.accesses(m)...)
		}
		return all
	case disjunction:
		var union access
		for _, m := range c.members {
			of := t.accesses(m)
			if len(of) == 0 {
				return nil
			}
			best := slices.MinFunc(of, func(a, b access) int { return t.worst(a) - t.worst(b) })
			union = append(union, best...)
		}
		slices.Sort(union)
		return []access{slices.Compact(union)}
	}
	return nil
}

// Breadth says how many events a predicate lets through and how dearly it is looked up, worst last. The event type is
// the field with the most different values that every event has; booleans and the few outcomes divide events badly, so
// that even part of a text, for which the whole of it must be read, comes before them.
const (
	narrowType    = iota + 1 // equality on the event type
	narrowValue              // equality on another field
	narrowAffix              // one end of the text
	narrowNet                // networks
	narrowText               // part of the text
	narrowFew                // equality with one of the few values that a field has
	broadPresence            // the field is there
	broadScan                // compared with every value that the field has
)

// everyPath has so many values that any other predicate is looked up more cheaply.
var everyPath = event.MustPath("[*]")

// fewValues are texts that, as the value of a field, say little about an event.
var fewValues = []string{"true", "false", "success", "failure", "allow", "deny", "challenge", "unknown", "user", "info", "warn"}

func (t *table) breadth(pred int32) int {
	p := t.sources[pred]
	if p.Part != 0 || p.Path == everyPath {
		return broadScan
	}
	switch p.Op {
	case Equal:
		switch {
		case isTypePath(p.Path):
			return narrowType
		case slices.ContainsFunc(p.Literals, func(s string) bool { return slices.Contains(fewValues, fold(s)) }):
			return narrowFew
		}
		return narrowValue
	case Prefix, Suffix:
		if slices.Contains(p.Literals, "") {
			return broadPresence
		}
		return narrowAffix
	case InCIDR:
		return narrowNet
	case Contains:
		if slices.Contains(p.Literals, "") {
			return broadPresence
		}
		return narrowText
	case Exists, Empty:
		return broadPresence
	case Wildcard:
		if slices.Equal(p.Literals, []string{"?*"}) { // any text but the empty one
			return broadPresence
		}
		fallthrough
	case Regexp:
		if t.required(pred) != nil {
			return narrowText
		}
	}
	return broadScan
}

// worst is the breadth of a's broadest predicate, which is the one that decides how often a holds.
func (t *table) worst(a access) int {
	worst := 0
	for _, p := range a {
		worst = max(worst, t.breadth(p))
	}
	return worst
}
