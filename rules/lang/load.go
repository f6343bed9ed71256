package lang

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"oktastream/rules"
	"oktastream/rules/lang/elastic"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// Result is what loading yields. Rules holds only what loaded without errors; the order of everything is that of the
// paths, within a directory that of the names, within a file that of the text.
type Result struct {
	Rules       []rules.Rule
	Diagnostics []rules.Diagnostic
	Files       []FileReport
	Filters     []Filter
}

// Status says what became of a document.
type Status string

const (
	OK          Status = "ok"
	Unsupported Status = "unsupported" // valid where it comes from, but this version cannot run it
	Failed      Status = "error"
)

// FileReport says what became of one document of a rule file, or of a file that could not be read.
type FileReport struct {
	File     string
	Pos      match.Pos
	ID       string
	Name     string
	Title    string
	Language string
	Kind     string // as Rule.Kind; base for a rule that only correlations use; filter; empty for what did not load
	Status   Status
}

// Load reads rule files, and all files ending in .yml, .yaml or .toml below directories, except hidden ones, rule tests
// (*_test.yaml), lists for placeholders (placeholders.yaml) and indicator lists. Broken rules do not keep others from loading.
func Load(paths []string) Result {
	l := newLoader(func(name string) (fs.File, error) { return os.Open(filepath.FromSlash(name)) })
	for _, p := range paths {
		p = filepath.ToSlash(filepath.Clean(p))
		info, err := os.Stat(filepath.FromSlash(p))
		switch {
		case err != nil:
			l.unreadable(p, err)
		case info.IsDir():
			l.walk(os.DirFS(filepath.FromSlash(p)), ".", func(name string) string { return path.Join(p, name) })
		default:
			l.file(p)
		}
	}
	return l.result()
}

// LoadFS is Load for the file or directory root of a file system.
func LoadFS(fsys fs.FS, root string) Result {
	l := newLoader(fsys.Open)
	root = path.Clean(root)
	info, err := fs.Stat(fsys, root)
	switch {
	case err != nil:
		l.unreadable(root, err)
	case info.IsDir():
		l.walk(fsys, root, func(name string) string { return name })
	default:
		l.file(root)
	}
	return l.result()
}

// loader gathers documents. Names of files have slashes.
type loader struct {
	open    func(name string) (fs.File, error)
	seen    map[string]bool
	docs    []*document
	loose   []rules.Diagnostic // about files as a whole
	reports []FileReport
	lists   *listFiles
}

func newLoader(open func(string) (fs.File, error)) *loader {
	l := &loader{open: open, seen: map[string]bool{}}
	l.lists = newListFiles(l.read)
	return l
}

func (l *loader) unreadable(name string, err error) {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err // the name stands in front already
	}
	l.fail(name, source.Unreadable, "", fmt.Sprintf("cannot read: %v", err))
}

func (l *loader) fail(name, code, hint, message string) {
	l.loose = append(l.loose, rules.Diagnostic{File: name, Level: rules.Error, Code: code, Message: message, Hint: hint})
	l.reports = append(l.reports, FileReport{File: name, Status: Failed})
}

func (l *loader) walk(fsys fs.FS, root string, full func(string) string) {
	err := fs.WalkDir(fsys, root, func(name string, d fs.DirEntry, err error) error {
		hidden := name != root && strings.HasPrefix(d.Name(), ".")
		switch {
		case err != nil:
			l.unreadable(full(name), err)
			if d != nil && d.IsDir() {
				return fs.SkipDir
			}
		case d.IsDir() && hidden:
			return fs.SkipDir
		case !d.IsDir() && !hidden && isRuleFile(name):
			l.file(full(name))
		}
		return nil
	})
	if err != nil {
		l.unreadable(full(root), err)
	}
}

func isRuleFile(name string) bool {
	ext := path.Ext(name)
	return (ext == ".yml" || ext == ".yaml" || ext == ".toml") && !isTest(name) && !isPlaceholders(name)
}

func isTest(name string) bool {
	return strings.HasSuffix(strings.TrimSuffix(name, path.Ext(name)), "_test")
}

// file reads one file, unless it was read before, or is a rule test or placeholders.yaml.
func (l *loader) file(name string) {
	if l.seen[name] || isTest(name) || isPlaceholders(name) {
		return
	}
	l.seen[name] = true
	limits := source.RuleLimits
	if isExport(name) {
		limits.Bytes = source.DataLimits.Bytes // an export holds all the rules of a space
	}
	data, err := l.read(name, limits.Bytes)
	if err != nil {
		l.unreadable(name, err)
		return
	}
	var docs []*document
	for i, parsed := range parse(name, data, limits) {
		if isIndicatorList(parsed.Root) {
			continue
		}
		parsed.Root = rewritten(parsed.Root, name, parsed.Report)
		docs = append(docs, newDocument(name, i+1, parsed, l.lists))
	}
	if !isExport(name) { // the lines of an export do not depend on each other
		distrust(docs)
	}
	nameDocuments(name, docs)
	l.docs = append(l.docs, docs...)
}

// isExport tells whether a file holds rules as Kibana exports them, one on each line.
func isExport(name string) bool { return path.Ext(name) == ".ndjson" }

func parse(name string, data []byte, limits source.Limits) []source.Document {
	docs := source.Parse(name, data, limits)
	if isExport(name) {
		docs = elastic.Export(docs)
	}
	return docs
}

// read returns at most one byte more than limit, so that the parser sees that a file is too large.
func (l *loader) read(name string, limit int) ([]byte, error) {
	f, err := l.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	return io.ReadAll(io.LimitReader(f, int64(limit)+1))
}

// readFirst puts what cannot be read before the other documents of its file: the rest may only follow from it.
func readFirst(docs []*document) []*document {
	out := slices.Clone(docs)
	for from := 0; from < len(out); {
		to := from + 1
		for to < len(out) && out[to].file == out[from].file {
			to++
		}
		slices.SortStableFunc(out[from:to], func(a, b *document) int {
			switch {
			case a.root == nil && b.root != nil:
				return -1
			case a.root != nil && b.root == nil:
				return 1
			}
			return 0
		})
		from = to
	}
	return out
}

// result links the documents and collects what there is to say.
func (l *loader) result() Result {
	for _, d := range l.docs {
		d.loadIndicators(func(name string) ([]byte, error) { return l.read(name, source.DataLimits.Bytes) })
	}
	filters := link(l.docs)
	r := Result{Diagnostics: l.loose, Files: l.reports, Filters: filters}
	type place struct {
		file, code, message string
		at                  match.Pos
	}
	var listed source.Listed // a file may have thousands of documents
	said := map[place]bool{} // an indicator list may be read for several rules, and as a file that is none
	for _, d := range l.docs {
		rule, ok := d.rule()
		if ok {
			r.Rules = append(r.Rules, rule)
		}
		r.Files = append(r.Files, d.fileReport(rule))
	}
	for _, d := range readFirst(l.docs) {
		slices.SortStableFunc(d.report.Diagnostics, func(a, b rules.Diagnostic) int {
			if a.Line != b.Line {
				return a.Line - b.Line
			}
			return a.Col - b.Col
		})
		for _, diag := range d.report.Diagnostics {
			diag.Rule = d.name
			p := place{diag.File, diag.Code, diag.Message, diag.Pos}
			if diag.File != d.file && said[p] {
				continue
			}
			said[p] = true
			r.Diagnostics = listed.Add(r.Diagnostics, diag)
		}
	}
	return r
}
