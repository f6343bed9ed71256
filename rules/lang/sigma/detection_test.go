package sigma

import (
	"fmt"
	"strings"
	"testing"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// compileText compiles the YAML of a detection block.
func compileText(t testing.TB, detection string) (match.Expr, *source.Report) {
	t.Helper()
	docs := source.Parse("rule.yml", []byte(detection), source.RuleLimits)
	if len(docs) != 1 || docs[0].Root == nil {
		t.Fatalf("not one document: %+v", docs)
	}
	return Compile(docs[0].Root, testLists, docs[0].Report), docs[0].Report
}

func decode(t testing.TB, raw string) *event.Event {
	t.Helper()
	ev, err := event.NewDecoder(event.NewFields()).Decode([]byte(raw), event.Meta{})
	if err != nil {
		t.Fatalf("event %s: %v", raw, err)
	}
	return ev
}

// wrap makes a whole event of some members.
func wrap(members string) string {
	if members != "" {
		members = "," + members
	}
	return `{"uuid":"u","published":"2026-01-02T03:04:05Z"` + members + `}`
}

// selectionOf makes a detection of one selection with one field.
func selectionOf(field string) string {
	return "selection:\n  " + field + "\ncondition: selection\n"
}

func TestVerdicts(t *testing.T) {
	const (
		display = `"displayMessage":`
		client  = `"client":{"ipAddress":"203.0.113.7","device":"Computer","zone":null}`
	)
	targets := `"target":[{"type":"User","alternateId":"ada@example.com"},{"type":"AppInstance","displayName":"Okta Admin Console"}]`
	tests := []struct {
		name, detection string
		yes, no         []string
	}{
		{"plain text, case-insensitive", selectionOf(`displayMessage: Sign In`),
			[]string{display + `"sign in"`, display + `"SIGN IN"`}, []string{display + `"sign in "`, display + `"sign"`, ``}},
		{"cased", selectionOf(`displayMessage|cased: Sign`), []string{display + `"Sign"`}, []string{display + `"sign"`}},
		{"list of values", selectionOf(`displayMessage: [one, two]`), []string{display + `"One"`, display + `"two"`}, []string{display + `"three"`}},
		{"contains", selectionOf(`displayMessage|contains: user`), []string{display + `"Add User to app"`, display + `"user"`}, []string{display + `"use"`}},
		{"contains, list", selectionOf(`displayMessage|contains: [aa, bb]`), []string{display + `"xBBx"`}, []string{display + `"ab"`}},
		{"contains all", selectionOf(`displayMessage|contains|all: [aa, bb]`), []string{display + `"bb aa"`}, []string{display + `"aa"`, display + `"bb"`}},
		{"contains all, mixed operators", selectionOf(`displayMessage|contains|all: [aa, 'b?b']`), []string{display + `"aa bxb"`}, []string{display + `"aa bb"`, display + `"bxb"`}},
		{"contains cased", selectionOf(`displayMessage|contains|cased: Us`), []string{display + `"a User"`}, []string{display + `"a user"`}},
		{"startswith", selectionOf(`displayMessage|startswith: user`), []string{display + `"User x"`}, []string{display + `"a user"`}},
		{"endswith", selectionOf(`displayMessage|endswith: user`), []string{display + `"a User"`}, []string{display + `"user x"`}},
		{"wildcard *", selectionOf(`displayMessage: 'a*c'`), []string{display + `"ac"`, display + `"AbbC"`}, []string{display + `"acd"`}},
		{"wildcard * at both ends", selectionOf(`displayMessage: '*b*'`), []string{display + `"abc"`}, []string{display + `"ac"`}},
		{"wildcard ?", selectionOf(`displayMessage: 'a?c'`), []string{display + `"abc"`, display + `"aéc"`}, []string{display + `"ac"`, display + `"abbc"`}},
		{"wildcard alone", selectionOf(`displayMessage: '*'`), []string{display + `"x"`}, []string{``, display + `null`}},
		{"escaped *", selectionOf(`displayMessage: 'a\*c'`), []string{display + `"a*c"`}, []string{display + `"abc"`, display + `"a\\*c"`}},
		{"escaped ?", selectionOf(`displayMessage: 'a\?c'`), []string{display + `"a?c"`}, []string{display + `"abc"`}},
		{"plain backslash", selectionOf(`displayMessage: 'a\b'`), []string{display + `"a\\b"`}, []string{display + `"ab"`}},
		{"double backslash", selectionOf(`displayMessage: 'a\\b'`), []string{display + `"a\\b"`}, []string{display + `"a\\\\b"`}},
		{"escaped backslash before *", selectionOf(`displayMessage: 'a\\*'`), []string{display + `"a\\bc"`, display + `"a\\"`}, []string{display + `"a*"`}},
		{"three backslashes before *", selectionOf(`displayMessage: 'a\\\*'`), []string{display + `"a\\*"`}, []string{display + `"a\\bc"`}},
		{"four backslashes", selectionOf(`displayMessage: 'a\\\\'`), []string{display + `"a\\\\"`}, []string{display + `"a\\"`}},
		{"wildcards and an escape", selectionOf(`displayMessage: '*\**?'`), []string{display + `"a*bc"`}, []string{display + `"abc"`, display + `"a*"`}},
		{"startswith with a wildcard", selectionOf(`displayMessage|startswith: 'a?c'`), []string{display + `"abcd"`}, []string{display + `"acd"`}},
		{"text with wildcards of regular expressions", selectionOf(`displayMessage: 'a.c+'`), []string{display + `"a.c+"`}, []string{display + `"abcc"`}},
		{"boolean as text", selectionOf(`securityContext.isProxy: 'true'`), []string{`"securityContext":{"isProxy":true}`, `"securityContext":{"isProxy":"true"}`}, []string{`"securityContext":{"isProxy":false}`, ``}},
		{"boolean", selectionOf(`securityContext.isProxy: true`), []string{`"securityContext":{"isProxy":true}`}, []string{`"securityContext":{"isProxy":null}`}},
		{"number", selectionOf(`securityContext.asNumber: 64500`), []string{`"securityContext":{"asNumber":64500}`, `"securityContext":{"asNumber":"64500"}`}, []string{`"securityContext":{"asNumber":6450}`}},
		{"hexadecimal number", selectionOf(`securityContext.asNumber: 0x10`), []string{`"securityContext":{"asNumber":16}`}, []string{`"securityContext":{"asNumber":10}`}},
		{"null", selectionOf(`client.zone: null`), []string{client, ``}, []string{`"client":{"zone":"x"}`, `"client":{"zone":""}`}},
		{"empty text", selectionOf(`client.zone: ''`), []string{`"client":{"zone":""}`}, []string{client, `"client":{"zone":"x"}`, ``}},
		{"exists", selectionOf(`client.zone|exists: true`), []string{`"client":{"zone":"x"}`, `"client":{"zone":""}`}, []string{client, ``}},
		{"exists false", selectionOf(`client.zone|exists: false`), []string{client, ``}, []string{`"client":{"zone":"x"}`}},
		{"re", selectionOf(`displayMessage|re: 'a.c'`), []string{display + `"xabcx"`}, []string{display + `"xABCx"`, display + `"ac"`}},
		{"re with a comma and braces", selectionOf(`displayMessage|re: '^a{2,3}$'`), []string{display + `"aaa"`}, []string{display + `"aaaa"`}},
		{"re|i", selectionOf(`displayMessage|re|i: 'a.c'`), []string{display + `"ABC"`}, []string{display + `"ac"`}},
		{"re|m", selectionOf(`displayMessage|re|m: '^b$'`), []string{display + `"a\nb\nc"`}, []string{display + `"ab"`}},
		{"re|s", selectionOf(`displayMessage|re|s: 'a.c'`), []string{display + `"a\nc"`}, []string{display + `"ac"`}},
		{"re without s", selectionOf(`displayMessage|re: 'a.c'`), []string{display + `"abc"`}, []string{display + `"a\nc"`}},
		{"re, list", selectionOf(`displayMessage|re: ['^a', 'z$']`), []string{display + `"ax"`, display + `"xz"`}, []string{display + `"xa"`}},
		{"re|all", selectionOf(`displayMessage|re|all: ['^a', 'z$']`), []string{display + `"axz"`}, []string{display + `"ax"`, display + `"xz"`}},
		{"cidr", selectionOf(`client.ipAddress|cidr: 203.0.113.0/24`), []string{client}, []string{`"client":{"ipAddress":"203.0.114.7"}`, `"client":{"ipAddress":"x"}`, ``}},
		{"cidr, bits beyond the prefix", selectionOf(`client.ipAddress|cidr: 203.0.113.9/24`), []string{client}, []string{`"client":{"ipAddress":"203.0.114.7"}`}},
		{"cidr, list and IPv6", selectionOf(`client.ipAddress|cidr: [10.0.0.0/8, '2001:db8::/32']`), []string{`"client":{"ipAddress":"2001:DB8::1"}`}, []string{client}},
		{"cidr|all", selectionOf(`client.ipAddress|cidr|all: [203.0.0.0/16, 203.0.113.0/24]`), []string{client}, []string{`"client":{"ipAddress":"203.0.114.7"}`}},
		{"fieldref", selectionOf(`actor.alternateId|fieldref: target.alternateId`), []string{`"actor":{"alternateId":"ADA@example.com"},` + targets}, []string{`"actor":{"alternateId":"eve@example.com"},` + targets, targets}},
		{"fieldref|cased", selectionOf(`actor.alternateId|fieldref|cased: target.alternateId`), []string{`"actor":{"alternateId":"ada@example.com"},` + targets}, []string{`"actor":{"alternateId":"ADA@example.com"},` + targets}},
		{"fieldref|startswith", selectionOf(`actor.alternateId|fieldref|startswith: actor.id`), []string{`"actor":{"alternateId":"ADA@example.com","id":"ada"}`}, []string{`"actor":{"alternateId":"ada@example.com","id":"da"}`, `"actor":{"alternateId":"ada@example.com","id":""}`, `"actor":{"alternateId":"ada@example.com"}`, `"actor":{"alternateId":"ada","id":"ada@"}`}},
		{"startswith|fieldref|cased", selectionOf(`actor.alternateId|startswith|fieldref|cased: actor.id`), []string{`"actor":{"alternateId":"ada@example.com","id":"ada"}`}, []string{`"actor":{"alternateId":"ADA@example.com","id":"ada"}`}},
		{"endswith|fieldref", selectionOf(`actor.alternateId|endswith|fieldref: client.zone`), []string{`"actor":{"alternateId":"ada@example.com"},"client":{"zone":".COM"}`}, []string{`"actor":{"alternateId":"ada@example.com"},"client":{"zone":"example"}`}},
		{"cased|contains|fieldref|neq", selectionOf(`actor.alternateId|cased|contains|fieldref|neq: client.zone`), []string{`"actor":{"alternateId":"ada@example.com"},"client":{"zone":"EXAMPLE"}`}, []string{`"actor":{"alternateId":"ada@example.com"},"client":{"zone":"example"}`}},
		{"fieldref|contains|all", selectionOf(`actor.alternateId|fieldref|contains|all: [actor.id, client.zone]`), []string{`"actor":{"alternateId":"ada@example.com","id":"ada"},"client":{"zone":"example"}`}, []string{`"actor":{"alternateId":"ada@example.com","id":"ada"},"client":{"zone":"zz"}`}},
		{"fieldref|neq", selectionOf(`actor.alternateId|fieldref|neq: target.alternateId`), []string{`"actor":{"alternateId":"eve@example.com"},` + targets}, []string{`"actor":{"alternateId":"ada@example.com"},` + targets}},
		{"neq", selectionOf(`displayMessage|neq: a`), []string{display + `"b"`, ``}, []string{display + `"A"`}},
		{"gt", selectionOf(`securityContext.asNumber|gt: 10`), []string{`"securityContext":{"asNumber":11}`, `"securityContext":{"asNumber":"100"}`}, []string{`"securityContext":{"asNumber":10}`, `"securityContext":{"asNumber":"x"}`, ``}},
		{"gte", selectionOf(`securityContext.asNumber|gte: 10`), []string{`"securityContext":{"asNumber":10}`}, []string{`"securityContext":{"asNumber":9}`}},
		{"lt", selectionOf(`securityContext.asNumber|lt: 10`), []string{`"securityContext":{"asNumber":9}`}, []string{`"securityContext":{"asNumber":10}`}},
		{"lte", selectionOf(`securityContext.asNumber|lte: 10.5`), []string{`"securityContext":{"asNumber":10.5}`}, []string{`"securityContext":{"asNumber":10.6}`}},
		{"map: all members", "selection:\n  displayMessage: a\n  severity: WARN\ncondition: selection\n",
			[]string{display + `"a","severity":"WARN"`}, []string{display + `"a"`, `"severity":"WARN"`}},
		{"list of maps: any", "selection:\n  - displayMessage: a\n  - severity: WARN\n    displayMessage: b\ncondition: selection\n",
			[]string{display + `"a"`, display + `"b","severity":"WARN"`}, []string{display + `"b"`, `"severity":"WARN"`}},
		{"array: any element", selectionOf(`target.displayName: Okta Admin Console`), []string{targets}, []string{`"target":[]`, `"target":[{"displayName":"x"}]`, ``}},
		{"array with a filter", selectionOf(`target[type=User].alternateId|endswith: '@example.com'`), []string{targets}, []string{`"target":[{"type":"AppUser","alternateId":"ada@example.com"}]`}},
		{"field in another case", selectionOf(`ACTOR.AlternateID: ada`), []string{`"actor":{"alternateId":"ada"}`}, []string{`"actor":{"id":"ada"}`}},
		{"and", "a: {displayMessage: x}\nb: {severity: WARN}\ncondition: a and b\n", []string{display + `"x","severity":"WARN"`}, []string{display + `"x"`}},
		{"or", "a: {displayMessage: x}\nb: {severity: WARN}\ncondition: a or b\n", []string{display + `"x"`, `"severity":"WARN"`}, []string{``}},
		{"and not", "a: {displayMessage: x}\nb: {severity: WARN}\ncondition: a and not b\n", []string{display + `"x"`, display + `"x","severity":"INFO"`}, []string{display + `"x","severity":"WARN"`}},
		{"and before or", "a: {displayMessage: x}\nb: {severity: WARN}\nc: {version: '1'}\ncondition: a or b and c\n",
			[]string{display + `"x"`, `"severity":"WARN","version":"1"`}, []string{`"severity":"WARN"`, `"version":"1"`}},
		{"parentheses", "a: {displayMessage: x}\nb: {severity: WARN}\nc: {version: '1'}\ncondition: (a or b) and c\n",
			[]string{display + `"x","version":"1"`}, []string{display + `"x"`, `"version":"1"`}},
		{"not with parentheses", "a: {displayMessage: x}\nb: {severity: WARN}\nc: {version: '1'}\ncondition: c and not (a or b)\n",
			[]string{`"version":"1"`}, []string{`"version":"1","severity":"WARN"`}},
		{"not not", "a: {displayMessage: x}\ncondition: not not a\n", []string{display + `"x"`}, []string{``}},
		{"1 of pattern", "sel_a: {displayMessage: x}\nsel_b: {severity: WARN}\ncondition: 1 of sel_*\n", []string{display + `"x"`, `"severity":"WARN"`}, []string{``}},
		{"any of pattern", "sel_a: {displayMessage: x}\nsel_b: {severity: WARN}\ncondition: any of sel_*\n", []string{display + `"x"`}, []string{``}},
		{"all of pattern", "sel_a: {displayMessage: x}\nsel_b: {severity: WARN}\ncondition: all of sel_*\n", []string{display + `"x","severity":"WARN"`}, []string{display + `"x"`}},
		{"pattern with a star inside", "a_1_z: {displayMessage: x}\na_2_y: {severity: WARN}\ncondition: 1 of a_*_z or (a_2_y and a_1_z)\n", []string{display + `"x"`}, []string{`"severity":"WARN"`}},
		{"1 of them", "a: {displayMessage: x}\nb: {severity: WARN}\ncondition: 1 of them\n", []string{display + `"x"`, `"severity":"WARN"`}, []string{``}},
		{"all of them", "a: {displayMessage: x}\nb: {severity: WARN}\ncondition: all of them\n", []string{display + `"x","severity":"WARN"`}, []string{display + `"x"`}},
		{"them leaves out underscored selections", "a: {displayMessage: x}\n_b: {severity: WARN}\ncondition: all of them\n", []string{display + `"x"`}, []string{`"severity":"WARN"`}},
		{"not 1 of", "a: {displayMessage: x}\nf_1: {severity: WARN}\nf_2: {version: '1'}\ncondition: a and not 1 of f_*\n", []string{display + `"x"`}, []string{display + `"x","version":"1"`}},
		{"keywords of the condition in capitals", "a: {displayMessage: x}\nb: {severity: WARN}\ncondition: a AND NOT b\n", []string{display + `"x"`}, []string{display + `"x","severity":"WARN"`}},
		{"list of conditions: any", "a: {displayMessage: x}\nb: {severity: WARN}\ncondition: [a, b]\n", []string{display + `"x"`, `"severity":"WARN"`}, []string{``}},
		{"condition over several lines", "a: {displayMessage: x}\nb: {severity: WARN}\ncondition: |\n  a\n  and b\n", []string{display + `"x","severity":"WARN"`}, []string{display + `"x"`}},
		{"selection named like a keyword with more", "order: {displayMessage: x}\ncondition: order\n", []string{display + `"x"`}, []string{``}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x, report := compileText(t, tt.detection)
			if x == nil {
				t.Fatalf("does not compile: %v", report.Diagnostics)
			}
			for _, members := range tt.yes {
				if ev := decode(t, wrap(members)); !match.Eval(x, ev) {
					t.Errorf("%s does not hold for %s", match.String(x), members)
				}
			}
			for _, members := range tt.no {
				if ev := decode(t, wrap(members)); match.Eval(x, ev) {
					t.Errorf("%s holds for %s", match.String(x), members)
				}
			}
		})
	}
}

