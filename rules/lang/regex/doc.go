// Package regex translates the regular expressions of other engines into those of package regexp.
//
// In goes a pattern as a rule's author wrote it, in the syntax that the rule's language gives it: Lucene's (EQL's regex,
// ES|QL's RLIKE) or Java's (ES|QL's REPLACE); out comes an expression that matches the same texts, in linear time, or an
// *Error that names the construct. The dialects look alike and differ in meaning: a+? is a lazy repetition to one and an
// optional one to the other, and [a&&b] an intersection or three characters. Hence nothing is passed on that was not
// understood. Tests compare with matchers that follow the grammars of the two. No rule, event or file may enter here.
package regex
