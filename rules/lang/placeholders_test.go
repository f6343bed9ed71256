package lang

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oktastream/rules/match"
)

func expanding(options string) string {
	text := "title: t\nid: 0b6f8c1e-4b0a-4e0e-9d54-400000000000\nlevel: informational\n" +
		"detection: {s: {actor.alternateId|expand: '%admins%'}, condition: s}\n"
	if options != "" {
		text += "oktastream: {placeholders: {" + options + "}}\n"
	}
	return text
}

func TestPlaceholders(t *testing.T) {
	tests := []struct {
		name, file string // of the rule
		options    string
		files      map[string]string
		literals   string // "" if it does not load
		want       string
	}{
		{"values in the rule", "r.yml", "admins: [ada, bob]", nil, "ada bob", ""},
		{"plain list", "r.yml", "admins: l.txt", map[string]string{"l.txt": "# who\nada\n\n bob \r\n"}, "ada bob", ""},
		{"CSV, the only column", "r.yml", "admins: l.csv", map[string]string{"l.csv": "user\nada\nbob\n"}, "ada bob", ""},
		{"CSV, the column of that name", "r.yml", "admins: l.csv", map[string]string{"l.csv": "id,Admins\n1,ada\n2,\"bo\"\"b\"\n3,\n"}, `ada bo"b`, ""},
		{"CSV, another column", "r.yml", "admins: {file: l.csv, column: id}", map[string]string{"l.csv": "\ufeffid,admins\n1,ada\n"}, "1", ""},
		{"JSON texts", "r.yml", "admins: l.json", map[string]string{"l.json": `["ada", 7, true]`}, "7 ada true", ""},
		{"JSON objects", "r.yml", "admins: {file: l.json, column: user}", map[string]string{"l.json": `[{"user":"ada","x":1}]`}, "ada", ""},
		{"beside the rule", "p/r.yml", "", map[string]string{"p/placeholders.yaml": "admins: sub/l.txt\n", "p/sub/l.txt": "ada\n"}, "ada", ""},
		{"other ending", "p/r.yml", "", map[string]string{"p/placeholders.yml": "admins: [ada]\n"}, "ada", ""},
		{"above", "p/q/r.yml", "", map[string]string{"placeholders.yaml": "admins: [ada]\n", "p/placeholders.yaml": "others: [bob]\n"}, "ada", ""},
		{"the nearest", "p/q/r.yml", "", map[string]string{"placeholders.yaml": "admins: [ada]\n", "p/placeholders.yaml": "admins: [bob]\n"}, "bob", ""},
		{"the rule's own first", "r.yml", "admins: [ada]", map[string]string{"placeholders.yaml": "admins: [bob]\n"}, "ada", ""},
		{"none", "r.yml", "", nil, "", "r.yml:4:44 unsupported OKS0313"},
		{"not in another directory", "p/r.yml", "", map[string]string{"q/placeholders.yaml": "admins: [ada]\n"}, "", "p/r.yml:4:44 unsupported OKS0313"},
		{"no such file", "r.yml", "admins: l.txt", nil, "", "r.yml:5:37 error OKS0314"},
		{"empty list", "r.yml", "admins: l.txt", map[string]string{"l.txt": "# nobody\n"}, "", "r.yml:5:37 error OKS0314"},
		{"empty CSV", "r.yml", "admins: l.csv", map[string]string{"l.csv": ""}, "", "r.yml:5:37 error OKS0314"},
		{"absolute path", "r.yml", "admins: /l.txt", nil, "", "r.yml:5:37 error OKS0314"},
		{"no such column", "r.yml", "admins: l.csv", map[string]string{"l.csv": "a,b\n1,2\n"}, "", "r.yml:5:37 error OKS0314"},
		{"rows of different length", "r.yml", "admins: l.csv", map[string]string{"l.csv": "admins,b\n1\n"}, "", "r.yml:5:37 error OKS0314"},
		{"not JSON", "r.yml", "admins: l.json", map[string]string{"l.json": "[\"ada\"] x"}, "", "r.yml:5:37 error OKS0314"},
		{"nested JSON", "r.yml", "admins: l.json", map[string]string{"l.json": "[[1]]"}, "", "r.yml:5:37 error OKS0314"},
		{"a map among values", "r.yml", "admins: [{a: b}]", nil, "", "r.yml:5:39 error OKS0314"},
		{"no map", "r.yml", "", map[string]string{"placeholders.yaml": "- admins\n"}, "", "placeholders.yaml:1:1 error OKS0314"},
		{"unknown key", "r.yml", "admins: {path: x}", nil, "", "r.yml:5:38 error OKS0111 r.yml:5:38 error OKS0113"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{tt.file: expanding(tt.options)}
			for name, text := range tt.files {
				files[name] = text
			}
			r := loadFiles(files)
			var got []string
			for _, d := range r.Diagnostics {
				got = append(got, fmt.Sprintf("%s:%d:%d %s %s", d.File, d.Line, d.Col, d.Level, d.Code))
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("-want +got\n%s%v", diff, r.Diagnostics)
			}
			if len(r.Files) != 1 {
				t.Errorf("files %+v", r.Files)
			}
			if tt.literals == "" {
				if len(r.Rules) > 0 {
					t.Error("loaded all the same")
				}
				return
			}
			p, ok := rule(t, r, "r").Where.(*match.Pred)
			if !ok {
				t.Fatalf("got %v", rule(t, r, "r").Where)
			}
			if got := strings.Join(slices.Sorted(slices.Values(p.Literals)), " "); got != tt.literals {
				t.Errorf("got %s", got)
			}
		})
	}
}

func FuzzLists(f *testing.F) {
	for _, ext := range []string{"csv", "json", "txt"} {
		for _, text := range []string{"a,b\n1,2\n", `["x",{"c":1}]`, "#\nx\n", "\"", "[[["} {
			f.Add(ext, text, "a")
		}
	}
	f.Fuzz(func(t *testing.T, ext, text, column string) {
		values, err := parseList("l."+ext, []byte(text), column)
		if err != nil && len(values) > 0 {
			t.Errorf("values with an error: %v", err)
		}
	})
}
