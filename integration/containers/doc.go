// Package containers runs the integration suite on a real Apache Kafka: in containers through testcontainers-go, or,
// where no container engine can be had, in child processes.
//
// In go the environment's choice of engine and image; out comes a kafkatest.Cluster for the suite. It is a module of its
// own because testcontainers-go brings some fifty modules and needs a replace. Nothing but the choice and the
// containers belongs here: tests go to the suite, so that every engine runs the same.
package containers
