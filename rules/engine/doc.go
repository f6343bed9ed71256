// Package engine is the whole of detection: events in, alerts and state changes out.
//
// Ingest is the first half: it evaluates stateless rules and routes observations of stateful ones by group key. Task is
// the second half: it keeps the windows of one partition and evaluates stateful rules, inside transactions that the
// caller begins, commits or rolls back. Live workers, offline runs and rule tests call the same two. The package must
// never import Kafka, read the wall clock, start a goroutine or depend on the order of a map.
package engine
