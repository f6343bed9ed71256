package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const tokenRule = `title: A token
id: 5b0e7c9a-7f0a-4c0e-9a35-0d6c1c1f6f01
status: test
description: A token was created.
logsource: {product: okta, service: okta}
detection:
  selection:
    eventType: system.api_token.create
    outcome.result: SUCCESS
  condition: selection
level: low
`

const tokenTest = `rule: token
start: 2026-01-10T09:00:00Z
base: {okta: system.api_token.create}
tests:
  - {name: fires, events: [{at: 0s, outcome.result: SUCCESS}], alerts: [{}]}
`

func overwrite(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestRulesTest(t *testing.T) {
	dir := t.TempDir()
	rule, test, junit := filepath.Join(dir, "token.yaml"), filepath.Join(dir, "token_test.yaml"), filepath.Join(dir, "junit.xml")
	overwrite(t, rule, tokenRule)
	overwrite(t, test, tokenTest)
	code, out, notes := command(t, "", "rules", "test", "--coverage", "--junit", junit, dir)
	if code != exitOK || !strings.Contains(out, "1 passed, 0 failed") || !strings.Contains(out, "no test in which it does not fire") {
		t.Errorf("%d %s %s", code, out, notes)
	}
	if xml, err := os.ReadFile(junit); err != nil || !strings.Contains(string(xml), `<testsuites tests="1" failures="0"`) {
		t.Errorf("%s %v", xml, err)
	}
	overwrite(t, rule, strings.Replace(tokenRule, "SUCCESS", "FAILURE", 1))
	code, out, _ = command(t, "", "rules", "test", "--junit", junit, dir)
	if code != exitFindings || !strings.Contains(out, "missing: alert 1") || !strings.Contains(out, "outcome.result") {
		t.Errorf("%d %s", code, out)
	}
	overwrite(t, rule, strings.Replace(tokenRule, "condition: selection", "condition: nothing", 1))
	code, _, notes = command(t, "", "rules", "test", "--junit", junit, dir)
	if xml, err := os.ReadFile(junit); code != exitLoad || err != nil || !strings.Contains(string(xml), "<error ") {
		t.Errorf("%d %s %s %v", code, notes, xml, err)
	}
	if code, _, _ := command(t, "", "rules", "test", "--watch"); code != exitUsage {
		t.Errorf("watching the shipped pack: %d", code)
	}
}

// A test that passes because of a misspelt field is no success, and neither is a run without tests.
func TestRulesTestDoubts(t *testing.T) {
	dir := t.TempDir()
	overwrite(t, filepath.Join(dir, "token.yaml"), tokenRule)
	expect(t, exitFindings, []string{"rules", "test", dir}, "no test was run, which is a failure; without tests: ")
	overwrite(t, filepath.Join(dir, "token_test.yaml"), strings.Replace(tokenTest, "outcome.result: SUCCESS}], alerts: [{}]", "outcome.result: FAILURE, client.ipAdress: 192.0.2.1}], alerts: []", 1))
	expect(t, exitFindings, []string{"rules", "test", dir}, "did you mean client.ipAddress?", "1 test: 1 passed, 0 failed", "wrong reason")
	expect(t, exitOK, []string{"rules", "test", "--lenient", dir}, "did you mean client.ipAddress?", "1 passed")
	overwrite(t, filepath.Join(dir, "token_test.yaml"), strings.Replace(tokenTest, "rule: ", "rule: x", 1))
	expect(t, exitLoad, []string{"rules", "test", dir}, "there is no rule", "did you mean ")
}

// One is not many.
func TestCountsInWords(t *testing.T) {
	rule, events := write(t, "token.yaml", tokenRule), write(t, "events.ndjson", strings.Replace(tokenEvent, `"actor"`, `"outcome":{"result":"SUCCESS"},"actor"`, 1)+"\n")
	expect(t, exitOK, []string{"eval", "-r", rule, events}, "1 event", "1 alert\n")
	expect(t, exitOK, []string{"backtest", "-r", rule, events}, "the rule")
}

// screen is written by one goroutine and read by another.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// await waits until text has been written n times.
func (s *screen) await(t *testing.T, text string, n int) {
	t.Helper()
	for range 1000 {
		s.mu.Lock()
		all := s.b.String()
		s.mu.Unlock()
		if strings.Count(all, text) >= n {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%q did not come %d times:\n%s", text, n, s.b.String())
}

func TestWatch(t *testing.T) {
	dir := t.TempDir()
	rule := filepath.Join(dir, "token.yaml")
	overwrite(t, rule, tokenRule)
	overwrite(t, filepath.Join(dir, "token_test.yaml"), tokenTest)
	var out, notes screen
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		o := testRun{ruleSource: ruleSource{paths: []string{dir}}, out: &out, notes: &notes}
		done <- o.watch(ctx, 5*time.Millisecond)
	}()
	out.await(t, "1 passed, 0 failed", 1)
	overwrite(t, rule, strings.Replace(tokenRule, "SUCCESS", "FAILURE", 1))
	out.await(t, "0 passed, 1 failed", 1)
	overwrite(t, rule, "broken: [")
	notes.await(t, "error", 1)
	overwrite(t, rule, tokenRule+"# better\n")
	out.await(t, "1 passed, 0 failed", 2)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
