package esql_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"oktastream/rules"
	"oktastream/rules/lang"
	"oktastream/rules/lang/esql"
	"oktastream/rules/lang/source"
)

// TestCorpus runs Elastic's own ES|QL rules over events of ours: at the least input that fires, and one short of it.
func TestCorpus(t *testing.T) {
	corpus := os.Getenv("OKTASTREAM_CORPUS")
	if corpus == "" {
		t.Skip("OKTASTREAM_CORPUS does not name a directory of public rules and events")
	}
	loaded := lang.Load([]string{filepath.Join(corpus, "rules", "elastic-okta")})
	byID := map[string]rules.Rule{}
	for _, r := range loaded.Rules {
		byID[r.ID] = r
	}
	// failed is a sign-in that failed: of user u%, from address 192.0.2.%, unless more says otherwise.
	failed := func(at time.Duration, more ...string) sample {
		return ev(at, append([]string{"eventType=user.session.start", "outcome.result=FAILURE", "outcome.reason=INVALID_CREDENTIALS", "actor.alternateId=u%",
			"client.ipAddress=192.0.2.%", "debugContext.debugData.requestUri=/api/v1/authn"}, more...)...)
	}
	session := func(at time.Duration, device int, ip string) sample {
		return ev(at, "eventType=app.generic.access", "actor.alternateId=ada@example.com", "authenticationContext.externalSessionId=s", fmt.Sprint("debugContext.debugData.dtHash=d", device),
			"client.ipAddress="+ip, "client.userAgent.rawUserAgent=ua")
	}
	replay := func(at time.Duration, typ, agent, ip string) sample {
		return ev(at, "eventType="+typ, "authenticationContext.rootSessionId=s", "actor.alternateId=ada", "client.userAgent.rawUserAgent="+agent, "client.ipAddress="+ip)
	}
	abroad := func(at time.Duration, country string, more ...string) sample {
		return ev(at, append([]string{"eventType=user.session.start", "outcome.result=SUCCESS", "securityContext.isProxy=false", "actor.id=a", "actor.alternateId=ada",
			"client.geographicalContext.country=" + country}, more...)...)
	}
	spray := func(n int) []sample { // over the organisation, within one quarter of an hour
		var out []sample
		for i := range n {
			out = append(out, ev(15*minute+time.Duration(i)*time.Second, "eventType=user.session.start", "outcome.reason=LOCKED_OUT",
				fmt.Sprint("actor.alternateId=u", i%8), fmt.Sprint("client.ipAddress=192.0.2.", i%5)))
		}
		return out
	}
	one := []string{"client.ipAddress=192.0.2.1"}
	ada := []string{"actor.alternateId=ada"}
	for _, tt := range []struct {
		id, name  string
		fires     []sample
		group     string
		oneShort  []sample
		onArrival bool
	}{
		{"cc382a2e-7e52-11ee-9aac-f661ea17fbcd", "devices of a session",
			[]sample{session(0, 1, "192.0.2.1"), session(minute, 2, "192.0.2.1"), session(2*minute, 3, "192.0.2.1"), session(9*minute, 4, "192.0.2.2")}, "ada@example.com s",
			[]sample{session(0, 1, "192.0.2.1"), session(minute, 2, "192.0.2.1"), session(2*minute, 3, "192.0.2.2"), session(9*minute+1e6, 4, "192.0.2.2")}, true},
		{"9ed5d08f-aad6-4c03-838c-d686da887c2c", "replay",
			[]sample{replay(minute, "user.session.start", "Mozilla", "192.0.2.1"), replay(2*minute, "policy.evaluate_sign_on", "python-requests/2", "192.0.2.1")}, "s ada",
			[]sample{replay(minute, "user.session.start", "Mozilla", "192.0.2.1"), replay(minute, "policy.evaluate_sign_on", "python-requests/2", "192.0.2.1")}, false},
		{"95b99adc-2cda-11ef-84e1-f661ea17fbce", "users of a device",
			many(21, time.Second, failed(0, "debugContext.debugData.dtHash=d", "actor.id=i%", "actor.alternateId=ada")), "d ada",
			many(20, time.Second, failed(0, "debugContext.debugData.dtHash=d", "actor.id=i%", "actor.alternateId=ada")), true},
		{"23f18264-2d6d-11ef-9413-f661ea17fbce", "token rotation",
			slices.Concat(many(7, time.Second, failed(0, append(slices.Concat(one, ada), "debugContext.debugData.dtHash=d%")...)), many(3, time.Second, failed(minute, append(slices.Concat(one, ada), "debugContext.debugData.dtHash=d%")...))), "192.0.2.1 ada",
			slices.Concat(many(6, time.Second, failed(0, append(slices.Concat(one, ada), "debugContext.debugData.dtHash=d%")...)), many(4, time.Second, failed(minute, append(slices.Concat(one, ada), "debugContext.debugData.dtHash=d%")...))), false},
		{"5889760c-9858-4b4b-879c-e299df493295", "many sources",
			slices.Concat(many(8, time.Second, failed(0, ada...)), many(2, time.Second, failed(minute, ada...))), "ada",
			slices.Concat(many(7, time.Second, failed(0, ada...)), many(3, time.Second, failed(minute, ada...))), true},
		{"94e734c0-2cda-11ef-84e1-f661ea17fbce", "stuffing",
			slices.Concat(many(15, time.Second, failed(time.Second, one...)), many(10, time.Second, failed(minute, one...))), "192.0.2.1",
			slices.Concat(many(15, time.Second, failed(time.Second, one...)), many(9, time.Second, failed(minute, one...))), false},
		{"2d3c27d5-d133-4152-8102-8d051619ec4a", "spray from many sources", spray(25), "2026-08-14T08:15:00.000Z", spray(24), false},
		{"42bf698b-4738-445b-8231-c834ddefd8a0", "spray from one source",
			slices.Concat(many(5, time.Second, failed(minute, one...)), many(5, time.Second, failed(4*minute, one...)), many(5, time.Second, failed(7*minute, one...))), "192.0.2.1",
			slices.Concat(many(5, 0, failed(minute, one...)), many(5, 0, failed(4*minute, one...)), many(5, 0, failed(6*minute-1e6, one...))), false},
		{"2e56e1bc-867a-11ee-b13e-f661ea17fbcd", "countries", []sample{abroad(0, "A"), abroad(30*minute, "B")}, "a ada",
			[]sample{abroad(0, "A"), abroad(30*minute+1e6, "B"), abroad(40*minute, "C", "securityContext.isProxy=null")}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rule, ok := byID[tt.id]
			if !ok {
				t.Fatalf("rule %s is not loaded", tt.id)
			}
			if got := rule.Stateful.Window.Every == 0; got != tt.onArrival {
				t.Errorf("judged on arrival %v, want %v", got, tt.onArrival)
			}
			check(t, rule, tt.fires, tt.group)
			check(t, rule, tt.oneShort)
		})
	}
}

