package match

import (
	"slices"
	"strings"

	"oktastream/rules/event"
)

// Walk calls fn for x and everything inside it, parents first, in the author's order. It calls nothing for nil, and does
// not go into the Body of an Element, which is not about the event.
func Walk(x Expr, fn func(Expr)) {
	if x == nil {
		return
	}
	fn(x)
	switch x := x.(type) {
	case And:
		for _, member := range x {
			Walk(member, fn)
		}
	case Or:
		for _, member := range x {
			Walk(member, fn)
		}
	case Not:
		Walk(x.X, fn)
	}
}

// Paths returns every path that x reads, each once, in the order in which they first occur; nil if it reads none.
func Paths(x Expr) []event.Path {
	var paths []event.Path
	seen := map[string]bool{"": true}
	add := func(p event.Path) {
		if !seen[p.String()] {
			seen[p.String()] = true
			paths = append(paths, p)
		}
	}
	Walk(x, func(x Expr) {
		if p, ok := x.(*Pred); ok && p != nil {
			add(p.Path)
			add(p.Other)
		}
	})
	return paths
}

// typePaths are the names under which an event's type can be read: Okta's, and the ECS names that stand for it.
var typePaths = []string{"eventType", "event.action", "okta.event_type"}

func isTypePath(p event.Path) bool {
	return slices.ContainsFunc(typePaths, func(name string) bool { return strings.EqualFold(name, p.String()) })
}

// EventTypes returns the event types for which x can hold, as the author spelled them, sorted and each once.
// ok is false if x does not confine the type; types is empty, with ok, if x can hold for no type. x need not hold for
// every type in the list, nor exclude a type by a negation. Types that a folding predicate names stand for every
// spelling of their letters.
func EventTypes(x Expr) (types []string, ok bool) {
	types, ok = eventTypes(normalise(x))
	slices.Sort(types)
	return slices.Compact(types), ok
}

func eventTypes(x Expr) (types []string, ok bool) {
	switch x := x.(type) {
	case And:
		for _, member := range x {
			t, confined := eventTypes(member)
			switch {
			case confined && ok:
				types = intersection(types, t)
			case confined:
				types, ok = t, true
			}
		}
		return types, ok
	case Or:
		for _, member := range x {
			t, confined := eventTypes(member)
			if !confined {
				return nil, false
			}
			types = append(types, t...)
		}
		return types, true
	case Const:
		return nil, !bool(x)
	case *Pred:
		if x.Op == Equal && x.Part == 0 && isTypePath(x.Path) {
			return slices.Clone(x.Literals), true
		}
	}
	return nil, false
}

func intersection(a, b []string) []string {
	return slices.DeleteFunc(a, func(s string) bool {
		return !slices.ContainsFunc(b, func(t string) bool { return strings.EqualFold(s, t) })
	})
}
