package envelope

import (
	"oktastream/rules/event/jsontree"
)

// openOTLP opens OpenTelemetry's log records, in the spelling of its JSON or in that of Protobuf's.
func openOTLP(u *Unwrapper, p part) bool {
	resources := either(p.t, p.n, "resourceLogs", "resource_logs")
	if p.t.Kind(resources) != jsontree.Array {
		return false
	}
	u.tried = append(u.tried, resources)
	for r := p.t.First(resources); r != jsontree.None; r = p.t.Next(resources, r) {
		scopes := either(p.t, r, "scopeLogs", "scope_logs")
		for s := p.t.First(scopes); s != jsontree.None; s = p.t.Next(scopes, s) {
			records := either(p.t, s, "logRecords", "log_records")
			for l := p.t.First(records); l != jsontree.None && !u.overfull; l = p.t.Next(records, l) {
				u.logRecord(p, l)
			}
		}
	}
	return true
}

// logRecord opens the body of a log record: a text, or a list of keys and values. Without a body the attributes may be the
// event.
func (u *Unwrapper) logRecord(p part, l jsontree.Node) {
	body := p.t.Find(l, "body")
	if text := either(p.t, body, "stringValue", "string_value", "bytesValue", "bytes_value"); text != jsontree.None {
		u.inPlace(p, l, OTLP, text)
		return
	}
	var object []byte
	if either(p.t, body, "kvlistValue", "kvlist_value") != jsontree.None {
		object = appendAny(nil, p.t, body)
	} else if attributes := p.t.Find(l, "attributes"); body == jsontree.None && p.t.First(attributes) != jsontree.None {
		object = appendPairs(nil, p.t, attributes)
	}
	if object == nil || p.depth == MaxNesting {
		u.inside(p, OTLP, l) // is rejected with what it holds
		return
	}
	u.around = append(u.around, place{p.t, p.n}, place{p.t, l})
	u.text(u.into(p, OTLP), object)
	u.around = u.around[:len(u.around)-2]
}

// appendAny appends a value of OTLP, which is an object that names its type, as plain JSON.
func appendAny(dst []byte, t *jsontree.Tree, n jsontree.Node) []byte {
	if pairs := either(t, n, "kvlistValue", "kvlist_value"); pairs != jsontree.None {
		return appendPairs(dst, t, t.Find(pairs, "values"))
	}
	if list := either(t, n, "arrayValue", "array_value"); list != jsontree.None {
		dst = append(dst, '[')
		values := t.Find(list, "values")
		for c := t.First(values); c != jsontree.None; c = t.Next(values, c) {
			dst = append(appendAny(dst, t, c), ',')
		}
		return closed(dst, ']')
	}
	if v := t.First(n); v != jsontree.None && t.Kind(n) == jsontree.Object {
		if i := either(t, n, "intValue", "int_value"); t.Kind(i) == jsontree.String && integer(t.Text(i)) { // OTLP writes 64 bits as a text
			return append(dst, t.Text(i)...)
		}
		return t.Append(dst, v)
	}
	return append(dst, "null"...)
}

// appendPairs appends a list of keys and values as an object.
func appendPairs(dst []byte, t *jsontree.Tree, list jsontree.Node) []byte {
	dst = append(dst, '{')
	for c := t.First(list); c != jsontree.None; c = t.Next(list, c) {
		key := ""
		if k := t.Find(c, "key"); k != jsontree.None {
			key = t.Text(k)
		}
		dst = append(jsontree.AppendString(dst, key), ':')
		dst = append(appendAny(dst, t, t.Find(c, "value")), ',')
	}
	return closed(dst, '}')
}

// closed puts a bracket behind the last element, in place of its comma.
func closed(dst []byte, bracket byte) []byte {
	if last := len(dst) - 1; dst[last] == ',' {
		dst[last] = bracket
		return dst
	}
	return append(dst, bracket)
}

func integer(s string) bool {
	if len(s) > 1 && s[0] == '-' {
		s = s[1:]
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s == "0" || s != "" && s[0] != '0'
}

// either is the first of the members that there is.
func either(t *jsontree.Tree, n jsontree.Node, names ...string) jsontree.Node {
	for _, name := range names {
		if at := t.Find(n, name); at != jsontree.None {
			return at
		}
	}
	return jsontree.None
}
