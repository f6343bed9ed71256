package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"oktastream/rules/author"
	"oktastream/rules/coverage"
	"oktastream/rules/lang"
	"oktastream/rules/lang/source"
)

const (
	messyRule = "# ours\nlevel: high\n# what it is called\ntitle: Vault opened\nid: 3f2504e0-4f89-41d3-9a0c-0305e82c3301\ndetection:\n  condition: a\n  a:\n    eventType: user.session.start\n"
	tidyRule  = "# ours\n# what it is called\ntitle: Vault opened\nid: 3f2504e0-4f89-41d3-9a0c-0305e82c3301\ndetection:\n  a:\n    eventType: user.session.start\n  condition: a\nlevel: high\n"
	entryRule = "title: Console\nid: 0123456789abcdef0123456789abcdef\nthreat: {Tactic: [Initial Access], Technique: [{T1078: Valid Accounts}]}\ndetection:\n  okta_systemlog:\n    OIE: eventType eq \"user.session.access_admin_app\"\n"
	splunk    = "title: Splunk\nid: 0123456789abcdef0123456789abcdee\ndetection:\n  splunk: index=main\n"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// expect runs a command line and compares the exit code, and looks for texts in what it prints.
func expect(t *testing.T, want int, args []string, texts ...string) string {
	t.Helper()
	code, out, notes := command(t, "", args...)
	if code != want {
		t.Fatalf("%v: exit %d, want %d\n%s%s", args, code, want, out, notes)
	}
	for _, text := range texts {
		if !strings.Contains(out+notes, text) {
			t.Errorf("%v: missing %q in:\n%s%s", args, text, out, notes)
		}
	}
	return out
}

func TestRulesList(t *testing.T) {
	expect(t, exitOK, []string{"rules", "list"}, "NAME", "okta_api_token_created", "system.api_token.create")
	var list []author.Summary
	if err := json.Unmarshal([]byte(expect(t, exitOK, []string{"rules", "list", "-o", "json"})), &list); err != nil || len(list) < 10 {
		t.Fatal(len(list), err)
	}
	good, broken := write(t, "good.yaml", tidyRule), write(t, "broken.yaml", badRule)
	expect(t, exitOK, []string{"rules", "list", good}, "good")
	expect(t, exitLoad, []string{"rules", "list", good, broken}, "good", "broken.yaml:5:", "error")
	expect(t, exitLoad, []string{"rules", "list", t.TempDir()}, "no rule found")
	expect(t, exitUsage, []string{"rules", "list", "-o", "yaml"}, `unknown format "yaml"`)
}

func TestRulesShow(t *testing.T) {
	expect(t, exitOK, []string{"rules", "show", "okta_session_device_tokens"}, "groups by", "identity ", "routed by actor.alternateId", "at least 4 different values of debugContext.debugData.dtHash", "every type but policy.evaluate_sign_on")
	var d author.Description
	if err := json.Unmarshal([]byte(expect(t, exitOK, []string{"rules", "show", "okta_api_token_created", "-o", "json"})), &d); err != nil || d.Name != "okta_api_token_created" {
		t.Fatal(d, err)
	}
	expect(t, exitUsage, []string{"rules", "show", "okta_api_token_createt"}, "did you mean okta_api_token_created?")
	expect(t, exitLoad, []string{"rules", "show", "-r", write(t, "broken.yaml", badRule), "broken"}, "does not load")
	expect(t, exitUsage, []string{"rules", "show"})
}

// TestRulesNew takes the way of a new author: draft a rule, test it, check it, format it, evaluate it.
func TestRulesNew(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "rules")
	sample := write(t, "event.json", tokenEvent)
	expect(t, exitOK, []string{"rules", "new", "okta_token", "--from-event", sample, "-d", dir}, "okta_token.yaml", "okta_token_test.yaml")
	expect(t, exitOK, []string{"rules", "test", dir})
	expect(t, exitOK, []string{"rules", "check", dir})
	expect(t, exitOK, []string{"rules", "fmt", "--check", dir})
	if out := expect(t, exitOK, []string{"eval", "-q", "-r", dir, sample}); strings.Count(out, "\n") != 1 {
		t.Errorf("the draft does not fire once for its event: %s", out)
	}
	for _, name := range []string{"okta_token.yaml", "okta_token_test.yaml"} {
		if text := read(t, filepath.Join(dir, name)); strings.Contains(text, "ada@corp.example") {
			t.Errorf("%s tells who it was", name)
		}
	}
	before := read(t, filepath.Join(dir, "okta_token.yaml"))
	expect(t, exitUsage, []string{"rules", "new", "okta_token", "-d", dir}, "okta_token_test.yaml exist; nothing was written")
	if read(t, filepath.Join(dir, "okta_token.yaml")) != before {
		t.Error("a file was replaced")
	}
	expect(t, exitOK, []string{"rules", "new", "okta_token", "-d", dir, "--force"})
	if read(t, filepath.Join(dir, "okta_token.yaml")) == before {
		t.Error("--force replaces nothing")
	}
	expect(t, exitOK, []string{"rules", "test", dir})
	expect(t, exitUsage, []string{"rules", "new", "../x"}, "no name for a rule")
	expect(t, exitUsage, []string{"rules", "new", "x", "--from-event", filepath.Join(dir, "nothing.json")}, "no such file")
	expect(t, exitUsage, []string{"rules", "new", "x", "--from-event", write(t, "empty.json", "{\"a\": 1}\n"), "-d", dir}, "empty.json")
}

