package event

import (
	"slices"
	"strings"
)

// convert says how a raw value becomes the values of an alias.
type convert uint8

const (
	asIs          convert = iota
	maybeAddress          // as it is, an address in one spelling
	filled                // as it is, unless it is empty: the integration removes empty values
	filledAddress         // both
	email                 // only an e-mail address
	address               // only a valid IP address
	outcome               // Okta's result as ECS success, failure or unknown
	list                  // the members of a comma-separated text
	category              // the ECS category of an event type
	kindsOfEvent          // the ECS types of an event type
	positives             // the names in a text like {New Device=POSITIVE, Velocity=NEGATIVE} whose value is POSITIVE
	leaves                // the values of all that is below, not empty
)

// apply appends what v becomes.
func (c convert) apply(dst []Value, v Value) []Value {
	text := func(s string) []Value { return append(dst, Value{Kind: String, Text: s}) }
	switch c {
	case asIs, maybeAddress:
		return append(dst, v)
	case filled, filledAddress, leaves:
		if v.Text == "" || v.Kind == Object && len(v.Text) <= len("{}") {
			return dst
		}
		return append(dst, v)
	case email:
		if at := strings.LastIndexByte(v.Text, '@'); at > 0 && at < len(v.Text)-1 {
			return text(v.Text)
		}
	case address:
		if _, ok := ParseAddress(v.Text); ok {
			return text(v.Text)
		}
	case outcome:
		return text(Outcome(v.Text))
	case list:
		for s := range strings.SplitSeq(v.Text, ",") {
			if s = strings.TrimSpace(s); s != "" {
				dst = append(dst, Value{Kind: String, Text: s})
			}
		}
	case category:
		return Classify(v.Text).appendCategory(dst)
	case kindsOfEvent:
		return Classify(v.Text).appendTypes(dst)
	case positives:
		inner, object, ok := notation(v.Text)
		if !ok {
			inner, object, ok = unbraced(v.Text)
		}
		if !ok || !object {
			return dst
		}
		for name, value := range pairs(inner) {
			if value == "POSITIVE" {
				dst = append(dst, Value{Kind: String, Text: name})
			}
		}
	}
	return dst
}

// Outcome is the ECS event.outcome of Okta's result.
func Outcome(result string) string {
	switch {
	case strings.EqualFold(result, "SUCCESS"), strings.EqualFold(result, "ALLOW"):
		return "success"
	case strings.EqualFold(result, "FAILURE"), strings.EqualFold(result, "DENY"):
		return "failure"
	}
	return "unknown"
}

// accountName is the first run of letters, digits, dot, underscore and hyphen: what the integration's pattern takes
// from an alternateId, so it ends at @ and also at +.
func accountName(s string) string {
	part := func(r rune) bool {
		return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '.' || r == '_' || r == '-'
	}
	start := strings.IndexFunc(s, part)
	if start < 0 {
		return ""
	}
	s = s[start:]
	if end := strings.IndexFunc(s, func(r rune) bool { return !part(r) }); end >= 0 {
		s = s[:end]
	}
	return s
}

// unique removes repeated values from vals[from:], keeping the first of each.
func unique(vals []Value) []Value {
	kept := vals[:0]
	for _, v := range vals {
		if !slices.Contains(kept, v) {
			kept = append(kept, v)
		}
	}
	return kept
}
