package workload

import (
	"fmt"
	"strings"
	"time"
)

// trouble adds what a pipeline must stand without the rest suffering from it.
func (g *generator) trouble() {
	for i := range g.Late {
		g.late(g.name("late-", i))
	}
	for range g.Future {
		// Of no interest but for its time, which must not move any clock.
		n := len(g.out)
		g.add(time.Date(2100, 1, 1, 0, 0, 0, g.rand.IntN(1000)*1e6, time.UTC), object{"eventType": "policy.evaluate_sign_on", "actor": person(g.user())})
		for i := range g.out[n:] {
			g.out[n+i].Arrival = g.moment(g.Span)
		}
	}
	for range g.Hostile {
		at := g.moment(g.Span)
		g.out = append(g.out, Event{Arrival: at, Value: g.hostile(at)})
	}
}

// late adds a session that would be complete, but for events that come two to five hours after their time.
func (g *generator) late(id string) {
	g.session(id, 4, 2, 7*time.Minute)
	for i := range g.out {
		if e := &g.out[i]; strings.Contains(string(e.JSON), `"`+id+`-device-3"`) {
			e.Arrival = e.Published.Add(2*time.Hour + time.Duration(g.rand.Int64N(int64(3*time.Hour))))
		}
	}
}

// hostile returns a record's value. None of them is a finding of a rule that asks for more than the type of an event.
func (g *generator) hostile(at time.Time) []byte {
	stamp := at.UTC().Format("2006-01-02T15:04:05.000Z")
	switch g.rand.IntN(9) {
	case 0:
		return nil // a tombstone
	case 1:
		return []byte("  ")
	case 2:
		return []byte("{not json")
	case 3:
		return []byte(`{"hello":"world"}`)
	case 4: // a page with a stranger in it
		return fmt.Appendf(nil, `["stranger",{"uuid":%q,"published":%q,"eventType":"policy.evaluate_sign_on"}]`, g.id(), stamp)
	case 5: // no time, no uuid
		return []byte(`{"eventType":"policy.evaluate_sign_on","version":"0","actor":{"alternateId":"unknown"}}`)
	case 6: // everything has another type than it should
		return fmt.Appendf(nil, `{"uuid":%q,"published":%q,"eventType":"policy.evaluate_sign_on","actor":[1,2],"client":"x","target":{"id":null},"debugContext":[]}`, g.id(), stamp)
	case 7:
		return []byte(strings.Repeat(`{"a":`, 400) + "1" + strings.Repeat("}", 400))
	}
	return []byte("\x00\x00\x00\x00\x07\x02\x04binary")
}
