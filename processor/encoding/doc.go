// Package encoding turns alerts into the records that consumers read: native, ECS, and a line of text for people.
//
// In goes an alert and a format's name; out come key, value and headers. Every format is a pure function of the native
// record, in a file of its own, listed in formats. The package must never import Kafka, read the wall clock, or decide
// anything about the finding itself.
package encoding
