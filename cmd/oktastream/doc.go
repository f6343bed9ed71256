// Command oktastream evaluates detections over Okta System Log events: live between Kafka topics, over files, and in
// tests. One file here is one subcommand; what they do is wiring, the work is done in processor and rules.
package main
