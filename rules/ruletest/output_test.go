package ruletest

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktastream/integration/golden"
	"oktastream/rules"
	"oktastream/rules/match"
)

const mixed = header + `
  - name: three
    events: [{at: 0s, repeat: 3, every: 1m}]
    alerts: [{count: 3}]
  - name: wrong <count>
    events: [{at: 0s, repeat: 3, every: 1m}]
    alerts: [{count: 4, group: {actor.alternateId: bo}}]
  - name: gap
    todo: not counted yet
    events: [{at: 0s, repeat: 2, every: 1m}]
    alerts: [{}]
`

// unexplained replaces what package explain says, which has its own tests.
func unexplained(t *testing.T, r Report) Report {
	t.Helper()
	for i, x := range r.Results {
		if x.Status != Fail {
			continue
		}
		own, _, found := strings.Cut(x.Detail, "denials  count  denials.yaml\n")
		if !found {
			t.Errorf("%s is not explained:\n%s", x.Test, x.Detail)
		}
		r.Results[i].Detail = own + "(the explanation)\n"
	}
	return r
}

func TestFailureText(t *testing.T) {
	golden.Equal(t, "failure.txt", []byte(text(t, unexplained(t, run(t, mixed, Options{})))))
}

func TestJUnit(t *testing.T) {
	rep := unexplained(t, run(t, mixed, Options{}))
	rep.Diagnostics = append(rep.Diagnostics,
		rules.Diagnostic{File: "x.yaml", Pos: match.Pos{Line: 7, Col: 3}, Level: rules.Error, Code: "OKS0112", Message: "broken", Rule: "x"},
		rules.Diagnostic{File: "x.yaml", Level: rules.Warning, Code: "OKS0113", Message: "odd", Rule: "x"})
	var b strings.Builder
	if err := rep.WriteJUnit(&b); err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.Tests != 8 || got.Failures != 1 || got.Errors != 1 || got.Skipped != 1 || len(got.Suites) != 2 {
		t.Errorf("%+v", got)
	}
	golden.Equal(t, "junit.xml", []byte(b.String()))
}

// tokens fires on a token that was not created by the admin; its condition has all the shapes.
func tokens(t *testing.T) rules.Rule {
	pred := func(line int, path string, literals ...string) *match.Pred {
		return &match.Pred{Path: fieldPath(t, path), Op: match.Equal, Literals: literals, Pos: match.Pos{Line: line, Col: 5}}
	}
	return rules.Rule{ID: "t", Name: "tokens", File: "tokens.yaml", Pos: match.Pos{Line: 1, Col: 1}, Where: match.And{
		pred(3, "eventType", "system.api_token.create"),
		match.Or{pred(4, "outcome.result", "SUCCESS"), pred(5, "outcome.result", "ALLOW")},
		match.Not{X: pred(6, "actor.id", "admin")},
	}}
}

