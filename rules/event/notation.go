package event

import (
	"iter"
	"strings"

	"oktastream/rules/event/jsontree"
)

// Okta writes some debug data as the text of a Java map: {New Device=POSITIVE, Velocity=NEGATIVE}, with the name of the
// class before it (Risk{level=LOW}) and in lists ([{a=b}, {a=c}]). Nothing in it is quoted, so it can be ambiguous: the
// comma in {reasons=Anomalous Location, Anomalous Device, level=HIGH} separates reasons as well as members. A part
// without = therefore belongs to the value before it; but never to a behaviour's result, whose name would then hide
// behind the comma of the next behaviour's name.

// maxNotation is how deep maps and lists in a notation are taken apart; what lies deeper stays text.
const maxNotation = 8

// appendNotation appends the JSON of a notation, and reports false for a text that is none.
func appendNotation(dst []byte, text string, depth int) ([]byte, bool) {
	inner, object, ok := notation(text)
	if !ok && depth == 0 {
		inner, object, ok = unbraced(text)
	}
	if !ok || depth == maxNotation {
		return dst, false
	}
	member := func(s string) {
		var nested bool
		if dst, nested = appendNotation(dst, s, depth+1); !nested {
			dst = jsontree.AppendString(dst, s)
		}
	}
	if object {
		dst = append(dst, '{')
		for name, value := range pairs(inner) {
			if dst[len(dst)-1] != '{' {
				dst = append(dst, ',')
			}
			dst = append(jsontree.AppendString(dst, name), ':')
			member(value)
		}
		return append(dst, '}'), true
	}
	dst = append(dst, '[')
	if inner != "" {
		for start, end := range parts(inner) {
			if start > 0 {
				dst = append(dst, ',')
			}
			member(inner[start:end])
		}
	}
	return append(dst, ']'), true
}

// notation says whether text is a map or a list, and what stands between its brackets.
func notation(text string) (inner string, object, ok bool) {
	text = strings.TrimSpace(text)
	open := strings.IndexAny(text, "{[")
	if open < 0 {
		return "", false, false
	}
	object = text[open] == '{'
	last := text[len(text)-1]
	if object != (last == '}') || !object && (last != ']' || open > 0) || open == len(text)-1 {
		return "", false, false
	}
	for _, c := range []byte(text[:open]) { // the name of a class
		if c != '_' && c != '.' && c != '$' && (c|0x20 < 'a' || 'z' < c|0x20) && (c < '0' || '9' < c) {
			return "", false, false
		}
	}
	return text[open+1 : len(text)-1], object, true
}

// unbraced is notation for what stands between the braces of a map, alone: reasons=Anomalous Location, level=HIGH. Its first
// name is made of letters, digits, and what Okta's names have between them; a URL is no map.
func unbraced(text string) (inner string, object, ok bool) {
	sign := strings.IndexByte(text, '=')
	if sign < 1 {
		return "", false, false
	}
	for _, c := range []byte(text[:sign]) {
		if (c|0x20 < 'a' || 'z' < c|0x20) && (c < '0' || '9' < c) && c != ' ' && c != '_' && c != '-' && c != ':' {
			return "", false, false
		}
	}
	return strings.TrimSpace(text), true, true
}

// pairs yields the names and values of what stands inside a map's notation, in order.
func pairs(inner string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		name, equals, stop := 0, -1, 0 // the pair being read: its name starts at name, its value ends at stop
		for start, end := range parts(inner) {
			sign := strings.IndexByte(inner[start:end], '=')
			complete := equals >= 0 && (sign >= 0 || result(inner[equals+1:stop]))
			if complete {
				if !yield(inner[name:equals], inner[equals+1:stop]) {
					return
				}
				name, equals = start, -1
			}
			if sign >= 0 {
				equals = start + sign
			}
			stop = end
		}
		if equals >= 0 {
			yield(inner[name:equals], inner[equals+1:stop])
		}
	}
}

// result reports whether s is what Okta says about a behaviour.
func result(s string) bool {
	return s == "POSITIVE" || s == "NEGATIVE" || s == "UNKNOWN" || s == "BAD_REQUEST"
}

// parts yields where the parts between ", " lie, without cutting through brackets if they pair up.
func parts(inner string) iter.Seq2[int, int] {
	nested := balanced(inner)
	return func(yield func(start, end int) bool) {
		start, depth := 0, 0
		for i := range len(inner) {
			switch c := inner[i]; {
			case nested && (c == '{' || c == '['):
				depth++
			case nested && (c == '}' || c == ']'):
				depth--
			case c == ',' && depth == 0 && i+1 < len(inner) && inner[i+1] == ' ':
				if !yield(start, i) {
					return
				}
				start = i + 2
			}
		}
		yield(start, len(inner))
	}
}

func balanced(s string) bool {
	depth := 0
	for _, c := range []byte(s) {
		switch c {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return false
			}
		}
	}
	return depth == 0
}
