// Package integration holds the tests that see oktastream from outside: the import rules of the house here, and below
// it the comparison of alerts (oracle), a real Kafka (kafkatest, kafka), and what is tested on it (suite).
//
// In go the built binary and a broker; out comes whether the alerts of a run with faults are those of a reference.
// The suite runs on the in-process broker in `make test`, and on Apache Kafka in containers or else in child processes
// in `make integration` (containers, a module of its own, so that its dependencies stay out of the product).
// Nothing here may reach into unexported internals, and no product package may import it.
package integration
