package integration

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"oktastream/integration/kafkatest"
)

const module = "oktastream"

const kafka = "github.com/twmb/franz-go"

// house is the table of the architecture: which floor a folder is on and what it must not reach, directly or through
// others. A folder that has no row of its own belongs to the longest row that contains it; imports run downwards or
// along a floor, never up.
var house = []struct {
	folder string
	floor  int
	deny   []string // import paths, with all below them
	pure   bool     // no wall clock, no goroutines
}{
	{folder: "cmd", floor: 6},
	{folder: "processor", floor: 5, deny: []string{module + "/rules/lang"}},
	{folder: "processor/envelope", floor: 5, deny: []string{kafka, module + "/rules/lang"}},
	{folder: "processor/document", floor: 5, deny: []string{kafka, module + "/rules/lang", module + "/processor/envelope"}},
	{folder: "processor/encoding", floor: 5, deny: []string{kafka, module + "/rules/lang"}},
	{folder: "rules/ruletest", floor: 5, deny: []string{kafka, module + "/processor"}, pure: true},
	{folder: "rules/lint", floor: 5, deny: []string{kafka, module + "/processor"}, pure: true},
	{folder: "rules/author", floor: 5, deny: []string{kafka, module + "/processor"}, pure: true},
	{folder: "rules/coverage", floor: 5, deny: []string{kafka, module + "/processor"}, pure: true},
	{folder: "rules/format", floor: 5, deny: []string{kafka, module + "/processor"}, pure: true},
	{folder: "rules/schema", floor: 5, deny: []string{kafka, module + "/processor"}, pure: true},
	{folder: "rules/explain", floor: 5, deny: []string{kafka, module + "/processor"}, pure: true},
	{folder: "rules/engine", floor: 4, deny: []string{kafka}, pure: true},
	{folder: "rules/lang", floor: 4, deny: []string{kafka}, pure: true},
	{folder: "rules", floor: 3, deny: []string{kafka}, pure: true},
	{folder: "rules/match", floor: 2, deny: []string{kafka}, pure: true},
	{folder: "rules/window", floor: 2, deny: []string{kafka}, pure: true},
	{folder: "rules/alert", floor: 2, deny: []string{kafka}, pure: true},
	{folder: "rules/event", floor: 1, deny: []string{kafka}, pure: true},
	{folder: "processor/enrich", floor: 5, deny: []string{kafka, module + "/rules/lang"}},
	{folder: "rules/useragent", floor: 0, deny: []string{kafka, module}, pure: true},
	{folder: "rules/nearest", floor: 0, deny: []string{kafka, module}, pure: true},
	{folder: "rules/pack", floor: 1, deny: []string{kafka}, pure: true},
	{folder: "state", floor: 1, deny: []string{kafka, module + "/rules"}, pure: true},
	{folder: "integration", floor: 7},
}

// listed is what `go list` tells of a package.
type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
	Deps       []string
}

func (p listed) folder() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

func TestImports(t *testing.T) {
	packages := list(t)
	for _, v := range check(packages) {
		t.Error(v)
	}
	// The rows must be about something: a folder that was renamed would be watched no more.
	for _, row := range house {
		if !slices.ContainsFunc(packages, func(p listed) bool { return within(p.folder(), row.folder) }) {
			t.Errorf("the table names %s, which holds no package", row.folder)
		}
	}
}

func TestPurity(t *testing.T) {
	for _, p := range list(t) {
		if row := rowOf(p.folder()); row < 0 || !house[row].pure {
			continue
		}
		for _, name := range p.GoFiles {
			src, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range impurities(t, path.Join(p.folder(), name), src) {
				t.Error(v)
			}
		}
	}
}

// Every folder says in its doc.go what lives there.
func TestDocs(t *testing.T) {
	for _, p := range list(t) {
		if !slices.Contains(p.GoFiles, "doc.go") {
			t.Errorf("%s has no doc.go", p.folder())
		}
	}
}

