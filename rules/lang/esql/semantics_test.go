package esql_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/lang/esql"
	"oktastream/rules/lang/source"
	"oktastream/rules/window"
)

const from = "FROM logs-okta.system-* METADATA _id\n"

// compile makes a rule of a query, with the defaults that the loader gives windows.
func compile(t testing.TB, query string, o esql.Options) rules.Rule {
	t.Helper()
	rule := rules.Rule{ID: "1", Name: "rule", Title: "Rule", Meta: rules.Meta{Severity: alert.High, Risk: 73}}
	r := &source.Report{File: "q"}
	rule.Where, rule.Stateful = esql.Compile(&source.Node{Kind: source.Scalar, Type: source.String, Text: query}, o, r)
	if !r.OK() || (rule.Where == nil) == (rule.Stateful == nil) {
		t.Fatalf("%v\n%s", r.Diagnostics, query)
	}
	shape(&rule)
	return rule
}

func shape(rule *rules.Rule) {
	if st := rule.Stateful; st != nil {
		st.Window.Lateness = window.DefaultLateness
		st.Window.Quiet = max(st.Window.Length, st.Window.Every)
		st.Window.Episode = max(window.DefaultEpisode, 2*(st.Window.Quiet+st.Window.Lateness))
	}
}

// start is a multiple of every interval in these tests.
var start = time.Date(2026, 8, 14, 8, 0, 0, 0, time.UTC)

// sample is an event: its time after start, and what it holds by path.
type sample struct {
	at     time.Duration
	fields map[string]any
}

// ev makes an event of path=value texts. A value is JSON if it can be read as such, else a text.
func ev(at time.Duration, fields ...string) sample {
	s := sample{at: at, fields: map[string]any{}}
	for _, f := range fields {
		path, text, _ := strings.Cut(f, "=")
		var v any
		if json.Unmarshal([]byte(text), &v) != nil {
			v = text
		}
		m := s.fields
		parts := strings.Split(path, ".")
		for _, p := range parts[:len(parts)-1] {
			if m[p] == nil {
				m[p] = map[string]any{}
			}
			m = m[p].(map[string]any)
		}
		m[parts[len(parts)-1]] = v
	}
	return s
}

// run feeds samples in the given order of arrival; ids are their places in the slice of ids.
func run(t testing.TB, rule rules.Rule, samples []sample, order []int, restart bool) []alert.Alert {
	t.Helper()
	set, diags := rules.NewSet([]rules.Rule{rule})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	l := engine.NewLocal(set, engine.Options{})
	d := l.NewDecoder()
	var out engine.Output
	for n, i := range order {
		doc := map[string]any{"uuid": fmt.Sprint("e", i), "published": start.Add(samples[i].at).Format("2006-01-02T15:04:05.000Z")}
		for k, v := range samples[i].fields {
			doc[k] = v
		}
		raw, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		e, err := d.Decode(raw, event.Meta{Origin: event.Origin{Topic: "t", Offset: int64(n)}})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Process(e, &out); err != nil {
			t.Fatal(err)
		}
		if restart && n%3 == 1 {
			if err := l.Restart(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := l.Close(&out); err != nil {
		t.Fatal(err)
	}
	if n := l.Task().Windows(); n > 0 {
		t.Errorf("%d windows are left when all is over", n)
	}
	return out.Alerts
}

// groups lists the alerts by group key.
func groups(alerts []alert.Alert) []string {
	var out []string
	for _, a := range alerts {
		var parts []string
		for _, g := range a.Group {
			parts = append(parts, g.Value)
		}
		out = append(out, strings.Join(parts, " "))
	}
	slices.Sort(out)
	return out
}

// check runs samples in order, and then several times out of order by less than the lateness, with duplicates and
// restarts; want are the groups that are to be alerted.
func check(t *testing.T, rule rules.Rule, samples []sample, want ...string) []alert.Alert {
	t.Helper()
	order := make([]int, len(samples))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(samples[a].at - samples[b].at) })
	alerts := run(t, rule, samples, order, false)
	slices.Sort(want)
	if got := groups(alerts); !slices.Equal(got, want) {
		t.Errorf("alerts for %q, want %q", got, want)
	}
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 1))
		type arrival struct {
			at time.Duration
			i  int
		}
		var arrivals []arrival
		for _, i := range order {
			for range 1 + random.IntN(2) {
				arrivals = append(arrivals, arrival{samples[i].at + time.Duration(random.Int64N(int64(window.DefaultLateness))), i})
			}
		}
		slices.SortStableFunc(arrivals, func(a, b arrival) int { return int(a.at - b.at) })
		var shuffled []int
		for _, a := range arrivals {
			shuffled = append(shuffled, a.i)
		}
		if got := groups(run(t, rule, samples, shuffled, seed%2 == 0)); !slices.Equal(got, want) {
			t.Errorf("out of order (%d): alerts for %q, want %q", seed, got, want)
		}
	}
	return alerts
}

