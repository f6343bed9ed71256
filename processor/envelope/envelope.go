package envelope

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"oktastream/rules/event/jsontree"
)

const (
	// MaxNesting is how many wrappings around an event are taken off.
	MaxNesting = 4
	// MaxEvents is how many events one record may hold. Okta's pages end at 1,000, and Kafka's usual record limit of
	// 1 MB at about as many.
	MaxEvents = 10_000
)

// Why a record, or an element of one, gave no event.
const (
	Tombstone   = "tombstone"         // the record has no value
	Empty       = "empty"             // the value has no bytes but blanks
	NotJSON     = "not-json"          // not one JSON value, or nested too deep for any event
	Binary      = "confluent-binary"  // a schema registry frame around Avro or Protobuf
	TooDeep     = "too-deep"          // more than MaxNesting wrappings
	TooMany     = "too-many-events"   // more than MaxEvents events; the others of the record are not read
	NotOkta     = "not-an-okta-event" // JSON, but nothing that looks like a LogEvent
	NotExpected = "other-envelope"    // not the pinned envelope
)

// Result is what a record holds. A record can hold nothing at all, as an empty page does.
type Result struct {
	Events   []Found
	Rejected []Rejection
}

// Found is one LogEvent.
type Found struct {
	// Index is the element's position in the record, from 0, counting rejected elements too.
	Index int32
	// JSON is the LogEvent. It may share memory with the record; it must not be changed. That of a bare event is
	// recognised without being parsed to its end, so that decoding can still refuse it.
	JSON []byte
	// Envelope names the wrappings from the outermost in, as in "eventbridge > raw".
	Envelope string
	// Kind is the outermost wrapping, one of Kinds.
	Kind string
}

// Rejection is a part of a record that is no event.
type Rejection struct {
	Index  int32  // as in Found
	Code   string // one of the constants above
	Reason string // for people
	JSON   []byte // the part, or the whole record
}

// Unwrapper takes records apart. The zero Unwrapper recognises every envelope by itself. It reuses its memory: a Result is
// valid until the next Unwrap, except for the JSON in it, which lives as long as the record. It is not safe for
// concurrent use.
type Unwrapper struct {
	pin      string
	trees    [MaxNesting + 1]jsontree.Tree // one for every text inside a text
	chains   map[[2]string]string
	result   Result
	next     int32
	overfull bool
	value    []byte
}

// Pin returns an Unwrapper that accepts one outermost envelope only, one of Kinds; auto and the empty name accept every
// one. What is inside is still recognised by itself.
func Pin(kind string) (*Unwrapper, error) {
	if kind == "auto" || kind == "" {
		return &Unwrapper{}, nil
	}
	if !slices.Contains(Kinds(), kind) {
		return nil, fmt.Errorf("no envelope is called %q; there are auto, %s", kind, strings.Join(Kinds(), ", "))
	}
	return &Unwrapper{pin: kind}, nil
}

// Unwrap is Unwrapper.Unwrap for a single record.
func Unwrap(value []byte) Result {
	return new(Unwrapper).Unwrap(value)
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// Unwrap finds the events in a record's value. It never fails: what is no event is in Result.Rejected.
func (u *Unwrapper) Unwrap(value []byte) Result {
	clear(u.result.Events)
	clear(u.result.Rejected)
	u.result = Result{Events: u.result.Events[:0], Rejected: u.result.Rejected[:0]}
	u.next, u.overfull, u.value = 0, false, value
	u.open(value)
	u.value = nil
	return u.result
}

func (u *Unwrapper) open(value []byte) {
	if value == nil {
		u.reject(Tombstone, "the record has no value", nil)
		return
	}
	value = bytes.TrimPrefix(value, byteOrderMark)
	if len(bytes.TrimLeft(value, " \t\r\n")) == 0 {
		u.reject(Empty, "the value is empty", value)
		return
	}
	if (u.pin == "" || u.pin == Raw) && bare(value) {
		u.found(Raw, value, Raw)
		return
	}
	var p part
	if value[0] == 0 {
		json, ok := frame(value)
		if !ok {
			u.reject(Binary, "a schema registry frame that holds no JSON: Avro and Protobuf are not read", value)
			return
		}
		if u.pin != "" && u.pin != Confluent {
			u.reject(NotExpected, "expected "+u.pin+", found "+Confluent, value)
			return
		}
		value, p = json, part{chain: Confluent, kind: Confluent, depth: 1}
	} else if u.pin == Confluent {
		u.reject(NotExpected, "expected a schema registry frame, which begins with a zero byte", value)
		return
	}
	u.text(p, value)
}

// frame takes the header off a value that a schema registry client wrote: a zero byte and a schema id. JSON follows it at
// once; before Protobuf and in Avro no bracket can be told from data, so anything else is refused.
func frame(value []byte) (json []byte, ok bool) {
	const header = 5
	if len(value) <= header {
		return nil, false
	}
	json = value[header:]
	rest := bytes.TrimLeft(json, " \t\r\n")
	return json, len(rest) > 0 && (rest[0] == '{' || rest[0] == '[')
}

// found notes an event, whose wrappings are chain.
func (u *Unwrapper) found(chain string, json []byte, kind string) {
	if u.full() {
		return
	}
	u.result.Events = append(u.result.Events, Found{Index: u.next, JSON: json, Envelope: chain, Kind: kind})
	u.next++
}

func (u *Unwrapper) reject(code, reason string, json []byte) {
	if u.full() {
		return
	}
	u.result.Rejected = append(u.result.Rejected, Rejection{Index: u.next, Code: code, Reason: reason, JSON: json})
	u.next++
}

// full reports whether the record holds more events than it may, and says so once.
func (u *Unwrapper) full() bool {
	if u.next < MaxEvents {
		return false
	}
	if !u.overfull {
		u.overfull = true
		u.result.Rejected = append(u.result.Rejected, Rejection{Index: u.next, Code: TooMany, JSON: u.value,
			Reason: fmt.Sprintf("the record holds more than %d events; only these were read", MaxEvents)})
	}
	return true
}

// join is chain with one more wrapping. The few chains that occur are kept, so that an event costs no string.
func (u *Unwrapper) join(chain, kind string) string {
	if chain == "" {
		return kind
	}
	key := [2]string{chain, kind}
	s, ok := u.chains[key]
	if !ok {
		if u.chains == nil {
			u.chains = map[[2]string]string{}
		}
		s = chain + " > " + kind
		u.chains[key] = s
	}
	return s
}
