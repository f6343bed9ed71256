// Package embedded is the Kafka that runs inside this process when no other is configured.
//
// In goes a loopback port and a list of topics; out comes a broker that any Kafka client on the machine can use, with
// transactions and consumer groups. It keeps everything in memory and forgets it at the end of the process, so it serves
// demonstrations and tests. It must never offer a data directory or another address: a reload after a crash is not exact,
// and it knows no authentication.
package embedded
