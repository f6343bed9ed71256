package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// command runs a command line in this process.
func command(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, notes bytes.Buffer
	code = execute(args, strings.NewReader(stdin), &out, &notes)
	return code, out.String(), notes.String()
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	tokenEvent = `{"uuid":"5d0b7c40-9a1e-11f1-8c55-0242ac120002","published":"2026-08-14T09:26:53.124Z","eventType":"system.api_token.create","actor":{"type":"User","alternateId":"ada@corp.example"}}`
	laterEvent = `{"uuid":"5d0b7c40-9a1e-11f1-8c55-0242ac120003","published":"2026-08-14T09:20:00.000Z","eventType":"user.session.impersonation.initiate","actor":{"type":"User","alternateId":"bob@corp.example"}}`
	badRule    = "title: Broken\nlogsource: {product: okta, service: okta}\ndetection:\n  selection: {eventType: x}\n  condition: selection and\n"
)

func TestEval(t *testing.T) {
	feed := tokenEvent + "\n" + laterEvent + "\nnot json\n"
	code, out, notes := command(t, feed, "eval", "-")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, notes)
	}
	var names []string
	for line := range strings.Lines(out) {
		var a struct {
			Rule struct{ Name, ID, Title string }
		}
		if err := json.Unmarshal([]byte(line), &a); err != nil || a.Rule.ID == "" || a.Rule.Title == "" {
			t.Fatalf("%v: %s", err, line)
		}
		names = append(names, a.Rule.Name)
	}
	if diff := cmp.Diff([]string{"okta_session_impersonation", "okta_api_token_created"}, names); diff != "" {
		t.Errorf("not in order of event time: %s", diff)
	}
	if !strings.Contains(notes, "stdin:3: not-json") || !strings.Contains(notes, "2 events") {
		t.Errorf("the summary does not account for the input: %s", notes)
	}
	if _, again, _ := command(t, feed, "eval", "-"); again != out {
		t.Error("the same input gave other bytes")
	}
	if _, quiet, notes := command(t, feed, "eval", "-q", "-o", "ecs"); notes != "" || !strings.Contains(quiet, `"kind":"alert"`) {
		t.Errorf("-q -o ecs: %s %s", notes, quiet)
	}
}

func TestExitCodes(t *testing.T) {
	bad := write(t, "bad.yaml", badRule)
	unsupported := write(t, "other.yaml", strings.Replace(badRule, "selection and", "selection", 1)+"logsource2: x\n")
	for _, c := range []struct {
		want int
		args []string
	}{
		{exitLoad, []string{"eval", "-r", bad, "-"}},
		{exitLoad, []string{"eval", "-r", t.TempDir(), "-"}},
		{exitUsage, []string{"eval", "no such file"}},
		{exitUsage, []string{"eval", t.TempDir()}},
		{exitUsage, []string{"eval", "-o", "xml", "-"}},
		{exitUsage, []string{"eval", "--no-such-flag"}},
		{exitUsage, []string{"no-such-command"}},
		{exitOK, []string{"rules", "check"}},
		{exitOK, []string{"rules", "check", "-o", "json"}},
		{exitFindings, []string{"rules", "check", unsupported}},
		{exitLoad, []string{"rules", "check", bad}},
		{exitUsage, []string{"rules", "check", "-o", "xml"}},
		{exitOK, []string{"rules", "test", "--run", "okta_api_token_created"}},
		{exitUsage, []string{"rules", "test", "--run", "("}},
		{exitUsage, []string{"run", "-X", "bootstrap.server=x"}},
		{exitOK, []string{"version"}},
	} {
		if code, _, notes := command(t, "", c.args...); code != c.want {
			t.Errorf("%v: exit %d, want %d: %s", c.args, code, c.want, notes)
		}
	}
}

