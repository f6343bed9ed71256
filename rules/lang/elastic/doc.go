// Package elastic loads Elastic detection rules: the TOML files of the detection-rules repository and Kibana's NDJSON
// exports, unmodified, as they are in version 9 of the Elastic Stack.
//
// In goes the tree of a rule; out come the metadata under the keys of our own rule format (Translate) and what to detect
// (Compile). Queries go to the package of their language through the table compilers. How the stream's answer differs
// from that of a scheduled rule is written down in EQUIVALENCE.md. Evaluation must never enter here.
package elastic