// The constructs of Elastic's hunting queries, which are not run as rules: each compiles, or is refused for a reason.
func TestHuntingConstructs(t *testing.T) {
	for name, tt := range map[string]struct {
		query string
		level rules.Level // empty if it compiles
	}{
		"tumbling ten minutes": {`from logs-okta* | where @timestamp > now() - 7 day and event.action == "user.mfa.okta_verify.deny_push"
			| eval window = date_trunc(10 minutes, @timestamp) | stats n = count(*) by window, okta.actor.alternate_id | where n >= 5 | sort n desc`, ""},
		"two counts by three": {`from logs-okta* | where event.action == "user.account.reset_password"
			| stats targets = count_distinct(okta.target.alternate_id), resets = count(*) by okta.actor.alternate_id, source.user.full_name, okta.debug_context.debug_data.dt_hash
			| where targets > 10 and resets > 15`, ""},
		"an aggregate without expression": {`from logs-okta* | stats targets = count_distinct(a), resets = by okta.actor.alternate_id`, rules.Error},
		"listing with limit":              {`from logs-okta* | where event.action == "app.oauth2.as.token.grant" and okta.outcome.reason like "%no such%" | keep @timestamp, okta.actor.* | limit 100`, ""},
		"the app in a path": {`from logs-okta* | where event.action == "user.authentication.sso" | dissect okta.debug_context.debug_data.request_uri "/app/%{app}/%{key}/sso/%{rest}"
			| eval window = date_trunc(5 minutes, @timestamp) | stats n = count_distinct(app) by window, source.ip, okta.actor.alternate_id | where n > 15`, ""},
		"a day": {`from logs-okta* | eval day = date_trunc(1 day, @timestamp) | stats ips = count_distinct(source.ip), n = count(*) by day, okta.actor.display_name | where ips >= 2 and n >= 2`, ""},
		"rare":  {`from logs-okta* | stats n = count(*) by okta.actor.display_name | where n == 1`, ""},
		"average of days": {`from logs-okta* | eval day = date_trunc(1 day, @timestamp) | stats n = count(*) by okta.actor.alternate_id, day
			| stats mean = avg(n) by day | sort mean desc`, ""},
		"countries in an hour": {`from logs-okta* | where okta.outcome.result in ("ALLOW", "SUCCESS") | eval hour = date_trunc(1 hour, @timestamp)
			| stats countries = count_distinct(client.geo.country_name) by okta.actor.alternate_id, hour | where countries >= 2`, ""},
		"time of ingestion": {`from logs-okta* | eval hour = date_trunc(1 hours, event.ingested) | stats n = count(*) by okta.actor.alternate_id, hour | where n > 5`, ""},
		"the domain of an address": {`from logs-okta* | where event.action like "user.authentication*" | dissect okta.actor.alternate_id "%{}@%{domain}"
			| stats n = count(*) by domain | where n <= 5 | sort n asc`, ""},
	} {
		r := &source.Report{}
		where, st := esql.Compile(&source.Node{Kind: source.Scalar, Type: source.String, Text: tt.query}, esql.Options{From: 7 * 24 * time.Hour, Interval: time.Hour}, r)
		switch {
		case tt.level == "" && (where == nil && st == nil || len(r.Diagnostics) > 0):
			t.Errorf("%s: %v", name, r.Diagnostics)
		case tt.level != "" && (len(r.Diagnostics) != 1 || r.Diagnostics[0].Level != tt.level):
			t.Errorf("%s: %v", name, r.Diagnostics)
		}
	}
}
