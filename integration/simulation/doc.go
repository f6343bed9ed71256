// Package simulation runs both halves of detection against a model of Kafka in memory: logs with transactions that
// interleave, commit, abort or die with their process, groups whose partitions move, and a changelog that is compacted.
//
// In go a seed and a rule set; out come the differences to package reference, which is given the same records in the order
// in which this run happened to put them, and to an engine that is given the events in the order of their times. A seed
// repeats a run exactly, and a thousand of them take seconds: what needs real sessions is tested in processor and suite.
// The model must stay simpler than what it models: no client, no goroutine, no clock.
package simulation
