// Package alert holds the native alert record and its identity.
//
// The engine fills one Alert per finding; processor/encoding turns it into other formats; schema.json, published beside
// the type, describes it. Everything in an Alert follows from the events and the rule, except Created, which the
// processor stamps. The package must never import Kafka or read the wall clock.
package alert
