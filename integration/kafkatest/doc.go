// Package kafkatest gets a real Apache Kafka for tests: one or three KRaft nodes on fixed loopback ports, whose nodes
// can be stopped, killed and started again, and whose Links to the clients under test can be cut and slowed.
//
// In go the number of nodes, extra broker properties and perhaps an Authority; out come bootstrap addresses. The package starts brokers as
// child processes from Maven's jars; integration/containers implements the same Cluster on containers, with the same
// properties. No product code belongs here.
package kafkatest