// many repeats a sample with % in its texts replaced by the number, and the time moved on by step each time.
func many(n int, step time.Duration, s sample) []sample {
	raw, err := json.Marshal(s.fields)
	if err != nil {
		panic(err)
	}
	var out []sample
	for i := range n {
		c := sample{at: s.at + time.Duration(i)*step, fields: map[string]any{}}
		if err := json.Unmarshal([]byte(strings.ReplaceAll(string(raw), "%", fmt.Sprint(i))), &c.fields); err != nil {
			panic(err)
		}
		out = append(out, c)
	}
	return out
}

const minute = time.Minute

// At least three devices and two addresses in a session, within nine minutes: judged as events arrive.
func TestDistinctWithinSession(t *testing.T) {
	rule := compile(t, from+`| where not event.action in ("policy.evaluate_sign_on", "user.session.start")
		and okta.actor.alternate_id rlike "[^@\\s]+\\@[^@\\s]+" and okta.debug_context.debug_data.dt_hash is not null
		and okta.debug_context.debug_data.dt_hash != "-" // no device
		| stats x.devices = count_distinct(okta.debug_context.debug_data.dt_hash), x.ips = count_distinct(okta.client.ip), x.asn = values(source.`+"`as`"+`.number)
		  by okta.actor.alternate_id, okta.authentication_context.external_session_id
		| where x.devices >= 3 and x.ips >= 2 | keep x.*, okta.*`, esql.Options{From: 9 * minute, Interval: 8 * minute})
	if rule.Stateful.Window.Every != 0 {
		t.Error("lower bounds are not judged as events arrive")
	}
	e := func(at time.Duration, device, ip string, more ...string) sample {
		return ev(at, append([]string{"eventType=app.access", "actor.alternateId=ada@example.com", "authenticationContext.externalSessionId=s",
			"debugContext.debugData.dtHash=" + device, "client.ipAddress=" + ip, "securityContext.asNumber=64500"}, more...)...)
	}
	fires := []sample{e(0, "a", "192.0.2.1"), e(minute, "b", "192.0.2.2"), e(9*minute, "c", "192.0.2.1")}
	alerts := check(t, rule, fires, "ada@example.com s")
	if len(alerts) == 1 {
		if d := alerts[0].Details; d["x.devices"] != int64(3) || d["x.ips"] != int64(2) || d["x.asn"] != int64(64500) || d["okta.actor.alternate_id"] != nil {
			t.Errorf("details %v", d)
		}
		if alerts[0].Time != start.Add(9*minute) {
			t.Errorf("alert at %s", alerts[0].Time)
		}
	}
	for name, s := range map[string][]sample{
		"one device short":             {e(0, "a", "192.0.2.1"), e(minute, "b", "192.0.2.2"), e(2*minute, "b", "192.0.2.3")},
		"one address":                  {e(0, "a", "192.0.2.1"), e(minute, "b", "192.0.2.1"), e(2*minute, "c", "192.0.2.1")},
		"longer than the window":       {e(0, "a", "192.0.2.1"), e(minute, "b", "192.0.2.2"), e(9*minute+time.Second, "c", "192.0.2.1")},
		"placeholder excluded":         {e(0, "a", "192.0.2.1"), e(minute, "b", "192.0.2.2"), e(2*minute, "-", "192.0.2.1")},
		"null device":                  {e(0, "a", "192.0.2.1"), e(minute, "b", "192.0.2.2"), e(2*minute, "null", "192.0.2.1")},
		"an address is not an address": {e(0, "a", "192.0.2.1"), e(minute, "b", "unknown"), e(2*minute, "c", "192.0.2.1")},
		"not of the form":              {e(0, "a", "192.0.2.1"), e(minute, "b", "192.0.2.2"), e(2*minute, "c", "192.0.2.1", "actor.alternateId=ada")},
		"excluded type":                {e(0, "a", "192.0.2.1"), e(minute, "b", "192.0.2.2"), e(2*minute, "c", "192.0.2.1", "eventType=user.session.start")},
		"another session":              {e(0, "a", "192.0.2.1"), e(minute, "b", "192.0.2.2"), e(2*minute, "c", "192.0.2.1", "authenticationContext.externalSessionId=t")},
	} {
		t.Run(name, func(t *testing.T) { check(t, rule, s) })
	}
	t.Run("the same event again does not count", func(t *testing.T) {
		if got := run(t, rule, fires[:2], []int{0, 1, 0, 1, 0, 1}, false); len(got) > 0 {
			t.Errorf("%v", groups(got))
		}
	})
}

