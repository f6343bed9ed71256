// Package match holds the predicates that every rule language compiles to, and the index that finds the rules an
// event can match.
//
// In go expressions over event paths; out come the numbers of the expressions that hold for an event. Predicates are a
// table, not closures: equal ones are evaluated once per event, and an expression is looked at only when the event has
// the value it is filed under. The package must never know a rule language, Kafka, the clock or any state.
package match
