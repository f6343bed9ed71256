// Package lang loads rule files: it finds them, splits them into documents, finds the front end for each, ties filters
// and correlations to the rules they name, and returns rules with everything there is to say about them.
//
// A rule file is YAML in the form of Sigma 2.1, with a query in another language instead of the detection if its author
// prefers, and with settings of ours under the key oktastream; the tables Document and Options describe every key. What
// placeholders stand for is said by a rule, or by placeholders.yaml in its directory or above, the nearest first. A rule
// is called by its Sigma name, or else by its file's name without the ending; a document that a correlation in the same
// file refers to is called file/name. A new language is one more frontEnd. Evaluation must never enter here.
package lang