// A null group key forms a group of its own, and placeholders are values like others.
func TestNullGroup(t *testing.T) {
	rule := compile(t, from+`| WHERE event.action == "fail" | STATS n = COUNT(*), d = COUNT_DISTINCT(okta.client.device) BY okta.actor.alternate_id | WHERE n >= 3 AND d >= 2`, esql.Options{From: 10 * minute, Interval: 5 * minute})
	var all []sample
	for i, device := range []string{"unknown", "-", "-"} {
		at := time.Duration(i) * minute
		all = append(all, ev(at, "eventType=fail", "client.device="+device),
			ev(at, "eventType=fail", "client.device="+device, "actor.alternateId=unknown"),
			ev(at, "eventType=fail", "actor.alternateId=nobody"))
	}
	check(t, rule, all, "", "unknown")
}

// A start, a replay that is strictly later, and a tool among the agents.
func TestFirstLaterThanFirst(t *testing.T) {
	rule := compile(t, from+`| WHERE okta.event_type IN ("user.session.start", "user.authentication.sso") AND okta.authentication_context.root_session_id IS NOT NULL
		| EVAL x.start = okta.event_type == "user.session.start"
		| EVAL x.replay = okta.event_type == "user.authentication.sso", x.tool = user_agent.original LIKE "curl/*" OR user_agent.original LIKE "*Headless*"
		| STATS x.starts = SUM(CASE(x.start, 1, 0)), x.replays = SUM(CASE(x.replay, 1, 0)), x.started = MIN(CASE(x.start, @timestamp, null)),
			x.replayed = MIN(CASE(x.replay, @timestamp, null)), x.tools = SUM(CASE(x.tool, 1, 0)), x.agents = COUNT_DISTINCT(user_agent.original), x.ips = COUNT_DISTINCT(okta.client.ip)
			BY okta.authentication_context.root_session_id
		| WHERE x.starts >= 1 AND x.replays >= 1 AND x.replayed > x.started AND ((x.ips > 1 OR x.agents > 1) AND x.tools > 0)
		| SORT x.started DESC | KEEP x.*`, esql.Options{From: 30 * minute, Interval: 5 * minute})
	if rule.Stateful.Window.Every != 5*minute {
		t.Error("the order of first times can be undone, and must be judged at ticks")
	}
	e := func(at time.Duration, typ, agent, ip string) sample {
		return ev(at, "eventType="+typ, "authenticationContext.rootSessionId=s", "client.userAgent.rawUserAgent="+agent, "client.ipAddress="+ip)
	}
	begin := e(minute, "user.session.start", "Mozilla", "192.0.2.1")
	alerts := check(t, rule, []sample{begin, e(2*minute, "user.authentication.sso", "curl/8", "192.0.2.1")}, "s")
	if len(alerts) == 1 {
		if a := alerts[0]; a.Time != start.Add(5*minute) || a.Details["x.started"] != "2026-08-14T08:01:00.000Z" || a.Details["x.tools"] != int64(1) {
			t.Errorf("%s %v", a.Time, a.Details)
		}
	}
	for name, s := range map[string][]sample{
		"only the start":          {begin},
		"no tool":                 {begin, e(2*minute, "user.authentication.sso", "Safari", "192.0.2.2")},
		"at the same time":        {begin, e(minute, "user.authentication.sso", "curl/8", "192.0.2.2")},
		"a replay before it":      {begin, e(minute/2, "user.authentication.sso", "Mozilla", "192.0.2.1"), e(2*minute, "user.authentication.sso", "curl/8", "192.0.2.1")},
		"one agent, one address":  {e(minute, "user.session.start", "curl/8", "192.0.2.1"), e(2*minute, "user.authentication.sso", "curl/8", "192.0.2.1")},
		"no tick sees them both":  {begin, e(31*minute+time.Second, "user.authentication.sso", "curl/8", "192.0.2.1")},
		"without a session":       {ev(0, "eventType=user.session.start", "client.userAgent.rawUserAgent=a"), ev(minute, "eventType=user.authentication.sso", "client.userAgent.rawUserAgent=curl/8")},
		"an agent that is null":   {begin, ev(2*minute, "eventType=user.authentication.sso", "authenticationContext.rootSessionId=s")},
		"a replay of another one": {begin, ev(2*minute, "eventType=user.authentication.sso", "authenticationContext.rootSessionId=t", "client.userAgent.rawUserAgent=curl/8")},
	} {
		t.Run(name, func(t *testing.T) { check(t, rule, s) })
	}
}

