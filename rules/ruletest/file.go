package ruletest

import (
	"errors"
	"fmt"
	"io/fs"
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
	// Observed: a rule about what is seen for the first time waits for a whole history, as it does live. Otherwise the
	// events are all that ever happened.
	Observed bool
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

// Load reads test files. A path names a test file, a rule file whose tests stand beside it, or a folder, which is
// searched for test files except in hidden folders; so the paths given to the rule loader can be given here too.
func Load(paths []string) ([]File, []rules.Diagnostic) { return LoadWithin(paths, "") }

// LoadWithin is Load with a further folder below which samples may lie.
func LoadWithin(paths []string, root string) ([]File, []rules.Diagnostic) {
	l := loader{seen: map[string]bool{}, files: source.NewFiles(paths, root)}
	for _, p := range paths {
		p = filepath.ToSlash(filepath.Clean(p))
		info, err := l.files.Stat(p)
		switch {
		case err != nil:
			l.fail(p, err)
		case info.IsDir():
			l.walk(p)
		case IsTestFile(p):
			l.file(p)
		default:
			for _, suffix := range Suffixes {
				beside := strings.TrimSuffix(p, path.Ext(p)) + suffix
				if _, err := l.files.Stat(beside); err == nil {
					l.file(beside)
				}
			}
		}
	}
	return l.found, l.diags
}

// LoadFS reads the test files below root of a file system; root is "." for all of it.
func LoadFS(fsys fs.FS, root string) ([]File, []rules.Diagnostic) {
	l := loader{seen: map[string]bool{}, files: source.FilesIn(fsys)}
	l.walk(root)
	return l.found, l.diags
}

// loader gathers test files, each once. Names have slashes.
type loader struct {
	files *source.Files
	seen  map[string]bool
	found []File
	diags []rules.Diagnostic
}

func (l *loader) walk(root string) {
	l.files.Walk(root, func(name string) {
		if IsTestFile(name) {
			l.file(name)
		}
	}, func(name string, err error) {
		if !errors.Is(err, source.ErrNotFollowed) { // the loader of rules warns of it
			l.fail(name, err)
		}
	})
}

func (l *loader) file(name string) {
	same := l.files.Same(name)
	if l.seen[same] {
		return
	}
	l.seen[same] = true
	text, err := l.files.Read(name, source.DataLimits.Bytes)
	if err != nil {
		l.fail(name, err)
		return
	}
	f, diags := Parse(name, text)
	l.diags = append(l.diags, diags...)
	if hasError(diags) {
		return
	}
	f.read = func(sample string) ([]byte, error) {
		full, data, err := l.files.ReadNamed(name, sample, maxSample)
		if err == nil && len(data) > maxSample {
			err = fmt.Errorf("%s is larger than %d bytes", full, maxSample)
		}
		return data, err
	}
	l.found = append(l.found, f)
}

// maxSample is how large a file of sample events may be.
const maxSample = 64 << 20

func (l *loader) fail(name string, err error) {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		err = pe.Err // the name stands in front already
	}
	l.diags = append(l.diags, rules.Diagnostic{File: name, Level: rules.Error, Code: source.Unreadable,
		Message: "cannot be read: " + err.Error()})
}

func hasError(diags []rules.Diagnostic) bool {
	return slices.ContainsFunc(diags, func(d rules.Diagnostic) bool { return d.Level == rules.Error })
}