func TestDetectionDiagnostics(t *testing.T) {
	tests := []struct{ name, detection, want string }{
		{"no condition", "a: {displayMessage: x}\n", "1:1 error OKS0301"},
		{"empty condition", "a: {displayMessage: x}\ncondition: ''\n", "2:12 error OKS0302"},
		{"unknown selection", "sel: {displayMessage: x}\ncondition: sel and slection\n", "2:20 error OKS0303"},
		{"pattern without match", "a: {displayMessage: x}\ncondition: 1 of b*\n", "2:17 error OKS0303"},
		{"2 of", "a: {displayMessage: x}\ncondition: 2 of a*\n", "2:12 error OKS0302"},
		{"pattern without quantifier", "a: {displayMessage: x}\ncondition: a*\n", "2:12 error OKS0302"},
		{"open parenthesis", "a: {displayMessage: x}\ncondition: (a\n", "2:14 error OKS0302"},
		{"stray parenthesis", "a: {displayMessage: x}\ncondition: a)\n", "2:13 error OKS0302"},
		{"two names in a row", "a: {displayMessage: x}\ncondition: a a\n", "2:14 error OKS0302"},
		{"ends after and", "a: {displayMessage: x}\ncondition: a and\n", "2:17 error OKS0302"},
		{"error on a later line", "a: {displayMessage: x}\ncondition: >-\n  a and\n  bb\n", "4:3 error OKS0303"},
		{"aggregation after a bar", "a: {displayMessage: x}\ncondition: a | count() by x > 5\n", "2:14 unsupported OKS0308"},
		{"timeframe", "a: {displayMessage: x}\ntimeframe: 5m\ncondition: a\n", "2:1 unsupported OKS0308"},
		{"unused selection", "a: {displayMessage: x}\nb: {severity: x}\ncondition: a\n", "2:1 warning OKS0304"},
		{"nothing positive", "a: {displayMessage: x}\ncondition: not a\n", "2:12 warning OKS0305"},
		{"nothing positive in one branch", "a: {displayMessage: x}\nb: {severity: x}\ncondition: a or not b\n", "3:12 warning OKS0305"},
		{"only null", "a: {displayMessage: null}\ncondition: a\n", "2:12 warning OKS0305"},
		{"unknown modifier", "a:\n  displayMessage|contain: x\ncondition: a\n", "2:18 error OKS0306"},
		{"second modifier unknown", "a:\n  displayMessage|contains|al: [x, y]\ncondition: a\n", "2:27 error OKS0306"},
		{"expand without a list", "a:\n  displayMessage|expand: 'x %x%'\ncondition: a\n", "2:29 unsupported OKS0313"},
		{"base64offset of too little", "a:\n  displayMessage|base64offset|contains: x\ncondition: a\n", "2:41 error OKS0309"},
		{"windash with too many marks", "a:\n  displayMessage|windash|contains: '-a -b -c -d'\ncondition: a\n", "2:36 error OKS0309"},
		{"hour of 24", "a:\n  published|hour: 24\ncondition: a\n", "2:19 error OKS0309"},
		{"two forms", "a:\n  displayMessage|contains|re: x\ncondition: a\n", "2:27 error OKS0307"},
		{"i without re", "a:\n  displayMessage|i: x\ncondition: a\n", "2:18 error OKS0307"},
		{"all on one value", "a:\n  displayMessage|contains|all: x\ncondition: a\n", "2:3 warning OKS0307"},
		{"exists with text", "a:\n  displayMessage|exists: x\ncondition: a\n", "2:26 error OKS0307"},
		{"null with contains", "a:\n  displayMessage|contains: null\ncondition: a\n", "2:28 error OKS0307"},
		{"contains nothing", "a:\n  displayMessage|contains: ''\ncondition: a\n", "2:28 warning OKS0312"},
		{"gt with text", "a:\n  displayMessage|gt: x\ncondition: a\n", "2:22 error OKS0309"},
		{"bad network", "a:\n  client.ipAddress|cidr: 10.0.0.0/33\ncondition: a\n", "2:26 error OKS0309"},
		{"bad expression", "a:\n  displayMessage|re: 'x(y'\ncondition: a\n", "2:23 error OKS0309"},
		{"bad expression, place", "a:\n  displayMessage|re: 'xx[z-a]'\ncondition: a\n", "2:26 error OKS0309"},
		{"look-ahead", "a:\n  displayMessage|re: 'x(?=y)'\ncondition: a\n", "2:24 unsupported OKS0308"},
		{"set of PCRE alone", "a:\n  displayMessage|re: 'x\\hy'\ncondition: a\n", "2:24 unsupported OKS0308"},
		{"class of PCRE alone", "a:\n  displayMessage|re: 'x\\p{Xan}'\ncondition: a\n", "2:24 unsupported OKS0308"},
		{"repeated too often", "a:\n  displayMessage|re: 'xa{2000}'\ncondition: a\n", "2:25 unsupported OKS0308"},
		{"gt with an address", "a:\n  client.ipAddress|gt: 10.0.0.0\ncondition: a\n", ""},
		{"gt with an address elsewhere", "a:\n  displayMessage|gt: 10.0.0.0\ncondition: a\n", "2:22 error OKS0309"},
		{"back reference", "a:\n  displayMessage|re: '(x)\\1'\ncondition: a\n", "2:26 unsupported OKS0308"},
		{"null among keywords", "a:\n  - one\n  - null\ncondition: a\n", "3:5 error OKS0301"},
		{"keywords with gt", "a:\n  '|gt': 1\ncondition: a\n", "2:3 error OKS0307"},
		{"empty selection", "a: {}\ncondition: a\n", "1:4 error OKS0301"},
		{"selection without value", "a:\ncondition: a\n", "1:3 error OKS0301"},
		{"empty list of values", "a:\n  displayMessage: []\ncondition: a\n", "2:19 error OKS0301"},
		{"map as a value", "a:\n  actor:\n    id: x\ncondition: a\n", "3:5 error OKS0301"},
		{"unknown field", "a: {actor.alternatId: x}\ncondition: a\n", "1:5 warning OKS0116"},
		{"bad path", "a: {'actor[': x}\ncondition: a\n", "1:5 error OKS0115"},
		{"unknown event type", "a: {eventType: user.session.strat}\ncondition: a\n", "1:16 warning OKS0310"},
		{"unknown event type in a list", "a:\n  eventType:\n    - user.session.start\n    - user.sesion.start\ncondition: a\n", "4:7 warning OKS0310"},
		{"not a map", "[a]\n", "1:1 error OKS0301"},
		{"all mistakes at once", "a:\n  displayMessage|contain: x\n  displayMessage|gt: x\ncondition: b\n", "2:18 error OKS0306 3:22 error OKS0309 4:12 error OKS0303"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x, report := compileText(t, tt.detection)
			if got := listDiagnostics(report.Diagnostics); got != tt.want {
				t.Errorf("got  %s\nwant %s\n%v", got, tt.want, report.Diagnostics)
			}
			if bad := strings.Contains(tt.want, "error") || strings.Contains(tt.want, "unsupported"); bad != (x == nil) {
				t.Errorf("expression %v with %s", x, tt.want)
			}
		})
	}
}

