package format

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"oktastream/rules/lang"
	"oktastream/rules/lang/source"
	"oktastream/rules/pack"
	"oktastream/rules/ruletest"
)

func TestSource(t *testing.T) {
	tests := []struct{ name, file, text, want string }{
		{"keys of a rule", "a.yaml", "level: low\ndetection: x\nid: 1\ntitle: a\n", "title: a\nid: 1\ndetection: x\nlevel: low\n"},
		{"a comment above its key", "a.yaml", "level: low\n# the name\n# of it\ntitle: a\n", "# the name\n# of it\ntitle: a\nlevel: low\n"},
		{"a comment behind a value", "a.yaml", "level: low # really\ntitle: a # b\n", "title: a # b\nlevel: low # really\n"},
		{"a comment apart from the next key", "a.yaml", "level: low\n# about level\n\ntitle: a\n", "title: a\nlevel: low\n# about level\n"},
		{"a comment at the head stays", "a.yaml", "# licence\n\n# of level\nlevel: low\ntitle: a\n", "# licence\n\n# of level\ntitle: a\nlevel: low\n"},
		{"a comment inside the value before", "a.yaml", "fields:\n- a\n  # inside\ntitle: a\n", "title: a\nfields:\n- a\n  # inside\n"},
		{"empty lines", "a.yaml", "\n\nlevel: low\n\n\n\ntitle: a\n\n\n", "title: a\nlevel: low\n"},
		{"an empty line goes with the key below", "a.yaml", "title: a\nlevel: low\n\n\nid: 1\n", "title: a\n\nid: 1\nlevel: low\n"},
		{"unknown keys", "a.yaml", "zebra: 1\nlevel: low\napple: 2\noktastream: {}\n", "level: low\nzebra: 1\napple: 2\noktastream: {}\n"},
		{"nested keys", "a.yaml", "oktastream:\n  triage: x\n  risk: 1\n  suppress:\n    for: 1h\n    by: a\n", "oktastream:\n  risk: 1\n  triage: x\n  suppress:\n    by: a\n    for: 1h\n"},
		{"condition last", "a.yaml", "detection:\n  condition: b and a\n  # b\n  b: {}\n  a: {}\n", "detection:\n  # b\n  b: {}\n  a: {}\n  condition: b and a\n"},
		{"braces stay", "a.yaml", "oktastream: {triage: x, risk: 1}\ntitle: a\n", "title: a\noktastream: {triage: x, risk: 1}\n"},
		{"a literal with a number sign", "a.yaml", "description: |\n  a\n  # no comment\n\n  b\ntitle: a\n", "title: a\ndescription: |\n  a\n  # no comment\n\n  b\n"},
		{"blanks at line ends", "a.yaml", "level: low  \ntitle: a\t\n", "title: a\nlevel: low\n"},
		{"blanks that are content", "a.yaml", "description: |\n  a  \n  b\ntitle: a  \n", "title: a  \ndescription: |\n  a  \n  b\n"},
		{"carriage returns and byte order mark", "a.yaml", "\ufefflevel: low\r\ntitle: a\r\n", "title: a\nlevel: low\n"},
		{"no line end", "a.yaml", "title: a", "title: a\n"},
		{"documents", "a.yaml", "level: low\ntitle: a\n\n---\n\nlevel: high\ntitle: b\n", "title: a\nlevel: low\n---\ntitle: b\nlevel: high\n"},
		{"directive", "a.yaml", "%YAML 1.2\n---\nlevel: low\ntitle: a\n...\n", "%YAML 1.2\n---\ntitle: a\nlevel: low\n...\n"},
		{"a document on its marker's line", "a.yaml", "--- {level: low, title: a}\n", "--- {level: low, title: a}\n"},
		{"merge", "a.yaml", "a: &a {risk: 1}\noktastream:\n  triage: x\n  <<: *a\n", "a: &a {risk: 1}\noktastream:\n  triage: x\n  <<: *a\n"},
		{"a list is left alone", "a.yaml", "- b\n- a\n", "- b\n- a\n"},
		{"indicators are left alone", "a.yaml", "indicators: [192.0.2.1]\nfirst_seen: 2026-01-01\n", "indicators: [192.0.2.1]\nfirst_seen: 2026-01-01\n"},
		{"tests", "a_test.yaml", "tests:\n- name: a\n  alerts: []\nstart: x\nrule: a\n", "rule: a\nstart: x\ntests:\n- name: a\n  alerts: []\n"},
		{"nothing", "a.yaml", "\n \n", ""},
		{"nothing but comments", "a.yaml", "# a\n", "# a\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, diags := Source(tt.file, []byte(tt.text))
			if diags != nil {
				t.Fatal(diags)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			again, _ := Source(tt.file, got)
			if diff := cmp.Diff(string(got), string(again)); diff != "" {
				t.Errorf("again: -once +twice\n%s", diff)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	tests := []struct{ name, text, code string }{
		{"not YAML", "a: [\n", source.Syntax},
		{"a key twice", "a: 1\na: 2\n", source.DuplicateKey},
		{"an alias that would precede its anchor", "level: &a low\ntitle: *a\n", Changed},
		{"line ends that are content", "level: |+\n  a\n\n\ntitle: a\n", Changed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, diags := Source("a.yaml", []byte(tt.text))
			if got != nil || len(diags) == 0 || diags[0].Code != tt.code || diags[0].Line == 0 {
				t.Errorf("%q, %v", got, diags)
			}
		})
	}
}

// Every key of the tables has its place, so that a new one is not sorted behind what authors invent.
func TestEveryKeyIsOrdered(t *testing.T) {
	for _, key := range source.Names(lang.Document) {
		if !slices.Contains(ruleOrder.keys, key) && !slices.Contains(ruleOrder.last, key) {
			t.Errorf("the order of rules lacks %s", key)
		}
	}
}

// TestPack formats every file that we ship and compares what it means: the rules are the same, and their tests parse.
func TestPack(t *testing.T) {
	files, err := filepath.Glob("../pack/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	dir := t.TempDir()
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out, diags := Source(name, text)
		if diags != nil {
			t.Error(diags)
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), out, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, got := lang.LoadFS(pack.FS, "."), lang.LoadFS(os.DirFS(dir), ".")
	if len(got.Rules) != len(want.Rules) || len(got.Rules) == 0 {
		t.Fatalf("%d rules, want %d: %v", len(got.Rules), len(want.Rules), got.Diagnostics)
	}
	for i := range want.Rules {
		if got.Rules[i].Name != want.Rules[i].Name || !cmp.Equal(got.Rules[i].Meta, want.Rules[i].Meta) {
			t.Errorf("%s has changed", want.Rules[i].Name)
		}
	}
	tests, diags := ruletest.Load([]string{dir})
	if len(diags) > 0 || len(tests) != len(want.Rules) && len(tests) < 10 {
		t.Error(len(tests), diags)
	}
}

// TestProperties formats random files: the result means the same, has the same lines, is in order, and is final.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := draw(t)
		before, diags := parse("a.yaml", []byte(text))
		if diags != nil {
			t.Fatalf("the generator wrote no YAML: %v\n%s", diags, text)
		}
		got, diags := Source("a.yaml", []byte(text))
		if diags != nil {
			t.Fatalf("%v\n%s", diags, text)
		}
		if !same("a.yaml", before, string(got)) {
			t.Fatalf("%s\nhas become\n%s", text, got)
		}
		if w, g := bag(text), bag(string(got)); !maps.Equal(w, g) {
			t.Fatalf("lines differ: %s\n%s\nhas become\n%s", cmp.Diff(w, g), text, got)
		}
		docs, _ := parse("a.yaml", got)
		var keys []string
		for _, p := range docs[0].Root.Pairs {
			keys = append(keys, p.Key.Text)
		}
		if !slices.IsSortedFunc(keys, func(a, b string) int { return ruleOrder.rank(a) - ruleOrder.rank(b) }) {
			t.Fatalf("not in order: %v", keys)
		}
		if again, _ := Source("a.yaml", got); string(again) != string(got) {
			t.Fatalf("%s\nthen\n%s", got, again)
		}
	})
}

// bag counts the lines that have something in them.
func bag(text string) map[string]int {
	lines := map[string]int{}
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, " \n"); line != "" {
			lines[line]++
		}
	}
	return lines
}

