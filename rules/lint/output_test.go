package lint

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"strings"
	"testing"

	"oktastream/integration/golden"
	"oktastream/rules"
	"oktastream/rules/lang"
	"oktastream/rules/ruletest"
)

func examples(t *testing.T) *Report {
	t.Helper()
	in := Input{Loaded: lang.Load([]string{"testdata/rules"}), Read: os.ReadFile}
	in.Tests, in.Broken = ruletest.Load([]string{"testdata/rules"})
	return Check(in, Options{Feed: EventHook})
}

func TestOutput(t *testing.T) {
	rep := examples(t)
	for name, write := range map[string]func(io.Writer) error{
		"check.txt":    rep.WriteText,
		"check.json":   rep.WriteJSON,
		"check.sarif":  func(w io.Writer) error { return rep.WriteSARIF(w, "1.2.3") },
		"check.xml":    rep.WriteJUnit,
		"check.github": rep.WriteGitHub,
	} {
		var got bytes.Buffer
		if err := write(&got); err != nil {
			t.Fatal(err)
		}
		golden.Equal(t, "golden/"+name, got.Bytes())
	}
}

// The names that scripts rely on, and what was there before the linter.
func TestJSONContract(t *testing.T) {
	var b bytes.Buffer
	if err := examples(t).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Rules       []map[string]any
		Diagnostics []any
		Summary     map[string]int
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"file", "id", "name", "title", "language", "kind", "status", "diagnostics"} {
		if _, ok := got.Rules[0][key]; !ok {
			t.Errorf("a rule has no %q", key)
		}
	}
	for _, key := range []string{"ok", "unsupported", "error", "warnings"} {
		if _, ok := got.Summary[key]; !ok {
			t.Errorf("the summary has no %q", key)
		}
	}
	if got.Diagnostics == nil {
		t.Error("no list of loose diagnostics")
	}
}

// What SARIF 2.1.0 demands beyond types: every index points at the rule of that id, places count from 1, and levels and
// kinds are of its lists.
func TestSARIF(t *testing.T) {
	rep := examples(t)
	var b bytes.Buffer
	if err := rep.WriteSARIF(&b, ""); err != nil {
		t.Fatal(err)
	}
	var log sarifLog
	dec := json.NewDecoder(&b)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 {
		t.Fatalf("%s, %d runs", log.Version, len(log.Runs))
	}
	run := log.Runs[0]
	if want := len(rep.Findings()) + len(rep.Ignored); len(run.Results) != want {
		t.Errorf("%d results of %d", len(run.Results), want)
	}
	suppressed := 0
	for _, r := range run.Results {
		if d := run.Tool.Driver.Rules[r.RuleIndex]; d.ID != r.RuleID || d.Help.Text == "" || d.ShortDescription.Text == "" {
			t.Errorf("%s: index %d is %+v", r.RuleID, r.RuleIndex, d)
		}
		at := r.Locations[0].PhysicalLocation
		if !strings.HasPrefix(at.ArtifactLocation.URI, "testdata/rules/") || at.Region == nil || at.Region.StartLine < 1 ||
			at.Region.EndColumn > 0 && at.Region.EndColumn <= at.Region.StartColumn {
			t.Errorf("%s: %+v %+v", r.RuleID, at, at.Region)
		}
		switch r.Level {
		case "error", "warning", "note":
		default:
			t.Errorf("level %q", r.Level)
		}
		suppressed += len(r.Suppressions)
	}
	if suppressed != len(rep.Ignored) || suppressed == 0 {
		t.Errorf("%d suppressed, %d ignored", suppressed, len(rep.Ignored))
	}
}

func TestFileURI(t *testing.T) {
	for name, want := range map[string]string{
		"rules/a b.yml": "rules/a%20b.yml",
		"/etc/r.yml":    "file:///etc/r.yml",
		"a:b.yml":       "./a:b.yml",
		"ä#?.yml":       "%C3%A4%23%3F.yml",
	} {
		if got := fileURI(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestJUnitCounts(t *testing.T) {
	rep := examples(t)
	var b bytes.Buffer
	if err := rep.WriteJUnit(&b); err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	s := rep.Summary()
	if got.Tests != len(rep.Rules) || got.Errors != s.Error || got.Skipped != s.Unsupported || got.Failures == 0 {
		t.Errorf("%d tests, %d errors, %d skipped, %d failures; summary %+v", got.Tests, got.Errors, got.Skipped, got.Failures, s)
	}
}

// Characters that mean something to the runner are escaped: a rule's text cannot end its command and begin another.
func TestGitHubEscapes(t *testing.T) {
	rep := &Report{Loose: []Finding{{Diagnostic: rules.Diagnostic{File: "a,b:c.yml", Level: rules.Error, Code: "OKS0101", Message: "100%\n::error::x"}}}}
	var b bytes.Buffer
	if err := rep.WriteGitHub(&b); err != nil {
		t.Fatal(err)
	}
	if want := "::error file=a%2Cb%3Ac.yml,title=OKS0101::100%25%0A::error::x\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

func TestExcerpt(t *testing.T) {
	long := strings.Repeat("a", 300)
	for _, tt := range []struct {
		source       string
		col, length  int
		text, marked string
	}{
		{"key: value", 6, 5, "key: value", "value"},
		{"kéy: välue", 6, 5, "kéy: välue", "välue"},
		{"\tkey: value", 7, 5, " key: value", "value"},
		{"key: v\x1b[31m", 6, 1, "key: v\ufffd[31m", "v"},
		{long + "XYZ" + long, 301, 3, "", "XYZ"},
		{"XYZ" + long, 1, 3, "", "XYZ"},
		{long + "XYZ", 301, 3, "", "XYZ"},
	} {
		f := &Finding{Diagnostic: rules.Diagnostic{}, Length: tt.length, Source: tt.source}
		f.Line, f.Col = 1, tt.col
		text, before, length := f.Excerpt()
		if tt.text != "" && text != tt.text {
			t.Errorf("%q: %q, want %q", tt.source, text, tt.text)
		}
		if got := string([]rune(text)[before : before+length]); got != tt.marked {
			t.Errorf("%q: marks %q, want %q", tt.source, got, tt.marked)
		}
		if n := len([]rune(text)); n > excerptWidth+4 {
			t.Errorf("%q: %d characters", tt.source, n)
		}
	}
}
