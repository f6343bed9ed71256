// Package state holds the transactional keyed state of one partition: a store of windows, the overlay of one open
// transaction above it, event-time timers, a byte budget, the changelog codec and the checkpoint.
//
// In go windows changed by the engine and entries read back from the changelog; out come the changed entries of a
// transaction, to be written to the changelog, and the windows whose time has come. A dropped overlay leaves no trace,
// and a replayed changelog equals the store. One goroutine owns a store. The package must never import rules, Kafka or
// a clock.
package state
