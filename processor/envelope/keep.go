package envelope

import (
	"encoding/json"
	"maps"
	"slices"

	"oktastream/rules/event/jsontree"
)

// An ECS document says more than the event that it was made of: where its address is, by the databases of whoever wrote it,
// tags and labels, the organisation. That stays beside the members of the LogEvent, under the document's own names.

// ofEvent are names that a LogEvent has itself, and alert, by which an alert tells of its rule; a document says nothing by them.
var ofEvent = []string{"uuid", "published", "eventType", "version", "severity", "displayMessage", "legacyEventType", "insertionTimestamp", "actor",
	"authenticationContext", "outcome", "target", "transaction", "debugContext", "securityContext", "request", "alert"}

// kept lists what stays of the document at p.
func kept(p part) object {
	o := object{}
	for c := p.t.First(p.n); c != jsontree.None; c = p.t.Next(p.n, c) {
		switch name := p.t.Key(c); {
		case name == "okta", name == "message", name == "@timestamp", slices.Contains(ofEvent, name):
		case name == "event":
			e, _ := rename(p.t, c, true).(object)
			delete(e, "original")
			if len(e) > 0 {
				o[name] = e
			}
		default:
			o[name] = rename(p.t, c, true)
		}
	}
	return o
}

// keep adds what the document at p says to its event.
func keep(e object, p part) {
	for name, v := range kept(p) {
		ours, both := e[name].(object)
		theirs, ok := v.(object)
		switch {
		case both && ok: // client and device mean different things; what Okta says counts
			for name, v := range theirs {
				if _, taken := ours[name]; !taken {
					ours[name] = v
				}
			}
		case e[name] == nil:
			e[name] = v
		}
	}
}

// withDocument is the text of a LogEvent that an ECS document has kept, with what else the document says. It is nil for a text
// that is none.
func withDocument(text string, p part) []byte {
	var t jsontree.Tree
	if t.ParseString(text) != nil {
		return nil
	}
	if t.Dotted() && t.Parse(t.Nested()) != nil {
		return nil
	}
	if !isLogEvent(part{t: &t, n: jsontree.Root}) {
		return nil
	}
	out := t.Append(nil, jsontree.Root)
	out = out[:len(out)-1]
	says := kept(p)
	for _, name := range slices.Sorted(maps.Keys(says)) {
		if t.Find(jsontree.Root, name) != jsontree.None {
			continue
		}
		b, err := json.Marshal(says[name])
		if err != nil {
			panic(err) // as in logEvent
		}
		out = append(append(jsontree.AppendString(append(out, ','), name), ':'), b...)
	}
	return append(out, '}')
}