// Three branches, of which two have ratios that more events can undo.
func TestRatios(t *testing.T) {
	rule := compile(t, from+`| WHERE (event.action LIKE "user.authentication.*" OR event.action == "user.session.start") AND okta.outcome.reason IN ("INVALID_CREDENTIALS", "LOCKED_OUT")
		AND okta.actor.alternate_id IS NOT NULL AND (okta.debug_context.debug_data.request_uri == "/api/v1/authn" OR okta.debug_context.debug_data.request_uri LIKE "/api/v1/sessions*")
		| EVAL has = CASE(okta.debug_context.debug_data.dt_hash IS NOT NULL, 1, 0)
		| STATS x.hashes = COUNT_DISTINCT(okta.debug_context.debug_data.dt_hash), x.n = COUNT(*), x.with = SUM(has), x.agents = COUNT_DISTINCT(okta.client.user_agent.raw_user_agent)
		  BY okta.client.ip, okta.actor.alternate_id
		| EVAL x.coverage = x.with * 1.0 / x.n, x.each = x.hashes * 1.0 / x.n
		| WHERE (x.hashes >= 4 AND x.n >= 6 AND x.each >= 0.5) OR (x.n >= 8 AND x.coverage < 0.15) OR (x.n >= 6 AND x.agents >= 3)`, esql.Options{From: 30 * minute, Interval: 5 * minute})
	if rule.Stateful.Window.Every == 0 {
		t.Error("ratios can be undone")
	}
	base := []string{"eventType=user.session.start", "outcome.reason=INVALID_CREDENTIALS", "debugContext.debugData.requestUri=/api/v1/authn", "client.ipAddress=192.0.2.1", "actor.alternateId=ada"}
	e := func(at time.Duration, more ...string) sample { return ev(at, append(slices.Clone(base), more...)...) }
	hashes := e(0, "debugContext.debugData.dtHash=h%")
	check(t, rule, many(6, 10*time.Second, hashes), "192.0.2.1 ada")
	check(t, rule, many(5, 10*time.Second, hashes))
	check(t, rule, many(8, 10*time.Second, e(0)), "192.0.2.1 ada")
	check(t, rule, many(7, 10*time.Second, e(0)))
	// One in eight with a token is less than 0.15, two are not; "-" is a token like others.
	check(t, rule, append(many(7, 10*time.Second, e(0)), e(minute, "debugContext.debugData.dtHash=-")), "192.0.2.1 ada")
	check(t, rule, append(many(6, 10*time.Second, e(0)), many(2, minute, e(0, "debugContext.debugData.dtHash=-"))...))
	check(t, rule, many(6, 10*time.Second, e(0, "debugContext.debugData.dtHash=h", "client.userAgent.rawUserAgent=ua%")), "192.0.2.1 ada")
	// More events of one token undo the ratio before it is judged.
	check(t, rule, append(many(6, 10*time.Second, hashes), many(9, 10*time.Second, e(0, "debugContext.debugData.dtHash=h1"))...))
	// The address is null: a group too.
	check(t, rule, many(8, 10*time.Second, e(0, "client.ipAddress=null")), " ada")
	check(t, rule, many(8, 10*time.Second, e(0, "outcome.reason=OTHER")))
	check(t, rule, many(8, 10*time.Second, e(0, "debugContext.debugData.requestUri=/api/v1/other")))
}

