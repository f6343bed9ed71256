package envelope

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"oktastream/processor/document"
	"oktastream/rules/event/jsontree"
)

const (
	// MaxNesting is how many wrappings around an event are taken off. Four forwarders behind each other are more than anybody
	// has, and some wrap twice: a text in base64 below a member, all of it in a frame.
	MaxNesting = 10
	// MaxEvents is how many events one record may hold. Okta's pages end at 1,000, and Kafka's usual record limit of
	// 1 MB at about as many.
	MaxEvents = 10_000
	// MaxParts is how many values of one record are looked at in search of events.
	MaxParts = 100_000
	// MaxUnpacked is how many bytes one record may unpack to.
	MaxUnpacked = 32 << 20
)

// Why a record, or an element of one, gave no event.
const (
	Tombstone      = "tombstone"         // the record has no value
	Empty          = "empty"             // the value has no bytes but blanks
	NotJSON        = "not-json"          // not one JSON value, or nested too deep for any event
	Packed         = "packed"            // packed in a way that is not read, cut, or too large when unpacked
	Binary         = "confluent-binary"  // a frame of Confluent's schema registry around Avro or Protobuf
	ApicurioBinary = "apicurio-binary"   // the same of Apicurio's
	GlueBinary     = "glue-binary"       // the same of AWS Glue's
	AvroBinary     = "avro-binary"       // Avro's own frame for a single object
	TooDeep        = "too-deep"          // more than MaxNesting wrappings
	TooMany        = "too-many-events"   // more than MaxEvents events; the others of the record are not read
	TooWide        = "too-many-parts"    // more than MaxParts values; the others of the record are not looked at
	NoEvents       = "no-events"         // a wrapping that promises an event and holds an empty list
	Ambiguous      = "ambiguous"         // several members hold different events
	NotOkta        = "not-an-okta-event" // JSON, but nothing that looks like a LogEvent
	NotExpected    = "other-envelope"    // not the pinned envelope
)

// Result is what a record holds.
type Result struct {
	Events   []Found
	Rejected []Rejection
	// Empty has the outermost wrapping of every batch that holds nothing, as an empty page does: there is no event in it and
	// nothing wrong with it.
	Empty []string
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
	// Carrier is what the wrappings say of where the event comes from, a JSON object; nil if nothing. It is valid until the
	// next call.
	Carrier []byte
}

// Rejection is a part of a record that is no event.
type Rejection struct {
	Index  int32  // as in Found
	Code   string // one of the constants above
	Reason string // for people
	JSON   []byte // the part, or the whole record
}

// Unwrapper takes records apart. The zero Unwrapper recognises every envelope by itself. It reuses its memory: a Result is
// valid until the next call, except for the JSON in it, which lives as long as the record. It is not safe for concurrent
// use.
type Unwrapper struct {
	pin  string
	path []string // members that lead to the event

	trees   [MaxNesting + 1]jsontree.Tree    // one for every text inside a text
	readers [MaxNesting + 1]*document.Reader // the same, for texts that are no single JSON value
	chains  map[[2]string]string
	result  Result
	tried   []jsontree.Node // members of the values being looked at that have been opened
	base    int             // where those of the value at hand begin
	said    []byte          // space for carriers
	around  []place         // the values that the one at hand is in

	file     bool // no limit to events and parts
	record   int
	next     int32
	parts    int
	unpacked int64
	overfull bool
	value    []byte
}

// New returns an Unwrapper. pin names the only outermost envelope to accept, one of Kinds; auto and the empty name accept
// every one. path, if it is not empty, says where in the record the event is: names of members with dots between them. What
// is there is recognised by itself.
func New(pin, path string) (*Unwrapper, error) {
	u := &Unwrapper{}
	if pin != "auto" && pin != "" {
		if !slices.Contains(Kinds(), pin) {
			return nil, fmt.Errorf("no envelope is called %q; there are auto, %s", pin, strings.Join(Kinds(), ", "))
		}
		u.pin = pin
	}
	if path != "" {
		u.path = strings.Split(path, ".")
		if slices.Contains(u.path, "") {
			return nil, fmt.Errorf("the path %q has an empty name in it", path)
		}
		if u.pin != "" {
			return nil, fmt.Errorf("the envelope is pinned to %s and its path to %s: one of them is too much", pin, path)
		}
	}
	return u, nil
}