func listDiagnostics(ds []rules.Diagnostic) string {
	var parts []string
	for _, d := range ds {
		parts = append(parts, fmt.Sprintf("%d:%d %s %s", d.Line, d.Col, d.Level, d.Code))
	}
	return strings.Join(parts, " ")
}

func TestHints(t *testing.T) {
	for _, tt := range []struct{ detection, hint string }{
		{"sel: {displayMessage: x}\ncondition: slection\n", "one of sel"},
		{"sel: {displayMessage: x}\ncondition: sel and not\n", "go on, as in: selection and not filter"},
		{"selection: {displayMessage: x}\ncondition: slection\n", "did you mean selection?"},
		{"a: {eventType: user.session.strat}\ncondition: a\n", "did you mean user.session.start?"},
		{"a: {actor.alternatId: x}\ncondition: a\n", "did you mean actor.alternateId?"},
		{"a:\n  displayMessage|contain: x\ncondition: a\n", "did you mean contains?"},
	} {
		_, report := compileText(t, tt.detection)
		if len(report.Diagnostics) != 1 || report.Diagnostics[0].Hint != tt.hint {
			t.Errorf("%q: got %v, want the hint %q", tt.detection, report.Diagnostics, tt.hint)
		}
	}
}

func TestConditionCannotExplode(t *testing.T) {
	var b strings.Builder
	for i := range 900 {
		b.WriteString("s" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/26) + ": {displayMessage: x}\n")
	}
	b.WriteString("condition: " + strings.Repeat("1 of s* or ", 800) + "1 of s*\n")
	x, report := compileText(t, b.String())
	if x != nil || len(report.Diagnostics) != 1 || report.Diagnostics[0].Code != TooComplex {
		t.Errorf("got %v", report.Diagnostics)
	}
}

