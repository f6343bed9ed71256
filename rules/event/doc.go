// Package event holds one Okta System Log event as a read-only field view.
//
// In goes the JSON of one LogEvent (whatever envelope it arrived in has been taken off by processor/envelope, and a
// projected observation reads the same way); out come values by path. A path is written as in Okta's documentation
// (actor.alternateId), with an array filter (target[type=User].alternateId), or as an ECS name, which is an alias
// computed on look-up. A dotted name in the JSON (actor.id beside actor) is the nested one. The package also knows Okta's placeholders and the catalogue of event types.
//
// It must never import Kafka, read the wall clock, or keep a string that refers to a record beyond the next Decode.
package event
