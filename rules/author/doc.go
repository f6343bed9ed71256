// Package author says what rules mean, and helps to write and to bring in new ones.
//
// In go a rule set, the name of a new rule with an event to begin from, or rule files of other formats; out come
// descriptions in plain words, drafts of a rule with its tests, and files in our format with a report on each rule. The
// texts are data for a person: nothing here decides whether something is an alert. The package reads no files but through
// rules/lang, and Kafka, the wall clock and the processor must never enter it.
package author
