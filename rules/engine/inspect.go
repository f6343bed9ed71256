package engine

import (
	"oktastream/rules"
	"oktastream/rules/event"
)

// Usable returns the values at p that can be counted: the different ones that are not missing, in order of appearance, at most
// MaxKeys of them. It is for explanations, which must not decide otherwise than the engine.
func Usable(st *rules.Stateful, p event.Path, values []event.Value) []string {
	return usable(nil, st, p, values, MaxKeys)
}

// Members is Usable for a member of the group key.
func Members(st *rules.Stateful, p event.Path, values []event.Value) []string {
	return members(nil, st, p, values, MaxKeys)
}
