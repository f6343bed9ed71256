package envelope

import (
	"strings"

	"oktastream/rules/event/jsontree"
)

// What makes an object a LogEvent: an eventType, and one more member that only LogEvents have beside it. Other products
// also speak of eventType, with other members. A legacyEventType will do if uuid or published stands with it.
var marks = []string{"uuid", "published", "actor", "outcome", "target", "transaction", "debugContext", "authenticationContext", "securityContext",
	"legacyEventType", "displayMessage", "client"}

// openComplete takes what has everything that every LogEvent has, whatever else stands beside it: shippers add members to
// the top of an event, also a copy of it as text.
func openComplete(u *Unwrapper, p part) bool {
	if !plainType(p) || p.str("uuid") == "" || p.str("published") == "" {
		return false
	}
	return take(u, p)
}

func openRaw(u *Unwrapper, p part) bool {
	return isLogEvent(p) && take(u, p)
}

func openRow(u *Unwrapper, p part) bool {
	return isLogEvent(p) && take(u, p)
}

// take notes the value as an event. A pinned kind must be its spelling.
func take(u *Unwrapper, p part) bool {
	kind := spelling(p)
	if p.depth == 0 && u.pin != "" && kind != u.pin {
		return false
	}
	u.found(u.join(p.chain, kind), u.timed(p), outermost(p, kind))
	return true
}

// spelling tells Okta's own names from those of a warehouse, which folds the names of columns.
func spelling(p part) string {
	for c := p.t.First(p.n); c != jsontree.None; c = p.t.Next(p.n, c) {
		switch name := p.t.Key(c); {
		case name == "eventType" || name == "legacyEventType":
			return Raw
		case strings.EqualFold(name, "eventType") || strings.EqualFold(name, "legacyEventType"):
			return Row
		}
	}
	return Raw
}

func plainType(p part) bool {
	typ := p.str("eventType")
	return typ != "" && !strings.EqualFold(typ, HookType)
}

func isLogEvent(p part) bool {
	if plainType(p) {
		for _, name := range marks {
			if p.get(name) != jsontree.None {
				return true
			}
		}
		return false
	}
	return p.str("eventType") == "" && p.str("legacyEventType") != "" && (p.str("uuid") != "" || p.str("published") != "")
}

// whyNot says what a value lacks to be an event.
func whyNot(p part) string {
	where := ""
	if p.chain != "" {
		where = "inside " + p.chain + ": "
	}
	switch p.kindOf() {
	case jsontree.Object:
	case jsontree.Null:
		return where + "null holds no event"
	default:
		return where + "neither an object nor a text that holds one"
	}
	switch {
	case strings.EqualFold(p.str("eventType"), HookType):
		return where + "an event hook without the array data.events"
	case plainType(p):
		return where + "an eventType, but no other member of an Okta event beside it"
	}
	return where + "an object without eventType that is no known envelope either"
}
