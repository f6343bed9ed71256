package explain

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/lang"
)

var update = flag.Bool("update", false, "write the output into the golden files")

// section is one part of a golden file: a line of -- and its name, and the text up to the next such line.
type section struct{ name, text string }

func sections(data string) []section {
	var out []section
	for line := range strings.Lines(data) {
		if name, ok := strings.CutPrefix(line, "-- "); ok {
			out = append(out, section{name: strings.TrimSpace(name)})
			continue
		}
		if len(out) > 0 {
			out[len(out)-1].text += line
		}
	}
	return out
}

// golden is what a file of testdata holds: rule files, events, and questions with their answers.
type golden struct {
	set    *rules.Set
	rule   string
	events []Input
}

func (g *golden) read(t testing.TB, s section) bool {
	switch {
	case s.name == "rule":
		g.rule = strings.TrimSpace(s.text)
	case s.name == "events":
		for line := range strings.Lines(s.text) {
			if line = strings.TrimSpace(line); line != "" {
				g.events = append(g.events, Input{JSON: []byte(line), Meta: event.Meta{
					Origin: event.Origin{Topic: "events.ndjson", Offset: int64(len(g.events))}}})
			}
		}
	default:
		return false
	}
	return true
}

func load(t testing.TB, files fstest.MapFS) *rules.Set {
	res := lang.LoadFS(files, ".")
	for _, d := range res.Diagnostics {
		if d.Level == rules.Error || d.Level == rules.Unsupported {
			t.Fatal(d)
		}
	}
	set, diags := rules.NewSet(res.Rules)
	for _, d := range diags {
		t.Fatal(d)
	}
	return set
}

// TestGolden runs the questions in testdata: "explain", "explain EVENT" and "json EVENT".
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parts := sections(string(data))
			fsys := fstest.MapFS{}
			var g golden
			asked := 0
			var b strings.Builder
			for _, s := range parts {
				question, pick, _ := strings.Cut(s.name, " ")
				want := s.text
				switch {
				case strings.HasSuffix(s.name, ".yaml"):
					fsys[s.name] = &fstest.MapFile{Data: []byte(s.text)}
				case g.read(t, s):
				case question == "explain" || question == "json":
					if g.set == nil {
						g.set = load(t, fsys)
					}
					asked++
					s.text = g.answer(t, question, pick)
				default:
					t.Fatalf("section %q", s.name)
				}
				if diff := cmp.Diff(want, s.text); diff != "" && !*update {
					t.Errorf("%s: %s", s.name, diff)
				}
				b.WriteString("-- " + s.name + "\n" + s.text)
			}
			if asked == 0 {
				t.Error("the file asks nothing")
			}
			if *update {
				if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func (g *golden) answer(t *testing.T, question, pick string) string {
	rep, err := Run(g.set, g.rule, g.events, pick)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	if len(rep.Notes) > 0 {
		t.Errorf("%q: %v", pick, rep.Notes)
	}
	var b bytes.Buffer
	if question == "json" {
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err = enc.Encode(rep)
	} else {
		err = rep.WriteText(&b, false)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
