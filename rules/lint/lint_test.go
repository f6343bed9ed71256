package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktastream/rules"
	"oktastream/rules/lang"
	"oktastream/rules/ruletest"
)

// checkFiles lints files. Notes about missing tests are left out unless o says otherwise.
func checkFiles(files map[string]string, o Options) *Report {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	if o.Levels == nil {
		o.Levels = map[string]rules.Level{NoTest: Off}
	}
	in := Input{Loaded: lang.LoadFS(fsys, "."), Read: fsys.ReadFile}
	in.Loaded.Diagnostics = append(in.Loaded.Diagnostics, in.Loaded.Expired(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))...)
	in.Tests, in.Broken = ruletest.LoadFS(fsys, ".")
	return Check(in, o)
}

// list writes findings as line:col+length level CODE, those of the files in order.
func list(rep *Report) []string {
	var out []string
	for _, f := range rep.Findings() {
		out = append(out, fmt.Sprintf("%d:%d+%d %s %s", f.Line, f.Col, f.Length, f.Level, f.Code))
	}
	return out
}

const head = "title: t\nid: 6f1b2c9e-7d0a-4c55-9a53-1d2f4b7c8e90\nlevel: low\n" // three lines

func query(text string) string { return head + "language: okta\nquery: '" + text + "'\n" }

func selection(lines ...string) string {
	return head + "detection:\n  selection:\n    " + strings.Join(lines, "\n    ") + "\n  condition: selection\n"
}

// correlation is a rule on failed sign-ins, and a correlation of them that begins in line 12.
func correlation(where string, lines ...string) string {
	return strings.Replace(head, "low", "informational", 1) + "name: base\ndetection:\n  selection:\n    " + where + "\n  condition: selection\n---\n" +
		"title: c\nid: 0d9c1e52-3b7f-4f0e-8a35-5b1c2e7d9f11\nlevel: low\ncorrelation:\n  rules: [base]\n  " +
		strings.Join(lines, "\n  ") + "\n"
}

