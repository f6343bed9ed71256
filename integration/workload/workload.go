package workload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"oktastream/processor/feed"
)

// Config says how much of what. The zero value of a field has the default that its comment names.
type Config struct {
	Seed      uint64
	Suffix    string        // of the names of sessions and campaigns, so that those of several workloads can be told apart
	Events    int           // of ordinary traffic, default 10,000; the rest comes on top
	Start     time.Time     // time of the first event, default 2026-03-02T06:00Z
	Span      time.Duration // from the first event to the last, default 12 hours
	Users     int           // default 50
	Hijacked  int           // sessions with too many device tokens, default 20
	NearMiss  int           // sessions with just too few, or too slowly, default 20
	Takeovers int           // administrators taken over, default 5
	Campaigns int           // of each kind that burst.go lists, default 6
	Late      int           // sessions whose last events come hours late, default 5; their names begin with late-
	Future    int           // events of a clock that is decades ahead, default 5
	Ahead     int           // … campaigns of which one event has such a clock, and events 55 minutes ahead: what becomes of them depends on when they are read; default none
	Wrong     int           // one in this many records is stamped by a clock that is wrong, see Event.Stamp; default 10; negative for none
	Hostile   int           // records that hold no event, or one that is hardly one, default 20
	Disorder  time.Duration // how much later than its time an event may arrive, default 2 minutes; negative for none
	Twice     int           // one in this many events is delivered twice, half of them in another envelope; default 100; negative for none
}

// Event is one record as it arrives.
type Event struct {
	ID        string    // uuid of its LogEvent; empty for hostile records
	Published time.Time // as the LogEvent says
	Arrival   time.Time // when the record is written, by a clock that is right
	JSON      []byte    // the LogEvent, one line; nil for hostile records
	Value     []byte    // of the record: JSON, or JSON in an envelope

	stamp stamp
}

// Generate returns the events in order of arrival.
func Generate(c Config) []Event {
	set(&c.Events, 10_000)
	set(&c.Start, time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC))
	set(&c.Span, 12*time.Hour)
	set(&c.Users, 50)
	set(&c.Hijacked, 20)
	set(&c.NearMiss, 20)
	set(&c.Takeovers, 5)
	set(&c.Campaigns, 6)
	set(&c.Late, 5)
	set(&c.Future, 5)
	set(&c.Hostile, 20)
	set(&c.Disorder, 2*time.Minute)
	set(&c.Twice, 100)
	set(&c.Wrong, 10)
	g := &generator{Config: c, rand: rand.New(rand.NewPCG(c.Seed, 0x6f6b7461))}
	for range c.Events {
		g.ordinary(g.moment(c.Span), g.user())
	}
	for i := range c.Hijacked {
		// Four to six hashes over two or three addresses, all inside seven minutes.
		g.session(g.name("hijacked-", i), 4+g.rand.IntN(3), 2+g.rand.IntN(2), 7*time.Minute)
	}
	for i := range c.NearMiss {
		switch i % 3 {
		case 0: // one hash too few
			g.session(g.name("few-", i), 3, 3, 5*time.Minute)
		case 1: // one address only
			g.session(g.name("one-address-", i), 5, 1, 5*time.Minute)
		case 2: // enough together, but in two halves with half an hour between
			g.session(g.name("slow-", i), 2, 2, time.Minute, 0, 30*time.Minute)
		}
	}
	for i := range c.Takeovers {
		g.takeover(g.name("admin", i) + "@example.test")
	}
	for i := range c.Campaigns {
		g.campaigns(i)
	}
	g.trouble()
	g.stamps()
	slices.SortStableFunc(g.out, func(a, b Event) int { return a.Arrival.Compare(b.Arrival) })
	return g.out
}

// Closing returns n events two days behind the last: one in each partition of the input lets every window close. They are
// of no interest otherwise.
func Closing(c Config, n int) []Event {
	set(&c.Start, time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC))
	set(&c.Span, 12*time.Hour)
	c.Twice, c.Disorder = -1, -1
	g := &generator{Config: c, rand: rand.New(rand.NewPCG(c.Seed, 0x636c6f7365)), next: 1 << 30}
	for range n {
		g.add(c.Start.Add(c.Span+48*time.Hour), object{"eventType": "policy.evaluate_sign_on", "actor": person("nobody@example.test")})
	}
	return g.out
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (g *generator) name(kind string, i int) string { return fmt.Sprint(kind, i, g.Suffix) }

type generator struct {
	Config
	rand *rand.Rand
	next int // number of the next event, for its uuid
	out  []Event
}

func (g *generator) moment(span time.Duration) time.Time {
	return g.Start.Add(time.Duration(g.rand.Int64N(int64(span))))
}

func (g *generator) user() string { return fmt.Sprintf("user%d@example.test", g.rand.IntN(g.Users)) }

func (g *generator) address() string {
	return fmt.Sprintf("198.51.100.%d", 1+g.rand.IntN(254))
}

