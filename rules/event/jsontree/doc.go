// Package jsontree holds a JSON text as a flat list of nodes that refer to its bytes.
//
// In goes the JSON of an event or of the envelope around it; out come nodes to walk, decoded strings and compact JSON.
// It accepts exactly what encoding/json accepts, up to MaxDepth, and never fails on an unexpected type. Parsing into a
// reused Tree does not allocate. The package must know neither Okta nor Kafka.
package jsontree
