package source

import (
	"strings"
	"testing"
	"unicode/utf8"

	"oktastream/rules/match"
)

// FuzzTOML and FuzzNDJSON read Elastic's two forms of rule files: whatever the text, a document has a tree or an error, and
// every place that either names is in the file.
func FuzzTOML(f *testing.F) {
	for _, seed := range []string{"a = 1\n", "[rule]\nquery = '''\na:b and\n c\n'''\nx = [\"y\", 'z']\n", "[[a.b]]\nc = {d = 1, e.f = \"\\u00e9\\n\"}\n[[a.b]]\n",
		"a = \"\"\"\\\n   x\n\n y\"\"\"\n", "a.\"b.c\".'d' = 2026-01-05T00:00:00Z\n", "a = 0x1F\nb = inf\nc = 1_000\n", "a = [1, # no\n 2,\n]", "[a]\n[a]\n", "é = \"é\" x", "a = \"", "\ufeff# x\r\na=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) { readAll(t, "f.toml", text) })
}

func FuzzNDJSON(f *testing.F) {
	for _, seed := range []string{`{"a":1}` + "\n\n" + `{"b":[true,null,{"c":"\u00e9\n"}]}`, `{"a":1}{"b":2}`, `{"a":`, `{"a":1,"a":2}`, `[1.50e3, -0]`, "\ufeff{}\r\n{}", `{"é":"é","x":"\ud83d"}`, strings.Repeat("[", 100), `"a" x`, "nul"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) { readAll(t, "f.ndjson", text) })
}

func readAll(t *testing.T, file, text string) {
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(text, "\ufeff")), "\n")
	inside := func(what any, p match.Pos) {
		if p.Line < 1 || p.Line > len(lines) || p.Col < 1 || p.Col > utf8.RuneCountInString(lines[p.Line-1])+1 {
			if n, ok := what.(*Node); ok {
				what = dump(n)
			}
			t.Fatalf("%v is at %v of %q", what, p, text)
		}
	}
	var walk func(n *Node)
	walk = func(n *Node) {
		inside(n, n.Pos)
		for i := 0; i <= len(n.Text); i++ {
			inside(n, n.At(i))
		}
		for _, item := range n.Items {
			walk(item)
		}
		for _, p := range n.Pairs {
			walk(p.Key)
			walk(p.Value)
		}
	}
	for _, d := range Parse(file, []byte(text), RuleLimits) {
		if (d.Root == nil) == d.Report.OK() {
			t.Fatalf("root %v with %v", d.Root, d.Report.Diagnostics)
		}
		for _, g := range d.Report.Diagnostics {
			if g.Line > 0 { // 0 is the file as a whole
				inside(g.Message, g.Pos)
			}
		}
		if d.Root != nil {
			walk(d.Root)
		}
	}
}
