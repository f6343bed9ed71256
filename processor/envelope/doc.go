// Package envelope finds the Okta events in a Kafka record's value.
//
// In go the bytes of one record: a bare LogEvent, or one of the wrappings that forwarders put around events, nested up to
// MaxNesting deep. Out come the JSON texts of the LogEvents, and a reason for every part that is none, so that one bad
// element does not take its neighbours along. The package must not know Kafka, rules, or anything but the shape of JSON.
package envelope
