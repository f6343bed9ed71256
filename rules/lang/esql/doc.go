// Package esql compiles ES|QL pipelines: what stands before the first STATS to conditions and computed paths on events,
// the rest to a program over a window.
//
// In goes the text of a query and the rule's schedule; out comes an expression, or a window.Spec with a Program, or
// diagnostics with places in the rule's file. Nothing here knows a rule file's format, Kafka or the clock.
package esql
