package sigmaoracle

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"oktastream/rules/lang"
)

// construct is one of the language, over the fields of constructEvent. differs says why the engines may differ and what
// decides; empty means that they must agree.
type construct struct{ name, detection, differs string }

func one(field string) string { return "{s: {" + field + "}, condition: s}" }

var constructs = []construct{
	{"equality", one("actor.displayName: Ada Lovelace"), ""},
	{"list", one("actor.displayName: [ada, 'b*']"), ""},
	{"number", one("securityContext.asNumber: 17"), ""},
	{"number as text", one("securityContext.asNumber: '17'"), ""},
	{"boolean as text", one("securityContext.isProxy: 'true'"), ""},
	{"boolean", one("securityContext.isProxy: false"), ""},
	{"empty text", one("actor.displayName: ''"), ""},
	{"null", one("actor.displayName: null"), ""},
	{"wildcard *", one("actor.displayName: 'a*a'"), ""},
	{"wildcard ?", one("actor.displayName: 'a?a'"), ""},
	{"escaped *", one(`actor.displayName: 'a\*a'`), ""},
	{"escaped ?", one(`actor.displayName: 'a\?a'`), ""},
	{"backslash", one(`actor.displayName: 'a\b'`), ""},
	{"two backslashes", one(`actor.displayName: 'a\\b'`), ""},
	{"backslash and wildcard", one(`actor.displayName: 'a\\*'`), ""},
	{"three backslashes and star", one(`actor.displayName: 'a\\\*'`), ""},
	{"contains", one("actor.displayName|contains: da"), ""},
	{"contains with wildcards", one("actor.displayName|contains: 'a?l'"), ""},
	{"startswith", one("actor.displayName|startswith: ad"), ""},
	{"endswith", one("actor.displayName|endswith: DA"), ""},
	{"contains all", one("actor.displayName|contains|all: [a, l]"), ""},
	{"cased", one("actor.displayName|cased: Ada"), ""},
	{"contains cased", one("actor.displayName|contains|cased: Lo"), ""},
	{"re", one("actor.displayName|re: '^A.a'"), ""},
	{"re i", one("actor.displayName|re|i: '^a.a'"), ""},
	{"re m", one("actor.displayName|re|m: '^b$'"), ""},
	{"re s", one("actor.displayName|re|s: 'a.b'"), ""},
	{"re all", one("actor.displayName|re|all: ['a', 'L']"), ""},
	{"cidr", one("client.ipAddress|cidr: 192.0.2.0/24"), ""},
	{"cidr IPv6", one("client.ipAddress|cidr: '2001:db8::/32'"), ""},
	{"exists", one("actor.displayName|exists: true"), ""},
	{"exists false", one("actor.displayName|exists: false"), ""},
	{"gt", one("securityContext.asNumber|gt: 16"), ""},
	{"gte", one("securityContext.asNumber|gte: 17"), ""},
	{"lt", one("securityContext.asNumber|lt: 17"), ""},
	{"lte", one("securityContext.asNumber|lte: 17.5"), ""},
	{"neq", one("actor.displayName|neq: ada"),
		"neq negates the comparison, as in the specification's own implementation, and so holds where the field is absent"},
	{"neq list", one("actor.displayName|neq: [ada, '']"), "as neq"},
	{"fieldref", one("actor.displayName|fieldref: client.device"), "two fields without a value are not equal with us: null is no value"},
	{"fieldref neq", one("actor.displayName|fieldref|neq: client.device"), "as fieldref and neq"},
	{"base64", one("client.device|base64: foobar"), ""},
	{"base64offset", one("client.device|base64offset|contains: foobar"), ""},
	{"wide base64", one("client.device|wide|base64: foo"), ""},
	{"utf16be base64offset", one("client.device|utf16be|base64offset|contains: foo"), ""},
	{"utf16 base64", one("client.device|utf16|base64: foo"), ""},
	{"windash", one("client.device|windash|contains: ' -x'"), ""},
	{"hour", one("published|hour: 3"), ""},
	{"minute", one("published|minute: 4"), ""},
	{"day", one("published|day: 2"), ""},
	{"week", one("published|week: 1"), ""},
	{"month", one("published|month: 12"), ""},
	{"year", one("published|year: 2026"), ""},
	{"keywords", "{k: [lovelace, foo], condition: k}", ""},
	{"keywords all", "{k: {'|all': [lovelace, 192]}, condition: k}",
		"the specification looks for each keyword across the entire event; the other engine wants all in one text"},
	{"keyword number", "{k: [17], condition: k}",
		"a keyword is applied to the full log message, in which numbers stand as well; the other engine looks at texts alone"},
	{"list of maps", "{s: [{actor.displayName: ada}, {client.device: foo, securityContext.isProxy: true}], condition: s}", ""},
	{"and, or, not", "{a: {actor.displayName: ada}, b: {client.device: foo}, c: {securityContext.isProxy: true}, condition: a or b and not c}", ""},
	{"1 of", "{s_1: {actor.displayName: ada}, s_2: {client.device: foo}, c: {securityContext.isProxy: true}, condition: 1 of s_* and c}", ""},
	{"all of them", "{s_1: {actor.displayName: ada}, _x: {client.device: foo}, c: {securityContext.isProxy: true}, condition: all of them}", ""},
	{"not 1 of", "{s: {client.device|exists: true}, f_1: {actor.displayName: ada}, f_2: {securityContext.isProxy: true}, condition: s and not 1 of f_*}", ""},
	{"any element", one("target.displayName: ada"), ""},
	{"element by index", one("'target[1].displayName': ada"), ""},
	{"[any]", one("'target[any]': {type: User, displayName|startswith: a}"), ""},
	{"[all]", one("'target[all]': {displayName|contains: a}"), "an element that is null is none with us, as a value that is null is none"},
	{"[all_or_empty]", one("'target[all_or_empty]': {displayName|contains: a}"), "as [all]"},
	{"[none]", one("'target[none]': {displayName|contains: a}"), ""},
	{"[any] with a condition", one("'target[any]': {u: {type: User}, f: {displayName: ada}, condition: u and not f}"), ""},
	{"[all] of texts", one("'tags[all]|startswith': a"), "as [all]"},
}

