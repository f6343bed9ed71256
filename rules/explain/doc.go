// Package explain says why a rule fired for an event, and why it did not.
//
// In go a rule set, the name of one rule and events in their order of arrival; out comes a Report with the conditions
// as they were evaluated, the group's window at that moment, what was ignored and what was missing, as text or JSON.
// The alerts are the engine's; the windows are kept beside it with the same operators, and a difference between the two
// is reported. The package must never import Kafka or processor, or read files or the wall clock.
package explain
