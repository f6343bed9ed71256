package envelope

import (
	"strings"
	"time"

	"oktastream/rules/event"
	"oktastream/rules/event/jsontree"
)

// clocks are the names under which rows and wrappings say when something happened, the more exact first.
var clocks = []string{"published", "published_at", "p_event_time", "event_time", "eventTime", "@timestamp", "timeUnixNano", "time_unix_nano", "timestamp", "time",
	"_time", "ts", "date", "publishTime", "approximateArrivalTimestamp", "emitted_at"}

// timed is the JSON of an event. A row or a trimmed event that does not say when it was published takes the time that stands
// beside it, or the nearest of the wrappings around it: an event of no time would be one of 1970 in a file.
func (u *Unwrapper) timed(p part) []byte {
	if n := p.get("published"); n != jsontree.None && p.t.Kind(n) != jsontree.Null {
		return p.json()
	}
	at, ok := clockOf(p.t, p.n)
	for i := len(u.around) - 1; i >= 0 && !ok; i-- {
		at, ok = clockOf(u.around[i].t, u.around[i].n)
	}
	if !ok {
		return p.json()
	}
	json := p.json()
	out := make([]byte, 0, len(json)+64)
	out = append(append(out, json[:len(json)-1]...), `,"published":`...)
	return append(jsontree.AppendString(out, at), '}')
}

// clockOf is the time that an object says, as text: the first that can be read as one.
func clockOf(t *jsontree.Tree, n jsontree.Node) (string, bool) {
	for _, name := range clocks {
		at := t.Find(n, name)
		switch kind := t.Kind(at); kind {
		case jsontree.String, jsontree.Number, jsontree.Object:
			text := t.Text(at)
			when, _, ok := event.ParseTime(text)
			switch {
			case ok && kind == jsontree.String && strings.ContainsAny(text, "-/:"): // with its zone, which rules may ask for
				return text, true
			case ok:
				return when.Format(time.RFC3339Nano), true
			}
		}
	}
	return "", false
}
