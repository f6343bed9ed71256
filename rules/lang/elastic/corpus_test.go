package elastic_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"oktastream/rules"
	"oktastream/rules/lang"
)

// member sets a member of an event below a path of names; nil leaves it out.
type member struct {
	path  []string
	value any
}

// at is an event of a type so long after the first, with members.
func at(after time.Duration, kind string, members ...member) map[string]any {
	e := map[string]any{"published": begin.Add(after).Format(time.RFC3339Nano), "eventType": kind}
	for _, m := range members {
		in := e
		for _, name := range m.path[:len(m.path)-1] {
			if in[name] == nil {
				in[name] = map[string]any{}
			}
			in = in[name].(map[string]any)
		}
		in[m.path[len(m.path)-1]] = m.value
	}
	return e
}

func set(value any, path ...string) member { return member{path, value} }

// TestCorpusWindows runs Elastic's threshold and new terms rules over events of ours: at the least input that fires and one
// short of it, at the edges of the window, with null and placeholders, in other orders, and with every event twice.
func TestCorpusWindows(t *testing.T) {
	corpus := os.Getenv("OKTASTREAM_CORPUS")
	if corpus == "" {
		t.Skip("OKTASTREAM_CORPUS does not name a directory of public rules and events")
	}
	byID := map[string]rules.Rule{}
	for _, r := range lang.Load([]string{filepath.Join(corpus, "rules", "elastic-okta")}).Rules {
		byID[r.ID] = r
	}
	const m, h, day = time.Minute, time.Hour, 24 * time.Hour
	lock := func(after time.Duration, user any) map[string]any {
		return at(after, "user.account.lock", set(user, "actor", "alternateId"))
	}
	proxy := func(after time.Duration, hash, actor any, more ...member) map[string]any {
		return at(after, "user.authentication.sso", append([]member{set(actor, "actor", "id"), set(hash, "debugContext", "debugData", "dtHash"), set(true, "securityContext", "isProxy")}, more...)...)
	}
	const windows, mac = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
	agent := func(after time.Duration, hash, agent any) map[string]any {
		return at(after, "user.authentication.verify", set(hash, "debugContext", "debugData", "dtHash"), set(agent, "client", "userAgent", "rawUserAgent"))
	}
	reset := func(after time.Duration, kind string, user any) map[string]any {
		return at(after, kind, set(user, "actor", "alternateId"))
	}
	session := func(after time.Duration, actor, session any, more ...member) map[string]any {
		return at(after, "user.session.start", append([]member{set(actor, "actor", "id"), set(session, "authenticationContext", "externalSessionId")}, more...)...)
	}
	grant := func(after time.Duration, name any, more ...member) map[string]any {
		return at(after, "app.oauth2.as.token.grant", append([]member{set(name, "actor", "displayName"), set("PublicClientApp", "actor", "type"), set("FAILURE", "outcome", "result"), set("no_matching_scope", "outcome", "reason"),
			set("client_credentials", "debugContext", "debugData", "grantType"), set("okta.users.read", "debugContext", "debugData", "requestedScopes"), set("curl/8", "client", "userAgent", "rawUserAgent")}, more...)...)
	}
	idp := func(after time.Duration, issuer any, kind string) map[string]any {
		return at(after, kind, set(issuer, "authenticationContext", "issuer", "id"))
	}
	const social = "user.authentication.auth_via_social"
	sso := func(after time.Duration, user, agent any, more ...member) map[string]any {
		return at(after, "user.authentication.sso", append([]member{set(user, "actor", "alternateId"), set(user, "actor", "displayName"), set(agent, "client", "userAgent", "rawUserAgent"), set("Unknown", "client", "device"), set("SUCCESS", "outcome", "result")}, more...)...)
	}
	viaProxy := func(after time.Duration, more ...member) map[string]any {
		return at(after, "user.session.start", append([]member{set("a", "actor", "id"), set(true, "securityContext", "isProxy")}, more...)...)
	}
	type c struct {
		name   string
		events []map[string]any
		want   int
	}
	type es = []map[string]any
	mail, sms, voice, token := "system.email.password_reset.sent_message", "system.sms.send_password_reset_message", "system.voice.send_account_unlock_call", "user.account.unlock_token"
	for id, cases := range map[string][]c{
		"e08ccd49-0380-4b2b-8d71-8000377d6e49": {
			{"three", es{lock(0, "ada"), lock(m, "ada"), lock(2*m, "ada")}, 1}, {"two", es{lock(0, "ada"), lock(m, "ada")}, 0}, {"of two users", es{lock(0, "ada"), lock(m, "ada"), lock(2*m, "bob")}, 0},
			{"three hours", es{lock(0, "ada"), lock(m, "ada"), lock(3*h, "ada")}, 1}, {"longer", es{lock(0, "ada"), lock(m, "ada"), lock(3*h+time.Millisecond, "ada")}, 0},
			{"of nobody", es{lock(0, nil), lock(m, nil), lock(2*m, nil)}, 0}, {"of unknown", es{lock(0, "unknown"), lock(m, "unknown"), lock(2*m, "unknown")}, 1},
			{"another type", es{lock(0, "ada"), lock(m, "ada"), at(2*m, "user.account.unlock", set("ada", "actor", "alternateId"))}, 0},
		},
		"50887ba8-7ff7-11ee-a038-f661ea17fbcd": {
			{"three actors", es{proxy(0, "d", "a"), proxy(m, "d", "b"), proxy(2*m, "d", "c")}, 1}, {"two", es{proxy(0, "d", "a"), proxy(m, "d", "b"), proxy(2*m, "d", "a")}, 0},
			{"two devices", es{proxy(0, "d", "a"), proxy(m, "d", "b"), proxy(2*m, "e", "c")}, 0}, {"nine minutes", es{proxy(0, "d", "a"), proxy(m, "d", "b"), proxy(9*m, "d", "c")}, 1},
			{"longer", es{proxy(0, "d", "a"), proxy(m, "d", "b"), proxy(9*m+time.Millisecond, "d", "c")}, 0}, {"Okta itself", es{proxy(0, "d", "a"), proxy(m, "d", "b"), proxy(2*m, "d", "okta.2b")}, 0},
			{"no proxy", es{proxy(0, "d", "a"), proxy(m, "d", "b"), proxy(2*m, "d", "c", set(false, "securityContext", "isProxy"))}, 0},
			{"no device", es{proxy(0, nil, "a"), proxy(m, nil, "b"), proxy(2*m, nil, "c")}, 0}, {"the device -", es{proxy(0, "-", "a"), proxy(m, "-", "b"), proxy(2*m, "-", "c")}, 1},
			{"nobody", es{proxy(0, "d", "a"), proxy(m, "d", "b"), proxy(2*m, "d", nil)}, 0},
		},
		"fb3ca230-af4e-11f0-900d-f661ea17fbcc": {
			{"two systems", es{agent(0, "d", windows), agent(m, "d", mac)}, 1}, {"one", es{agent(0, "d", windows), agent(m, "d", windows)}, 0}, {"the device -", es{agent(0, "-", windows), agent(m, "-", mac)}, 0},
			{"an hour", es{agent(0, "d", windows), agent(h, "d", mac)}, 1}, {"longer", es{agent(0, "d", windows), agent(h+time.Millisecond, "d", mac)}, 0},
			{"no agent", es{agent(0, "d", windows), agent(m, "d", nil)}, 0}, {"no device", es{agent(0, nil, windows), agent(m, nil, mac)}, 0},
		},
		"e90ee3af-45fc-432e-a850-4a58cf14a457": {
			{"five of four types", es{reset(0, mail, "s"), reset(m, mail, "s"), reset(2*m, sms, "s"), reset(3*m, voice, "s"), reset(4*m, token, "s")}, 1},
			{"four", es{reset(0, mail, "s"), reset(2*m, sms, "s"), reset(3*m, voice, "s"), reset(4*m, token, "s")}, 0},
			{"an hour", es{reset(0, mail, "s"), reset(m, mail, "s"), reset(2*m, sms, "s"), reset(3*m, voice, "s"), reset(h, token, "s")}, 1},
			{"longer", es{reset(0, mail, "s"), reset(m, mail, "s"), reset(2*m, sms, "s"), reset(3*m, voice, "s"), reset(h+time.Millisecond, token, "s")}, 0},
			{"nobody", es{reset(0, mail, nil), reset(m, mail, nil), reset(2*m, sms, nil), reset(3*m, voice, nil), reset(4*m, token, nil)}, 0},
		},
		"621e92b6-7e54-11ee-bdc0-f661ea17fbcd": {
			{"three sessions", es{session(0, "a", "1"), session(m, "a", "2"), session(2*m, "a", "3")}, 1}, {"two", es{session(0, "a", "1"), session(m, "a", "2"), session(2*m, "a", "2")}, 0},
			{"35 minutes", es{session(0, "a", "1"), session(m, "a", "2"), session(35*m, "a", "3")}, 1}, {"longer", es{session(0, "a", "1"), session(m, "a", "2"), session(35*m+time.Millisecond, "a", "3")}, 0},
			{"unknown is a session", es{session(0, "a", "1"), session(m, "a", "2"), session(2*m, "a", "unknown")}, 1}, {"null is none", es{session(0, "a", "1"), session(m, "a", "2"), session(2*m, "a", nil)}, 0},
			{"Okta itself", es{session(0, "okta.x", "1"), session(m, "okta.x", "2"), session(2*m, "okta.x", "3")}, 0},
			{"called okta", es{session(0, "a", "1"), session(m, "a", "2"), session(2*m, "a", "3", set("okta system", "actor", "displayName"))}, 0},
		},
		"6649e656-6f85-11ef-8876-f661ea17fbcc": {
			{"the first", es{grant(0, "Ledger")}, 1}, {"again", es{grant(0, "Ledger"), grant(14*day, "Ledger")}, 1}, {"after the history", es{grant(0, "Ledger"), grant(14*day+time.Second, "Ledger")}, 2},
			{"two", es{grant(0, "Ledger"), grant(m, "Payroll")}, 2}, {"Datadog", es{grant(0, "Datadog"), grant(m, "Okta Sync")}, 0}, {"no name", es{grant(0, nil)}, 0}, {"called unknown", es{grant(0, "unknown")}, 1},
			{"a scope that is expected", es{grant(0, "Ledger", set("okta.logs.read", "debugContext", "debugData", "requestedScopes"))}, 0}, {"a success", es{grant(0, "Ledger", set("SUCCESS", "outcome", "result"))}, 0},
			{"of an agent that is expected", es{grant(0, "Ledger", set("Okta-Integrations", "client", "userAgent", "rawUserAgent"))}, 0},
		},
		"6f1bb4b2-7dc8-11ee-92b2-f661ea17fbcd": {
			{"without the account", es{viaProxy(0)}, 0}, {"with the account", es{viaProxy(0, set("c", "cloud", "account", "id")), viaProxy(m, set("c", "cloud", "account", "id")), viaProxy(2*m, set("d", "cloud", "account", "id"))}, 2},
		},
		"1ceb05c4-7d25-11ee-9562-f661ea17fbcd": {
			{"the first", es{idp(0, "x", social)}, 1}, {"again", es{idp(0, "x", social), idp(5*day, "x", "user.authentication.auth_via_IDP")}, 1}, {"after the history", es{idp(0, "x", social), idp(5*day+time.Second, "x", social)}, 2},
			{"kept known", es{idp(0, "x", social), idp(4*day, "x", social), idp(8*day, "x", social)}, 1}, {"Okta", es{idp(0, "Okta", social)}, 0}, {"none", es{idp(0, nil, social)}, 0}, {"another type", es{idp(0, "x", "user.session.start")}, 0},
		},
		"1502a836-84b2-11ef-b026-f661ea17fbcc": {
			{"the first", es{sso(0, "ada", "curl")}, 1}, {"again", es{sso(0, "ada", "curl"), sso(14*day, "ada", "curl")}, 1}, {"after the history", es{sso(0, "ada", "curl"), sso(14*day+time.Second, "ada", "curl")}, 2},
			{"two agents", es{sso(0, "ada", "curl"), sso(m, "ada", "wget")}, 2}, {"two users", es{sso(0, "ada", "curl"), sso(m, "bob", "curl")}, 2}, {"no agent", es{sso(0, "ada", nil)}, 0},
			{"a known device", es{sso(0, "ada", "curl", set("Computer", "client", "device"))}, 0}, {"unknown", es{sso(0, "ada", "curl", set("unknown", "client", "device"))}, 1}, {"a failure", es{sso(0, "ada", "curl", set("FAILURE", "outcome", "result"))}, 0},
		},
	} {
		rule, ok := byID[id]
		if !ok {
			t.Errorf("rule %s is not loaded", id)
			continue
		}
		st := *rule.Stateful
		st.AssumeHistory = true
		rule.Stateful = &st
		rs, diags := rules.NewSet([]rules.Rule{rule})
		if len(diags) > 0 {
			t.Fatal(diags)
		}
		for _, c := range cases {
			t.Run(id[:8]+"/"+c.name, func(t *testing.T) {
				var texts []string
				for i, e := range c.events {
					e["uuid"] = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
					b, err := json.Marshal(e)
					if err != nil {
						t.Fatal(err)
					}
					texts = append(texts, string(b))
				}
				if got := alerts(t, rs, id, texts); got != c.want {
					t.Errorf("%d alerts, want %d", got, c.want)
				}
				r := rand.New(rand.NewPCG(3, 4))
				for range 10 {
					if got := alerts(t, rs, id, mixed(t, r, c.events, texts)); got != c.want {
						t.Errorf("in another order and twice: %d alerts, want %d", got, c.want)
					}
				}
			})
		}
	}
}

