// Package esql compiles pipelines in Elastic's ES|QL, as of its reference for Elasticsearch 8.18 to 9.2.
//
// In goes the text of a query and the rule's schedule; out come a condition on single events, or a window that runs a
// program, and what there is to say about them, with places. What stands before the first STATS becomes predicates of
// package match where they say the same, which are indexed, and paths that are computed from the event where they do
// not; the rest becomes a window.Program. DEVIATIONS.md beside this file says where the answers differ from
// Elasticsearch's and why. No file, event or state may enter here.
package esql