func TestRulesFmt(t *testing.T) {
	file := write(t, "messy.yaml", messyRule)
	dir := filepath.Dir(file)
	if out := expect(t, exitOK, []string{"rules", "fmt", file}); out != tidyRule {
		t.Errorf("got\n%s", out)
	}
	if code, out, _ := command(t, messyRule, "rules", "fmt"); code != exitOK || out != tidyRule {
		t.Errorf("standard input: exit %d\n%s", code, out)
	}
	if out := expect(t, exitFindings, []string{"rules", "fmt", "--check", dir}); out != file+"\n" {
		t.Errorf("--check: %q", out)
	}
	if read(t, file) != messyRule {
		t.Fatal("--check changes the file")
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if out := expect(t, exitOK, []string{"rules", "fmt", "-w", dir}); out != file+"\n" || read(t, file) != tidyRule {
		t.Errorf("-w: %q\n%s", out, read(t, file))
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if out := expect(t, exitOK, []string{"rules", "fmt", "-w", "--check=false", dir}); out != "" {
		t.Errorf("-w again: %q", out)
	}
	expect(t, exitOK, []string{"rules", "fmt", "--check", dir})
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%v %v", entries, err)
	}

	// Several files come out as one text that loads, each below its name.
	one, other := write(t, "one.yaml", messyRule), write(t, "other.yaml", strings.Replace(messyRule, "c3301", "c3302", 1))
	if out := expect(t, exitOK, []string{"rules", "fmt", one, other}); out != "# "+one+"\n"+tidyRule+"---\n# "+other+"\n"+strings.Replace(tidyRule, "c3301", "c3302", 1) {
		t.Errorf("several:\n%s", out)
	} else {
		expect(t, exitOK, []string{"rules", "list", write(t, "joined.yaml", out)}, "joined/1", "joined/2")
	}

	// One that cannot be formatted does not keep the next from it.
	broken, messy := write(t, "broken.yaml", "a: [\n"), write(t, "messy.yaml", messyRule)
	expect(t, exitLoad, []string{"rules", "fmt", "-w", broken, messy}, "broken.yaml:1:", "OKS0104")
	if read(t, messy) != tidyRule || read(t, broken) != "a: [\n" {
		t.Error("the wrong file was formatted")
	}
	expect(t, exitLoad, []string{"rules", "fmt", filepath.Join(dir, "nothing.yaml")})
	expect(t, exitUsage, []string{"rules", "fmt", "-w", "--check", dir}, "exclude each other")
	expect(t, exitUsage, []string{"rules", "fmt", "-w"}, "standard input")
}

// An import that would not mean the same leaves what it was to replace, and nothing where there was nothing.
func TestRulesImportTakesBack(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "vault.yaml")
	for _, old := range []string{"", "# of my own\n"} {
		if old != "" {
			if err := os.WriteFile(path, []byte(old), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		sources := []string{write(t, "vault.yml", messyRule)}
		im := author.NewImport(lang.Load(sources), (&ruleSource{paths: sources}).read)
		im.Files[0].Text = bytes.ReplaceAll(im.Files[0].Text, []byte("eventType"), []byte("displayMessage"))
		written, diffs, err := writeImport(im, dir, true, lang.Loading{})
		if err != nil || len(diffs) != 1 || len(written) != 0 {
			t.Fatalf("written %v, differences %v, %v", written, diffs, err)
		}
		if old == "" {
			if _, err := os.Stat(path); err == nil {
				t.Error("what was taken back is there")
			}
			continue
		}
		info, err := os.Stat(path)
		if err != nil || read(t, path) != old || info.Mode().Perm() != 0o600 {
			t.Errorf("the old file is %v: %q, %v", info, read(t, path), err)
		}
	}
}

func TestRulesImport(t *testing.T) {
	out := filepath.Join(t.TempDir(), "mine")
	entry, sigma, only := write(t, "console.yml", entryRule), write(t, "vault.yml", messyRule), write(t, "splunk.yml", splunk)
	expect(t, exitOK, []string{"rules", "import", entry, sigma}, "exact       okta-catalogue", "exact       sigma", "2 exact, 0 changed")
	if _, err := os.Stat(out); err == nil {
		t.Fatal("without -o something was written")
	}
	expect(t, exitFindings, []string{"rules", "import", entry, sigma, only, "-o", out}, "unsupported okta-catalogue", "splunk.yml:4:3: unsupported OKS0801", "2 files written")
	expect(t, exitOK, []string{"rules", "list", out}, "console", "vault")
	expect(t, exitOK, []string{"rules", "fmt", "--check", out})
	if got := read(t, filepath.Join(out, "vault.yaml")); got != tidyRule {
		t.Errorf("got\n%s", got)
	}
	expect(t, exitUsage, []string{"rules", "import", entry, "-o", out}, "console.yaml exists")
	expect(t, exitOK, []string{"rules", "import", entry, "-o", out, "--force"})
	token := write(t, "token.toml", "[rule]\nname = \"Token\"\nrule_id = \"3f2504e0-4f89-41d3-9a0c-0305e82c3401\"\nseverity = \"low\"\nrisk_score = 21\ntype = \"query\"\nlanguage = \"kuery\"\nquery = 'event.action:system.api_token.create'\n")
	expect(t, exitOK, []string{"rules", "import", token, "-o", out}, "exact       elastic", "1 file written")
	expect(t, exitOK, []string{"rules", "list", out}, "console", "vault", "token")
	expect(t, exitUsage, []string{"rules", "import", entry, token, "-o", out}, "console.yaml, ", "token.toml exist;")
	expect(t, exitLoad, []string{"rules", "import", write(t, "broken.yml", badRule)}, "error       sigma", "1 error\n")
	expect(t, exitLoad, []string{"rules", "import", t.TempDir()}, "no rule found")
	expect(t, exitUsage, []string{"rules", "import"})

	var rep importReport
	if err := json.Unmarshal([]byte(expect(t, exitFindings, []string{"rules", "import", only, "--format", "json", "-o", out})), &rep); err != nil {
		t.Fatal(err)
	}
	if len(rep.Rules) != 1 || rep.Rules[0].Outcome != author.Unsupported || rep.Rules[0].Reasons[0].Line == 0 || len(rep.Written) != 0 {
		t.Errorf("%+v", rep)
	}
}

func TestRulesCoverage(t *testing.T) {
	feed := write(t, "feed.ndjson", tokenEvent+"\n"+laterEvent+"\n"+strings.ReplaceAll(tokenEvent, "system.api_token.create", "user.session.end")+"\n")
	expect(t, exitOK, []string{"rules", "coverage"}, "event types that rules name", "system.api_token.create")
	var rep coverage.Report
	if err := json.Unmarshal([]byte(expect(t, exitOK, []string{"rules", "coverage", "--events", feed, "-o", "json"})), &rep); err != nil {
		t.Fatal(err)
	}
	if rep.Events != 3 || !slices.Equal(rep.Unread, []string{"user.session.end"}) || len(rep.Absent) == 0 || len(rep.Silent) == 0 {
		t.Errorf("%+v", rep)
	}
	expect(t, exitOK, []string{"rules", "coverage", "--events", feed, feed}, "6 events", "arrives, and no rule reads it")
	var layer coverage.Layer
	if err := json.Unmarshal([]byte(expect(t, exitOK, []string{"rules", "coverage", "-o", "navigator", "--name", "ours"})), &layer); err != nil {
		t.Fatal(err)
	}
	if layer.Name != "ours" || layer.Versions.Layer != "4.5" || len(layer.Techniques) < 5 {
		t.Errorf("%+v", layer)
	}
	expect(t, exitUsage, []string{"rules", "coverage", "-o", "navigator", feed}, "leave the events out")
	folder := t.TempDir()
	expect(t, exitUsage, []string{"rules", "coverage", folder}, "are files of events, rules are named with -r "+folder)
	expect(t, exitUsage, []string{"rules", "coverage", "--events", filepath.Join(t.TempDir(), "nothing")}, "could not be read")
	expect(t, exitLoad, []string{"rules", "coverage", "-r", write(t, "broken.yaml", badRule)})
}

func TestSchema(t *testing.T) {
	compiled := map[string]*jsonschema.Schema{}
	for _, s := range schemas {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(expect(t, exitOK, []string{"schema", s.name}))))
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource("urn:"+s.name, doc); err != nil {
			t.Fatal(err)
		}
		if compiled[s.name], err = c.Compile("urn:" + s.name); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, exitUsage, []string{"schema", "rules"}, "did you mean rule?")
	expect(t, exitUsage, []string{"schema"})

	// What the schema of the configuration says agrees with what `run` takes.
	for _, text := range []string{
		"rules: [a, b]\nworkers: 2\nstate.budget: 5MiB\n",
		"state: {budget: 5MiB}\nlog: {level: debug}\nkafka: {bootstrap.servers: 'k:1', group.id: g}\n",
		"commit.interval: 1s\ncreate.topics: true\nstage: ingest\nhttp: none\n",
		"workers: many\n", "log.level: loud\n", "create.topics: maybe\n", "commit.interval: soon\n", "state.budget: 5MB\n", "no.such: 1\n", "stage: last\n", "kafka: {no.such.property: 1}\n",
	} {
		_, err := configure(write(t, "config.yaml", text), nil, nil)
		valid := compiled["config"].Validate(plain(t, text))
		if (err == nil) != (valid == nil) {
			t.Errorf("%q: run says %v, the schema says %v", text, err, valid)
		}
	}
}