// mixed delivers each event twice, each time up to five minutes after it was published.
func mixed(t *testing.T, r *rand.Rand, events []map[string]any, texts []string) []string {
	t.Helper()
	type arrival struct {
		at   time.Time
		text string
	}
	var as []arrival
	for i, e := range events {
		published, err := time.Parse(time.RFC3339Nano, e["published"].(string))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			as = append(as, arrival{published.Add(time.Duration(r.Int64N(int64(5 * time.Minute)))), texts[i]})
		}
	}
	slices.SortFunc(as, func(a, b arrival) int { return a.at.Compare(b.at) })
	var order []string
	for _, a := range as {
		order = append(order, a.text)
	}
	return order
}

// TestCorpusAttackThenSignIn: the alert about an attack whose query keeps no user still joins the sign-in of the user whose
// event completed it, and of no other.
func TestCorpusAttackThenSignIn(t *testing.T) {
	corpus := os.Getenv("OKTASTREAM_CORPUS")
	if corpus == "" {
		t.Skip("OKTASTREAM_CORPUS does not name a directory of public rules and events")
	}
	const stuffing, signIn = "94e734c0-2cda-11ef-84e1-f661ea17fbce", "50742e15-c5ef-49c8-9a2d-31221d45af58"
	two := slices.DeleteFunc(lang.Load([]string{filepath.Join(corpus, "rules", "elastic-okta")}).Rules, func(r rules.Rule) bool { return r.ID != stuffing && r.ID != signIn })
	rs, diags := rules.NewSet(two)
	if len(diags) > 0 || len(two) != 2 {
		t.Fatal(diags, len(two))
	}
	const m = time.Minute
	for name, c := range map[string]struct {
		user any
		at   time.Duration
		want int
	}{"the last": {"u9", 20 * m, 1}, "another": {"u12", 20 * m, 0}, "none": {nil, 20 * m, 0}, "before the attack": {"u9", -m, 0},
		"in time": {"u9", 3 * 60 * m, 1}, "too late": {"u9", 4 * 60 * m, 0}} {
		var events []map[string]any
		for i := range 25 {
			events = append(events, at(time.Duration(i)*time.Second, "user.session.start", set(fmt.Sprint("u", i%15), "actor", "alternateId"), set("FAILURE", "outcome", "result"),
				set("INVALID_CREDENTIALS", "outcome", "reason"), set("192.0.2.1", "client", "ipAddress")))
		}
		events = append(events, at(c.at, "user.session.start", set(c.user, "actor", "alternateId"), set("SUCCESS", "outcome", "result"), set("192.0.2.1", "client", "ipAddress")))
		for i := range 48 {
			events = append(events, at(time.Duration(i+2)*15*m, "user.session.end", set("x", "actor", "alternateId")))
		}
		var texts []string
		for i, e := range events {
			e["uuid"] = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
			b, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(b))
		}
		if got := alerts(t, rs, stuffing, texts); got != 1 {
			t.Errorf("%s: %d attacks, want 1", name, got)
		}
		if got := alerts(t, rs, signIn, texts); got != c.want {
			t.Errorf("%s: %d sign-ins after an attack, want %d", name, got, c.want)
		}
		r := rand.New(rand.NewPCG(5, 6))
		for range 10 {
			if got := alerts(t, rs, signIn, mixed(t, r, events, texts)); got != c.want {
				t.Errorf("%s: in another order and twice, %d sign-ins after an attack, want %d", name, got, c.want)
			}
		}
	}
}
