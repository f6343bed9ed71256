package match

import (
	"net/netip"
	"regexp"
	"testing"

	"oktastream/rules/event"
)

// sample is one event with a value of every kind.
const sample = `{
	"uuid": "u1", "published": "2024-03-08T10:00:00.123Z", "eventType": "user.session.start",
	"actor": {"alternateId": "Ada@Example.com", "displayName": "ÄDA Straße", "type": "User"},
	"client": {"ipAddress": "192.0.2.7", "device": "", "zone": null},
	"securityContext": {"isProxy": true, "asNumber": 1.0},
	"target": [
		{"type": "User", "displayName": "ada@example.com", "score": 9007199254740993},
		{"type": "AppInstance", "displayName": "Okta Admin Console", "score": 12}
	],
	"debugContext": {"debugData": {"risk": {"level": "HIGH"}, "pathname": "C:\\temp*", "ip6": "::ffff:198.51.100.9", "count": "12"}}
}`

func path(s string) event.Path { return event.MustPath(s) }

func pred(p string, op Op, literals ...string) *Pred {
	return &Pred{Path: path(p), Op: op, Literals: literals}
}

func folding(p *Pred) *Pred {
	q := *p
	q.Fold = true
	return &q
}

func all(p *Pred) *Pred {
	q := *p
	q.All = true
	return &q
}

// outcome evaluates x for the event in raw by Eval and by an Index, which must agree.
func outcome(t *testing.T, x Expr, raw string) bool {
	t.Helper()
	f := event.NewFields()
	b := NewBuilder(f)
	b.Add(x)
	m := b.Build().NewMatcher()
	ev, err := event.NewDecoder(f).Decode([]byte(raw), event.Meta{})
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	want := Eval(x, ev)
	if got := len(m.Match(ev, nil)) == 1; got != want {
		t.Errorf("%s: the index says %v, Eval says %v", String(x), got, want)
	}
	return want
}

