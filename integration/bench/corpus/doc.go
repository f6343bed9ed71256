// Package corpus invents the events that benchmarks read: a working day of Okta System Log events as long as live ones,
// the same for equal arguments.
package corpus
