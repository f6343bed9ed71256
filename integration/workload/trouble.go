package workload

import (
	"fmt"
	"math/rand/v2"
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
		g.future(g.moment(g.Span), object{"eventType": "policy.evaluate_sign_on", "actor": person(g.user())})
	}
	for i := range g.Ahead {
		at := g.moment(g.Span - time.Hour)
		who := g.name("ahead", i) + "@example.test"
		g.pushes(who, 4, at)
		g.future(at.Add(4*time.Minute), object{"eventType": "user.mfa.okta_verify.deny_push", "actor": person(who),
			"client": client(g.address()), "outcome": object{"result": "FAILURE"}})
		at = g.moment(g.Span)
		n := len(g.out)
		g.add(at.Add(55*time.Minute), object{"eventType": "policy.evaluate_sign_on", "actor": person(g.user())})
		for i := range g.out[n:] {
			g.out[n+i].Arrival, g.out[n+i].stamp = at, stampHonest
		}
	}
	for range g.Hostile {
		at := g.moment(g.Span)
		g.out = append(g.out, Event{Arrival: at, Value: g.hostile(at)})
	}
}

// future adds an event that arrives at a time and says that it is of another century. It comes once: each copy counts where
// it is read.
func (g *generator) future(arrival time.Time, e object) {
	n := len(g.out)
	g.add(time.Date(2100, 1, 1, 0, 0, 0, g.rand.IntN(1000)*1e6, time.UTC), e)
	g.out = g.out[:n+1]
	g.out[n].Arrival, g.out[n].stamp = arrival, pick(g.rand, stampRight, stampCopied, stampZero, stampMinus)
}

// stamp is the clock that a record is stamped by.
type stamp uint8

const (
	stampRight   stamp = iota
	stampCopied        // of the event, as some shippers do
	stampZero          // 1970
	stampMinus         // -1, for none
	stampSeconds       // seconds where milliseconds belong
	stampSlow          // behind by two hours
	stampHour          // ahead by 55 minutes, which a broker lets through
	stamp2036
	stampKinds
	stampHonest // right, and stays so
)

// stamps lets some records be stamped wrongly.
func (g *generator) stamps() {
	r := rand.New(rand.NewPCG(g.Seed, 0x7374616d70))
	for i := range g.out {
		if g.Wrong > 0 && r.IntN(g.Wrong) == 0 && g.out[i].stamp != stampHonest {
			g.out[i].stamp = stamp(r.IntN(int(stampKinds)))
		}
	}
}

// Stamp is the time that whoever writes the record at now gives it.
func (e *Event) Stamp(now time.Time) time.Time {
	switch e.stamp {
	case stampCopied:
		if !e.Published.IsZero() {
			return e.Published
		}
	case stampZero:
		return time.UnixMilli(0)
	case stampMinus:
		return time.UnixMilli(-1)
	case stampSeconds:
		return time.UnixMilli(now.Unix())
	case stampSlow:
		return now.Add(-2 * time.Hour)
	case stampHour:
		return now.Add(55 * time.Minute)
	case stamp2036:
		return time.Date(2036, 3, 2, 9, 0, 0, 0, time.UTC)
	}
	return now
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
