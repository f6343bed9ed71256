package event

import "strings"

// Okta writes a word where it has no value: "-", "unknown", "null" or ".". What a client sends may be such a word too: an
// attacker who calls his browser "-", or himself "unknown", must be grouped and counted like anybody else. So the words stand
// for nothing only in fields that Okta itself fills, and that it has been seen to fill with them.

// placeholderFields are those fields: LogEvent paths, with all that is below them. Not among them, because a client chooses or
// brings about what they hold: client.userAgent and client.device (Okta says Unknown of an agent that it does not know), the
// actor's displayName, displayNames of targets, the device,
// requestUri, deviceFingerprint. dtHash is a hash that Okta makes; a client can leave it out, and not make it "-".
var placeholderFields = []string{
	"actor.id",
	"authenticationContext.externalSessionId",
	"authenticationContext.rootSessionId",
	"client.ipAddress",
	"client.zone",
	"debugContext.debugData.dtHash",
	"debugContext.debugData.dt_hash",
	"request.ipChain.ip",
	"client.ipChain.ip",
	"securityContext",
	"target.alternateId",
	"target.id",
	"transaction.id",
}

// actorName is both: a failed sign-in bears the name that was typed, and an event without an account the word unknown. Taken
// for a value, that word makes one group of everybody whom Okta does not know; taken for none, it lets an attacker who types
// it, and nothing else, go uncounted by name. The first would raise false alerts in every org, so the word is no value. The
// other placeholders are: Okta does not write them there.
const actorName = "actor.alternateId"

// Placeholder reports whether text, read at p, is no value: empty, or a word that Okta writes there for want of one. It never
// forms a group key; it can still be compared with as a literal. A path that also reads what a client sends has no
// placeholders.
func (p Path) Placeholder(text string) bool {
	return text == "" || placeholder(text) && p.c != nil && p.c.oktas(strings.EqualFold(text, "unknown"))
}

func placeholder(s string) bool {
	switch len(s) {
	case 1:
		return s == "-" || s == "."
	case len("null"):
		return strings.EqualFold(s, "null")
	case len("unknown"):
		return strings.EqualFold(s, "unknown")
	}
	return false
}

// oktas reports whether Okta fills everything that c reads, with the word unknown or any.
func (c *compiled) oktas(unknown bool) bool {
	any := false
	for _, r := range c.reads {
		if r.own {
			continue // of a document, beside what it is computed from
		}
		if any = true; !oktas(r.steps) && !(unknown && leadsBelow(r.steps, actorName)) {
			return false
		}
	}
	for _, p := range c.from {
		if any = true; !p.c.oktas(unknown) {
			return false
		}
	}
	return any
}

func oktas(steps []step) bool {
	for _, field := range placeholderFields {
		if leadsBelow(steps, field) {
			return true
		}
	}
	return false
}

// leadsBelow reports whether steps, without positions in arrays, lead to a field or below it.
func leadsBelow(steps []step, field string) bool {
	for _, s := range steps {
		if s.index >= 0 {
			continue
		}
		name, rest, more := strings.Cut(field, ".")
		if !strings.EqualFold(s.key, name) {
			return false
		}
		if !more {
			return true
		}
		field = rest
	}
	return false
}