// Lower bounds joined by OR, and a context column made of texts.
func TestSources(t *testing.T) {
	rule := compile(t, from+`| WHERE event.action == "fail"
		| EVAL x.info = CONCAT("{\"ip\":\"", COALESCE(okta.client.ip::STRING, "unknown"), "\",\"asn\":\"", COALESCE(source.as.organization.name, "unknown"), "\"}")
		| STATS x.ips = COUNT_DISTINCT(okta.client.ip), x.n = COUNT(*), x.asns = COUNT_DISTINCT(source.as.number), x.first = MIN(@timestamp), x.last = MAX(@timestamp), x.map = VALUES(x.info)
		  BY okta.actor.alternate_id
		| EVAL x.per = x.n * 1.0 / x.ips, x.seconds = DATE_DIFF("seconds", x.first, x.last)
		| WHERE x.ips >= 3 AND x.n >= 5 AND (x.asns >= 2 OR x.ips >= 4)`, esql.Options{From: 30 * minute, Interval: 5 * minute})
	if rule.Stateful.Window.Every != 0 {
		t.Error("lower bounds joined by OR cannot be undone")
	}
	e := ev(0, "eventType=fail", "actor.alternateId=ada", "client.ipAddress=192.0.2.%", "securityContext.asNumber=64500", "securityContext.asOrg=Net")
	other := ev(7*minute, "eventType=fail", "actor.alternateId=ada", "client.ipAddress=192.0.2.1", "securityContext.asNumber=64501")
	alerts := check(t, rule, append(many(4, minute, e), other), "ada")
	if len(alerts) == 1 {
		want := []any{`{"ip":"192.0.2.0","asn":"Net"}`, `{"ip":"192.0.2.1","asn":"Net"}`, `{"ip":"192.0.2.1","asn":"unknown"}`, `{"ip":"192.0.2.2","asn":"Net"}`, `{"ip":"192.0.2.3","asn":"Net"}`}
		if d := alerts[0].Details; !slices.Equal(d["x.map"].([]any), want) || d["x.seconds"] != int64(420) || d["x.per"] != 1.25 {
			t.Errorf("details %v", d)
		}
	}
	check(t, rule, many(4, minute, e))                   // one attempt short
	check(t, rule, append(many(3, minute, e), e))        // three addresses, one network, one attempt short
	check(t, rule, append(many(3, minute, e), e, e))     // three addresses and one network
	check(t, rule, append(many(4, 11*minute, e), other)) // no thirty minutes hold five
}

