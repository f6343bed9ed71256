// Package processor is everything that knows Kafka: sessions, workers, tasks, routing, restore, clocks, dead letters,
// topic checks, metrics and the configuration of all that.
//
// Records of the input topics flow in; alerts, dead letters and the group's own repartition and changelog topics flow
// out, each batch in one transaction with the offsets it was read at. Run starts it. A worker is one goroutine around
// one session; a task belongs to one worker and is touched by it alone. Nothing here may decide whether something is
// an alert, or know a rule's syntax: that is the engine's.
package processor
