package envelope

import (
	"slices"

	"oktastream/rules/event/jsontree"
)

// said are the names by which wrappings tell where an event comes from: Splunk's host, source, sourcetype, index and fields, the
// source and eventId of an event hook, the source, account, region and detail-type of EventBridge, what Elastic's agents have
// beside their message, and the headers of a record that kcat has written.
var said = []string{"host", "source", "sourcetype", "index", "fields", "eventId", "account", "region", "detail-type", "tags", "labels", "organization",
	"data_stream", "headers"}

// carrier is what the wrappings around the value at hand say, as one object, nil if nothing. Where two say something under one
// name, the inner one stands behind the other, and so counts: it is nearer to Okta.
func (u *Unwrapper) carrier() []byte {
	from := len(u.said)
	for i, at := range u.around {
		if i > 0 && at == u.around[i-1] || at.t.Kind(at.n) != jsontree.Object {
			continue
		}
		for c := at.t.First(at.n); c != jsontree.None; c = at.t.Next(at.n, c) {
			name := at.t.Key(c)
			if !slices.Contains(said, name) || at.t.Kind(c) == jsontree.Null {
				continue
			}
			u.said = append(jsontree.AppendString(append(u.said, ','), name), ':')
			if name == "headers" && at.t.Kind(c) == jsontree.Array {
				u.said = appendHeaders(u.said, at.t, c)
			} else {
				u.said = at.t.Append(u.said, c)
			}
		}
	}
	if len(u.said) == from {
		return nil
	}
	u.said[from] = '{'
	u.said = append(u.said, '}')
	return slices.Clip(u.said[from:])
}

// appendHeaders appends the object of a list of names and values in turn.
func appendHeaders(dst []byte, t *jsontree.Tree, list jsontree.Node) []byte {
	dst = append(dst, '{')
	for name := t.First(list); name != jsontree.None; {
		value := t.Next(list, name)
		if value == jsontree.None {
			break
		}
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(jsontree.AppendString(dst, t.Text(name)), ':')
		dst = t.Append(dst, value)
		name = t.Next(list, value)
	}
	return append(dst, '}')
}