// constructEvent draws an event from few values, so that every construct holds for some and not for others.
func constructEvent(random *rand.Rand) []byte {
	pick := func(values ...any) any { return values[random.IntN(len(values))] }
	name := func() any {
		return pick("ada", "Ada", "ADA", "Ada Lovelace", "bob", "", nil, "a*a", "a?a", "aXa", `a\b`, `a\\b`, `a\`, `a\*`, "a\nb\nc", "foo", "a")
	}
	var targets []any
	for range random.IntN(4) {
		targets = append(targets, pick(map[string]any{"type": pick("User", "user", "App", nil), "displayName": name()}, map[string]any{}, nil))
	}
	var tags []any
	for range random.IntN(3) {
		tags = append(tags, name())
	}
	e := map[string]any{
		"uuid": "u", "eventType": "user.session.start",
		"published": pick("2026-01-02T03:04:05.678Z", "2026-12-02T03:59:05Z", "2027-01-04T23:04:00Z", "soon", nil),
		"actor":     map[string]any{"displayName": name()},
		"client": map[string]any{
			"ipAddress": pick("192.0.2.7", "192.0.3.7", "2001:db8::1", "2001:DB9::1", "x", "", nil),
			"device": pick("foo", "Foo", "ada", "x Zm9vYmFy", "Zm9vYmFy", "xxhmb29iYXIg", "ICBmb29iYXI=", "ZgBvAG8A", "//5mAG8AbwA=", "AGYAbwBv", "IABmAG8Abw==",
				"a -x", "a /x", "a –x", "a - x", "", nil),
		},
		"securityContext": map[string]any{"asNumber": pick(16, 17, 17.0, "17", 18, "x", nil), "isProxy": pick(true, false, "true", "FALSE", nil)},
		"target":          pick(targets, targets, targets, nil, map[string]any{"type": "User", "displayName": "ada"}),
		"tags":            pick(tags, tags, nil),
	}
	for _, field := range []string{"actor", "client", "target", "tags"} {
		if random.IntN(20) == 0 {
			delete(e, field)
		}
	}
	raw, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return raw
}

func TestConstructs(t *testing.T) {
	program(t)
	directory := t.TempDir()
	var files []string
	byID := map[string]construct{}
	for i, c := range constructs {
		id := fmt.Sprintf("5b2f6a0e-0000-4000-8000-%012d", i)
		byID[id] = c
		name := filepath.Join(directory, fmt.Sprintf("r%02d.yml", i))
		files = append(files, name)
		write(t, name, []byte(fmt.Sprintf("title: %q\nid: %s\nsigma-version: 3\nlogsource: {product: okta, service: okta}\nlevel: low\ndetection: %s\n", c.name, id, c.detection)))
	}
	r := lang.Load([]string{directory})
	if len(r.Rules) != len(constructs) {
		t.Fatalf("%d of %d rules: %v", len(r.Rules), len(constructs), r.Diagnostics)
	}
	random := rand.New(rand.NewPCG(3, 4))
	var events [][]byte
	for range 5000 {
		events = append(events, constructEvent(random))
	}
	for id, d := range compare(r, events, ours(t, r, events), theirs(t, files, events)) {
		c := byID[id]
		switch {
		case d.onlyOurs+d.onlyTheirs == 0 && d.matches == 0:
			t.Errorf("%s: matches nothing: the events do not test it", c.name)
		case d.onlyOurs+d.onlyTheirs > 0 && c.differs == "":
			t.Errorf("%s: both %d, only ours %d, only theirs %d, such as\n%s", c.name, d.matches, d.onlyOurs, d.onlyTheirs, d.example)
		case d.onlyOurs+d.onlyTheirs == 0 && c.differs != "":
			t.Errorf("%s: the engines agree, though %s", c.name, c.differs)
		case d.onlyOurs+d.onlyTheirs > 0:
			t.Logf("%s: both %d, only ours %d, only theirs %d: %s", c.name, d.matches, d.onlyOurs, d.onlyTheirs, c.differs)
		}
	}
}
