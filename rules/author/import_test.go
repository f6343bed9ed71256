package author

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"oktastream/integration/golden"
	"oktastream/rules"
	"oktastream/rules/lang"
	"oktastream/rules/lang/source"
)

const entryHead = `title: Console
id: 0123456789abcdef0123456789abcdef
description: Somebody was there.
author: [Ada, Grace]
created_date: '2025-01-02'
threat: {Tactic: [Initial Access], Technique: [{T1078: Valid Accounts}]}
prevention: [Lock the door.]
false_positives: [Administrators.]
`

// originals are files of every kind and outcome.
var originals = map[string]string{
	"hunts/console.yml":     entryHead + "detection:\n  okta_systemlog:\n    OIE: |\n      eventType eq \"user.session.access_admin_app\"\n    datadog: x\n",
	"detections/either.yml": strings.ReplaceAll(entryHead, "0123456789abcdef0123", "ffffffffffffffffffff") + "detection:\n  okta_systemlog:\n    OIE: eventType eq \"a.b\" or result eq \"x\"\n    Classic: eventType eq \"c.d\"\nlevel: high\n",
	"detections/splunk.yml": strings.ReplaceAll(entryHead, "0123456789abcdef0123", "eeeeeeeeeeeeeeeeeeee") + "detection:\n  explanation: why\n  splunk: index=main | stats count\n",
	"sigma/plain.yml":       "# licence\n\nlevel: low\nid: 3f2504e0-4f89-41d3-9a0c-0305e82c3301\ntitle: Plain\ndetection:\n  condition: a # why\n  a:\n    eventType: user.session.start\n",
	"sigma/odd.yml":         "title: Odd field\nid: 3f2504e0-4f89-41d3-9a0c-0305e82c3302\nlevel: low\ndetection:\n  a:\n    actor.alternateID_: x\n  condition: a\n",
	"sigma/windows.yml":     "title: Windows\nid: 3f2504e0-4f89-41d3-9a0c-0305e82c3303\nlevel: low\nlogsource: {product: windows}\ndetection:\n  a:\n    x: y\n  condition: a\n",
	"sigma/broken.yml":      "title: Broken\nid: 3f2504e0-4f89-41d3-9a0c-0305e82c3304\nlevel: low\ndetection:\n  a:\n    x: y\n  condition: b\n",
	"sigma/tab.yml":         "title: x\n\tid: y\n",
	"sigma/steps.yml": `title: First
name: first
level: low
detection: {a: {eventType: user.session.start}, condition: a}
---
title: Many
id: 3f2504e0-4f89-41d3-9a0c-0305e82c3305
level: high
correlation:
  timespan: 5m
  type: event_count
  rules: [first]
  group-by: [actor.id]
  condition: {gte: 3}
`,
}

func load(files map[string]string) (lang.Result, func(string) ([]byte, error)) {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return lang.LoadFS(fsys, "."), func(name string) ([]byte, error) { return fs.ReadFile(fsys, name) }
}

// reload loads what an import would write.
func reload(im *Import) lang.Result {
	files := map[string]string{}
	for _, f := range im.Files {
		files["out/"+f.Name] = string(f.Text)
	}
	res, _ := load(files)
	return res
}

func TestImport(t *testing.T) {
	im := NewImport(load(originals))
	var b bytes.Buffer
	if err := im.WriteText(&b, true); err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "import.txt", b.Bytes())
	text, err := json.MarshalIndent(im.Rules, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "import.json", append(text, '\n'))
	b.Reset()
	for _, f := range im.Files {
		b.WriteString("=== " + f.Name + "\n" + string(f.Text))
	}
	golden.Equal(t, "imported.txt", b.Bytes())
	if diffs := im.Verify(reload(im)); len(diffs) > 0 {
		t.Error(diffs)
	}
	for _, r := range im.Rules {
		if (r.Target == "") == (r.Outcome == Exact || r.Outcome == Changed) {
			t.Errorf("%s is %s, and its target %q", r.File, r.Outcome, r.Target)
		}
		if (r.Outcome == Unsupported || r.Outcome == Failed) && (len(r.Reasons) == 0 || r.Reasons[0].Line == 0) {
			t.Errorf("%s is %s without a reason and its line", r.File, r.Outcome)
		}
	}
}