func TestPredicates(t *testing.T) {
	nets := func(p string, cidrs ...string) *Pred {
		q := pred(p, InCIDR)
		for _, c := range cidrs {
			q.Nets = append(q.Nets, netip.MustParsePrefix(c))
		}
		return q
	}
	re := func(p string, exprs ...string) *Pred {
		q := pred(p, Regexp)
		for _, e := range exprs {
			q.Re = append(q.Re, regexp.MustCompile(e))
		}
		return q
	}
	same := func(p, other string) *Pred { return &Pred{Path: path(p), Op: EqualsField, Other: path(other)} }
	tests := []struct {
		name string
		x    Expr
		want bool
	}{
		{"exists", pred("actor.type", Exists), true},
		{"exists: null is missing", pred("client.zone", Exists), false},
		{"exists: absent", pred("client.nothing", Exists), false},
		{"exists: the empty string is there", pred("client.device", Exists), true},
		{"empty", pred("client.device", Empty), true},
		{"empty: text", pred("actor.type", Empty), false},
		{"empty: absent", pred("client.nothing", Empty), false},

		{"equal", pred("eventType", Equal, "user.session.start"), true},
		{"equal: second literal", pred("eventType", Equal, "x", "user.session.start"), true},
		{"equal: exact by default", pred("actor.alternateId", Equal, "ada@example.com"), false},
		{"equal: folded", folding(pred("actor.alternateId", Equal, "ADA@example.COM")), true},
		{"equal: folded beyond ASCII", folding(pred("actor.displayName", Equal, "äda straße")), true},
		{"equal: simple folding keeps ß", folding(pred("actor.displayName", Equal, "äda strasse")), false},
		{"equal: boolean as text", pred("securityContext.isProxy", Equal, "true"), true},
		{"equal: boolean folded", folding(pred("securityContext.isProxy", Equal, "TRUE")), true},
		{"equal: number in another notation", pred("securityContext.asNumber", Equal, "1"), true},
		{"equal: exponent", pred("securityContext.asNumber", Equal, "10e-1"), true},
		{"equal: big numbers are exact", pred("target.score", Equal, "9007199254740992"), false},
		{"equal: big number", pred("target.score", Equal, "9007199254740993.0"), true},
		{"equal: text is no number", pred("debugContext.debugData.count", Equal, "12.0"), false},
		{"equal: null never", pred("client.zone", Equal, "null", ""), false},
		{"equal: many literals", pred("eventType", Equal, "a", "b", "c", "d", "e", "f", "g", "h", "user.session.start"), true},
		{"equal: many literals, none", pred("eventType", Equal, "a", "b", "c", "d", "e", "f", "g", "h", "i"), false},
		{"equal: many numbers", pred("securityContext.asNumber", Equal, "2", "3", "4", "5", "6", "7", "8", "9", "1"), true},
		{"equal: no literal", pred("eventType", Equal), false},
		{"equal: no literal, all", all(pred("eventType", Equal)), false},

		{"array: any element", pred("target.displayName", Equal, "Okta Admin Console"), true},
		{"array: all literals, different elements", all(pred("target.type", Equal, "User", "AppInstance")), true},
		{"array: all literals, one missing", all(pred("target.type", Equal, "User", "Group")), false},

		{"prefix", pred("eventType", Prefix, "user.session."), true},
		{"prefix: longer than the text", pred("eventType", Prefix, "user.session.start.x"), false},
		{"prefix: folded", folding(pred("actor.displayName", Prefix, "äd")), true},
		{"prefix: empty literal asks for a value", pred("client.zone", Prefix, ""), false},
		{"suffix", pred("eventType", Suffix, ".start"), true},
		{"suffix: no", pred("eventType", Suffix, ".end"), false},
		{"contains", pred("target.displayName", Contains, "Admin"), true},
		{"contains: exact by default", pred("target.displayName", Contains, "admin"), false},
		{"contains: folded", folding(pred("target.displayName", Contains, "ADMIN con")), true},
		{"contains: an object's JSON", pred("debugContext.debugData.risk", Contains, `"level":"HIGH"`), true},
		{"contains: all over one text", all(pred("target.displayName", Contains, "Okta", "Console")), true},

		{"wildcard: prefix", pred("eventType", Wildcard, "user.*"), true},
		{"wildcard: inner", pred("eventType", Wildcard, "user.*.start"), true},
		{"wildcard: whole text", pred("eventType", Wildcard, "session"), false},
		{"wildcard: one character", pred("eventType", Wildcard, "user.session.sta?t"), true},
		{"wildcard: one character, not none", pred("eventType", Wildcard, "user.session.start?"), false},
		{"wildcard: a character, not a byte", pred("actor.displayName", Wildcard, "?DA Stra?e"), true},
		{"wildcard: folded", folding(pred("actor.displayName", Wildcard, "äda*SSE", "äda*SE", "äd?*STRA?E")), true},
		{"wildcard: escapes", pred("debugContext.debugData.pathname", Wildcard, `C:\\temp\*`), true},
		{"wildcard: lone backslash", pred("debugContext.debugData.pathname", Wildcard, `C:\temp\*`), true},
		{"wildcard: escaped star is no star", pred("eventType", Wildcard, `user.\*`), false},
		{"wildcard: star asks for a value", pred("client.zone", Wildcard, "*"), false},
		{"wildcard: star takes the empty string", pred("client.device", Wildcard, "*"), true},
		{"wildcard: at least one character", pred("client.device", Wildcard, "?*"), false},
		{"wildcard: number as written", pred("securityContext.asNumber", Wildcard, "1"), false},

		{"regexp: unanchored", re("eventType", `ses+ion`), true},
		{"regexp: second", re("eventType", `^x`, `start$`), true},
		{"regexp: all", all(re("eventType", `^user`, `start$`)), true},
		{"regexp: all, one fails", all(re("eventType", `^user`, `end$`)), false},
		{"regexp: none", re("eventType"), false},

		{"cidr", nets("client.ipAddress", "10.0.0.0/8", "192.0.2.0/24"), true},
		{"cidr: outside", nets("client.ipAddress", "10.0.0.0/8"), false},
		{"cidr: IPv4 written as IPv6", nets("debugContext.debugData.ip6", "198.51.100.0/24"), true},
		{"cidr: network written as IPv6", nets("client.ipAddress", "::ffff:192.0.2.0/120"), true},
		{"cidr: no address", nets("eventType", "0.0.0.0/0", "::/0"), false},

		{"greater: numbers", pred("target.score", Greater, "12"), true},
		{"greater: none", pred("target.score", Greater, "9007199254740993"), false},
		{"greater or equal: exact", pred("target.score", GreaterEqual, "9007199254740993"), true},
		{"less: text that is a number", pred("debugContext.debugData.count", Less, "12.5"), true},
		{"less: not by text", pred("debugContext.debugData.count", Less, "9"), false},
		{"less: time", pred("published", Less, "2024-03-08T12:00:00+01:00"), true},
		{"less: time in another zone", pred("published", Less, "2024-03-08T10:00:00+01:00"), false},
		{"less or equal: same time", pred("published", LessEqual, "2024-03-08T10:00:00.123000Z"), true},
		{"less: neither", pred("eventType", Less, "z"), false},
		{"less: missing", pred("client.zone", Less, "1"), false},

		{"equals field: exact", same("actor.alternateId", "target.displayName"), false},
		{"equals field: folded", folding(same("actor.alternateId", "target.displayName")), true},
		{"equals field: missing", same("client.zone", "client.nothing"), false},
		{"equals field: itself", same("client.device", "client.device"), true},

		{"nowhere", &Pred{Op: Exists}, false},
		{"nil", nil, false},
		{"nil predicate", (*Pred)(nil), false},
		{"not nil", Not{}, true},
		{"not missing", Not{pred("client.nothing", Equal, "x")}, true},
		{"empty and", And{}, true},
		{"empty or", Or{}, false},
		{"true", Const(true), true},
		{"false", Const(false), false},
		{"and", And{pred("actor.type", Equal, "User"), Not{pred("client.zone", Exists)}}, true},
		{"not and", Not{And{pred("actor.type", Equal, "User"), pred("client.zone", Exists)}}, true},
		{"not or", Not{Or{pred("actor.type", Equal, "User"), pred("client.zone", Exists)}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := outcome(t, tt.x, sample); got != tt.want {
				t.Errorf("%s = %v, want %v", String(tt.x), got, tt.want)
			}
			if trace := traceOf(t, tt.x, sample); trace.Held != tt.want {
				t.Errorf("Explain says %v, want %v", trace.Held, tt.want)
			}
		})
	}
}

func traceOf(t *testing.T, x Expr, raw string) Trace {
	t.Helper()
	ev, err := event.NewDecoder(event.NewFields()).Decode([]byte(raw), event.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	return Explain(x, ev)
}

func TestExplain(t *testing.T) {
	p := pred("target.type", Equal, "Group")
	p.Pos = Pos{Line: 3, Col: 7}
	trace := traceOf(t, And{p, Not{pred("client.zone", Exists)}}, sample)
	if trace.Held || trace.Text != "and" || len(trace.Parts) != 2 {
		t.Fatalf("trace of the whole: %+v", trace)
	}
	first, second := trace.Parts[0], trace.Parts[1]
	if first.Held || first.Pos != p.Pos || len(first.Values) != 2 || first.Values[1].Text != "AppInstance" {
		t.Errorf("trace of the predicate: %+v", first)
	}
	if !second.Held || second.Parts[0].Held || len(second.Parts[0].Values) != 0 {
		t.Errorf("trace of the negation: %+v", second)
	}
}