// ordinary adds one event of a user. One in a hundred is something that a detection about single events reports.
func (g *generator) ordinary(at time.Time, user string) {
	e := object{"actor": person(user), "client": client(g.address()), "outcome": object{"result": "SUCCESS"}}
	if g.rand.IntN(100) > 0 {
		e["eventType"] = pick(g.rand, "user.session.start", "user.authentication.sso", "policy.evaluate_sign_on", "user.session.end", "user.account.update_profile")
		e["authenticationContext"] = object{"externalSessionId": "session-of-" + user}
		e["debugContext"] = object{"debugData": object{"dtHash": "device-of-" + user, "behaviors": "{New Device=NEGATIVE, New IP=NEGATIVE}"}}
		g.add(at, e)
		return
	}
	e["eventType"] = pick(g.rand, "user.session.impersonation.initiate", "system.api_token.create", "user.mfa.factor.reset_all",
		"security.session.detect_client_roaming", "system.mfa.factor.deactivate", "user.account.report_suspicious_activity_by_enduser")
	e["target"] = []any{person(g.user())}
	g.add(at, e)
}

// session adds a session that shows so many new device token hashes from so many addresses over so long, and again after
// each of the pauses, and some more events of it that show nothing new. Everything between two pauses lies within one
// window of any detection, so that the same episodes are recognised whichever event completes them.
func (g *generator) session(id string, hashes, addresses int, over time.Duration, pauses ...time.Duration) {
	if len(pauses) == 0 {
		pauses = []time.Duration{0}
	}
	user, start := g.user(), g.moment(g.Span-over-slices.Max(pauses))
	for i := range hashes * len(pauses) {
		at := start.Add(pauses[i/hashes] + over*time.Duration(i%hashes)/time.Duration(hashes-1))
		for range 1 + g.rand.IntN(2) {
			g.add(at, object{
				"eventType": "user.authentication.verify", "actor": person(user), "outcome": object{"result": "SUCCESS"},
				"client":                client(fmt.Sprintf("203.0.113.%d", 1+i%addresses)),
				"authenticationContext": object{"externalSessionId": id},
				"debugContext":          object{"debugData": object{"dtHash": fmt.Sprintf("%s-device-%d", id, i)}},
			})
		}
		// Placeholders are no devices.
		if g.rand.IntN(4) == 0 {
			g.add(at, object{
				"eventType": "user.authentication.verify", "actor": person(user), "client": client("203.0.113.1"),
				"authenticationContext": object{"externalSessionId": id},
				"debugContext":          object{"debugData": object{"dtHash": pick(g.rand, "-", "unknown", "")}},
			})
		}
	}
}

// takeover adds the campaign against one administrator: factors reset, a sign-in through a proxy, a provider, and a
// sign-in through it, within four hours.
func (g *generator) takeover(admin string) {
	at := g.moment(g.Span - 4*time.Hour)
	step := func() time.Time {
		at = at.Add(10*time.Minute + time.Duration(g.rand.Int64N(int64(time.Hour))))
		return at
	}
	provider := "0oa" + admin
	from := client(g.address())
	g.add(step(), object{"eventType": "user.mfa.factor.reset_all", "actor": person("helpdesk@example.test"), "client": from,
		"outcome": object{"result": "SUCCESS"}, "target": []any{person(admin)}})
	g.add(step(), object{"eventType": "user.session.start", "actor": person(admin), "client": from,
		"outcome": object{"result": "SUCCESS"}, "securityContext": object{"isProxy": true}})
	g.add(step(), object{"eventType": "system.idp.lifecycle.create", "actor": person(admin), "client": from,
		"outcome": object{"result": "SUCCESS"}, "target": []any{object{"id": provider, "type": "IdentityProvider", "alternateId": provider, "displayName": "Partner"}}})
	g.add(step(), object{"eventType": "user.authentication.auth_via_IDP", "actor": person("system@okta.com"), "client": from,
		"outcome": object{"result": "SUCCESS"}, "target": []any{person(admin), object{"id": provider, "type": "AppInstance", "alternateId": provider, "displayName": "Partner"}}})
}

type object map[string]any

func person(login string) object {
	return object{"id": "00u" + login[:min(6, len(login))], "type": "User", "alternateId": login, "displayName": login}
}

func client(address string) object {
	return object{"ipAddress": address, "userAgent": object{"rawUserAgent": "Mozilla/5.0 (X11; Linux x86_64)", "os": "Linux", "browser": "FIREFOX"}}
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// add completes an event and lets it arrive, perhaps twice.
func (g *generator) add(at time.Time, e object) {
	at = at.Truncate(time.Millisecond)
	id := g.id()
	e["uuid"], e["version"], e["severity"] = id, "0", "INFO"
	e["published"] = at.UTC().Format("2006-01-02T15:04:05.000Z")
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		panic(err) // maps, slices, strings and bools always encode
	}
	line := bytes.TrimSpace(b.Bytes())
	event := Event{ID: id, Published: at, Arrival: g.delay(at), JSON: line, Value: line}
	g.out = append(g.out, event)
	if g.Twice > 0 && g.rand.IntN(g.Twice) == 0 {
		event.Arrival = g.delay(at)
		if g.rand.IntN(2) == 0 {
			event.Value = g.wrap(line)
		}
		g.out = append(g.out, event)
	}
}

func (g *generator) id() string {
	g.next++
	return fmt.Sprintf("%08x-%04x-4000-8000-%012x", uint32(g.Seed), g.rand.IntN(1<<16), g.next)
}

func (g *generator) wrap(line []byte) []byte {
	all := feed.Envelopes()
	value, err := feed.Wrap(all[g.rand.IntN(len(all))], line)
	if err != nil {
		panic(err) // every envelope holds one event that has a time
	}
	return value
}

func (g *generator) delay(at time.Time) time.Time {
	if g.Disorder <= 0 {
		return at
	}
	return at.Add(time.Duration(g.rand.Int64N(int64(g.Disorder))))
}
