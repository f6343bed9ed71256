package ruletest

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"oktastream/rules"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// Suffixes are the endings of test files; what comes before is, by convention, the name of the rule's file.
var Suffixes = []string{"_test.yaml", "_test.yml"}

// IsTestFile reports whether a file of this name holds tests.
func IsTestFile(name string) bool {
	return slices.ContainsFunc(Suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
}

// File is a parsed test file.
type File struct {
	Name  string // as found, with /
	Rule  string // name of the rule under test
	Pos   match.Pos
	Start time.Time
	Tests []Test
	// Skip lists the automatic cases that the author has switched off.
	Skip []Case

	base base
	read func(name string) ([]byte, error) // reads a sample relative to the file
}

// Test is one named test.
type Test struct {
	Name   string
	Pos    match.Pos
	Todo   string // why the test is expected to fail; empty for a normal test
	Sample string // NDJSON file relative to the test file
	Events []Step
	Alerts []Want
}

// Step describes one event, or several of a kind.
type Step struct {
	Pos     match.Pos
	At      time.Duration // event time, relative to File.Start
	Repeat  int           // at least 1
	Every   time.Duration // between repetitions
	Arrives time.Duration // how long after its event time it arrives
	UUID    string        // id of all repetitions; empty: each has its own
	Type    string        // event type; empty: that of the base
	Set     []Assign      // in the author's order, after the base's
}

// Assign sets the value at a path of an event.
type Assign struct {
	Path  string
	Pos   match.Pos
	Value any // as from JSON; nil sets null
}

// Want describes one expected alert. Only what is given is compared.
type Want struct {
	Pos      match.Pos
	At       *time.Time
	Severity string
	Rule     string
	Count    *int
	Group    map[string]string
	Fields   []Field
}

// Field expects values at a path of the alert's native record, or, under evidence., of the events inside it.
type Field struct {
	Path string
	Pos  match.Pos
	// Values are the different values expected at the path, in any order, as text.
	Values []string
	// Contains, if not empty, is a text that one of the values must hold instead.
	Contains string
}

// base is what every event of a file starts from.
type base struct {
	Type string
	Set  []Assign
}

// Load reads test files. A path may name a test file or a folder, which is searched for them; other files are ignored,
// so that the paths given to the rule loader can be given here too.
func Load(paths []string) ([]File, []rules.Diagnostic) {
	var files []File
	var diags []rules.Diagnostic
	for _, p := range paths {
		err := filepath.WalkDir(p, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !IsTestFile(name) {
				return err
			}
			dir := filepath.Dir(name)
			f, ds := load(filepath.ToSlash(name), name, os.ReadFile, func(sample string) ([]byte, error) {
				return os.ReadFile(filepath.Join(dir, filepath.FromSlash(sample)))
			})
			files, diags = append(files, f...), append(diags, ds...)
			return nil
		})
		if err != nil {
			diags = append(diags, unreadable(filepath.ToSlash(p), err))
		}
	}
	return files, diags
}

// LoadFS is Load for a file system; root is "." for all of it.
func LoadFS(fsys fs.FS, root string) ([]File, []rules.Diagnostic) {
	var files []File
	var diags []rules.Diagnostic
	err := fs.WalkDir(fsys, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !IsTestFile(name) {
			return err
		}
		read := func(n string) ([]byte, error) { return fs.ReadFile(fsys, n) }
		f, ds := load(name, name, read, func(sample string) ([]byte, error) {
			return read(path.Join(path.Dir(name), sample))
		})
		files, diags = append(files, f...), append(diags, ds...)
		return nil
	})
	if err != nil {
		diags = append(diags, unreadable(root, err))
	}
	return files, diags
}

func load(name, open string, read, sample func(string) ([]byte, error)) ([]File, []rules.Diagnostic) {
	text, err := read(open)
	if err != nil {
		return nil, []rules.Diagnostic{unreadable(name, err)}
	}
	f, diags := Parse(name, text)
	if hasError(diags) {
		return nil, diags
	}
	f.read = sample
	return []File{f}, diags
}

func unreadable(name string, err error) rules.Diagnostic {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		err = pe.Err
	}
	return rules.Diagnostic{File: name, Level: rules.Error, Code: source.Unreadable, Message: "cannot be read: " + err.Error()}
}

func hasError(diags []rules.Diagnostic) bool {
	return slices.ContainsFunc(diags, func(d rules.Diagnostic) bool { return d.Level == rules.Error })
}