// Unwrap is Unwrapper.Unwrap for a single record.
func Unwrap(value []byte) Result {
	return new(Unwrapper).Unwrap(value)
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// Unwrap finds the events in a record's value. It never fails: what is no event is in Result.Rejected.
func (u *Unwrapper) Unwrap(value []byte) Result {
	u.begin(value)
	u.file, u.next, u.parts, u.unpacked, u.overfull = false, 0, 0, 0, false
	u.open(value)
	u.value = nil
	return u.result
}

// Document finds the events in a document of a file. Those of one record are numbered as if they had come together. The
// JSON of events lives as long as the document's text.
func (u *Unwrapper) Document(d document.Document) Result {
	u.begin(d.Data)
	if u.file, u.parts, u.unpacked = true, 0, 0; !d.Element || d.Record != u.record {
		u.next, u.overfull, u.record = 0, false, d.Record
	}
	if d.Err == nil && !d.Element && !d.Row {
		u.open(d.Data)
	} else {
		u.document(u.outside(), d)
	}
	u.value = nil
	return u.result
}

func (u *Unwrapper) begin(value []byte) {
	u.said = u.said[:0]
	clear(u.result.Events)
	clear(u.result.Rejected)
	u.result = Result{Events: u.result.Events[:0], Rejected: u.result.Rejected[:0], Empty: u.result.Empty[:0]}
	u.value = value
}

// outside is the record as a whole.
func (u *Unwrapper) outside() part { return part{path: u.path} }

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
	if (u.pin == "" || u.pin == Raw) && u.path == nil && bare(value) {
		u.found(Raw, value, Raw)
		return
	}
	p := u.outside()
	if f, ok := frameOf(value); ok {
		if u.pin != "" && u.pin != f.kind && f.code == "" {
			u.reject(NotExpected, "expected "+u.pin+", found "+f.kind, value)
			return
		}
		if f.code != "" {
			u.reject(f.code, f.reason, value)
			return
		}
		value, p.chain, p.kind, p.depth = f.body, f.kind, f.kind, 1
	} else if hasFrame(u.pin) {
		u.reject(NotExpected, "expected "+u.pin+", which begins with a byte that no text begins with", value)
		return
	}
	u.text(p, value)
}

// found notes an event, whose wrappings are chain.
func (u *Unwrapper) found(chain string, json []byte, kind string) {
	if u.full() {
		return
	}
	u.result.Events = append(u.result.Events, Found{Index: u.next, JSON: json, Envelope: chain, Kind: kind, Carrier: u.carrier()})
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
	if u.file || u.next < MaxEvents {
		return u.overfull
	}
	u.stop(TooMany, fmt.Sprintf("the record holds more than %d events; only these were read", MaxEvents))
	return true
}

// look counts a value that is looked at, and reports whether it may be.
func (u *Unwrapper) look() bool {
	if u.parts++; u.wide() {
		u.parts = MaxParts + 1
		u.stop(TooWide, fmt.Sprintf("the record holds more than %d values; events were looked for in these only", MaxParts))
	}
	return !u.overfull
}

// wide reports whether the record has more values than are looked at.
func (u *Unwrapper) wide() bool { return !u.file && u.parts > MaxParts }

// stop ends the reading of the record.
func (u *Unwrapper) stop(code, reason string) {
	if !u.overfull {
		u.overfull = true
		u.result.Rejected = append(u.result.Rejected, Rejection{Index: u.next, Code: code, JSON: u.value, Reason: reason})
	}
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
