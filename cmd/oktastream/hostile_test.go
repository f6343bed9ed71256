package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// Titles, names, file names and values of events are of somebody else's choosing. No command that prints for people lets
// them begin a line of their own, which a CI system may take for a command, or send a terminal orders.
func TestHostileText(t *testing.T) {
	const evil = `x\n::error::pwned\r\u001b[31m\u009b2J\u202egpj`
	const raw = "x\n::error::pwned\x1b[31m"
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rule := strings.ReplaceAll(`title: "EVIL"
id: 00000000-0000-4000-8000-000000000001
name: "n"
description: "EVIL"
author: "EVIL"
falsepositives: ["EVIL"]
tags: ["EVIL"]
logsource: {product: okta, service: okta}
detection:
  sel: {eventType: user.session.start, actor.alternateId|contains: "EVIL", "EVIL": "EVIL"}
  f: {client.ipAddress: "EVIL"}
  condition: "sel or f or EVIL"
level: "EVIL"
`, "EVIL", evil)
	working := strings.ReplaceAll(`title: "EVIL"
id: 00000000-0000-4000-8000-000000000002
name: count
description: "EVIL"
falsepositives: ["EVIL"]
correlation: {type: event_count, rules: [base], group-by: [actor.alternateId], timespan: 5m, condition: {gte: 2}}
level: high
oktastream: {triage: "EVIL"}
---
title: "EVIL"
name: base
logsource: {product: okta, service: okta}
detection:
  sel: {eventType: user.session.start, actor.displayName|contains: pwned}
  f: {actor.displayName: "EVIL"}
  condition: sel and not f
`, "EVIL", evil)
	test := strings.ReplaceAll(`rule: count
start: 2026-01-10T09:00:00Z
base: {okta: user.session.start, actor.displayName: "a EVIL"}
tests:
  - {name: "EVIL", events: [{at: 0s, repeat: 2, every: 1s, actor.alternateId: "EVIL"}], alerts: []}
  - {name: "EVIL 2", todo: "EVIL", events: [{at: 0s, "EVIL": 1}], alerts: [{rule: "EVIL", fields: {"EVIL": "EVIL"}}]}
`, "EVIL", evil)
	event := func(id string) string {
		return strings.ReplaceAll(`{"uuid":"`+id+`EVIL","published":"2026-01-10T09:00:0`+id+`.000Z","eventType":"user.session.start","displayMessage":"EVIL",`+
			`"actor":{"id":"EVIL","type":"User","alternateId":"EVIL","displayName":"a EVIL"},"client":{"ipAddress":"EVIL","userAgent":{"rawUserAgent":"EVIL"}},`+
			`"outcome":{"result":"EVIL","reason":"EVIL"},"target":[{"type":"User","alternateId":"EVIL","displayName":"EVIL"}]}`+"\n", "EVIL", evil)
	}
	bad := write("bad/"+raw+".yml", rule)
	good := write("good/"+raw+"/count.yml", working)
	write("good/"+raw+"/count_test.yaml", test)
	events := write(raw+".json", event("1")+event("2")+"not json "+raw+"\n")
	good = filepath.Dir(good)
	for _, args := range [][]string{
		{"rules", "check", bad}, {"rules", "check", "-o", "github", bad}, {"rules", "check", good}, {"rules", "check", "-o", "github", good},
		{"rules", "list", "-r", bad}, {"rules", "list", "-r", good}, {"rules", "show", "-r", good, "count"},
		{"rules", "show", "-r", good, raw}, {"rules", "test", good}, {"rules", "test", "--coverage", "-v", good},
		{"rules", "coverage", "-r", good, events}, {"rules", "import", bad, good}, {"rules", "fmt", "--check", bad, good}, {"rules", "new", "--type", raw, raw},
		{"explain", "-r", good, "--rule", "count", events}, {"explain", "-r", good, "--rule", raw, events}, {"explain", "-r", bad, events},
		{"eval", "-r", good, "-o", "text", events}, {"eval", "-r", bad, events}, {"eval", "-o", raw, events}, {"backtest", "-r", good, events},
		{"backtest", "-r", bad, events}, {"run", "-c", write("c"+raw+".yaml", "nothing: 1\n")}, {"run", "-X", raw + "=1"}, {raw}, {"schema", raw},
	} {
		var out, notes bytes.Buffer
		execute(args, strings.NewReader(""), &out, &notes)
		if out.Len()+notes.Len() == 0 && !strings.Contains(strings.Join(args, " "), "-o github") {
			t.Errorf("%q prints nothing", args)
		}
		workflow := strings.Contains(strings.Join(args, " "), "-o github")
		for line := range strings.Lines(out.String() + notes.String()) {
			line = strings.TrimSuffix(line, "\n")
			if !workflow && strings.HasPrefix(strings.TrimSpace(line), "::") || strings.HasPrefix(line, "::error::pwned") {
				t.Errorf("%q: the text begins a line: %q", args, line)
			}
			if i := strings.IndexFunc(line, func(r rune) bool { return r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) }); i >= 0 {
				t.Errorf("%q: byte %d is %q in %q", args, i, line[i:min(i+3, len(line))], line)
			}
		}
	}
}