// Two stages: attempts by user, then users by address; a third attempt of anybody undoes it.
func TestStackedStats(t *testing.T) {
	rule := compile(t, from+`| WHERE event.action == "fail" AND okta.actor.alternate_id IS NOT NULL
		| STATS x.attempts = COUNT(*), x.agents = VALUES(okta.client.user_agent.raw_user_agent), x.firstof = MIN(@timestamp) BY okta.client.ip, okta.actor.alternate_id
		| STATS x.users = COUNT(*), x.n = SUM(x.attempts), x.most = MAX(x.attempts), x.mean = AVG(x.attempts), x.few = SUM(CASE(x.attempts <= 2, 1, 0)),
			x.first = MIN(x.firstof), x.who = VALUES(okta.actor.alternate_id), x.uas = VALUES(x.agents) BY okta.client.ip
		| EVAL x.pct = x.few * 100.0 / x.users
		| WHERE x.n >= 8 AND x.users >= 5 AND x.most <= 2 AND x.pct >= 80.0 | SORT x.users DESC | KEEP x.*, okta.client.ip`, esql.Options{From: 15 * minute, Interval: 5 * minute})
	if rule.Stateful.Window.Every == 0 || len(rule.Stateful.GroupBy) != 1 {
		t.Errorf("%+v", rule.Stateful)
	}
	e := ev(10*time.Second, "eventType=fail", "client.ipAddress=192.0.2.1", "actor.alternateId=u%", "client.userAgent.rawUserAgent=ua")
	second := e
	second.at = 2 * minute
	alerts := check(t, rule, append(many(5, time.Second, e), many(3, time.Second, second)...), "192.0.2.1")
	if len(alerts) == 1 {
		d := alerts[0].Details
		if d["x.n"] != int64(8) || d["x.mean"] != 1.6 || d["x.pct"] != 100.0 || d["x.uas"] != "ua" || !slices.Equal(d["x.who"].([]any), []any{"u0", "u1", "u2", "u3", "u4"}) {
			t.Errorf("details %v", d)
		}
	}
	third := e
	third.at = 3 * minute
	check(t, rule, append(many(5, time.Second, e), many(2, time.Second, second)...))                               // one attempt short
	check(t, rule, append(append(many(4, time.Second, e), many(4, time.Second, second)...), many(1, 0, third)...)) // one user short
	check(t, rule, append(append(many(5, time.Second, e), many(5, time.Second, second)...), many(1, 0, third)...)) // a third attempt
	// The third attempt leaves the range fifteen minutes later, when the others are still in it.
	late := many(5, time.Second, ev(16*minute, "eventType=fail", "client.ipAddress=192.0.2.1", "actor.alternateId=u%"))
	check(t, rule, append(append(many(1, 0, ev(minute, "eventType=fail", "client.ipAddress=192.0.2.1", "actor.alternateId=u0")),
		late...), many(4, time.Second, ev(17*minute, "eventType=fail", "client.ipAddress=192.0.2.1", "actor.alternateId=u%"))...), "192.0.2.1")
}

// Buckets of the clock over the whole organisation.
func TestTimeBuckets(t *testing.T) {
	rule := compile(t, from+`| WHERE event.action == "fail" | EVAL x.bucket = DATE_TRUNC(15 minutes, @timestamp)
		| STATS x.users = COUNT_DISTINCT(okta.actor.alternate_id), x.ips = COUNT_DISTINCT(okta.client.ip), x.n = COUNT(*) BY x.bucket
		| EVAL x.per = x.n * 1.0 / x.users, x.spread = x.users * 1.0 / x.ips
		| WHERE x.ips >= 3 AND x.users >= 4 AND x.n >= 6 AND x.per <= 2.0 AND x.spread >= 1.0 | KEEP x.*`, esql.Options{From: time.Hour, Interval: 15 * minute})
	e := func(at time.Duration, user, ip int) sample {
		return ev(at, "eventType=fail", fmt.Sprint("actor.alternateId=u", user), fmt.Sprint("client.ipAddress=192.0.2.", ip))
	}
	all := []sample{e(15*minute, 1, 1), e(16*minute, 2, 2), e(17*minute, 3, 3), e(18*minute, 4, 1), e(29*minute, 1, 2), e(30*minute-time.Millisecond, 2, 3)}
	alerts := check(t, rule, all, "2026-08-14T08:15:00.000Z")
	if len(alerts) == 1 && alerts[0].Time != start.Add(30*minute) {
		t.Errorf("alert at %s", alerts[0].Time)
	}
	all[5].at = 30 * minute // the next bucket
	check(t, rule, all)
	all[5] = e(20*minute, 4, 3)
	check(t, rule, all, "2026-08-14T08:15:00.000Z")
	check(t, rule, all[1:])
	check(t, rule, append(all, many(4, time.Second, e(21*minute, 1, 1))...)) // too many for each user
}

