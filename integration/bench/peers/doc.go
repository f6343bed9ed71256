// Command peers measures other Go software at the product's work, and prints what its CPU time is over the product's:
// Sigma engines and benthos with the public Okta rules, Sigma engines with a thousand rules, goka as a consumer of Kafka.
//
// It is a module of its own, so that peers never enter the product's. OKTASTREAM_CORPUS names the folder with the public
// Sigma rules (rules/sigma-okta): without it that part is left out. Contenders take turns, a row is the median of
// the rounds' ratios, and all must find the same number of matches or alerts, or there is an error instead of a table.
package main
