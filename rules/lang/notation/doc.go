// Package notation reads what Elastic's query languages write alike: numbers, texts, names in backticks, networks.
//
// In go a query and the offset at which one begins; out come its value and the offset behind it. What is to be said about
// one that does not end is the language's own affair.
package notation