// A share, a duration in whole minutes, and bounds on both sides.
func TestPaced(t *testing.T) {
	rule := compile(t, from+`| WHERE event.action == "fail"
		| STATS a = COUNT(*), f = MIN(@timestamp), l = MAX(@timestamp) BY okta.client.ip, okta.actor.alternate_id
		| STATS users = COUNT(*), n = SUM(a), most = MAX(a), band = SUM(CASE(a >= 2 AND a <= 6, 1, 0)), first = MIN(f), last = MAX(l) BY okta.client.ip
		| EVAL pct = band * 100.0 / users, minutes = DATE_DIFF("minute", first, last)
		| WHERE users >= 3 AND n >= 6 AND most <= 8 AND most >= 2 AND pct >= 60.0 AND minutes >= 5`, esql.Options{From: time.Hour, Interval: 15 * minute})
	e := func(at time.Duration) sample {
		return ev(at, "eventType=fail", "client.ipAddress=192.0.2.1", "actor.alternateId=u%")
	}
	check(t, rule, append(many(3, 0, e(minute)), many(3, 0, e(6*minute))...), "192.0.2.1")
	check(t, rule, append(many(3, 0, e(minute)), many(3, 0, e(6*minute-time.Millisecond))...)) // less than five whole minutes
	check(t, rule, append(many(5, 0, e(minute)), many(2, 0, e(6*minute))...))                  // two of five users have two
	check(t, rule, append(many(3, 0, e(minute)), many(9, time.Second, ev(6*minute, "eventType=fail", "client.ipAddress=192.0.2.1", "actor.alternateId=u0"))...))
}

// An absent field makes != null, and the row is dropped.
func TestNullComparison(t *testing.T) {
	rule := compile(t, from+`| where okta.security_context.is_proxy != true and okta.actor.id != "unknown" and event.outcome == "success"
		| keep okta.security_context.is_proxy, okta.actor.id, client.geo.country_name
		| stats x = count_distinct(client.geo.country_name) by okta.actor.id | where x >= 2 | sort x desc`, esql.Options{From: 30 * minute, Interval: 15 * minute})
	e := func(at time.Duration, proxy, country, actor string) sample {
		return ev(at, "outcome.result=SUCCESS", "securityContext.isProxy="+proxy, "client.geographicalContext.country="+country, "actor.id="+actor)
	}
	check(t, rule, []sample{e(0, "false", "A", "x"), e(30*minute, "false", "B", "x")}, "x")
	check(t, rule, []sample{e(0, "false", "A", "x"), e(30*minute+time.Millisecond, "false", "B", "x")})
	check(t, rule, []sample{e(0, "false", "A", "x"), e(minute, "true", "B", "x")})
	check(t, rule, []sample{e(0, "false", "A", "x"), e(minute, "null", "B", "x")})
	check(t, rule, []sample{e(0, "false", "A", "x"), e(minute, "false", "null", "x")})
	check(t, rule, []sample{e(0, "false", "A", "unknown"), e(minute, "false", "B", "unknown")})
	check(t, rule, []sample{e(0, "false", "unknown", "x"), e(minute, "false", "B", "x")}, "x") // a value like others
}

// Repeats at overlapping ticks are one episode, and a later attack is another.
func TestEpisodes(t *testing.T) {
	rule := compile(t, from+`| STATS n = COUNT(*) BY okta.actor.id | WHERE n >= 2 AND n <= 3`, esql.Options{From: 30 * minute, Interval: 5 * minute})
	two := func(at time.Duration) []sample { return many(2, time.Second, ev(at, "eventType=x", "actor.id=a")) }
	check(t, rule, two(minute), "a")
	check(t, rule, slices.Concat(two(minute), two(50*minute)), "a")
	check(t, rule, slices.Concat(two(minute), two(3*time.Hour)), "a", "a")
}