func TestConditionDepth(t *testing.T) {
	for _, tt := range []struct {
		condition string
		ok        bool
	}{
		{strings.Repeat("(", 60) + "a" + strings.Repeat(")", 60), true},
		{strings.Repeat("(", 3000) + "a" + strings.Repeat(")", 3000), false},
		{strings.Repeat("not ", 60) + "a", true},
		{strings.Repeat("not ", 2000) + "a", false},
	} {
		x, report := compileText(t, "a: {displayMessage: x}\ncondition: "+tt.condition+"\n")
		if (x != nil) != tt.ok {
			t.Errorf("%.20s…: %v", tt.condition, report.Diagnostics)
		}
	}
}

func FuzzCondition(f *testing.F) {
	for _, seed := range []string{"a", "a and b or not (c_1)", "1 of c_*", "all of them", "a | count()", "((", "not", "any of of", "1 of", "*", "a\n\tand b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := &selections{order: []string{"a", "b", "c_1", "c_2"}, exprs: map[string]match.Expr{}, sizes: map[string]int{}, named: map[string]bool{}, used: &used{}}
		for _, name := range s.order {
			s.exprs[name] = &match.Pred{Path: event.MustPath(name), Op: match.Exists}
			s.sizes[name] = 1
		}
		r := &source.Report{}
		x := parseCondition(&source.Node{Kind: source.Scalar, Type: source.String, Text: text}, s, r)
		if (x == nil) == r.OK() {
			t.Fatalf("%q: expression %v, diagnostics %v", text, x, r.Diagnostics)
		}
		if x != nil {
			match.Eval(x, decode(t, wrap("")))
			positive(x)
		}
	})
}

func testLists(name string) ([]string, bool) {
	lists := map[string][]string{"servers": {"srv*", "backup"}, "empty": {}}
	values, ok := lists[name]
	return values, ok
}

// Slips that newcomers make come with what to do instead.
func TestHintsForSlips(t *testing.T) {
	for text, want := range map[string]string{
		"a: {displayMessage: x}\noutcome.result: {severity: y}\ncondition: a\n": "indent it under the selection if it is a field",
		"a: {displayMessage: x}\nfilter: {severity: y}\ncondition: a\n":         "",
		"a: {displayMessage: x}\ntimeframe: 5m\ncondition: a\n":                 "write a second document with correlation: and timespan: 5m",
	} {
		_, r := compileText(t, text)
		if len(r.Diagnostics) == 0 || r.Diagnostics[0].Hint != want {
			t.Errorf("%s: want the hint %q, got %v", text, want, r.Diagnostics)
		}
	}
}
