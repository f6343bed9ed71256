package envelope

import (
	"math"
	"strconv"
	"time"

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

// clockOf is the time that an object says, as text.
func clockOf(t *jsontree.Tree, n jsontree.Node) (string, bool) {
	for _, name := range clocks {
		switch at := t.Find(n, name); t.Kind(at) {
		case jsontree.String:
			if s := t.Text(at); len(s) >= len(time.DateTime) && s[4] == '-' && s[7] == '-' {
				return s, true
			} else if s, ok := epoch(s); ok {
				return s, true
			}
		case jsontree.Number:
			if s, ok := epoch(t.Text(at)); ok {
				return s, true
			}
		}
	}
	return "", false
}

// epoch reads a number of seconds since 1970, or of thousandths, millionths or billionths of them: between 2001 and 2286 its
// size tells which.
func epoch(number string) (string, bool) {
	x, err := strconv.ParseFloat(number, 64)
	if err != nil || x < 1e9 {
		return "", false
	}
	for range 3 {
		if x >= 1e10 {
			x /= 1000
		}
	}
	if x >= 1e10 {
		return "", false
	}
	whole, part := math.Modf(x)
	return time.Unix(int64(whole), int64(math.Round(part*1e6))*1000).UTC().Format(time.RFC3339Nano), true
}
