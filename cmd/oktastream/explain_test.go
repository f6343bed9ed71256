package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oktastream/rules/explain"
)

func TestExplain(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const rule = "title: T\nid: 11111111-1111-4111-8111-111111111111\nname: locked\nquery: 'eventType eq \"user.account.lock\"'\nlanguage: okta\nlevel: low\n"
	good := write("good.yaml", rule)
	write("broken.yaml", "title: B\nid: 11111111-1111-4111-8111-111111111112\nname: broken\nquery: 'eventType eq'\nlanguage: okta\nlevel: low\n")
	// The second event is the earlier one.
	events := write("events.ndjson", `{"uuid":"u2","published":"2026-03-02T09:00:00Z","eventType":"user.account.lock"}
{"uuid":"u1","published":"2026-03-02T08:00:00Z","eventType":"user.session.start"}
not JSON
`)
	for _, tt := range []struct {
		name string
		args []string
		code int
		out  []string // on stdout or, if the command fails, on stderr
	}{
		{"fired", []string{"-r", dir, "--rule", "locked", events}, exitOK, []string{"event 2  2026-03-02T09:00:00Z", "fired: the condition holds"}},
		{"did not fire", []string{"-r", dir, "--rule", "11111111-1111-4111-8111-111111111111", "--event", "u1", events}, exitOK,
			[]string{"event 1", `did not fire: eventType = "user.account.lock" does not hold: the event has "user.session.start" there`}},
		{"by number", []string{"-r", dir, "--rule", "locked", "--event", "2", events}, exitOK, []string{"u2"}},
		{"the only rule", []string{"-r", good, events}, exitOK, []string{"locked"}},
		{"broken rule", []string{"-r", dir, "--rule", "broken", events}, exitLoad, []string{"broken.yaml:4:", "the rule broken does not load"}},
		{"which rule", []string{events}, exitUsage, []string{"name one with --rule"}},
		{"no such rule", []string{"-r", good, "--rule", "lock", events}, exitUsage, []string{`no such rule: "lock": did you mean locked?`}},
		{"no such event", []string{"-r", good, "--event", "3", events}, exitUsage, []string{"no such event"}},
		{"part of correlations", []string{"--rule", "okta_cross_tenant_impersonation/factors_reset", events}, exitUsage, []string{"ask about one of those"}},
		{"part of correlations, by its short name", []string{"--rule", "factors_reset", events}, exitUsage, []string{"okta_cross_tenant_impersonation/factors_reset fires only as part"}},
		{"no such file", []string{"-r", good, filepath.Join(dir, "none")}, exitUsage, []string{"could not be read"}},
		{"format", []string{"-r", good, "-o", "xml", events}, exitUsage, []string{"unknown format"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := execute(append([]string{"explain"}, tt.args...), strings.NewReader(""), &stdout, &stderr)
			if code != tt.code {
				t.Errorf("exit %d, want %d: %s%s", code, tt.code, &stdout, &stderr)
			}
			text := stdout.String()
			if tt.code != exitOK {
				text = stderr.String()
			}
			for _, want := range tt.out {
				if !strings.Contains(text, want) {
					t.Errorf("%q is missing in\n%s", want, text)
				}
			}
		})
	}
	t.Run("json", func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		if code := execute([]string{"explain", "-r", good, "-o", "json", "-"}, strings.NewReader(`{"uuid":"u2","eventType":"user.account.lock"}`), &stdout, &stderr); code != exitOK {
			t.Fatalf("exit %d: %s", code, &stderr)
		}
		var rep explain.Report
		if err := json.Unmarshal(stdout.Bytes(), &rep); err != nil || len(rep.Verdicts) != 1 || !rep.Verdicts[0].Fired {
			t.Errorf("%v: %s", err, &stdout)
		}
		if len(rep.Verdicts[0].Notes) == 0 {
			t.Error("an event without a time is not noted")
		}
	})
	t.Run("broken input is noted", func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		execute([]string{"explain", "-r", good, events}, strings.NewReader(""), &stdout, &stderr)
		if !strings.Contains(stderr.String(), "events.ndjson:3") {
			t.Error(stderr.String())
		}
	})
}
