package lint

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oktastream/rules"
	"oktastream/rules/lang"
	"oktastream/rules/pack"
	"oktastream/rules/ruletest"
)

func shipped() Input {
	in := Input{Loaded: lang.LoadFS(pack.FS, "."), Read: pack.FS.ReadFile}
	in.Tests, in.Broken = ruletest.LoadFS(pack.FS, ".")
	return in
}

// What we ship gives no reason for a finding, not even a note.
func TestPack(t *testing.T) {
	rep := Check(shipped(), Options{})
	for _, f := range rep.Findings() {
		t.Error(f.Error())
	}
	if s := rep.Summary(); s.OK < 10 || !s.Clean() {
		t.Errorf("%+v", s)
	}
	// Of the feed that Okta restricts, the rules that it leaves without events are named; there are some.
	if s := Check(shipped(), Options{Feed: EventHook}).Summary(); s.Defects == 0 || s.Failed() {
		t.Errorf("event hook: %+v", s)
	}
}

func corpus(t testing.TB) Input {
	t.Helper()
	root := os.Getenv("OKTASTREAM_CORPUS")
	if root == "" {
		t.Skip("OKTASTREAM_CORPUS does not name a directory of public rules and events")
	}
	dir := filepath.Join(root, "rules", "sigma-okta")
	in := Input{Loaded: lang.Load([]string{dir}), Read: os.ReadFile}
	in.Tests, in.Broken = ruletest.Load([]string{dir})
	return in
}

// The published Sigma rules load or are unsupported, and nothing is wrong with them but that they have no tests.
func TestCorpus(t *testing.T) {
	in := corpus(t)
	rep := Check(in, Options{})
	if n := len(rep.Rules); n != 24 {
		t.Errorf("%d rules", n)
	}
	for _, r := range rep.Rules {
		if r.Status == lang.Failed {
			t.Errorf("%s does not load", r.File)
		}
		if r.Status == lang.OK && len(r.Findings) == 0 {
			t.Errorf("%s: nothing says that it has no tests", r.File)
		}
	}
	for _, f := range rep.Findings() {
		if f.Code != NoTest && f.Level != rules.Unsupported {
			t.Error(f.Error())
		}
	}
	// By event hook most of them are blind, wholly or in part.
	rep = Check(in, Options{Feed: EventHook})
	blind := map[string]bool{}
	for _, f := range rep.Findings() {
		if f.Code == NeverOnFeed || f.Code == PartlyOnFeed {
			blind[filepath.Base(f.File)] = true
			if f.Source == "" || !strings.Contains(f.Source, ".") {
				t.Errorf("%s shows %q", f.Error(), f.Source)
			}
		}
	}
	if !blind["okta_security_threat_detected.yml"] || blind["okta_user_created.yml"] {
		t.Errorf("%v", blind)
	}
}

func BenchmarkPack(b *testing.B) {
	for b.Loop() {
		if err := Check(shipped(), Options{Feed: EventHook}).WriteText(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCorpus(b *testing.B) {
	corpus(b)
	for b.Loop() {
		if err := Check(corpus(b), Options{Feed: EventHook}).WriteText(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
