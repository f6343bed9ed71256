// Package eql compiles queries in Elastic's Event Query Language, as of the reference of Elasticsearch 9.
//
// In goes the text of a query; out come a condition on single events, or the windows of a sequence, and what there is to
// say about them, with places. Comparisons of one field with literals become plain predicates of package match, which are
// indexed, and everything else is computed from the event. Compile says where the answers differ from Elasticsearch's, and
// why. No file, event or state may enter here.
package eql
