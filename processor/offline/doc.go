// Package offline runs the engine over files: what `eval` does, and what tests and comparisons with the live processor
// use.
//
// In go files of events in any envelope; out come alerts in order of event time, and a summary that accounts for every
// record. Events are sorted by time before they are evaluated, so nothing is late and the same files give the same bytes.
// Files are streamed, and Stream sorts in bounded memory, with temporary files for what is more. Run and Record keep the
// events that meet a condition of some rule, and the alerts. The package must never import Kafka or read the wall clock.
package offline