// An import keeps what the alert shows, too.
func TestImportKeepsMetadata(t *testing.T) {
	res, read := load(originals)
	im := NewImport(res, read)
	again := reload(im)
	for _, r := range again.Rules {
		i := slices.IndexFunc(res.Rules, func(o rules.Rule) bool { return o.ID == r.ID })
		if i < 0 {
			t.Fatalf("%s comes from nowhere", r.Name)
		}
		if diff := cmp.Diff(res.Rules[i].Meta, r.Meta, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: -original +imported\n%s", r.Name, diff)
		}
	}
}

func TestImportOfEqualNames(t *testing.T) {
	one := originals["sigma/plain.yml"]
	im := NewImport(load(map[string]string{"a/x.yml": one, "b/X.yaml": strings.ReplaceAll(one, "c3301", "c3399")}))
	if len(im.Files) != 1 || len(im.Rules) != 2 || im.Rules[0].Outcome != Exact || im.Rules[1].Outcome != Failed || im.Rules[1].Target != "" {
		t.Errorf("%+v", im.Rules)
	}
}

func TestVerifySeesDifferences(t *testing.T) {
	im := NewImport(load(map[string]string{"a.yml": originals["sigma/plain.yml"]}))
	for name, change := range map[string][2]string{
		"another condition": {"user.session.start", "user.session.end"},
		"another level":     {"level: low", "level: high"},
		"another id":        {"c3301", "c3302"},
	} {
		files := map[string]string{"a.yaml": strings.ReplaceAll(string(im.Files[0].Text), change[0], change[1])}
		res, _ := load(files)
		if diffs := im.Verify(res); len(diffs) != 1 {
			t.Errorf("%s: %v", name, diffs)
		}
	}
	if diffs := im.Verify(lang.Result{}); len(diffs) != 1 {
		t.Errorf("nothing loads: %v", diffs)
	}
}

const (
	elasticTOML   = "# licence\n[rule]\nname = \"Token\"\nrule_id = \"3f2504e0-4f89-41d3-9a0c-0305e82c3401\"\nseverity = \"low\"\nrisk_score = 21\ntype = \"query\"\nlanguage = \"kuery\"\nquery = 'event.action:system.api_token.create'\n"
	exportedRule  = `{"rule_id":"3f2504e0-4f89-41d3-9a0c-0305e82c3402","name":"Session","severity":"low","risk_score":21,"type":"query","language":"kuery","query":"event.action:user.session.start","exceptions_list":[{"list_id":"ours"}]}` + "\n"
	exportedJob   = `{"rule_id":"3f2504e0-4f89-41d3-9a0c-0305e82c3403","name":"Job","severity":"low","risk_score":21,"type":"machine_learning"}` + "\n"
	exportedWrong = `{"rule_id":"3f2504e0-4f89-41d3-9a0c-0305e82c3404","name":"Wrong","severity":"low","risk_score":21,"type":"query","language":"kuery","query":"event.action:("}` + "\n"
	exception     = `{"list_id":"ours","name":"ours","entries":[{"field":"user.name","operator":"included","type":"match","value":"ada"}],"type":"simple"}` + "\n"
)