func TestCoverage(t *testing.T) {
	const head = "rule: tokens\nstart: 2026-01-10T09:00:00Z\nbase: {okta: system.api_token.create, outcome.result: SUCCESS, actor.id: ada}\ntests:\n"
	const fires, quiet = "1:1 no test in which it fires", "1:1 no test in which it does not fire"
	const isType, success, allow, admin = `(equal "eventType" "system.api_token.create")`, `(equal "outcome.result" "SUCCESS")`, `(equal "outcome.result" "ALLOW")`, `(equal "actor.id" "admin")`
	holds := func(at, p string) string { return at + " no test in which this holds: " + p }
	fails := func(at, p string) string { return at + " no test in which this alone fails: " + p }
	for _, c := range []struct {
		name, tests string
		want        []string
	}{
		{"positive alone", "  - {name: x, events: [{at: 0s}], alerts: [{}]}\n",
			[]string{quiet, fails("3:5", isType), fails("4:5", success), holds("5:5", allow), fails("5:5", allow), holds("6:5", admin)}},
		{"todo does not count", "  - {name: x, events: [{at: 0s}], alerts: [{}]}\n  - {name: y, todo: z, events: [{at: 0s, actor.id: admin}], alerts: [{}]}\n",
			[]string{quiet, fails("3:5", isType), fails("4:5", success), holds("5:5", allow), fails("5:5", allow), holds("6:5", admin)}},
		{"negative by two reasons", "  - {name: x, events: [{at: 0s, okta: user.session.start, actor.id: admin}], alerts: []}\n",
			[]string{fires, holds("3:5", isType), fails("3:5", isType), holds("4:5", success), fails("4:5", success), holds("5:5", allow),
				fails("5:5", allow), holds("6:5", admin), fails("6:5", admin)}},
		{"everything", `
  - {name: a, events: [{at: 0s}], alerts: [{}]}
  - {name: b, events: [{at: 0s, outcome.result: ALLOW}], alerts: [{}]}
  - {name: c, events: [{at: 0s, outcome.result: FAILURE}], alerts: []}
  - {name: d, events: [{at: 0s, okta: user.session.start}], alerts: []}
  - {name: e, events: [{at: 0s, actor.id: admin}], alerts: []}
`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, diags := Parse("tokens_test.yaml", []byte(head+c.tests))
			if hasError(diags) {
				t.Fatal(diags)
			}
			rep := Run([]rules.Rule{tokens(t)}, nil, []File{f}, Options{Coverage: true})
			if len(rep.Coverage) != 1 || rep.Coverage[0].Branches != 10 || rep.Coverage[0].Covered != 10-len(c.want) {
				t.Fatalf("%+v", rep.Coverage)
			}
			var got []string
			for _, g := range rep.Coverage[0].Gaps {
				got = append(got, strings.TrimSuffix(strings.Join([]string{pos(g.Pos), g.What}, " "), "\n"))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func pos(p match.Pos) string { return string(rune('0'+p.Line)) + ":" + string(rune('0'+p.Col)) }

func TestCoverageText(t *testing.T) {
	f, _ := Parse("tokens_test.yaml", []byte("rule: tokens\nstart: 2026-01-10T09:00:00Z\ntests:\n  - {name: x, events: [{at: 0s, okta: system.api_token.create, outcome.result: SUCCESS}], alerts: [{}]}\n"))
	g, _ := Parse("denials_test.yaml", []byte(header+"  - {name: three, events: [{at: 0s, repeat: 3, every: 1m}], alerts: [{}]}\n"))
	rep := Run(append(denials(t), tokens(t)), nil, []File{f, g}, Options{Coverage: true})
	var b strings.Builder
	if err := rep.WriteText(&b, false); err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "coverage.txt", []byte(b.String()))
	if rep := Run(denials(t), nil, []File{g}, Options{}); rep.Coverage != nil {
		t.Error("coverage without being asked")
	}
}

func TestFingerprint(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("a.yaml", "one")
	write("sub/b_test.yaml", "two")
	last := Fingerprint([]string{dir})
	step := func(what string, changes bool) {
		t.Helper()
		now := Fingerprint([]string{dir})
		if (now != last) != changes {
			t.Errorf("%s: %s after %s", what, now, last)
		}
		if beside := Fingerprint([]string{filepath.Join(dir, "a.yaml")}); beside == "" {
			t.Error("no fingerprint of a file")
		}
		last = now
	}
	step("nothing", false)
	write("a.yaml", "longer")
	step("size", true)
	if err := os.Chtimes(filepath.Join(dir, "a.yaml"), time.Now(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	step("time", true)
	write("sub/samples.ndjson", "{}")
	step("new file", true)
	write(".git/index", "x")
	write(".a.yaml.swp", "x")
	step("hidden", false)
	if err := os.Remove(filepath.Join(dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	step("removed", true)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	step("all gone", true)
}

// A hundred rules, half of them stateful, run with three tests each and the automatic cases.
func TestHundredRules(t *testing.T) {
	rs, files := hundredRules(t)
	rep := Run(rs, nil, files, Options{Coverage: true})
	if !rep.OK() || len(rep.Results) < 700 {
		t.Fatalf("%d results\n%s", len(rep.Results), text(t, rep))
	}
}

// BenchmarkHundredRules shows what an author waits for.
func BenchmarkHundredRules(b *testing.B) {
	rs, files := hundredRules(b)
	for b.Loop() {
		if rep := Run(rs, nil, files, Options{Coverage: true}); !rep.OK() {
			b.Fatal("a test fails")
		}
	}
}

func hundredRules(t testing.TB) (rs []rules.Rule, files []File) {
	for i := range 100 {
		r := denials(t)[0]
		name := "rule" + string(rune('a'+i/10)) + string(rune('a'+i%10))
		st := *r.Stateful
		r.ID, r.Name, r.File, r.Stateful = name, name, name+".yaml", &st
		body := strings.Replace(mixed[:strings.Index(mixed, "  - name: wrong")], "rule: denials", "rule: "+name, 1) + `
  - {name: two, events: [{at: 0s, repeat: 2, every: 1m}], alerts: []}
  - {name: busy, events: [{at: 0s, repeat: 20, every: 5s}], alerts: [{}]}
`
		if i%2 == 0 {
			r.Where, r.Stateful = r.Stateful.Inputs[0].Where, nil
			body = strings.Replace(header, "denials", name, 1) + `
  - {name: one, events: [{at: 0s}], alerts: [{}]}
  - {name: three, events: [{at: 0s, repeat: 3, every: 1m}], alerts: [{}, {}, {}]}
  - {name: none, events: [{at: 0s, okta: user.session.start}], alerts: []}
`
		}
		f, diags := Parse(name+"_test.yaml", []byte(body))
		if hasError(diags) {
			t.Fatal(diags)
		}
		rs, files = append(rs, r), append(files, f)
	}
	return rs, files
}