func TestCheckJSON(t *testing.T) {
	bad := write(t, "bad.yaml", badRule)
	_, out, _ := command(t, "", "rules", "check", "-o", "json", bad)
	var rep struct {
		Rules []struct {
			File, Status string
			Diagnostics  []struct {
				File, Level, Code, Message string
				Line, Col                  int
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &rep); err != nil {
		t.Fatal(err)
	}
	if len(rep.Rules) != 1 || rep.Rules[0].Status != "error" || len(rep.Rules[0].Diagnostics) == 0 {
		t.Fatalf("%s", out)
	}
	found := false
	for _, d := range rep.Rules[0].Diagnostics {
		found = found || d.Level == "error" && d.File == bad && d.Line == 5 && d.Col > 0 && d.Code != ""
	}
	if !found {
		t.Errorf("no error with its place: %s", out)
	}
}

func TestConfigure(t *testing.T) {
	t.Setenv("SECRET_OF_TEST", "hush")
	file := write(t, "config.yaml", `
kafka:
  bootstrap.servers: [a:1, b:2]
  group.id: from-file
  security.protocol: SASL_PLAINTEXT
  sasl.mechanism: PLAIN
  sasl.username: me
  sasl.password: ${env:SECRET_OF_TEST}
org: file
format: ecs
state:
  budget: 2MiB
rules: [x, y]
`)
	s, err := configure(file, []string{"OKTASTREAM_ORG=env", "OKTASTREAM_FORMAT=native", "OKTASTREAM_SERVICE_HOST=10.0.0.1"}, []string{"org=flag", "kafka.group.id=g"})
	if err != nil {
		t.Fatal(err)
	}
	got := []any{s.Org, s.Format, s.Group, s.StateBudget, s.Rules, s.kafka["bootstrap.servers"], s.kafka["sasl.password"]}
	want := []any{"flag", "native", "g", 2 << 20, []string{"x", "y"}, "a:1,b:2", "hush"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestConfigureErrors(t *testing.T) {
	file := write(t, "config.yaml", "bootstrap.servers: a:1\nbootstrap.server: b:1\nworkers: many\nkafka:\n  bootstrap.servers: c:1\norg: ${env:NO_SUCH_VARIABLE}\nrulez: [a]\n")
	_, err := configure(file, []string{"OKTASTREAM_FORMAT=xml", "OKTASTREAM_COMMIT_INTERVAL=soon"}, []string{"state_budget=1", "nonsense"})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		file + ":2:1: bootstrap.server is not a Kafka client property; did you mean bootstrap.servers?",
		file + ":3:1: workers:",
		file + ":5:3: kafka.bootstrap.servers is set at " + file + ":1:1 already",
		"NO_SUCH_VARIABLE is not set",
		"OKTASTREAM_COMMIT_INTERVAL: commit.interval:",
		"-X state_budget: state_budget is neither a setting nor a Kafka client property; did you mean the setting state.budget?",
		file + ":7:1: rulez is neither a setting nor a Kafka client property; did you mean the setting rules?",
		"-X number 2: is not property=value",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in:\n%v", want, err)
		}
	}
}

// TestReadme: every setting is documented where a user looks.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settingTable {
		if !strings.Contains(string(readme), "| `"+s.name+"` | ") {
			t.Errorf("the README does not explain %s", s.name)
		}
	}
	for _, c := range newRoot().Commands() {
		if name := c.Name(); name != "help" && name != "completion" && !strings.Contains(string(readme), "oktastream "+name) && !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("the README does not name the command %s", name)
		}
	}
}

func TestSlots(t *testing.T) {
	group := "test-" + filepath.Base(t.TempDir()) + strings.ReplaceAll(t.Name(), "/", "-")
	a, err := claimSlot(group)
	if err != nil {
		t.Fatal(err)
	}
	b, err := claimSlot(group)
	if err != nil {
		t.Fatal(err)
	}
	defer b.release()
	if a.name == b.name {
		t.Errorf("two slots %s", a.name)
	}
	name := a.name
	a.release()
	c, err := claimSlot(group)
	if err != nil {
		t.Fatal(err)
	}
	defer c.release()
	if c.name != name {
		t.Errorf("a free slot is not taken again: %s, want %s", c.name, name)
	}
}

// TestReadmeRules: the rules that the README shows are in canonical form, and their test passes.
func TestReadmeRules(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "## Writing rules\n")
	var blocks []string
	inside := false
	for line := range strings.Lines(section) {
		text, ok := strings.CutPrefix(line, "    ")
		switch {
		case ok && !inside:
			blocks, inside = append(blocks, text), true
		case ok:
			blocks[len(blocks)-1] += text
		default:
			inside = false
		}
	}
	dir := t.TempDir()
	for i, name := range []string{"contractor.yaml", "denied_pushes.yaml", "denied_pushes_test.yaml"} {
		overwrite(t, filepath.Join(dir, name), blocks[i])
	}
	expect(t, exitOK, []string{"rules", "fmt", "--check", dir})
	expect(t, exitOK, []string{"rules", "check", dir}, "3 ok (1 base rule among them)")
	expect(t, exitOK, []string{"rules", "test", dir}, "2 tests in 9 runs: 9 passed")

	// What the README says of distinct addresses holds.
	rule := filepath.Join(dir, "denied_pushes.yaml")
	overwrite(t, rule, strings.Replace(read(t, rule), "oktastream:\n", "oktastream:\n  distinct: {field: client.ipAddress, gte: 3}\n", 1))
	expect(t, exitFindings, []string{"rules", "test", dir}, "distinct client.ipAddress = 1, need >= 3: 2 short")
}