func TestFindings(t *testing.T) {
	hook := Options{Feed: EventHook}
	signIn := "eventType: user.session.start"
	for _, tt := range []struct {
		name string
		text string
		o    Options
		want []string
	}{
		{"nothing to say", query(`eventType eq "user.session.start" and outcome.result eq "FAILURE"`), hook, nil},

		{"unknown event type in a query", query(`outcome.result eq "DENY" and eventType eq "zone.deactivated"`), Options{},
			[]string{"5:52+16 warning OKS0701"}},
		{"unknown event type under its ECS name", query(`event.action eq "zone.deactivated"`), Options{}, []string{"5:26+16 warning OKS0701"}},
		{"unknown event type in a list", query(`eventType in ["zone.deactivate", "zone.deactivated"]`), Options{}, []string{"5:43+16 warning OKS0701"}},
		{"unknown event type that Sigma's loader reports", selection("eventType: zone.deactivated"), Options{}, []string{"6:16+16 warning OKS0310"}},
		{"an empty event type", query(`eventType eq ""`), Options{}, []string{"5:9+9 warning OKS0701"}},
		{"a prefix of an event type", query(`eventType sw "zone.deact"`), Options{}, nil},
		{"an unknown type as a value of another field", query(`eventType eq "zone.deactivate" and displayMessage eq "zone.deactivated"`), Options{}, nil},

		{"event type in other letters", query(`eventType eq "User.Session.Start"`), Options{}, []string{"5:23+18 note OKS0702"}},
		{"event type in other letters, cased", selection("eventType|cased: User.Session.Start"), Options{}, []string{"6:22+18 warning OKS0702"}},
		{"event type with capitals", query(`eventType eq "user.authentication.auth_via_IDP"`), Options{}, nil},
		{"event type with capitals in small letters", query(`eventType eq "user.authentication.auth_via_idp"`), Options{}, []string{"5:23+32 note OKS0702"}},

		{"unknown field that the loaders report", query(`eventType eq "user.session.start" and actor.alternatId eq "x"`), Options{}, []string{"5:47+16 warning OKS0212"}},
		{"field in other letters in a query", query(`eventType eq "user.session.start" and actor.alternateid eq "x"`), Options{}, []string{"5:47+17 note OKS0704"}},
		{"field in other letters with a modifier", selection("eventtype|startswith: user.session."), Options{}, []string{"6:5+9 note OKS0704"}},
		{"field in other letters under fields", selection(signIn) + "fields: [client.ipaddress]\n", Options{}, []string{"8:10+16 note OKS0704"}},
		{"field in other letters in a group key",
			correlation(signIn, "type: event_count", "group-by: [actor.alternateID]", "timespan: 5m", "condition: {gte: 5}"), Options{},
			[]string{"16:14+17 note OKS0704"}},

		{"no result of Okta's", selection("outcome.result: FAILED"), Options{}, []string{"6:21+6 warning OKS0720"}},
		{"a result in small letters", selection("outcome.result: failure", "severity: warn"), Options{}, nil},
		{"a result in small letters, cased", selection("outcome.result|cased: failure"), Options{}, []string{"6:27+7 warning OKS0720"}},
		{"a result under its ECS name", query(`okta.outcome.result eq "DENIED"`), Options{}, []string{"5:33+6 warning OKS0720"}},
		{"one of several severities", query(`eventType eq "zone.delete" and severity in ["WARN", "WARNING"]`), Options{}, []string{"5:62+7 warning OKS0720"}},
		{"the beginning of a result", selection("outcome.result|startswith: FAILED"), Options{}, nil},
		{"another field with a result's name", selection("outcome.reason: FAILED"), Options{}, nil},

		{"no hook delivers it", query(`eventType eq "policy.evaluate_sign_on"`), hook, []string{"5:23+23 error OKS0705"}},
		{"without a feed", query(`eventType eq "policy.evaluate_sign_on"`), Options{}, nil},
		{"another feed", query(`eventType eq "policy.evaluate_sign_on"`), Options{Feed: LogStream}, nil},
		{"hooks deliver one of two", query(`eventType eq "policy.evaluate_sign_on" or eventType eq "user.session.start"`), hook, []string{"5:23+23 warning OKS0706"}},
		{"hooks may deliver others", query(`outcome.result eq "DENY"`), hook, nil},
		{"what is left of a contradiction comes", query(`(eventType eq "policy.evaluate_sign_on" or eventType eq "user.session.start") and not eventType eq "zone.delete"`), hook,
			[]string{"5:24+23 warning OKS0706"}},
		{"an unknown type may come", query(`eventType eq "zone.deactivated"`), hook, []string{"5:23+16 warning OKS0701"}},
		{"a step that no hook delivers", steps("user.session.start", "policy.evaluate_sign_on"), hook, []string{"18:16+23 error OKS0705"}},
		{"a counted type that no hook delivers", strings.Replace(steps("user.session.start", "policy.evaluate_sign_on"), "temporal_ordered", "event_count\n  condition: {gte: 3}", 1),
			hook, []string{"19:16+23 warning OKS0706"}},

		{"internal", query(`eventType eq "security.internal.threat.detected"`), Options{}, []string{"5:23+33 warning OKS0707"}},

		{"sessions of failed sign-ins",
			correlation(signIn, "type: event_count", "group-by: [authenticationContext.externalSessionId]", "timespan: 5m", "condition: {gte: 5}"), Options{},
			[]string{"16:14+39 warning OKS0708"}},
		{"sessions of events that have one",
			correlation(signIn+"\n    authenticationContext.externalSessionId|exists: true", "type: event_count",
				"group-by: [authenticationContext.externalSessionId]", "timespan: 5m", "condition: {gte: 5}"), Options{}, nil},
		{"targets", correlation(signIn, "type: event_count", "group-by:", "  - target.alternateId", "timespan: 5m", "condition: {gte: 5}"), Options{},
			[]string{"17:7+18 warning OKS0708"}},
		{"targets of a type", correlation(signIn, "type: event_count", "group-by:", "  - target[type=User].alternateId", "timespan: 5m", "condition: {gte: 5}"), Options{}, nil},
		{"an alias", correlation(signIn, "type: event_count", "group-by: [who]", "aliases: {who: {base: client.zone}}", "timespan: 5m", "condition: {gte: 5}"), Options{},
			[]string{"16:14+3 warning OKS0708"}},
		{"users", correlation(signIn, "type: event_count", "group-by: [actor.alternateId]", "timespan: 5m", "condition: {gte: 5}"), Options{}, nil},
		{"suppression by session", selection(signIn) + "oktastream: {suppress: {by: [authenticationContext.externalSessionId], for: 1h}}\n", Options{},
			[]string{"8:30+39 warning OKS0708"}},

		{"a window longer than state", correlation(signIn, "type: event_count", "group-by: [actor.id]", "timespan: 25h", "condition: {gte: 5}"), Options{Retention: 24 * time.Hour},
			[]string{"17:13+3 warning OKS0709"}},
		{"a window and its lateness", correlation(signIn, "type: event_count", "group-by: [actor.id]", "timespan: 24h", "condition: {gte: 5}"), Options{Retention: 24 * time.Hour},
			[]string{"17:13+3 warning OKS0709"}},
		{"a window within state", correlation(signIn, "type: event_count", "group-by: [actor.id]", "timespan: 6h", "condition: {gte: 5}"), Options{Retention: 24 * time.Hour}, nil},
		{"an episode longer than state",
			correlation(signIn, "type: event_count", "group-by: [actor.id]", "timespan: 6h", "condition: {gte: 5}") + "oktastream: {suppress: {max: 7d}}\n", Options{Retention: 48 * time.Hour},
			[]string{"19:30+2 warning OKS0709"}},
		{"the default retention", correlation(signIn, "type: event_count", "group-by: [actor.id]", "timespan: 31d", "condition: {gte: 5}"), Options{},
			[]string{"17:13+3 warning OKS0709"}},

		{"withdrawn technique", selection(signIn) + "tags: [attack.t1192, attack.t1566.002]\n", Options{}, []string{"8:8+12 warning OKS0712"}},
		{"old tactic, which the loader reports", selection(signIn) + "tags: [attack.defense-evasion]\n", Options{}, []string{"8:8+22 note OKS0122"}},

		{"two event types at once", query(`eventType eq "user.session.start" and eventType eq "user.session.end"`), Options{}, []string{"5:1+5 error OKS0713"}},
		{"two results at once", query(`eventType eq "user.session.start" and outcome.result eq "DENY" and not (outcome.result sw "D" or actor.id eq "x")`), Options{},
			[]string{"5:1+5 error OKS0713"}},
		{"two results in either part", query(`outcome.result eq "DENY" and outcome.result eq "ALLOW" or eventType eq "zone.delete" and outcome.result eq "ALLOW" and outcome.result ne "ALLOW"`),
			Options{}, []string{"5:1+5 error OKS0713"}},
		{"one part is possible", query(`outcome.result eq "DENY" and outcome.result eq "ALLOW" or eventType eq "zone.delete"`), Options{}, nil},
		{"present and absent", query(`eventType eq "zone.delete" and target.id pr and not (target.id pr)`), Options{}, []string{"5:1+5 error OKS0713"}},
		{"two targets at once", query(`eventType eq "zone.delete" and target.type eq "User" and target.type eq "AppUser"`), Options{}, nil},
		{"a number in two forms", query(`eventType eq "zone.delete" and securityContext.asNumber eq 64500 and securityContext.asNumber gt 64000`), Options{}, nil},
		{"a number that is too small", query(`eventType eq "zone.delete" and securityContext.asNumber eq 64500 and securityContext.asNumber gt 70000`), Options{}, []string{"5:1+5 error OKS0713"}},
		{"letters that differ", query(`eventType eq "zone.delete" and outcome.result eq "DENY" and outcome.result eq "deny"`), Options{}, nil},
		{"a value of the group key is counted",
			correlation(signIn, "type: value_count", "group-by: [actor.id, client.ipAddress]", "timespan: 5m", "condition: {field: client.ipAddress, gte: 2}"), Options{},
			[]string{"13:1+11 error OKS0713"}},
		{"targets may differ within a group",
			correlation("eventType: user.session.start", "type: value_count", "group-by: ['target[type=User].id']", "timespan: 5m", "condition: {field: 'target[type=User].id', gte: 2}"), Options{}, nil},
		{"more types than there are", correlation(signIn, "type: value_count", "group-by: [actor.id]", "timespan: 5m", "condition: {field: eventType, gte: 2}"), Options{},
			[]string{"13:1+11 error OKS0713"}},
		{"as many types as there are", correlation("eventType: [user.session.start, user.session.end]", "type: value_count", "group-by: [actor.id]", "timespan: 5m",
			"condition: {field: eventType, gte: 2}"), Options{}, nil},
		{"a step that is impossible", steps("user.session.start", "user.session.end, outcome.result: ALLOW, outcome.result|startswith: D"), Options{},
			[]string{"4:1+11 error OKS0713"}},
		{"a step that is possible", steps("user.session.start", "user.session.end, outcome.result: ALLOW, outcome.result|startswith: A"), Options{}, nil},

		{"one is enough", correlation(signIn, "type: event_count", "group-by: [actor.id]", "timespan: 5m", "condition: {gte: 1}"), Options{}, []string{"15:9+11 warning OKS0714"}},
		{"one value is enough", correlation(signIn, "type: value_count", "group-by: [actor.id]", "timespan: 5m", "condition: {field: client.ipAddress, gte: 1}"), Options{},
			[]string{"15:9+11 warning OKS0714"}},
		{"one step is enough", correlation(signIn, "type: temporal", "group-by: [actor.id]", "timespan: 5m"), Options{}, []string{"15:9+8 warning OKS0714"}},
		{"suppression is no correlation", selection(signIn) + "oktastream: {suppress: {by: [actor.id], for: 1h}}\n", Options{}, nil},

		{"nothing to find the rule by", selection("actor.alternateId|re: ^[a-z]+[0-9]+@"), Options{}, []string{"4:1+9 note OKS0715"}},
		{"only a negation, which the loader reports", head + "detection:\n  f: {eventType: user.session.start}\n  condition: not f\n", Options{}, []string{"6:14+3 warning OKS0305"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rep := checkFiles(map[string]string{"r.yml": tt.text}, tt.o)
			got := slices.DeleteFunc(list(rep), func(s string) bool { return strings.Contains(s, "OKS0111") })
			if diff := cmp.Diff(tt.want, got, cmp.Transformer("empty", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s\n%v", diff, numbered(tt.text), rep.Findings())
			}
			for _, r := range rep.Rules {
				if r.Status != lang.OK {
					t.Errorf("status %s", r.Status)
				}
			}
		})
	}
}

// steps is an ordered correlation of two event types; the second stands in line 18.
func steps(first, second string) string {
	return "title: c\nid: 0d9c1e52-3b7f-4f0e-8a35-5b1c2e7d9f11\nlevel: low\ncorrelation:\n  type: temporal_ordered\n  rules: [a, b]\n  group-by: [actor.id]\n  timespan: 5m\n" +
		"---\nname: a\ndetection:\n  selection:\n    eventType: " + first + "\n  condition: selection\n" +
		"---\nname: b\ndetection: {selection: {\n    eventType: " + second + "}, condition: selection}\n"
}

func numbered(text string) string {
	var b strings.Builder
	for i, l := range strings.Split(text, "\n") {
		fmt.Fprintf(&b, "%3d %s\n", i+1, l)
	}
	return b.String()
}

// The rules of a correlation may stand in another file; findings about them stand there, and once.
func TestFindingsInTheFileOfTheBase(t *testing.T) {
	base := "title: base\nid: 6f1b2c9e-7d0a-4c55-9a53-1d2f4b7c8e90\nlevel: informational\nname: base\nlanguage: okta\nquery: eventType eq \"zone.deactivated\"\n"
	over := func(id string) string {
		return "title: c\nid: " + id + "\nlevel: low\ncorrelation:\n  type: event_count\n  rules: [base]\n  group-by: [actor.id]\n  timespan: 5m\n  condition: {gte: 3}\n"
	}
	rep := checkFiles(map[string]string{"base.yml": base, "one.yml": over("0d9c1e52-3b7f-4f0e-8a35-5b1c2e7d9f11"), "two.yml": strings.Replace(over("0d9c1e52-3b7f-4f0e-8a35-5b1c2e7d9f12"), "gte: 3", "gte: 4", 1)}, Options{})
	fs := rep.Findings()
	if len(fs) != 1 || fs[0].File != "base.yml" || fs[0].Line != 6 || fs[0].Col != 22 || fs[0].Code != UnknownType {
		t.Errorf("%v", fs)
	}
}

func TestSameAsOther(t *testing.T) {
	a := "title: a\nid: 6f1b2c9e-7d0a-4c55-9a53-1d2f4b7c8e90\nlevel: low\nlanguage: okta\nquery: eventType eq \"zone.delete\" and outcome.result eq \"SUCCESS\"\n"
	b := "title: b\nid: 6f1b2c9e-7d0a-4c55-9a53-1d2f4b7c8e91\nlevel: high\ndetection:\n  s: {outcome.result: success, eventType: zone.delete}\n  condition: s\n"
	c := strings.Replace(strings.Replace(b, "e91", "e92", 1), "zone.delete", "zone.update", 1)
	rep := checkFiles(map[string]string{"a.yml": a, "b.yml": b, "c.yml": c}, Options{})
	fs := rep.Findings()
	if len(fs) != 1 || fs[0].Code != SameAsOther || fs[0].File != "b.yml" || !strings.Contains(fs[0].Message, "a.yml:1") {
		t.Errorf("%v", fs)
	}
}

func TestNoTest(t *testing.T) {
	test := "rule: tested\nstart: 2026-01-02T09:00:00Z\ntests: [{name: x, events: [{at: 0s, okta: zone.delete}], alerts: []}]\n"
	files := map[string]string{}
	for i, name := range []string{"tested", "untested", "broken"} {
		files[name+".yml"] = fmt.Sprintf("title: t\nid: 6f1b2c9e-7d0a-4c55-9a53-1d2f4b7c8e9%d\nlevel: low\nlanguage: okta\nquery: eventType eq \"zone.delete\" and outcome.reason eq \"%d\"\n", i, i)
	}
	files["tested_test.yaml"] = test
	files["broken_test.yaml"] = "rule: broken\nstart: never\ntests: []\n"
	rep := checkFiles(files, Options{Levels: map[string]rules.Level{}})
	fs := rep.Findings()
	if len(fs) != 1 || fs[0].Code != NoTest || fs[0].File != "untested.yml" || !strings.Contains(fs[0].Hint, "untested_test.yaml") {
		t.Errorf("%v", fs)
	}
	if s := rep.Summary(); !s.Clean() || s.Notes != 1 || s.OK != 3 {
		t.Errorf("%+v", s)
	}
	rep = checkFiles(files, Options{Levels: map[string]rules.Level{NoTest: rules.Warning}})
	if s := rep.Summary(); s.Clean() || s.Warnings != 1 {
		t.Errorf("with a level: %+v", s)
	}
}

// A defect is no reason for the rule not to load, and a level cannot make one load that does not.
func TestLevels(t *testing.T) {
	dead := map[string]string{"r.yml": query(`eventType eq "user.session.start" and eventType eq "user.session.end"`)}
	rep := checkFiles(dead, Options{})
	if s := rep.Summary(); s.Failed() || s.Clean() || s != (Summary{OK: 1, Defects: 1}) {
		t.Errorf("%+v", s)
	}
	rep = checkFiles(dead, Options{Levels: map[string]rules.Level{Never: rules.Note, NoTest: Off}})
	if s := rep.Summary(); s != (Summary{OK: 1, Notes: 1}) {
		t.Errorf("%+v", s)
	}
	broken := map[string]string{"r.yml": query(`eventType eq`)}
	rep = checkFiles(broken, Options{Levels: map[string]rules.Level{"OKS0207": Off, NoTest: Off}})
	if s := rep.Summary(); s != (Summary{Error: 1}) || len(rep.Findings()) != 1 {
		t.Errorf("%+v %v", s, rep.Findings())
	}
}

// The rule set's own findings, between rules, come with the rest; nothing is lost on the way.
func TestNothingIsLost(t *testing.T) {
	files := map[string]string{"a.yml": query(`eventType eq "zone.delete"`), "b.yml": query(`eventType eq "zone.update"`), "c.yml": "\t", "d.yml": "query: [1]\nlanguage: okta\n"}
	fsys := fstest.MapFS{}
	for name := range maps.Keys(files) {
		fsys[name] = &fstest.MapFile{Data: []byte(files[name])}
	}
	loaded := lang.LoadFS(fsys, ".")
	_, between := rules.NewSet(loaded.Rules)
	want := map[string]int{}
	for _, d := range slices.Concat(loaded.Diagnostics, between) {
		want[d.File+d.Code+d.Message]++
	}
	rep := Check(Input{Loaded: loaded, Read: fsys.ReadFile}, Options{})
	for _, f := range rep.Findings() {
		want[f.File+f.Code+f.Message]--
	}
	for key, n := range want {
		if n > 0 {
			t.Errorf("%d times lost: %s", n, key)
		}
	}
	if len(want) < 3 {
		t.Errorf("only %d diagnostics to lose", len(want))
	}
}

// Thousands of mistakes in one rule are counted, not each shown; and take no time that grows with their square.
func TestManyMistakes(t *testing.T) {
	var types, same []string
	for i := range 15000 {
		types = append(types, fmt.Sprintf("\"ev.t%05d\"", i))
		same = append(same, "\"zone.gone\"")
	}
	for name, list := range map[string][]string{"different": types, "the same": same} {
		start := time.Now()
		rep := checkFiles(map[string]string{"r.yml": query("eventType in [" + strings.Join(list, ", ") + "]")}, Options{})
		fs := rep.Findings()
		last := fs[0] // it stands at the rule
		if len(fs) != maxSame+1 || last.Code != UnknownType || last.Message != "and 14950 more" {
			t.Errorf("%s: %d findings, %v", name, len(fs), last)
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s: %s", name, d)
		}
	}
}
