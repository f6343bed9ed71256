// Package suite holds the tests that run alike on every broker: the in-process one, and Apache Kafka in containers or in
// child processes.
//
// In go a kafkatest.Cluster and the built oktastream binary; each test makes its own topics and groups, so tests may share
// a cluster. Broker asks of a broker what the guarantees stand on, without the product; Product, Replicated, Secured and
// Mishaps run the binary as operators do and judge only what a consumer of its topics sees. No test here may skip because
// an engine lacks something: the caller chooses what it can run. What is proved stands in GUARANTEES.md.
package suite
