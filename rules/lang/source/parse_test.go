package source

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"oktastream/rules/match"
)

// one parses text that must be one good document.
func one(t testing.TB, text string) *Node {
	t.Helper()
	docs := Parse("f.yml", []byte(text), RuleLimits)
	if len(docs) != 1 || docs[0].Root == nil {
		for _, d := range docs {
			t.Log(d.Report.Diagnostics)
		}
		t.Fatalf("%q is not one document", text)
	}
	return docs[0].Root
}

// dump writes a tree with places.
func dump(n *Node) string {
	at := fmt.Sprintf("@%d:%d", n.Pos.Line, n.Pos.Col)
	switch n.Kind {
	case List:
		var parts []string
		for _, i := range n.Items {
			parts = append(parts, dump(i))
		}
		return "[" + strings.Join(parts, " ") + "]" + at
	case Map:
		var parts []string
		for _, p := range n.Pairs {
			parts = append(parts, dump(p.Key)+"="+dump(p.Value))
		}
		return "{" + strings.Join(parts, " ") + "}" + at
	}
	kind := map[Type]string{String: "", Null: "null:", Bool: "bool:", Int: "int:", Float: "float:"}[n.Type]
	return fmt.Sprintf("%s%q%s", kind, n.Text, at)
}

func TestTree(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"map", "a: b\nc: d\n", `{"a"@1:1="b"@1:4 "c"@2:1="d"@2:4}@1:1`},
		{"nested", "a:\n  b:\n  - c\n  - d: e\n", `{"a"@1:1={"b"@2:3=["c"@3:5 {"d"@4:5="e"@4:8}@4:5]@3:3}@2:3}@1:1`},
		{"flow", "a: [b, {c: d}]\n", `{"a"@1:1=["b"@1:5 {"c"@1:9="d"@1:12}@1:9]@1:4}@1:1`},
		{"types", "a: 1\nb: true\nc: 1.5\nd: null\ne: '1'\nf: ~\ng:\nh: 2026-01-02\ni: yes\n",
			`{"a"@1:1=int:"1"@1:4 "b"@2:1=bool:"true"@2:4 "c"@3:1=float:"1.5"@3:4 "d"@4:1=null:"null"@4:4 "e"@5:1="1"@5:4 "f"@6:1=null:"~"@6:4 "g"@7:1=null:"null"@7:3 "h"@8:1="2026-01-02"@8:4 "i"@9:1="yes"@9:4}@1:1`},
		{"characters, not bytes", "é: [ß, x]\n", `{"é"@1:1=["ß"@1:5 "x"@1:8]@1:4}@1:1`},
		{"carriage returns", "a: 'x\r\n  y'\r\nb: |\r\n  c\r\n  d\r\ne: f\r\n", `{"a"@1:1="x y"@1:4 "b"@3:1="c\nd\n"@3:4 "e"@6:1="f"@6:4}@1:1`},
		{"byte order mark", "\ufeffa: b\n", `{"a"@1:1="b"@1:4}@1:1`},
		{"comments", "# one\na: b # two\n# three\nc: d\n", `{"a"@2:1="b"@2:4 "c"@4:1="d"@4:4}@2:1`},
		{"alias", "a: &x [1]\nb: *x\n", `{"a"@1:1=[int:"1"@1:8]@1:7 "b"@2:1=[int:"1"@1:8]@1:7}@1:1`},
		{"merge", "a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n", `{"a"@1:1={"b"@1:8=int:"1"@1:11 "c"@1:14=int:"2"@1:17}@1:8 "d"@2:1={"c"@4:3=int:"3"@4:6 "b"@1:8=int:"1"@1:11}@3:3}@1:1`},
		{"tags", "a: !!str 1\nb: !!seq\n- x\n", `{"a"@1:1="1"@1:10 "b"@2:1=["x"@3:3]@3:1}@1:1`},
		{"hexadecimal", "a: 0x10\nb: 0o17\n", `{"a"@1:1=int:"16"@1:4 "b"@2:1=int:"15"@2:4}@1:1`},
		{"key with a question mark", "? a\n: b\n", `{"a"@1:3="b"@2:3}@1:3`},
		{"directive", "%YAML 1.2\n---\na: b\n", `{"a"@3:1="b"@3:4}@3:1`},
		{"scalar", "hello\n", `"hello"@1:1`},
		{"folded", "a: >\n  x\n  y\n", `{"a"@1:1="x y\n"@1:4}@1:1`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := dump(one(t, tt.text)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestDocuments(t *testing.T) {
	docs := Parse("f.yml", []byte("---\na: 1\n---\n# nothing\n---\nb: [\n---\nc: 3\n...\nd: 4\n"), RuleLimits)
	var got []string
	for _, d := range docs {
		if d.Root == nil {
			got = append(got, fmt.Sprintf("%d:%d %s", d.Report.Diagnostics[0].Line, d.Report.Diagnostics[0].Col, d.Report.Diagnostics[0].Code))
			continue
		}
		got = append(got, dump(d.Root))
	}
	want := `{"a"@2:1=int:"1"@2:4}@2:1 | 6:4 OKS0104 | {"c"@8:1=int:"3"@8:4}@8:1 | {"d"@10:1=int:"4"@10:4}@10:1`
	if s := strings.Join(got, " | "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

func TestBadDocuments(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 9; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 7), i-1)
	}
	var keys strings.Builder
	for i := range maxKeys + 1 {
		fmt.Fprintf(&keys, "k%d: v\n", i)
	}
	tests := []struct{ name, text, want string }{
		{"tab", "a:\n\tb: c\n", "2:1 OKS0104"},
		{"colon in a value", "a: b: c\n", "1:4 OKS0104"},
		{"open quote", "a: 'b\nc: d\n", "1:4 OKS0104"},
		{"open bracket", "a: [b\nc: d\n", "2:1 OKS0104"},
		{"duplicate key", "a: 1\nb: 2\na: 3\n", "3:1 OKS0106"},
		{"duplicate key, quoted", "a: 1\n'a': 3\n", "2:1 OKS0106"},
		{"duplicate key in brackets", "a: {b: 1, b: 2}\n", "1:11 OKS0106"},
		{"alias without anchor", "a: *b*\n", "1:4 OKS0107"},
		{"anchor inside itself", "a: &a [*a]\n", "1:8 OKS0107"},
		{"alias bomb", bomb, "6:10 OKS0102"},
		{"unknown tag", "a: !exec x\n", "1:4 OKS0108"},
		{"list as a key", "[a]: b\n", "1:4 OKS0104"},
		{"merge of a text", "a: &x y\nb:\n  <<: *x\n", "1:7 OKS0112"},
		{"deep brackets", strings.Repeat("[", 10_000), "1:65 OKS0105"},
		{"deep braces", strings.Repeat("{a: ", 10_000), "1:257 OKS0105"},
		{"deep dashes", strings.Repeat("- ", 10_000), "1:129 OKS0105"},
		{"deep question marks", strings.Repeat("? ", 20_000), "1:129 OKS0105"},
		{"deep anchors", "a: " + strings.Repeat("&a ", 10_000), "1:196 OKS0105"},
		{"deep tags", "a: " + strings.Repeat("!!str ", 10_000), "1:324 OKS0105"},
		{"many keys", keys.String(), "1001:6 OKS0102"},
		{"many values", strings.Repeat("- a\n", 60_000), "50000:3 OKS0102"},
		{"many empty lines", "a: |\n  b" + strings.Repeat("\n", 200) + "  c\n", "103:1 OKS0102"},
		{"many empty lines with blanks", "a: |\n  b\n" + strings.Repeat(" \n", 200) + "  c\n", "103:1 OKS0102"},
		{"angles", "a: b\nc: é" + strings.Repeat("<", 200), "2:5 OKS0102"},
		{"dashes in brackets", "a: [- b]\n", "1:5 OKS0104"},
		{"too large", strings.Repeat("#", 5<<20), "0:0 OKS0102"},
		{"not UTF-8", "a: b\nc: d\xff\n", "2:5 OKS0103"},
		{"two values", "a: b\n--- c\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Now()
			var got []string
			for _, d := range Parse("f.yml", []byte(tt.text), RuleLimits) {
				for _, diag := range d.Report.Diagnostics {
					got = append(got, fmt.Sprintf("%d:%d %s", diag.Line, diag.Col, diag.Code))
				}
				if (d.Root == nil) != d.Report.Failed() {
					t.Errorf("root %v with %v", d.Root, d.Report.Diagnostics)
				}
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("got %s, want %s", s, tt.want)
			}
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

func TestDuplicateKeyNamesBothPlaces(t *testing.T) {
	docs := Parse("f.yml", []byte("a: 1\nb: 2\na: 3\n"), RuleLimits)
	if m := docs[0].Report.Diagnostics[0].Message; !strings.Contains(m, "1:1") || docs[0].Report.Diagnostics[0].Line != 3 {
		t.Error(m)
	}
}

func TestAt(t *testing.T) {
	tests := []struct {
		name, text, find string
		want             match.Pos
	}{
		{"plain", "q: one two\n", "two", match.Pos{Line: 1, Col: 8}},
		{"single quotes", "q: 'one two'\n", "two", match.Pos{Line: 1, Col: 9}},
		{"doubled quote", "q: 'it''s two'\n", "two", match.Pos{Line: 1, Col: 11}},
		{"double quotes", "q: \"one two\"\n", "two", match.Pos{Line: 1, Col: 9}},
		{"escaped quote", `q: "a \"b\" two"`, "two", match.Pos{Line: 1, Col: 13}},
		{"escaped backslash", `q: "a\\b two"`, "two", match.Pos{Line: 1, Col: 10}},
		{"escaped white space", `q: "a\tb\nc two"`, "two", match.Pos{Line: 1, Col: 13}},
		{"other escape: the beginning", `q: "\x41 two"`, "two", match.Pos{Line: 1, Col: 4}},
		{"several lines", "q: one\n  two\n  three\n", "three", match.Pos{Line: 3, Col: 3}},
		{"literal block", "q: |\n    one\n    two three\n", "three", match.Pos{Line: 3, Col: 9}},
		{"literal block with more indentation inside", "q: |\n  one\n    two\n", "two", match.Pos{Line: 3, Col: 5}},
		{"literal block with an empty line", "q: |\n\n  one\n\n  two\n", "two", match.Pos{Line: 5, Col: 3}},
		{"folded block", "q: >-\n  one\n  two\n\n  three\n", "three", match.Pos{Line: 5, Col: 3}},
		{"not ASCII", "q: 'é ü two'\n", "two", match.Pos{Line: 1, Col: 9}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := one(t, tt.text).Get("q")
			i := strings.Index(n.Text, tt.find)
			if got := n.At(i); got != tt.want {
				t.Errorf("%q: got %v, want %v", n.Text, got, tt.want)
			}
			line := 1 + strings.Count(n.Text[:i], "\n")
			col := 1 + len([]rune(n.Text[strings.LastIndexByte(n.Text[:i], '\n')+1:i]))
			if got := n.AtLine(match.Pos{Line: line, Col: col}); got != tt.want {
				t.Errorf("AtLine: got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestDuration(t *testing.T) {
	day := 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "9m": 9 * time.Minute, "24h": day, "7d": 7 * day, "1h30m": 90 * time.Minute, "366d": 366 * day, "007m": 7 * time.Minute,
		"": 0, "0s": 0, "5": 0, "m": 0, "5x": 0, "5 m": 0, "-5m": 0, "1.5h": 0, "367d": 0, "366d1s": 0, "99999999999999999999d": 0, "9223372036854775807s": 0, "5M": 0,
	} {
		got, err := Duration(text)
		if got != want || (err != nil) != (want == 0) {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a: b\n", "- a\n- [b, {c: d}]\n", "a: &x 1\nb: *x\n", "a: |\n  b\n  c\n", "a: >-\n x\n\n y\n", "? a\n: b\n", "--- a\n...\n%YAML 1.2\n---\nb", "a: \"\\x41\\\"\"\n", "a: !!str 'b''c'\n", "<<: {a: b}\n", "'a\n b': c", "- - - a\n", "a:\n\tb", "\ufeff# x\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, d := range Parse("f.yml", []byte(text), RuleLimits) {
			if (d.Root == nil) == d.Report.OK() {
				t.Fatalf("root %v with %v", d.Root, d.Report.Diagnostics)
			}
			if d.Root != nil {
				visit(t, d.Root)
			}
		}
	})
}

// visit asks every value for the place of each of its characters.
func visit(t *testing.T, n *Node) {
	if n.Pos.Line < 1 || n.Pos.Col < 1 {
		t.Fatalf("%s has no place", dump(n))
	}
	for i := 0; i <= len(n.Text); i++ {
		if p := n.At(i); p.Line < n.Pos.Line || p.Line > len(n.lines)+1 {
			t.Fatalf("%s: byte %d is at %v", dump(n), i, p)
		}
	}
	for _, i := range n.Items {
		visit(t, i)
	}
	for _, p := range n.Pairs {
		visit(t, p.Key)
		visit(t, p.Value)
	}
}
