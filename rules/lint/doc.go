// Package lint looks at loaded rules for what a loader cannot refuse and an author did not mean, and prints findings.
//
// In go the result of loading, the texts of the files and the rule tests; out comes a Report: the loader's diagnostics
// and the package's own, each with its place, an excerpt and a stable code, less those that a comment in the file
// ignores. Writers print it as text, JSON, SARIF, JUnit XML and GitHub workflow commands; Explain says what a code of
// any package means. Kafka, processor and the wall clock must never enter, and no finding changes what a rule does.
package lint
