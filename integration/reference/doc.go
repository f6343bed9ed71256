// Package reference works out, single-threaded and without transactions, what a run must have written, given the records
// that it read: alerts, observations and dead letters of the input, alerts and final windows of the repartition topic.
//
// In go Kafka records as a read_committed consumer sees them and a rule set; out comes a Result, and Check compares one
// with what the topics hold, record by record. The order of the repartition topic is the run's own choice; given that
// order, nothing else is. No session, transaction, restore or rebalance may enter: they are what is on trial.
package reference
