package oktafilter

import (
	"strings"
	"testing"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// holds parses query, which must be free of errors, and evaluates it for the event in raw.
func holds(t *testing.T, query, raw string) bool {
	t.Helper()
	x, problems := Parse(query, match.Pos{})
	for _, p := range problems {
		if p.Level == rules.Error {
			t.Fatalf("%s: %+v", query, p)
		}
	}
	ev, err := event.NewDecoder(event.NewFields()).Decode([]byte(raw), event.Meta{})
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return match.Eval(x, ev)
}

// TestAdvisory: the queries of Okta's advisory on cross-tenant impersonation (2023-08-31), as an administrator pastes
// them, each with events that are meant and near misses.
func TestAdvisory(t *testing.T) {
	tests := []struct {
		query    string
		matching []string
		missing  []string
	}{{
		query: `eventType eq "user.authentication.auth_via_mfa" AND result eq "FAILURE" AND outcome.reason eq "FastPass declined phishing attempt"`,
		matching: []string{
			`{"eventType":"user.authentication.auth_via_mfa","outcome":{"result":"FAILURE","reason":"FastPass declined phishing attempt"}}`,
		},
		missing: []string{
			`{"eventType":"user.authentication.auth_via_mfa","outcome":{"result":"SUCCESS","reason":"FastPass declined phishing attempt"}}`,
			`{"eventType":"user.authentication.auth_via_mfa","outcome":{"result":"FAILURE","reason":"INVALID_CREDENTIALS"}}`,
			`{"eventType":"user.authentication.verify","outcome":{"result":"FAILURE","reason":"FastPass declined phishing attempt"}}`,
			`{"eventType":"user.authentication.auth_via_mfa","result":"FAILURE","outcome":{"reason":"FastPass declined phishing attempt"}}`,
		},
	}, {
		query:    `eventType eq "security.session.detect_client_roaming"`,
		matching: []string{`{"eventType":"security.session.detect_client_roaming"}`},
		missing:  []string{`{"eventType":"security.session.detect_client_roaming.x"}`, `{"eventType":null}`, `{}`},
	}, {
		query:    `eventType eq "user.mfa.factor.reset_all"`,
		matching: []string{`{"eventType":"user.mfa.factor.reset_all"}`},
		missing:  []string{`{"eventType":"user.mfa.factor.deactivate"}`, `{"legacyEventType":"user.mfa.factor.reset_all"}`},
	}, {
		query:    `eventType sw "system.mfa.factor"`,
		matching: []string{`{"eventType":"system.mfa.factor.activate"}`, `{"eventType":"system.mfa.factor.deactivate"}`},
		missing:  []string{`{"eventType":"user.mfa.factor.activate"}`, `{"eventType":"a.system.mfa.factor"}`},
	}, {
		query:    `eventType eq "user.account.report_suspicious_activity_by_enduser"`,
		matching: []string{`{"eventType":"user.account.report_suspicious_activity_by_enduser"}`},
		missing:  []string{`{"eventType":"user.account.lock"}`},
	}, {
		query: `eventType eq "policy.evaluate_sign_on" and target.displayName eq "Okta Admin Console" and debugContext.debugData.behaviors co "POSITIVE"`,
		matching: []string{
			`{"eventType":"policy.evaluate_sign_on","target":[{"displayName":"Policy"},{"displayName":"Okta Admin Console"}],"debugContext":{"debugData":{"behaviors":"{New Geo-Location=NEGATIVE, New Device=POSITIVE}"}}}`,
			`{"eventType":"policy.evaluate_sign_on","target":[{"displayName":"Okta Admin Console"}],"debugContext":{"debugData":{"behaviors":{"New Device":"POSITIVE"}}}}`,
		},
		missing: []string{
			`{"eventType":"policy.evaluate_sign_on","target":[{"displayName":"Okta Admin Console"}],"debugContext":{"debugData":{"behaviors":"{New Device=NEGATIVE}"}}}`,
			`{"eventType":"policy.evaluate_sign_on","target":[{"displayName":"Okta Dashboard"}],"debugContext":{"debugData":{"behaviors":"{New Device=POSITIVE}"}}}`,
			`{"eventType":"policy.evaluate_sign_on","target":[],"debugContext":{"debugData":{"behaviors":"{New Device=POSITIVE}"}}}`,
			`{"eventType":"policy.evaluate_sign_on","target":[{"displayName":"Okta Admin Console"}],"debugContext":{"debugData":{"behaviors":null}}}`,
		},
	}, {
		query: `eventType eq "policy.evaluate_sign_on" and target.displayName eq "Okta Admin Console" and debugContext.debugData.logOnlySecurityData co "POSITIVE"`,
		matching: []string{
			`{"eventType":"policy.evaluate_sign_on","target":[{"displayName":"Okta Admin Console"}],"debugContext":{"debugData":{"logOnlySecurityData":"{\"behaviors\":{\"New IP\":\"POSITIVE\"}}"}}}`,
		},
		missing: []string{
			`{"eventType":"policy.evaluate_sign_on","target":[{"displayName":"Okta Admin Console"}],"debugContext":{"debugData":{"behaviors":"{New IP=POSITIVE}"}}}`,
			`{"eventType":"policy.evaluate_sign_on","target":[{"displayName":"Okta Admin Console"}],"debugContext":{"debugData":{"logOnlySecurityData":"{\"behaviors\":{\"New IP\":\"NEGATIVE\"}}"}}}`,
		},
	}, {
		query: `eventType eq "user.session.start" and securityContext.isProxy eq "true"`,
		matching: []string{
			`{"eventType":"user.session.start","securityContext":{"isProxy":true}}`,
			`{"eventType":"user.session.start","securityContext":{"isProxy":"true"}}`,
		},
		missing: []string{
			`{"eventType":"user.session.start","securityContext":{"isProxy":false}}`,
			`{"eventType":"user.session.start","securityContext":{"isProxy":null}}`,
			`{"eventType":"user.session.start","securityContext":null}`,
			`{"eventType":"user.session.end","securityContext":{"isProxy":true}}`,
		},
	}, {
		query:    `eventType eq "system.idp.lifecycle.create"`,
		matching: []string{`{"eventType":"system.idp.lifecycle.create"}`},
		missing:  []string{`{"eventType":"system.idp.lifecycle.update"}`},
	}, {
		query:    `eventType sw "system.idp.lifecycle"`,
		matching: []string{`{"eventType":"system.idp.lifecycle.create"}`, `{"eventType":"system.idp.lifecycle.update"}`},
		missing:  []string{`{"eventType":"system.idp.key.create"}`},
	}, {
		query:    `eventType eq "user.authentication.auth_via_IDP"`,
		matching: []string{`{"eventType":"user.authentication.auth_via_IDP"}`},
		missing:  []string{`{"eventType":"user.authentication.auth_via_social"}`},
	}}
	for _, tt := range tests {
		for _, raw := range tt.matching {
			if !holds(t, tt.query, raw) {
				t.Errorf("%s\ndoes not hold for %s", tt.query, raw)
			}
		}
		for _, raw := range tt.missing {
			if holds(t, tt.query, raw) {
				t.Errorf("%s\nholds for %s", tt.query, raw)
			}
		}
	}
}

func TestSemantics(t *testing.T) {
	const raw = `{
		"eventType": "user.session.start", "published": "2024-03-08T10:00:00.123Z", "severity": "WARN",
		"displayMessage": "He said \"hi\" to C:\\x é",
		"actor": {"alternateId": "Ada@Example.com", "detailEntry": null},
		"client": {"device": "", "zone": null},
		"outcome": {"result": "FAILURE"},
		"authenticationContext": {"authenticationStep": 0},
		"securityContext": {"isProxy": true, "asNumber": 64500},
		"target": [{"type": "User", "displayName": "Ada"}, {"type": "AppInstance", "displayName": "AWS Console"}]
	}`
	tests := []struct {
		query string
		want  bool
	}{
		{`actor.alternateId eq "ada@example.COM"`, true},
		{`target.displayName co "aws"`, true},
		{`target.displayName sw "aws"`, true},
		{`target.displayName ew "CONSOLE"`, true},
		{`target.displayName ew "aws"`, false},
		{`target.0.displayName eq "Ada"`, true},
		{`target.1.displayName eq "Ada"`, false},
		{`target[type=AppInstance].displayName co "aws"`, true},
		{`target[type=User].displayName co "aws"`, false},

		{`securityContext.isProxy eq true`, true},
		{`securityContext.isProxy eq TRUE`, true},
		{`securityContext.isProxy eq "True"`, true},
		{`securityContext.isProxy ne false`, true},
		{`securityContext.asNumber eq 64500`, true},
		{`securityContext.asNumber eq 6.45e4`, true},
		{`securityContext.asNumber eq "64500"`, true},
		{`securityContext.asNumber gt 64499 and securityContext.asNumber lt 64501`, true},
		{`securityContext.asNumber gt "64500"`, false},
		{`securityContext.asNumber ge 64500`, true},
		{`securityContext.asNumber le 64499.9`, false},
		{`authenticationContext.authenticationStep eq -0`, true},
		{`published gt "2024-03-08T00:00:00Z"`, true},
		{`published lt "2024-03-08T10:00:00+01:00"`, false},

		{`client.device pr`, false},
		{`client.zone pr`, false},
		{`actor.alternateId pr`, true},
		{`target pr`, true},
		{`not client.zone pr`, true},
		{`client.device eq ""`, true},
		{`client.zone eq ""`, false},
		{`client.zone eq null`, true},
		{`client.zone ne null`, false},
		{`actor.alternateId ne null`, true},

		{`outcome.result ne "SUCCESS"`, true},
		{`outcome.result ne "failure"`, false},
		{`client.zone ne "ON_NETWORK"`, true}, // missing is not equal
		{`target.type ne "User"`, false},      // one element is equal
		{`target.type ne "Group"`, true},

		{`eventType in ["a", "USER.session.start"]`, true},
		{`eventType IN["a","b"]`, false},
		{`securityContext.asNumber in [1, 64500, true]`, true},
		{`not (eventType in ["a"])`, true},

		{`result eq "FAILURE"`, true},
		{`Result Eq "failure"`, true},

		{`displayMessage co "\"hi\""`, true},
		{`displayMessage co "C:\\x"`, true},
		{`displayMessage co "\u00e9"`, true},
		{`displayMessage co "\u00E8"`, false},
		{`severity eq "\u0057ARN"`, true},

		// not before and before or
		{`severity eq "WARN" or severity eq "x" and severity eq "y"`, true},
		{`(severity eq "WARN" or severity eq "x") and severity eq "y"`, false},
		{`severity eq "y" and severity eq "x" or severity eq "WARN"`, true},
		{`not severity eq "WARN" and severity eq "x" or severity eq "WARN"`, true},
		{`not severity eq "x" and severity eq "WARN"`, true},
		{`not (severity eq "x" or severity eq "WARN")`, false},
		{`NOT NOT severity eq "WARN"`, true},
		{"((severity\teq\r\n\"WARN\"))", true},
	}
	for _, tt := range tests {
		if got := holds(t, tt.query, raw); got != tt.want {
			t.Errorf("%s = %v, want %v", tt.query, got, tt.want)
		}
	}
}

func TestSurrogates(t *testing.T) {
	if !holds(t, `displayMessage eq "\ud83d\ude00"`, `{"displayMessage":"😀"}`) {
		t.Error("a surrogate pair is not the character it stands for")
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		query     string
		code      string
		line, col int
		hint      string // a part of it
	}{
		{``, CodeEmpty, 1, 1, "eventType eq"},
		{" \n ", CodeEmpty, 2, 2, ""},
		{`eventType equals "a"`, CodeOperator, 1, 11, "did you mean eq?"},
		{`eventType = "a"`, CodeOperator, 1, 11, "did you mean eq?"},
		{`eventType "a"`, CodeOperator, 1, 11, "eq, ne"},
		{`eventType`, CodeOperator, 1, 10, "eq, ne"},
		{`eventType frob 'a'`, CodeOperator, 1, 11, "eq, ne"},
		{`(eventType pr 'a'`, CodeCharacter, 1, 15, ""},
		{`eventType in ["a" 'b'`, CodeCharacter, 1, 19, ""},
		{`eventType pr 'a'`, CodeCharacter, 1, 14, ""},
		{`'a'`, CodeCharacter, 1, 1, ""},
		{`eventType frob "a"`, CodeOperator, 1, 11, "eq, ne"},
		{`eventType not in ["a"]`, CodeOperator, 1, 11, "not (eventType"},
		{`eventType eq 'a'`, CodeCharacter, 1, 14, `"…"`},
		{`eventType eq “a”`, CodeCharacter, 1, 14, `"…"`},
		{"eventType eq \x00", CodeCharacter, 1, 14, ""},
		{`eventType eq "a`, CodeUnterminated, 1, 14, `"`},
		{`eventType eq "a\`, CodeEscape, 1, 16, `\\`},
		{`eventType eq "C:\q"`, CodeEscape, 1, 17, `\\`},
		{`eventType eq "\ud83d"`, CodeEscape, 1, 15, `\\`},
		{`eventType eq "\u00g0"`, CodeEscape, 1, 15, `\\`},
		{`target[type=User.id eq "a"`, CodeUnterminated, 1, 7, "target[type=User]"},
		{`eventType eq`, CodeValue, 1, 13, "double quotes"},
		{`eventType eq user.session.start`, CodeValue, 1, 14, `"user.session.start"`},
		{`client.ipAddress eq 10.0.0.1`, CodeNumber, 1, 21, `"10.0.0.1"`},
		{`securityContext.asNumber eq 01`, CodeNumber, 1, 29, ""},
		{`eventType co null`, CodeValueType, 1, 14, "pr"},
		{`eventType gt "b"`, CodeValueType, 1, 14, "date"},
		{`eventType gt true`, CodeValueType, 1, 14, "date"},
		{`published gt "2024-03-08"`, CodeValueType, 1, 14, "T00:00:00Z"},
		{`eventType in "a"`, CodeBracket, 1, 14, "["},
		{`eventType in []`, CodeValue, 1, 15, ""},
		{`eventType in ["a" "b"]`, CodeBracket, 1, 19, ""},
		{`eventType in ["a",`, CodeValue, 1, 19, ""},
		{`eventType in ["a"`, CodeBracket, 1, 14, "]"},
		{`eventType in [null]`, CodeValueType, 1, 15, "eq null"},
		{`"phishing"`, CodeAttribute, 1, 1, "displayMessage co"},
		{`and eventType pr`, CodeAttribute, 1, 1, ""},
		{`eventType pr and`, CodeAttribute, 1, 17, ""},
		{`eventType pr and or eventType pr`, CodeAttribute, 1, 18, ""},
		{`()`, CodeAttribute, 1, 2, ""},
		{`(eventType pr`, CodeBracket, 1, 1, ")"},
		{`(eventType pr]`, CodeJoin, 1, 14, ""},
		{`eventType pr)`, CodeBracket, 1, 13, ""},
		{`eventType pr eventType pr`, CodeJoin, 1, 14, `"and"`},
		{`eventType pr && eventType pr`, CodeJoin, 1, 14, "did you mean and?"},
		{`actor..id pr`, CodePath, 1, 1, ""},
		{strings.Repeat("(", maxDepth+1) + "a pr", CodeTooDeep, 1, maxDepth + 1, ""},
		{strings.Repeat("not ", maxDepth+1) + "a pr", CodeTooDeep, 1, 4*maxDepth + 1, ""},
		{"eventType eq \"ä\"\n  and severity\n  is \"x\"", CodeOperator, 3, 3, "did you mean eq?"},
		{"eventType eq \"a\nb\" oder x", CodeJoin, 2, 4, ""},
	}
	for _, tt := range tests {
		x, problems := Parse(tt.query, match.Pos{})
		if x != nil || len(problems) == 0 {
			t.Errorf("%q: %v without an error", tt.query, x)
			continue
		}
		p := problems[len(problems)-1]
		if p.Level != rules.Error || p.Code != tt.code || p.Pos != (match.Pos{Line: tt.line, Col: tt.col}) || !strings.Contains(p.Hint, tt.hint) {
			t.Errorf("%q: got %s %s at %v (%s; %s), want %s at %d:%d (…%s…)", tt.query, p.Level, p.Code, p.Pos, p.Message, p.Hint, tt.code, tt.line, tt.col, tt.hint)
		}
	}
}

// TestPlaces: places are those of the rule file, in which a block of YAML is indented as a whole.
func TestPlaces(t *testing.T) {
	query := "eventType eq \"é\" and\n  outcome.result frob \"x\""
	_, problems := Parse(query, match.Pos{Line: 10, Col: 5})
	if got, want := problems[0].Pos, (match.Pos{Line: 11, Col: 22}); got != want {
		t.Errorf("error at %v, want %v", got, want)
	}
	x, _ := Parse("eventType eq \"é\" and outcome.result pr\nand severity pr", match.Pos{Line: 10, Col: 5})
	var got []match.Pos
	match.Walk(x, func(x match.Expr) {
		if p, ok := x.(*match.Pred); ok {
			got = append(got, p.Pos)
		}
	})
	want := []match.Pos{{Line: 10, Col: 5}, {Line: 10, Col: 26}, {Line: 11, Col: 9}}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("predicates at %v, want %v", got, want)
			break
		}
	}
}

func TestUnknownAttribute(t *testing.T) {
	x, problems := Parse(`outcome.bogus eq "a" or outcome.bogus eq "b"`, match.Pos{Line: 2, Col: 8})
	if x == nil || len(problems) != 1 {
		t.Fatalf("%v, %+v; want an expression and one warning", x, problems)
	}
	if p := problems[0]; p.Level != rules.Warning || p.Code != CodeUnknownField || p.Pos != (match.Pos{Line: 2, Col: 8}) {
		t.Errorf("%+v", p)
	}
	if _, problems := Parse(`result eq "FAILURE" and target.0.displayName pr`, match.Pos{}); len(problems) != 0 {
		t.Errorf("known attributes: %+v", problems)
	}
}

// FuzzParse: no input panics or goes without an answer, and the index agrees with the definition on what comes out.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`eventType eq "user.session.start" and securityContext.isProxy eq "true"`,
		`eventType in ["a", "b"] AND not (target.0.displayName co "\"x\"" or actor.id pr)`,
		`target[type=User].id ne null or published ge "2024-03-08T00:00:00Z"`, "((((", `a eq "\ud83d\u`, "x eq 'y'", "not",
	} {
		f.Add(seed)
	}
	const raw = `{"eventType":"user.session.start","target":[{"type":"User","id":"1"}],"a":1}`
	f.Fuzz(func(t *testing.T, query string) {
		x, problems := Parse(query, match.Pos{Line: 1, Col: 1})
		failed := false
		for _, p := range problems {
			failed = failed || p.Level == rules.Error
			if p.Code == "" || p.Message == "" || p.Pos.Line < 1 || p.Pos.Col < 1 {
				t.Fatalf("%q: incomplete problem %+v", query, p)
			}
		}
		if (x == nil) != failed {
			t.Fatalf("%q: expression %v, problems %+v", query, x, problems)
		}
		fields := event.NewFields()
		b := match.NewBuilder(fields)
		b.Add(x)
		ev, err := event.NewDecoder(fields).Decode([]byte(raw), event.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(b.Build().NewMatcher().Match(ev, nil)) == 1; got != match.Eval(x, ev) {
			t.Fatalf("%q: the index says %v, Eval the opposite", query, got)
		}
	})
}
