// Package feed invents the System Log of an organisation: a working day of sign-ins, single sign-on, administration and
// background jobs, with attack campaigns hidden in it.
//
// In go a seed and a few sizes; out comes a sequence of LogEvents as JSON, the same for the same options, and Wrap puts
// LogEvents into the envelopes that reach Kafka. People, domains and addresses are invented (documentation ranges), except
// for the published indicators that a campaign needs. The package must never import Kafka or rules, or read the wall
// clock.
package feed