// Elastic's rules keep their form, under a name that the loader knows it by; an export keeps what runs, and exceptions.
func TestImportElastic(t *testing.T) {
	files := map[string]string{"token.toml": elasticTOML, "export.ndjson": exportedRule + exportedJob + exportedWrong + exception}
	dir := t.TempDir()
	var paths []string
	for _, name := range []string{"export.ndjson", "token.toml"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(files[name]), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	im := NewImport(lang.Load(paths), os.ReadFile)
	var outcomes []Outcome
	for _, r := range im.Rules {
		if outcomes = append(outcomes, r.Outcome); r.Format != "elastic" {
			t.Errorf("%s is taken for %s", r.Name, r.Format)
		}
	}
	if want := []Outcome{Exact, Unsupported, Failed, Exact}; !slices.Equal(outcomes, want) {
		t.Fatalf("%v, want %v: %+v", outcomes, want, im.Rules)
	}
	got := map[string]string{}
	out := t.TempDir()
	paths = nil
	for _, f := range im.Files {
		got[f.Name] = string(f.Text)
		paths = append(paths, filepath.Join(out, f.Name))
		if err := os.WriteFile(filepath.Join(out, f.Name), f.Text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(map[string]string{"token.toml": elasticTOML, "export.ndjson": exportedRule + exception}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diffs := im.Verify(lang.Load(paths)); len(diffs) > 0 {
		t.Error(diffs)
	}
}

// A file whose rules would mean something else is taken back.
func TestRefuse(t *testing.T) {
	im := NewImport(load(map[string]string{"a.yml": originals["sigma/plain.yml"], "b.yml": originals["sigma/odd.yml"]}))
	names := im.Refuse([]Difference{{Source: "a.yml", Rule: "a", Text: "why"}})
	if !slices.Equal(names, []string{"a.yaml"}) || len(im.Files) != 1 || im.Files[0].Name != "b.yaml" {
		t.Errorf("%v are taken back, %d files are left", names, len(im.Files))
	}
	if im.Rules[0].Outcome != Failed || im.Rules[0].Target != "" || im.Rules[1].Target != "b.yaml" {
		t.Errorf("%+v", im.Rules)
	}
}

// TestImportCorpus brings in what SigmaHQ, Okta and Elastic publish, and compares what the written files mean.
func TestImportCorpus(t *testing.T) {
	corpus := os.Getenv("OKTASTREAM_CORPUS")
	if corpus == "" {
		t.Skip("OKTASTREAM_CORPUS does not name a directory of public rules and events")
	}
	for _, of := range []struct {
		folders     []string
		unsupported int
	}{{[]string{"sigma-okta", "okta-customer-detections"}, 9}, {[]string{"elastic-okta"}, 0}} {
		var paths []string
		for _, folder := range of.folders {
			paths = append(paths, filepath.Join(corpus, "rules", folder))
		}
		res := lang.Load(paths)
		im := NewImport(res, os.ReadFile)
		counts := map[Outcome]int{}
		for _, r := range im.Rules {
			counts[r.Outcome]++
		}
		if counts[Failed] > 0 || counts[Exact]+counts[Changed] != len(res.Rules) || counts[Unsupported] < of.unsupported || len(im.Files) != len(res.Rules) {
			t.Errorf("%v: %v, %d files of %d rules", of.folders, counts, len(im.Files), len(res.Rules))
		}
		dir := t.TempDir()
		for _, f := range im.Files {
			if err := os.WriteFile(filepath.Join(dir, f.Name), f.Text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, diff := range im.Verify(lang.Load([]string{dir})) {
			t.Error(diff.Text)
		}
	}
}

// TestYAML writes random trees and reads them again.
func TestYAML(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.OneOf(rapid.SampledFrom([]string{"", "a", "a b", "yes", "null", "1", "1.5", "a: b", "# x", "- x", "it's", "\"", "a\n", "a\nb", "a\nb\n", "a\n\nb\n", "\na\nb", "a\n\n\n", " a\nb", "a \nb", "a\tb", "\ta\nb", "é\nü\n", "\u2028", "\x01\nb", "---\na", "%a\nb", "@a", "a\r\nb"}), rapid.String())
		var draw func(depth int) *source.Node
		draw = func(depth int) *source.Node {
			switch k := rapid.IntRange(0, 3).Draw(t, "kind"); {
			case depth > 0 && k == 0:
				n := &source.Node{Kind: source.List}
				for range rapid.IntRange(0, 3).Draw(t, "items") {
					n.Items = append(n.Items, draw(depth-1))
				}
				return n
			case depth > 0 && k == 1:
				n := &source.Node{Kind: source.Map}
				for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b c", "yes", "a|contains", "x.y", "1", "é"}), 0, 3, rapid.ID).Draw(t, "keys") {
					n.Pairs = append(n.Pairs, source.Pair{Key: text(key), Value: draw(depth - 1)})
				}
				return n
			}
			return text(word.Draw(t, "text"))
		}
		root := &source.Node{Kind: source.Map, Pairs: []source.Pair{{Key: text("root"), Value: draw(3)}, {Key: text("end"), Value: text("x")}}}
		var b strings.Builder
		writeNode(&b, root, "")
		docs := source.Parse("f.yaml", []byte(b.String()), source.DataLimits)
		if len(docs) != 1 || docs[0].Root == nil {
			t.Fatalf("%q does not parse: %+v", b.String(), docs[0].Report)
		}
		if !equal(root, docs[0].Root) {
			t.Fatalf("%q is read as something else", b.String())
		}
	})
}

func equal(a, b *source.Node) bool {
	if a.Kind != b.Kind || a.Type != b.Type || a.Text != b.Text {
		return false
	}
	return slices.EqualFunc(a.Items, b.Items, equal) && slices.EqualFunc(a.Pairs, b.Pairs, func(p, q source.Pair) bool { return equal(p.Key, q.Key) && equal(p.Value, q.Value) })
}