// draw writes a file with keys in any order, values of every form, and comments and empty lines everywhere.
func draw(t *rapid.T) string {
	keys := rapid.SampledFrom(slices.Concat(ruleOrder.keys, ruleOrder.last, []string{"zebra", "apple", "weather"}))
	var b strings.Builder
	var write func(indent string, keys []string)
	noise := func(indent string) {
		for range rapid.IntRange(0, 2).Draw(t, "noise") {
			b.WriteString(rapid.SampledFrom([]string{"\n", indent + "# comment\n", indent + "  # deeper\n", "# at the margin\n", indent + "#\n"}).Draw(t, "line"))
		}
	}
	count := 0
	write = func(indent string, keys []string) {
		for _, key := range keys {
			noise(indent)
			count++
			b.WriteString(indent + key + ":")
			switch form := rapid.IntRange(0, 7).Draw(t, "form"); {
			case key == "oktastream" && indent == "" && form < 6:
				b.WriteString(" # ours\n")
				write("  ", rapid.SliceOfNDistinct(rapid.SampledFrom(source.Names(lang.Options)), 1, 5, rapid.ID).Draw(t, "options"))
			case key == "detection" && indent == "" && form < 6:
				b.WriteString("\n")
				write("    ", rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"condition", "selection", "filter", "other"}), 1, 4, rapid.ID).Draw(t, "selections"))
			case form == 0:
				b.WriteString(" |\n" + indent + "  text\n" + indent + "  # no comment\n\n" + indent + "  more\n")
			case form == 1:
				b.WriteString(" >-\n" + indent + "   folded\n" + indent + "   on\n")
			case form == 2:
				b.WriteString("\n" + indent + "- a\n" + indent + "# between\n" + indent + "- b: c\n" + indent + "  d: e\n")
			case form == 3:
				b.WriteString(" {b: c, a: [d,\n" + indent + "   e]}\n")
			case form == 4:
				b.WriteString(" 'quoted # text'   \n")
			case form == 5:
				b.WriteString("\n" + indent + "  z: 1\n" + indent + "  a: 2\n")
			default:
				fmt.Fprintf(&b, " value%d # behind\n", count)
			}
		}
	}
	if rapid.Bool().Draw(t, "marker") {
		b.WriteString("# head\n---\n")
	}
	write("", rapid.SliceOfNDistinct(keys, 1, 8, rapid.ID).Draw(t, "keys"))
	noise("")
	return b.String()
}

func FuzzSource(f *testing.F) {
	for _, text := range []string{"b: 1\na: 2\n", "level: |+\n a\n\ntitle: x\n", "--- a\n---\nb: [\n", "detection:\n  condition: a\n  a: &x {}\n  b: *x\n", "? a\n: b\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, diags := Source("f.yml", []byte(text))
		if (got == nil) == (len(diags) == 0) {
			t.Fatalf("%q, %v", got, diags)
		}
		if got == nil {
			return
		}
		if again, diags := Source("f.yml", got); string(again) != string(got) {
			t.Fatalf("%q becomes %q becomes %q %v", text, got, again, diags)
		}
	})
}
