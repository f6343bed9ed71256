package eql

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"oktastream/rules/lang/source"
)

// compileText compiles a query and returns the diagnostics as "line:col level code".
func compileText(text string, o Options) (got string, r *source.Report) {
	r = &source.Report{File: "q"}
	where, stateful := Compile(&source.Node{Kind: source.Scalar, Type: source.String, Text: text}, o, r)
	var all []string
	for _, d := range r.Diagnostics {
		all = append(all, fmt.Sprintf("%s %s", d.Level, d.Code))
	}
	if (where == nil) == (stateful == nil) && r.OK() || !r.OK() && (where != nil || stateful != nil) {
		all = append(all, "not exactly one result")
	}
	return strings.Join(all, ", "), r
}

func TestCorpusCompiles(t *testing.T) {
	dir := os.Getenv("OKTASTREAM_CORPUS")
	if dir == "" {
		t.Skip("OKTASTREAM_CORPUS does not name a directory of public rules and events")
	}
	files, err := filepath.Glob(filepath.Join(dir, "rules", "elastic-okta", "*.toml"))
	if err != nil {
		t.Fatal(err)
	}
	query := regexp.MustCompile(`(?s)query = '''(.*?)'''`)
	n := 0
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(b), `language = "eql"`) {
			continue
		}
		n++
		if got, r := compileText(query.FindStringSubmatch(string(b))[1], Options{}); !r.OK() {
			t.Errorf("%s: %s %v", filepath.Base(f), got, r.Diagnostics)
		}
	}
	if n != 5 {
		t.Errorf("%d EQL rules, want 5", n)
	}
}
