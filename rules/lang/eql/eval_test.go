package eql

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"oktastream/rules/event"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

func decode(t interface{ Fatal(...any) }, text string) *event.Event {
	ev, err := event.NewDecoder(nil).Decode([]byte(text), event.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

func condition(t interface{ Fatal(...any) }, text string) match.Expr {
	r := &source.Report{}
	where, _ := Compile(&source.Node{Kind: source.Scalar, Type: source.String, Text: text}, Options{}, r)
	if !r.OK() {
		t.Fatal(text, r.Diagnostics)
	}
	return where
}

const sample = `{"uuid":"1","eventType":"user.session.start","version":"7","outcome":{"result":"SUCCESS"},
	"client":{"ipAddress":"192.0.2.9","device":"Computer\\x"},"securityContext":{"asNumber":64500,"isProxy":true},
	"target":[{"type":"User","displayName":"Ada"},{"type":"AppInstance","displayName":"CRM"}]}`

// TestConditions has one line for each construct and each rule about null, case and arrays.
func TestConditions(t *testing.T) {
	ev := decode(t, sample)
	for text, want := range map[string]bool{
		`true`: true, `false`: false, `not false`: true,
		`eventType == "user.session.start"`: true, `eventType == "User.session.start"`: false, `eventType : "User.*"`: true, `eventType == "user.*"`: false,
		`"user.session.start" == eventType`: true, `eventType != "x"`: true, `eventType like "user.*.start"`: true, `eventType like "User*"`: false,
		`eventType like~ "User*"`: true, `eventType : ("x", "USER.session.start")`: true, `eventType in ("x", "user.session.start")`: true,
		`eventType in ("USER.session.start")`: false, `eventType in~ ("USER.session.start")`: true, `eventType not in ("x")`: true, `eventType not in~ ("USER.SESSION.START")`: false,
		`eventType regex "user\\.[a-z]+\\.start"`: true, `eventType regex "user"`: false, `eventType regex~ """USER\..*"""`: true, `eventType regex ("x", "user.*")`: true,
		`outcome.reason == null`: true, `outcome.reason != null`: false, `outcome.result != null`: true, `outcome.reason == "x"`: false,
		`outcome.reason != "x"`: true, `not outcome.reason == "x"`: true, `outcome.reason not in ("x")`: true, `outcome.reason > 1`: false, `?outcome.reason == null`: true,
		`securityContext.isProxy`: true, `securityContext.isProxy == true`: true, `not securityContext.isProxy`: false,
		`securityContext.asNumber == 64500`: true, `securityContext.asNumber >= 64500 and securityContext.asNumber < 64501`: true, `64499 < securityContext.asNumber`: true,
		`securityContext.asNumber % 1000 == 500`: true, `securityContext.asNumber / 1000 == 64`: true, `securityContext.asNumber / 1000.0 == 64.5`: true,
		`-securityContext.asNumber == -64500`: true, `securityContext.asNumber / 0 == 1`: false, `1 + 2 * 3 == 7`: true, `(1 + 2) * 3 == 9`: true, `7 % -4 == 3`: true,
		`version == "7"`: true, `version == 7`: true, `version > 6`: true, `eventType > "a"`: true, `eventType < "a"`: false,
		`target.displayName == "CRM"`: true, `target.displayName != "CRM"`: false, `target[0].displayName == "CRM"`: false, "`target`.`displayName` == \"Ada\"": true,
		`cidrmatch(client.ipAddress, "::1", "198.51.100.0/24", "192.0.2.0/24")`: true, `cidrMatch(outcome.reason, "192.0.2.0/24")`: false,
		`startsWith(eventType, "user.")`: true, `startsWith(eventType, "USER.")`: false, `startsWith~(eventType, "USER.")`: true, `endsWith(eventType, ".start")`: true,
		`stringContains(eventType, "session")`: true, `stringContains~(eventType, "SESSION")`: true, `startsWith(eventType, outcome.reason)`: false,
		`length(eventType) == 18`: true, `concat(outcome.result, " ", 1, true) == "SUCCESS 1true"`: true, `concat(outcome.reason, "x") == null`: true,
		`indexOf(eventType, ".") == 4`: true, `indexOf(eventType, ".", 5) == 12`: true, `indexOf(eventType, "z") == null`: true,
		`substring(eventType, -5) == "start"`: true, `substring(eventType, 5, 12) == "session"`: true, `between(eventType, "user.", ".start") == "session"`: true,
		`between(eventType, "s", "s", true) == "er.se"`: false, `between~(eventType, "USER.", ".START") == "session"`: true, `number("0x10") == 16`: true, `number("31", 8) == 25`: true,
		`number("x") == null`: true, `string(securityContext.asNumber) == "64500"`: true, `add(1, 2) == 3 and subtract(1, 2) == -1 and multiply(2, 3) == 6 and divide(4, 3) == 1 and modulo(10, 6) == 4`: true,
		`wildcard(eventType, "*.session.*")`: true, `match(eventType, "user.*")`: true, `client.device == "Computer\\x"`: true, `client.device like """*\x"""`: true,
		`9223372036854775807 + 1 == null`: true, "true // nothing\n and /* more */ true": true, `eventType == "\u{75}ser.session.start"`: true,
	} {
		if got := match.Eval(condition(t, "any where "+text), ev); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	r := &source.Report{}
	where, _ := Compile(&source.Node{Kind: source.Scalar, Type: source.String, Text: `SUCCESS where true`}, Options{CategoryField: "outcome.result"}, r)
	if !match.Eval(where, ev) || match.Eval(where, decode(t, `{"outcome":{"result":"success"}}`)) {
		t.Error("the category does not decide")
	}
}

// TestLowering: the plain predicates that conditions become say what the evaluation of the expression says.
func TestLowering(t *testing.T) {
	fieldNames := []string{"a", "b.c", "list", "missing"}
	literals := []string{`"x"`, `"X"`, `"xy"`, `"1"`, `"true"`, `""`, `1`, `1.0`, `-2`, `true`, `null`}
	rapid.Check(t, func(t *rapid.T) {
		pick := func(of []string) string { return rapid.SampledFrom(of).Draw(t, "pick") }
		var draw func(depth int) string
		draw = func(depth int) string {
			switch n := rapid.IntRange(0, 9).Draw(t, "form"); {
			case depth > 0 && n < 2:
				return "(" + draw(depth-1) + " and " + draw(depth-1) + ")"
			case depth > 0 && n < 4:
				return "(" + draw(depth-1) + " or " + draw(depth-1) + ")"
			case depth > 0 && n == 4:
				return "not " + draw(depth-1)
			case n == 5:
				return pick(fieldNames) + pick([]string{" in ", " in~ ", " not in "}) + "(" + pick(literals) + ", " + pick(literals) + ")"
			case n == 6:
				return pick(fieldNames) + pick([]string{" : ", " like ", " like~ ", " regex ", " regex~ "}) + pick([]string{`"x*"`, `"?"`, `("x", "1")`, `"[xy]+"`}[:3])
			case n == 7:
				return pick([]string{"startsWith", "endsWith~", "stringContains", "stringContains~"}) + "(" + pick(fieldNames) + `, "` + pick([]string{"x", "Y", ""}) + `")`
			case n == 8:
				return pick(fieldNames) + pick([]string{" == ", " != ", " < "}) + pick(fieldNames)
			}
			return pick(fieldNames) + pick([]string{" == ", " != ", " < ", " >= "}) + pick(literals)
		}
		text := strings.ReplaceAll(draw(3), `regex "?"`, `regex "."`)
		text = strings.ReplaceAll(text, `regex~ "?"`, `regex~ "."`)
		value := func() any {
			return rapid.SampledFrom([]any{"x", "X", "xy", "1", "", true, false, 1, 2.5, -2, nil}).Draw(t, "value")
		}
		b, err := json.Marshal(map[string]any{"a": value(), "b": map[string]any{"c": value()}, "list": []any{value(), value()}})
		if err != nil {
			t.Fatal(err)
		}
		ev := decode(t, string(b))
		q := parse("any where " + text)
		want := holds(build(q.event.where)(ev))
		if got := match.Eval(condition(t, "any where "+text), ev); got != want {
			t.Fatalf("%s on %s: lowered %v, evaluated %v", text, b, got, want)
		}
	})
}

func TestProblems(t *testing.T) {
	for text, want := range map[string]string{
		"": "error OKS1202", "any where": "error OKS1202", "any where a =": "error OKS1202", `any where a = "x"`: "error OKS1202",
		`any where a == 'x'`: "error OKS1201", `any where a == "x`: "error OKS1201", `any where a == "\q"`: "error OKS1201", "any where a # b": "error OKS1201",
		"any where a == 1 == 2": "error OKS1202", "any where length(a)": "error OKS1202", "any where foo(a)": "error OKS1205", "any where LENGTHS(a) > 1": "error OKS1205",
		"any where length(a, b) > 1": "error OKS1205", `any where cidrMatch(a, "x")`: "error OKS1204", `any where a regex "("`: "error OKS1204", `any where a regex "~x"`: "unsupported OKS1206",
		"any where true | head 5": "unsupported OKS1206", "sample by a [any where true] [any where true]": "unsupported OKS1206", "join [any where true] [any where true]": "unsupported OKS1206",
		"process where child of [process where true]": "unsupported OKS1206", "any where arrayContains(a, 1)": "unsupported OKS1206",
		"sequence [any where true] [any where true]": "error OKS1207", "sequence with maxspan=5x [any where true]": "error OKS1204", "sequence with maxspan=1m ![any where true]": "error OKS1207",
		"sequence by actor.id with maxspan=1m [any where true] by client.id [any where true]":            "error OKS1207",
		"sequence with maxspan=1m [any where true] with runs=0":                                          "error OKS1204",
		"sequence with maxspan=1m ![any where true] [any where true] ![any where true]":                  "unsupported OKS1206",
		"any where " + strings.Repeat("(", 300) + "true" + strings.Repeat(")", 300):                      "unsupported OKS1203",
		`any where eventType in ("x", null)`:                                                             "warning OKS1208",
		"any where " + strings.Repeat("not ", 250) + "true":                                              "unsupported OKS1203",
		"sequence by ?actor.id with maxspan=1m [any where true] [any where true] until [any where true]": "",
	} {
		got, r := compileText(text, Options{})
		if got = strings.TrimPrefix(got, "warning OKS0116, "); got != want { // the field a of these is unknown
			t.Errorf("%.80s: %q, want %q %v", text, got, want, r.Diagnostics)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, s := range []string{`any where a == "x"`, `sequence by a with maxspan=1m [any where b : ("x*", "y")] with runs=3 ![any where c] [d where true] until [any where length(e) > 2]`,
		"process where `my-field` == \"\"\"raw\"\"\" and ?x != null // c", `any where a regex~ ("[^a-z]{2,3}") and between(a, "x", "y", true) like "?"`} {
		f.Add(s)
	}
	ev := func() *event.Event { return decode(f, sample) }()
	f.Fuzz(func(t *testing.T, text string) {
		r := &source.Report{}
		where, st := Compile(&source.Node{Kind: source.Scalar, Type: source.String, Text: text}, Options{}, r)
		if r.OK() != (where != nil || st != nil) {
			t.Fatal(fmt.Sprint(r.Diagnostics))
		}
		if where != nil {
			match.Eval(where, ev)
		}
		if st != nil {
			for _, in := range st.Inputs {
				match.Eval(in.Where, ev)
				for _, g := range in.Group {
					ev.Lookup(g)
				}
			}
		}
	})
}
