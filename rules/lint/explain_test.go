package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// emitted finds the codes in the Go source of the module: every string that is nothing but a code.
func emitted(t *testing.T) map[string][]string {
	t.Helper()
	shape := regexp.MustCompile(`^OKS\d{4}$`)
	found := map[string][]string{}
	root := filepath.Join("..", "..")
	for _, dir := range []string{"rules", "cmd", "processor"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			src, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, src, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if text, err := strconv.Unquote(lit.Value); err == nil && shape.MatchString(text) {
						found[text] = append(found[text], filepath.ToSlash(filepath.Dir(path)))
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func TestEveryCodeIsExplained(t *testing.T) {
	found := emitted(t)
	if len(found) < 60 {
		t.Fatalf("only %d codes found in the source: the search is broken", len(found))
	}
	for code, where := range found {
		e := Explain(code)
		switch {
		case e == nil:
			t.Errorf("%s of %s has no explanation", code, where)
		case e.Title == "" || e.Text == "":
			t.Errorf("%s has no title or no text", code)
		}
		if slices.Sort(where); len(slices.Compact(where)) > 1 {
			t.Errorf("%s is used in %s: one code has one meaning", code, where)
		}
	}
	for _, code := range Codes() {
		if found[code] == nil {
			t.Errorf("%s is explained and never emitted", code)
		}
	}
}

func TestExplain(t *testing.T) {
	if e := Explain("oks0701"); e == nil || e.Code != "OKS0701" || !strings.Contains(e.Text, "catalogue") {
		t.Errorf("%+v", e)
	}
	if e := Explain("OKS9999"); e != nil {
		t.Errorf("%+v", e)
	}
	// Every finding of the linter comes with an example or refers to one, and with what to do.
	for _, code := range Codes() {
		e := Explain(code)
		if strings.HasPrefix(code, "OKS07") && !strings.Contains(e.Text, "Fix:") && !strings.Contains(e.Text, "see OKS") {
			t.Errorf("%s says nothing about what to do", code)
		}
	}
	if !slices.IsSorted(Codes()) {
		t.Error("codes are not sorted")
	}
}
