package ruletest

import "oktastream/rules/lang/source"

// FileFields describes the keys of a test file. Editor schemas and the formatter derive from it, as the parser does. The
// tables must not be changed.
func FileFields() []source.Field { return fileFields }

// EventFields describes the keys of an event, and of base, that are no paths.
func EventFields() []source.Field { return eventFields }

// AlertFields describes the keys of an expected alert.
func AlertFields() []source.Field { return alertFields }