// plain reads YAML as if it were JSON.
func plain(t *testing.T, text string) any {
	t.Helper()
	var convert func(n *source.Node) any
	convert = func(n *source.Node) any {
		switch {
		case n.Kind == source.List:
			list := []any{}
			for _, item := range n.Items {
				list = append(list, convert(item))
			}
			return list
		case n.Kind == source.Map:
			m := map[string]any{}
			for _, p := range n.Pairs {
				m[p.Key.Text] = convert(p.Value)
			}
			return m
		case n.Type == source.Null:
			return nil
		case n.Type == source.Bool:
			return n.Text == "true"
		case n.Type == source.Int:
			return json.Number(n.Text)
		}
		return n.Text
	}
	docs := source.Parse("x", []byte(text), source.RuleLimits)
	if len(docs) != 1 || docs[0].Root == nil {
		t.Fatal(text)
	}
	return convert(docs[0].Root)
}

// Every setting has a form that editors can check.
func TestSettingForms(t *testing.T) {
	for _, s := range settingTable {
		if s.kind == "" || s.set == nil || (s.kind == "one of several") != (len(s.values) > 0) {
			t.Errorf("%s: %+v", s.name, s.form)
		}
		for _, v := range s.values {
			if err := s.set(&settings{}, v); err != nil {
				t.Errorf("%s: %v", s.name, err)
			}
		}
	}
}
