package engine

import "oktastream/rules/event"

// Usable returns the values that can form a group key or be counted: the different ones that are not missing, in order
// of appearance, at most MaxKeys of them. It is for explanations, which must not decide otherwise than the engine.
func Usable(values []event.Value) []string { return known(values, MaxKeys) }