// Without STATS a query is a condition on single events.
func TestStateless(t *testing.T) {
	for query, want := range map[string][]string{ // by event type
		`WHERE event.action == "a" | KEEP event.action | LIMIT 10`:                                           {"a"},
		`WHERE event.action IN ("a", "b") AND NOT okta.outcome.result == "FAILURE"`:                          {"b"},
		`WHERE NOT (event.action == "a") | EVAL x = TO_UPPER(event.action) | WHERE x LIKE "B*"`:              {"b"},
		`WHERE okta.target.type == "User"`:                                                                   {"b"}, // a has several: null
		`WHERE MV_CONTAINS(okta.target.type, "User")`:                                                        {"a", "b"},
		`WHERE CIDR_MATCH(okta.client.ip, "192.0.2.0/24", "2001:db8::/32")`:                                  {"a", "c"},
		`WHERE CIDR_MATCH(okta.client.ip, "192.0.2.7", "::1")`:                                               {"a"},
		`WHERE okta.client.ip == "2001:0db8::0001"`:                                                          {"c"},
		`WHERE okta.outcome.result IS NULL`:                                                                  {"c"},
		`WHERE okta.outcome.result != "FAILURE"`:                                                             {"b"},
		`WHERE source.as.number > 64499 AND source.as.number < 64501`:                                        {"a"},
		`WHERE okta.debug_context.debug_data.risk > 7`:                                                       {"c"},
		`WHERE @timestamp > NOW() - 1 hour AND event.action == "a"`:                                          {"a"},
		`DISSECT okta.actor.alternate_id "%{user}@%{domain}" | WHERE domain == "example.com"`:                {"a"},
		`GROK okta.actor.alternate_id "%{USERNAME:user}@%{HOSTNAME:domain}" | WHERE domain == "example.com"`: {"a"},
		`GROK okta.actor.alternate_id "(?<who.name>[a-z]+)@%{HOSTNAME:domain}" | WHERE who.name == "ada"`:    {"a"},
		`WHERE okta.actor.alternate_id RLIKE """a[+\-d5]+a@.*"""`:                                            {"a"},
		`WHERE okta.client.ip > "192.0.2.8" AND okta.client.ip < "2001:db8::2"`:                              {"b", "c"},
		`WHERE client.ipAddress IN ("2001:DB8:0::1", "::1")`:                                                 {"c"},
		`WHERE client.ipAddress > "192.0.2.8"`:                                                               {"b", "c"},
		`WHERE okta.client.ip == "::ffff:192.0.2.7"`:                                                         {"a"},
		`GROK okta.debug_context.debug_data.risk "^%{NUMBER:n:double}$" | WHERE n > 7`:                       {"c"},
		`EVAL u = MV_LAST(SPLIT(okta.actor.alternate_id, "@")) | RENAME u AS d | WHERE d == "example.org"`:   {"b"},
	} {
		rule := compile(t, from+"| "+query, esql.Options{})
		samples := []sample{
			ev(0, "eventType=a", "outcome.result=FAILURE", `target=[{"type":"User"},{"type":"App"}]`, "client.ipAddress=192.0.2.7", "securityContext.asNumber=64500", "actor.alternateId=ada@example.com", "debugContext.debugData.risk=LOW"),
			ev(0, "eventType=b", "outcome.result=SUCCESS", `target=[{"type":"User"},{"type":"User"}]`, "client.ipAddress=198.51.100.1", "securityContext.asNumber=x", "actor.alternateId=bob@example.org"),
			ev(0, "eventType=c", "client.ipAddress=2001:db8::1", "debugContext.debugData.risk=7.5"),
		}
		var got []string
		for _, a := range run(t, rule, samples, []int{0, 1, 2}, false) {
			got = append(got, a.Evidence.Events[0].Type)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
}
