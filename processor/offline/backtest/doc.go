// Package backtest tells what a rule set would have done over files: how many alerts a day, for whom, at what cost, and
// what another version of the rules would have found instead.
//
// In go files and one or two compiled rule sets; out comes a Report, as text or JSON, with the gates that it breaks.
// Everything but the measured times is the same for the same input. The package must never import Kafka, and takes the
// clock with which it measures from its caller.
package backtest
