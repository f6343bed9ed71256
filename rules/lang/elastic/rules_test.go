package elastic_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oktastream/rules"
	"oktastream/rules/lang"
	"oktastream/rules/ruletest"
)

// TestRules runs the timed tests beside the rules in testdata: rules of ours in Elastic's form, one for each construct.
func TestRules(t *testing.T) {
	fsys := os.DirFS("testdata")
	loaded := lang.LoadFS(fsys, ".")
	files, diags := ruletest.LoadFS(fsys, ".")
	for _, d := range append(loaded.Diagnostics, diags...) {
		if d.Level != rules.Note {
			t.Error(d.Error())
		}
	}
	report := ruletest.Run(loaded.Rules, loaded.Diagnostics, files, ruletest.Options{})
	var text strings.Builder
	if err := report.WriteText(&text, false); err != nil {
		t.Fatal(err)
	}
	if !report.OK() || len(report.Untested) > 0 {
		t.Errorf("untested: %v\n%s", report.Untested, text.String())
	}
}

// corpusRules is how many rules the corpus has.
const corpusRules = 52

// TestCorpus loads Elastic's rules about Okta as they are published.
func TestCorpus(t *testing.T) {
	corpus := os.Getenv("OKTASTREAM_CORPUS")
	if corpus == "" {
		t.Skip("OKTASTREAM_CORPUS does not name a directory of public rules and events")
	}
	loaded := lang.Load([]string{filepath.Join(corpus, "rules", "elastic-okta")})
	if len(loaded.Files) != corpusRules {
		t.Errorf("%d rules, want %d", len(loaded.Files), corpusRules)
	}
	kinds := map[string]int{}
	for _, r := range loaded.Rules {
		kinds[r.Kind()]++
		if r.Meta.Description == "" || r.Meta.Triage == "" || r.Meta.Risk == 0 || len(r.Meta.Tags) == 0 || r.Meta.License == "" || r.Title == r.Name {
			t.Errorf("%s has lost metadata: %+v", r.File, r.Meta)
		}
	}
	if kinds["single"] < 28 || kinds["first seen"] != 4 || kinds["count"]+kinds["distinct"] < 5 {
		t.Errorf("kinds: %v", kinds)
	}
	for _, d := range loaded.Diagnostics {
		if d.Line == 0 || d.Level == rules.Error {
			t.Error(d.Error())
		}
	}
	byID := map[string]rules.Rule{}
	for _, r := range loaded.Rules {
		byID[r.ID] = r
	}
	if r := byID["6885d2ae-e008-4762-b98a-e8e1cd3a81e9"]; r.Override.Title.String() != "okta.display_message" || len(r.Override.Severity) != 3 {
		t.Errorf("the promotion rule overrides %+v", r.Override)
	}
	if r := byID["f960e8a4-31c1-4a6e-b172-8f5c8e5c8c2a"]; r.Meta.Kind != "signal" {
		t.Errorf("the building block is a %s", r.Meta.Kind)
	}
}
