package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

func TestBacktest(t *testing.T) {
	dir, old := t.TempDir(), t.TempDir()
	overwrite(t, filepath.Join(dir, "token.yaml"), strings.Replace(tokenRule, "SUCCESS", "FAILURE", 1))
	overwrite(t, filepath.Join(old, "token.yaml"), tokenRule)
	events := filepath.Join(t.TempDir(), "events.json")
	overwrite(t, events, `{"uuid":"a","published":"2026-01-10T09:00:00Z","eventType":"system.api_token.create","outcome":{"result":"SUCCESS"}}`+
		`{"uuid":"b","published":"2026-01-10T10:00:00Z","eventType":"system.api_token.create","outcome":{"result":"SUCCESS"}}`)
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"plain", []string{"-r", old, events}, exitOK, "2 on 2026-01-10"},
		{"compared", []string{"-r", dir, "--compare", old, events}, exitOK, "compared with the baseline: 0 new, 2 lost"},
		{"lost", []string{"-r", dir, "--compare", old, "--fail-on-lost", events}, exitFindings, "gate broken: lost from the baseline: 2 alerts"},
		{"too many", []string{"-r", old, "--max-alerts-per-day", "1", events}, exitFindings, "gate broken: more than 1 alert a day"},
		{"none allowed", []string{"-r", old, "--max-alerts-per-day", "0", events}, exitFindings, "gate broken"},
		{"just enough", []string{"-r", old, "--max-alerts-per-day", "2", "--compare", old, "--fail-on-lost", events}, exitOK, "0 new, 0 lost"},
		{"lost against nothing", []string{"-r", old, "--fail-on-lost", events}, exitUsage, ""},
		{"no such file", []string{"-r", old, events + "x"}, exitUsage, ""},
		{"no such baseline", []string{"-r", old, "--compare", dir + "x", events}, exitLoad, ""},
		{"format", []string{"-o", "xml", events}, exitUsage, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, notes := command(t, "", append([]string{"backtest"}, c.args...)...)
			if code != c.code || !strings.Contains(out, c.want) {
				t.Errorf("exit %d, want %d\n%s%s", code, c.code, out, notes)
			}
			if strings.Contains(notes, "\x1b") || strings.Contains(notes, "\r") {
				t.Errorf("a progress bar where there is no terminal: %q", notes)
			}
		})
	}
	var rep struct {
		Alerts int
		Files  []struct{ Records, Events int }
	}
	code, out, notes := command(t, "", "backtest", "-r", old, "-o", "json", events)
	if err := json.Unmarshal([]byte(out), &rep); err != nil || code != exitOK || rep.Alerts != 2 || rep.Files[0].Records != 2 {
		t.Errorf("%d %v %s %s", code, err, out, notes)
	}
}
