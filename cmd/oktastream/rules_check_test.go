package main

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
)

const (
	soundRule = "title: Sound\nid: 6f1b2c9e-7d0a-4c55-9a53-1d2f4b7c8e90\nlevel: low\nlanguage: okta\nquery: eventType eq \"policy.evaluate_sign_on\"\n"
	oddRule   = "title: Odd\nid: 6f1b2c9e-7d0a-4c55-9a53-1d2f4b7c8e91\nlevel: low\nlanguage: okta\nquery: eventType eq \"zone.deactivated\"\n"
	deadRule  = "title: Dead\nid: 6f1b2c9e-7d0a-4c55-9a53-1d2f4b7c8e92\nlevel: low\nlanguage: okta\nquery: eventType eq \"zone.delete\" and eventType eq \"zone.update\"\n"
)

func TestCheckExitCodes(t *testing.T) {
	sound, odd, dead := write(t, "sound.yaml", soundRule), write(t, "odd.yaml", oddRule), write(t, "dead.yaml", deadRule)
	for _, c := range []struct {
		want int
		args []string
	}{
		{exitOK, []string{sound}}, // a note about tests
		{exitOK, []string{"--feed", "log-stream", sound}},
		{exitFindings, []string{"--feed", "event-hook", sound}},
		{exitFindings, []string{"--level", "OKS0711=warning", sound}},
		{exitFindings, []string{odd}},
		{exitOK, []string{"--level", "OKS0701=note", odd}},
		{exitOK, []string{"--level", "oks0701=off", odd}},
		{exitOK, []string{write(t, "ignored.yaml", "# oktastream: ignore OKS0701 announced\n"+oddRule)}},
		{exitFindings, []string{dead}},
		{exitLoad, []string{write(t, "broken.yaml", "title: [\n"), dead}},
		{exitLoad, []string{t.TempDir()}},
		{exitLoad, []string{sound + ".gone"}},
		{exitUsage, []string{"--feed", "carrier-pigeon"}},
		{exitUsage, []string{"--retention", "forever"}},
		{exitUsage, []string{"--level", "OKS0711"}},
		{exitUsage, []string{"--level", "OKS0711=loud"}},
		{exitUsage, []string{"--level", "OKS9999=note"}},
		{exitUsage, []string{"--explain", "OKS9999"}},
		{exitOK, []string{"--explain", "oks0701"}},
	} {
		args := append([]string{"rules", "check"}, c.args...)
		code, _, notes := command(t, "", args...)
		if code != c.want {
			t.Errorf("%q: exit %d, want %d: %s", args, code, c.want, notes)
		}
		if code == exitUsage && notes == "" {
			t.Errorf("%q: nothing says what is wrong", args)
		}
	}
}

// Every format says the same on stdout, with the same exit code.
func TestCheckFormats(t *testing.T) {
	odd := write(t, "odd.yaml", oddRule)
	for _, format := range []string{"text", "json", "sarif", "junit", "github"} {
		code, out, notes := command(t, "", "rules", "check", "-o", format, odd)
		if code != exitFindings || notes != "" {
			t.Errorf("%s: exit %d, notes %q", format, code, notes)
		}
		if !strings.Contains(out, "OKS0701") || !strings.Contains(out, "zone.deactivate?") {
			t.Errorf("%s: %s", format, out)
		}
		switch format {
		case "json", "sarif":
			if !json.Valid([]byte(out)) {
				t.Errorf("%s: not JSON", format)
			}
		case "junit":
			if err := xml.Unmarshal([]byte(out), new(struct{})); err != nil {
				t.Errorf("%s: %v", format, err)
			}
		case "text":
			if !strings.Contains(out, "     5 | query: eventType eq \"zone.deactivated\"\n       |                      ^^^^^^^^^^^^^^^^ did you mean zone.deactivate?\n") {
				t.Errorf("no excerpt: %s", out)
			}
		}
	}
}

func TestExplainCode(t *testing.T) {
	_, out, _ := command(t, "", "rules", "check", "--explain", "OKS0701")
	for _, part := range []string{"OKS0701: An unknown event type\n", "zone.deactivated", "Fix:"} {
		if !strings.Contains(out, part) {
			t.Errorf("%q is missing: %s", part, out)
		}
	}
	if _, _, notes := command(t, "", "rules", "check", "--explain", "OKS0107x"); !strings.Contains(notes, "did you mean OKS0107?") {
		t.Error(notes)
	}
}
