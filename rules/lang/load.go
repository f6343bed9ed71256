package lang

import (
	"errors"
	"fmt"
	"io/fs"
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
	Kind     string // as Rule.Kind; base for a rule that only correlations use; filter; disabled; empty for what did not load
	Status   Status
}

// Loading says how rules are loaded. The zero value is what Load does.
type Loading struct {
	// FilesRoot is a further directory below which the files may lie that rules name; they may always lie below the
	// directories that are loaded.
	FilesRoot string
	// Disabled has rules run that are disabled where they come from.
	Disabled bool
}

// Load reads rule files, and all files ending in .yml, .yaml or .toml below directories, except hidden ones, rule tests
// (*_test.yaml), lists for placeholders (placeholders.yaml) and indicator lists. Broken rules do not keep others from loading.
func Load(paths []string) Result { return Loading{}.Load(paths) }

// LoadFS is Load for the file or directory root of a file system.
func LoadFS(fsys fs.FS, root string) Result { return Loading{}.LoadFS(fsys, root) }

// Load loads files and directories.
func (o Loading) Load(paths []string) Result {
	slashed := make([]string, len(paths))
	for i, p := range paths {
		slashed[i] = filepath.ToSlash(filepath.Clean(p))
	}
	return o.load(source.NewFiles(paths, o.FilesRoot), slashed)
}

// LoadFS loads the file or directory root of a file system.
func (o Loading) LoadFS(fsys fs.FS, root string) Result {
	return o.load(source.FilesIn(fsys), []string{path.Clean(root)})
}

func (o Loading) load(files *source.Files, paths []string) Result {
	l := &loader{Loading: o, files: files, seen: map[string]bool{}, lists: newListFiles(files)}
	for _, p := range paths {
		info, err := files.Stat(p)
		switch {
		case err != nil:
			l.unreadable(p, err)
		case info.IsDir():
			files.Walk(p, func(name string) {
				if isRuleFile(name) {
					l.file(name, true)
				}
			}, l.unreadable)
		default:
			l.file(p, false)
		}
	}
	return l.result()
}

// loader gathers documents. Names of files have slashes.
type loader struct {
	Loading
	files   *source.Files
	seen    map[string]bool
	docs    []*document
	loose   []rules.Diagnostic // about files as a whole
	reports []FileReport
	lists   *listFiles
}

func (l *loader) unreadable(name string, err error) {
	if errors.Is(err, source.ErrNotFollowed) {
		l.loose = append(l.loose, rules.Diagnostic{File: name, Level: rules.Warning, Code: source.Unreadable, Message: err.Error()})
		return
	}
	l.fail(name, source.Unreadable, "", fmt.Sprintf("cannot read: %v", withoutName(err)))
}

func (l *loader) fail(name, code, hint, message string) {
	l.loose = append(l.loose, rules.Diagnostic{File: name, Level: rules.Error, Code: code, Message: message, Hint: hint})
	l.reports = append(l.reports, FileReport{File: name, Status: Failed})
}

func isRuleFile(name string) bool {
	ext := path.Ext(name)
	return (ext == ".yml" || ext == ".yaml" || ext == ".toml") && !isTest(name) && !isPlaceholders(name)
}

func isTest(name string) bool {
	return strings.HasSuffix(strings.TrimSuffix(name, path.Ext(name)), "_test")
}

// file reads one file, unless it was read before, under whatever name, or is a rule test or placeholders.yaml. A file that
// was found below a directory, and not named, may be something other than rules.
func (l *loader) file(name string, found bool) {
	same := l.files.Same(name)
	if l.seen[same] || isTest(name) || isPlaceholders(name) {
		return
	}
	l.seen[same] = true
	limits := source.LimitsOf(name)
	data, err := l.files.Read(name, limits.Bytes)
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
		docs = append(docs, l.newDocument(name, i+1, parsed, found))
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
		d.loadIndicators(l.files)
	}
	filters := link(l.docs)
	r := Result{Diagnostics: l.loose, Files: l.reports, Filters: filters}
	type place struct {
		file, code string
		at         match.Pos
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
			p := place{diag.File, diag.Code, diag.Pos}
			if diag.File != d.file && said[p] {
				continue
			}
			said[p] = true
			r.Diagnostics = listed.Add(r.Diagnostics, diag)
		}
	}
	return r
}
