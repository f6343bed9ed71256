// Package coverage says what a rule set covers: which event types its rules can read, and which ATT&CK techniques they
// name.
//
// In go a rule set and, optionally, how many events of each type have arrived; out come a Report with a table of event
// types, as text or JSON, and a layer for the ATT&CK Navigator. Reading events, Kafka and the wall clock must never enter
// here.
package coverage
