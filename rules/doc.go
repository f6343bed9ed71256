// Package rules holds what an author wrote, in the form that every language compiles to: rules with their metadata and
// positions, the immutable rule set with its fingerprint, and diagnostics.
//
// A language front end (rules/lang/…) makes Rules; NewSet checks them against each other and indexes them; the engine
// evaluates the Set. Nothing here reads files, Kafka or the clock.
package rules
