package schema

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"oktastream/rules/lang"
	"oktastream/rules/lang/source"
	"oktastream/rules/pack"
	"oktastream/rules/ruletest"
)

func compile(t testing.TB, text []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("urn:test", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("urn:test")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plain is a YAML value as from JSON.
func plain(n *source.Node) any {
	switch n.Kind {
	case source.List:
		list := []any{}
		for _, item := range n.Items {
			list = append(list, plain(item))
		}
		return list
	case source.Map:
		m := map[string]any{}
		for _, p := range n.Pairs {
			m[p.Key.Text] = plain(p.Value)
		}
		return m
	}
	switch n.Type {
	case source.Null:
		return nil
	case source.Bool:
		return n.Text == "true"
	case source.Int, source.Float:
		if f, err := strconv.ParseFloat(n.Text, 64); err == nil {
			return f
		}
	}
	return n.Text
}

// validate returns what the schema says about each document of a file.
func validate(t testing.TB, s *jsonschema.Schema, name string, text []byte) (errs []error) {
	t.Helper()
	docs := source.Parse(name, text, source.DataLimits)
	if len(docs) == 0 {
		t.Fatalf("%s holds nothing", name)
	}
	for _, d := range docs {
		if d.Root == nil {
			t.Fatalf("%s: %v", name, d.Report.Diagnostics)
		}
		if err := s.Validate(plain(d.Root)); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

func TestPack(t *testing.T) {
	rule, test := compile(t, Rule()), compile(t, Test())
	files, err := fs.Glob(pack.FS, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rules, tests := 0, 0
	for _, name := range files {
		text, err := fs.ReadFile(pack.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		s := rule
		switch {
		case ruletest.IsTestFile(name):
			s = test
			tests++
		case strings.HasSuffix(name, ".indicators.yaml"):
			continue
		default:
			rules++
		}
		for _, err := range validate(t, s, name, text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if rules < 10 || tests < 10 {
		t.Errorf("%d rules and %d tests", rules, tests)
	}
}

// Whatever the loader accepts is valid.
func TestLoadedFilesAreValid(t *testing.T) {
	s := compile(t, Rule())
	dirs := []string{"../lang/testdata/good", "../author/testdata"}
	if corpus := os.Getenv("OKTASTREAM_CORPUS"); corpus != "" {
		dirs = append(dirs, filepath.Join(corpus, "rules", "sigma-okta"), filepath.Join(corpus, "rules", "okta-customer-detections"))
	}
	n := 0
	for _, dir := range dirs {
		for _, f := range lang.Load([]string{dir}).Files {
			if f.Status == lang.Failed {
				continue
			}
			text, err := os.ReadFile(f.File)
			if err != nil {
				t.Fatal(err)
			}
			n++
			for _, err := range validate(t, s, f.File, text) {
				t.Errorf("%s: %v", f.File, err)
			}
		}
	}
	if n < 5 {
		t.Errorf("%d files", n)
	}
}

func TestBrokenRules(t *testing.T) {
	s := compile(t, Rule())
	good := "title: a\ndetection: {x: {eventType: y}, condition: x}\n"
	if errs := validate(t, s, "good", []byte(good)); errs != nil {
		t.Fatal(errs)
	}
	for name, text := range map[string]string{
		"no body":                     "title: a\n",
		"a list":                      "[a]\n",
		"query without language":      "title: a\nquery: a pr\n",
		"level":                       good + "level: severe\n",
		"no condition":                "title: a\ndetection: {x: {eventType: y}}\n",
		"detection is a text":         "title: a\ndetection: x\n",
		"unknown option":              good + "oktastream: {risky: 5}\n",
		"risk out of range":           good + "oktastream: {risk: 101}\n",
		"risk is a text":              good + "oktastream: {risk: high}\n",
		"span":                        good + "oktastream: {lateness: 5 minutes}\n",
		"distinct without field":      good + "oktastream: {distinct: [{gte: 1}]}\n",
		"indicators without a file":   good + "oktastream: {indicators: {fields: client.ipAddress}}\n",
		"suppress has an unknown key": good + "oktastream: {suppress: {during: 1h}}\n",
		"generate is a text":          good + "generate: 'yes'\n",
		"correlation without rules":   "correlation: {type: event_count, timespan: 5m}\n",
		"timespan":                    "correlation: {type: event_count, rules: [a], timespan: 5}\n",
		"unknown key of correlation":  "correlation: {type: event_count, rules: [a], timespan: 5m, groupby: x}\n",
		"related type":                good + "related: [{id: x, type: sibling}]\n",
	} {
		if validate(t, s, name, []byte(text)) == nil {
			t.Errorf("%s: is valid", name)
		}
	}
}

func TestBrokenTests(t *testing.T) {
	s := compile(t, Test())
	good := "rule: a\nstart: 2026-01-10T09:00:00Z\nbase: {okta: user.session.start, actor.alternateId: x}\ntests: [{name: x, events: [{at: 0s, repeat: 2, outcome.result: FAILURE}], alerts: [{at: 0s, group: {a: b}, fields: {c: null}}]}]\n"
	if errs := validate(t, s, "good", []byte(good)); errs != nil {
		t.Fatal(errs)
	}
	for name, change := range map[string][2]string{
		"no rule":             {"rule: a\n", ""},
		"no start":            {"start: 2026-01-10T09:00:00Z\n", ""},
		"unknown key":         {"rule: a", "rule: a\nrules: b"},
		"tests is a text":     {"tests: [", "tests: x\nother: ["},
		"a test has no name":  {"name: x, ", ""},
		"events is a map":     {"events: [{at: 0s, repeat: 2, outcome.result: FAILURE}]", "events: {at: 0s}"},
		"repeat is zero":      {"repeat: 2", "repeat: 0"},
		"unknown in an alert": {"group: {", "grouping: {"},
		"group is a list":     {"group: {a: b}", "group: [a]"},
		"severity":            {"alerts: [{at: 0s", "alerts: [{severity: bad"},
		"unknown case":        {"rule: a", "rule: a\nskip: [everything]"},
	} {
		text := strings.Replace(good, change[0], change[1], 1)
		if text == good {
			t.Fatalf("%s changes nothing", name)
		}
		if validate(t, s, name, []byte(text)) == nil {
			t.Errorf("%s: is valid", name)
		}
	}
}

// Every key of the tables is in the schema, with its documentation.
func TestTables(t *testing.T) {
	text := string(Rule())
	for _, f := range slices.Concat(lang.Document, lang.Options) {
		if !strings.Contains(text, strconv.Quote(f.Name)+": {") || !strings.Contains(text, f.Doc) {
			t.Errorf("the schema does not explain %s", f.Name)
		}
	}
	text = string(Test())
	for _, f := range slices.Concat(ruletest.FileFields(), ruletest.EventFields(), ruletest.AlertFields()) {
		if !strings.Contains(text, strconv.Quote(f.Name)+": {") || !strings.Contains(text, f.Doc) {
			t.Errorf("the schema does not explain %s", f.Name)
		}
	}
}

func TestConfig(t *testing.T) {
	s := compile(t, Config([]Setting{
		{Name: "rules", Doc: "rules", Kind: List}, {Name: "workers", Kind: Integer}, {Name: "create.topics", Kind: Boolean},
		{Name: "commit.interval", Kind: Duration}, {Name: "state.budget", Kind: Size}, {Name: "log.level", Kind: Choice, Values: []string{"debug", "info"}}, {Name: "org", Kind: Text},
	}, []Setting{{Name: "bootstrap.servers"}, {Name: "ssl.key.location"}, {Name: "ssl.key.password"}}))
	for name, tt := range map[string]struct {
		text string
		ok   bool
	}{
		"dotted":                      {"state.budget: 5MiB\nlog.level: info\n", true},
		"nested":                      {"state: {budget: 5}\nlog: {level: debug}\n", true},
		"nested in part":              {"ssl: {key.location: x, key: {password: y}}\n", true},
		"Kafka at the top":            {"bootstrap.servers: a:1\n", true},
		"Kafka below kafka":           {"kafka: {bootstrap.servers: ['a:1', 'b:2'], ssl.key.location: x}\n", true},
		"Kafka below kafka, nested":   {"kafka: {bootstrap: {servers: a:1}}\n", true},
		"Kafka, dotted all the way":   {"kafka.bootstrap.servers: a:1\n", true},
		"a list as a text":            {"rules: a,b\n", true},
		"numbers and truth as text":   {"workers: '3'\ncreate.topics: 'true'\n", true},
		"references":                  {"workers: ${env:WORKERS}\nlog.level: ${file:/x}\n", true},
		"empty":                       {"org:\n", true},
		"unknown":                     {"worker: 3\n", false},
		"unknown below":               {"state: {budgets: 5}\n", false},
		"unknown below kafka":         {"kafka: {bootstrap.server: a}\n", false},
		"ours below kafka":            {"kafka: {workers: 3}\n", false},
		"a number that is none":       {"workers: many\n", false},
		"a choice that is none":       {"log.level: loud\n", false},
		"a time span without a unit":  {"commit.interval: 5\n", false},
		"a size with a strange unit":  {"state.budget: 5MB\n", false},
		"truth that is a number":      {"create.topics: 3\n", false},
		"a map where a text is meant": {"org: {a: b}\n", false},
	} {
		if errs := validate(t, s, name, []byte(tt.text)); (errs == nil) != tt.ok {
			t.Errorf("%s: %v", name, errs)
		}
	}
}
