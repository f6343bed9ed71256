// Package window holds the pure event-time operators: count, distinct, unordered set and sequence over a sliding window.
//
// A Window is the state of one (rule, group key); a Spec is what the rule asks of it. In go observations, in any order
// within the allowed lateness, and the clock; out come firings and item-level changes for the changelog. The answer
// depends on the set of observations, not on their order: see Spec.Observe. Those that come later still may complete something,
// which then depends on the order of the messages: see late.go. Nothing here knows Kafka, the wall clock,
// rule languages or where the state is kept.
package window