// Negative controls: each kind of offence is seen.
func TestImportsAreWatched(t *testing.T) {
	in := func(folder string, imports, deps []string) listed {
		return listed{ImportPath: path.Join(module, folder), Imports: imports, Deps: append(deps, imports...)}
	}
	for _, tt := range []struct {
		name string
		p    listed
		want string // part of the only violation; empty for none
	}{
		{"downwards", in("processor", []string{module + "/rules/engine", module + "/state", kafka + "/pkg/kgo"}, nil), ""},
		{"along a floor", in("rules/lang", []string{module + "/rules/lang/sigma"}, nil), ""},
		{"a new folder under processor", in("processor/feed", []string{module + "/rules/alert"}, nil), ""},
		{"up", in("rules/event", []string{module + "/rules/match"}, nil), "floor 1 imports rules/match on floor 2"},
		{"up to the command", in("processor", []string{module + "/cmd/oktastream"}, nil), "floor 5 imports cmd/oktastream"},
		{"tests inside the product", in("cmd/oktastream", []string{module + "/integration/oracle"}, nil), "floor 6 imports integration/oracle"},
		{"Kafka inside the engine", in("rules/engine", []string{kafka + "/pkg/kgo"}, nil), "must not reach " + kafka},
		{"Kafka through another", in("processor/envelope", nil, []string{kafka + "/pkg/kmsg"}), "must not reach " + kafka},
		{"rules inside state", in("state", nil, []string{module + "/rules"}), "must not reach " + module + "/rules"},
		{"rule syntax inside processor", in("processor/offline", nil, []string{module + "/rules/lang/sigma"}), "must not reach " + module + "/rules/lang"},
		{"processor inside rule tests", in("rules/ruletest", []string{module + "/processor"}, nil), "must not reach " + module + "/processor"},
		{"a name that only begins alike", in("state", nil, []string{module + "/rulesets"}), ""},
		{"a folder nobody decided on", in("util", nil, nil), "no row"},
	} {
		got := check([]listed{tt.p})
		switch {
		case tt.want == "" && len(got) > 0:
			t.Errorf("%s: %v", tt.name, got)
		case tt.want != "" && (len(got) == 0 || !strings.Contains(strings.Join(got, "\n"), tt.want)):
			t.Errorf("%s: want a violation with %q, got %q", tt.name, tt.want, got)
		}
	}
	for _, tt := range []struct {
		name, body string
		want       int
	}{
		{"arithmetic on times", `_ = time.Unix(0, 0).Add(time.Second)`, 0},
		{"the wall clock", `_ = time.Now()`, 1},
		{"the wall clock as a value", `f := time.Now; _ = f`, 1},
		{"a timer", `<-time.After(time.Second)`, 1},
		{"a goroutine", `go func() {}()`, 1},
		{"another package's Now", `_ = clock.Now()`, 0},
	} {
		src := "package p\nimport (\"time\"; \"clock\")\nfunc f() {\n" + tt.body + "\n}"
		if got := impurities(t, "p.go", []byte(src)); len(got) != tt.want {
			t.Errorf("%s: want %d, got %q", tt.name, tt.want, got)
		}
	}
	// The offence is found in what go list really says, too: processor does use Kafka.
	if found := list(t); !slices.ContainsFunc(found, func(p listed) bool {
		return within(p.folder(), "processor") && slices.ContainsFunc(p.Deps, func(d string) bool { return within(d, kafka) })
	}) {
		t.Error("go list shows no Kafka below processor, so it would show none elsewhere")
	}
}

// check returns the offences against the table.
func check(packages []listed) []string {
	var out []string
	for _, p := range packages {
		row := rowOf(p.folder())
		if row < 0 {
			out = append(out, fmt.Sprintf("%s has no row in the table of floors", p.folder()))
			continue
		}
		for _, imported := range p.Imports {
			if !within(imported, module) {
				continue
			}
			to := strings.TrimPrefix(strings.TrimPrefix(imported, module), "/")
			if r := rowOf(to); r >= 0 && house[r].floor > house[row].floor {
				out = append(out, fmt.Sprintf("%s on floor %d imports %s on floor %d", p.folder(), house[row].floor, to, house[r].floor))
			}
		}
		for _, denied := range house[row].deny {
			if i := slices.IndexFunc(p.Deps, func(d string) bool { return within(d, denied) }); i >= 0 {
				out = append(out, fmt.Sprintf("%s must not reach %s, and reaches %s", p.folder(), denied, p.Deps[i]))
			}
		}
	}
	return out
}

// rowOf returns the index of the longest row that contains folder, or -1.
func rowOf(folder string) int {
	best := -1
	for i, row := range house {
		if within(folder, row.folder) && (best < 0 || len(row.folder) > len(house[best].folder)) {
			best = i
		}
	}
	return best
}

func within(p, root string) bool { return p == root || strings.HasPrefix(p, root+"/") }

// impurities returns where a file starts goroutines or asks what time it is.
func impurities(t *testing.T, name string, src []byte) []string {
	t.Helper()
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, name, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	clock := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer"}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			out = append(out, fmt.Sprintf("%s starts a goroutine", files.Position(n.Pos())))
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clock, n.Sel.Name) {
				out = append(out, fmt.Sprintf("%s uses the wall clock: time.%s", files.Position(n.Pos()), n.Sel.Name))
			}
		}
		return true
	})
	return out
}

// list returns every package of the module, without tests.
func list(t *testing.T) []listed {
	t.Helper()
	root, err := kafkatest.Root()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports,Deps", "./...")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return packages
		case err != nil:
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}
