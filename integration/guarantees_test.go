package integration

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"oktastream/integration/kafkatest"
	"oktastream/integration/suite"
)

// The page of guarantees promises nothing without a test: each row of a table that says so names one, and each test that
// the page names exists.
func TestPage(t *testing.T) {
	root, err := kafkatest.Root()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "integration", "GUARANTEES.md")
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	known, err := tests(root)
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`Test[A-Z]\w+(/\w+)?`)
	named := 0
	for _, test := range name.FindAllString(string(page), -1) {
		if !known[test] {
			t.Errorf("the page names %s, which does not exist", test)
		}
		named++
	}
	if named < 60 {
		t.Errorf("the page names %d tests; is it still the page?", named)
	}
	for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(string(page), -1) {
		if _, err := os.Stat(filepath.Join(filepath.Dir(file), link[1])); err != nil {
			t.Errorf("the page links to nothing: %v", err)
		}
	}
	proving := false
	for i, line := range strings.Split(string(page), "\n") {
		switch {
		case !strings.HasPrefix(line, "| "):
			proving = false
		case strings.HasSuffix(line, "| proved by |"):
			proving = true
		case proving && !strings.HasPrefix(line, "| ---"):
			cells := strings.Split(strings.Trim(line, "| "), " | ")
			if !name.MatchString(cells[len(cells)-1]) {
				t.Errorf("%s:%d: no test in the last column: %s", filepath.Base(file), i+1, line)
			}
		}
	}
}

// tests are the names of all tests, and of the subtests whose names are written out, in the test itself or in the
// function of the suite that it calls.
func tests(root string) (map[string]bool, error) {
	known, subs, callers := map[string]bool{}, map[string][]string{}, map[string][]string{}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root:
			return filepath.SkipDir
		}
		inSuite := filepath.Base(filepath.Dir(path)) == "suite" && strings.HasSuffix(path, ".go")
		if !inSuite && !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv != nil {
				continue
			}
			name := f.Name.Name
			if inSuite {
				name = "suite." + name
			} else if known[name] = strings.HasPrefix(name, "Test"); !known[name] {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				callee, ok := call.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if of, ok := callee.X.(*ast.Ident); ok && of.Name == "suite" {
					callers["suite."+callee.Sel.Name] = append(callers["suite."+callee.Sel.Name], name)
				}
				if lit, ok := first(call.Args).(*ast.BasicLit); ok && callee.Sel.Name == "Run" {
					subs[name] = append(subs[name], strings.Trim(lit.Value, `"`))
				}
				return true
			})
		}
		return nil
	})
	for name, list := range subs {
		for _, test := range append(callers[name], name) {
			for _, sub := range list {
				known[test+"/"+sub] = true
			}
		}
	}
	return known, err
}

func first(args []ast.Expr) ast.Expr {
	if len(args) == 0 {
		return nil
	}
	return args[0]
}

// The table of rights is read by the tests that grant them, so it must be read whole.
func TestRightsOfThePage(t *testing.T) {
	root, err := kafkatest.Root()
	if err != nil {
		t.Fatal(err)
	}
	rights, err := suite.Rights(filepath.Join(root, "integration", "GUARANTEES.md"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rights {
		got = append(got, fmt.Sprint(r.Operation, " ", r.Kind, " ", r.Name))
	}
	want := []string{"READ topic INPUT", "WRITE topic ALERTS", "READ topic GROUP-repartition", "WRITE topic GROUP-repartition",
		"READ topic GROUP-changelog", "WRITE topic GROUP-changelog", "WRITE topic GROUP-dlq", "READ group GROUP", "READ group GROUP-detect",
		"WRITE transactional id GROUP-*"}
	if !slices.Equal(got, want) {
		t.Errorf("the page gives %v", got)
	}
}
