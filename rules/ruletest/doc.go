// Package ruletest runs the timed tests that stand beside rules.
//
// In go loaded rules and test files (<rule>_test.yaml); the runner builds Okta events from templates on a fixed clock,
// feeds them to the engine offline, in order of arrival, and compares the alerts; out comes a Report. For stateful rules
// it adds cases of its own: shuffled, duplicated, restarted and without a group key. The package must never import Kafka
// or processor, read the wall clock, or count a rule that does not load as a pass.
package ruletest
