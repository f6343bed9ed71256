package author

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"oktastream/rules"
	"oktastream/rules/lang"
	"oktastream/rules/lang/catalogue"
	"oktastream/rules/lang/elastic"
	"oktastream/rules/lang/sigma"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
	"oktastream/rules/printable"
)

// Outcome is what became of a rule that was brought in.
type Outcome string

const (
	Exact       Outcome = "exact"       // it detects what the original detects
	Changed     Outcome = "changed"     // it runs, and something in it has no effect or another one here
	Unsupported Outcome = "unsupported" // this version cannot run it; it is not written
	Failed      Outcome = "error"       // it is broken; it is not written
)

// Imported is what became of one rule. Its JSON names are a contract.
type Imported struct {
	File    string       `json:"file"`
	Line    int          `json:"line"`
	ID      string       `json:"id"`
	Name    string       `json:"name"`
	Title   string       `json:"title"`
	Format  string       `json:"format"` // sigma, okta-catalogue, elastic or oktastream
	Outcome Outcome      `json:"outcome"`
	Reasons []ReasonNote `json:"reasons"`
	Target  string       `json:"target,omitempty"` // the file that holds it in our format; empty if there is none
}

// ReasonNote is one thing to say about a rule, with its place in the original.
type ReasonNote struct {
	File    string      `json:"file"`
	Line    int         `json:"line"`
	Col     int         `json:"col"`
	Level   rules.Level `json:"level"`
	Code    string      `json:"code"`
	Message string      `json:"message"`
	Hint    string      `json:"hint,omitempty"`
}

// File is a file in our format.
type File struct {
	Name   string // without a folder
	Source string // the file that it was made of
	Text   []byte
}

// Import is what rule files of other formats come to in ours.
type Import struct {
	Rules []Imported
	Files []File
	res   lang.Result
}

// NewImport brings in what was loaded from rule files: Sigma rules, entries of Okta's catalogue, Elastic's rules, and our
// own. read reads one of them again, by the name that the loader gave it. A Sigma file stays as it is, in canonical form; an
// entry of the catalogue becomes a rule with its expression as the query; Elastic's TOML stays as it is, and so does an
// export from Kibana but for the rules that do not run. A file without a rule that runs is left out.
func NewImport(res lang.Result, read func(name string) ([]byte, error)) *Import {
	im := &Import{res: res}
	for i, f := range res.Files {
		if i == 0 || res.Files[i-1].File != f.File {
			im.file(f.File, read)
		}
	}
	return im
}

// file brings in the rules of one file.
func (im *Import) file(name string, read func(string) ([]byte, error)) {
	first := len(im.Rules)
	runs, broken := false, false
	text, err := read(name)
	docs := []source.Document{}
	if err == nil && !isElastic(name) {
		docs = source.Parse(name, text, source.LimitsOf(name))
	}
	var refused []int // lines
	for _, f := range im.res.Files {
		if f.File != name {
			continue
		}
		r := Imported{File: name, Line: f.Pos.Line, ID: f.ID, Name: f.Name, Title: f.Title, Format: "sigma", Reasons: []ReasonNote{}}
		if i := slices.IndexFunc(docs, func(d source.Document) bool { return d.Root != nil && d.Root.Pos == f.Pos }); i >= 0 {
			r.Format = formatOf(docs[i].Root)
		}
		if isElastic(name) || f.Language == "elastic" {
			r.Format = "elastic"
		}
		r.Outcome, r.Reasons = im.judge(f)
		if r.Outcome == Exact || r.Outcome == Changed {
			runs = true
		} else {
			refused = append(refused, r.Line)
		}
		broken = broken || r.Outcome == Failed
		im.Rules = append(im.Rules, r)
	}
	// The documents of a YAML file may refer to each other, the lines of an export do not.
	if !runs || broken && !isExport(name) || err != nil {
		return
	}
	out := File{Name: target(name), Source: name}
	var problem *ReasonNote
	if out.Text, problem = written(name, text, docs, refused); problem == nil {
		if i := slices.IndexFunc(im.Files, func(o File) bool { return strings.EqualFold(o.Name, out.Name) }); i >= 0 {
			problem = &ReasonNote{File: name, Line: 1, Col: 1, Level: rules.Error, Code: source.DuplicateName,
				Message: fmt.Sprintf("%s is made of %s already", out.Name, im.Files[i].Source), Hint: "import the folders one by one"}
		}
	}
	for i := first; i < len(im.Rules); i++ {
		r := &im.Rules[i]
		switch {
		case r.Outcome != Exact && r.Outcome != Changed:
		case problem != nil:
			r.Outcome, r.Reasons = Failed, append(r.Reasons, *problem)
		default:
			r.Target = out.Name
		}
	}
	if problem == nil {
		im.Files = append(im.Files, out)
	}
}

func formatOf(root *source.Node) string {
	switch {
	case catalogue.Is(root):
		return "okta-catalogue"
	case elastic.Is(root):
		return "elastic"
	case root.Get("query") != nil, root.Get("oktastream") != nil:
		return "oktastream"
	}
	return "sigma"
}

// judge tells what became of a document, by what the loader said about it.
func (im *Import) judge(f lang.FileReport) (Outcome, []ReasonNote) {
	out, reasons := Exact, []ReasonNote{}
	for _, d := range im.res.Diagnostics {
		if d.Rule != f.Name || d.File != f.File && (d.Rule == "" || im.loaded(d.File)) {
			continue
		}
		if d.Level == rules.Warning && d.Code != sigma.Silences { // Sigma itself has it so
			out = Changed
		}
		reasons = append(reasons, ReasonNote{File: d.File, Line: d.Line, Col: d.Col, Level: d.Level, Code: d.Code, Message: d.Message, Hint: d.Hint})
	}
	switch f.Status {
	case lang.Failed:
		out = Failed
	case lang.Unsupported:
		out = Unsupported
	}
	return out, reasons
}

// loaded tells whether a file is a rule file. Others, such as lists of indicators, belong to the rule that names them.
func (im *Import) loaded(name string) bool {
	return slices.ContainsFunc(im.res.Files, func(f lang.FileReport) bool { return f.File == name })
}

// WriteText prints what became of each rule. Notes are shown for rules that are not exact, or with all.
func (im *Import) WriteText(w io.Writer, all bool) error {
	var b strings.Builder
	counts := map[Outcome]int{}
	for _, r := range im.Rules {
		counts[r.Outcome]++
		printable.Fprintf(&b, "%-11s %-14s %s:%d  %s\n", r.Outcome, r.Format, r.File, r.Line, r.Title)
		for _, d := range r.Reasons {
			if d.Level == rules.Note && !all {
				continue
			}
			x := rules.Diagnostic{File: d.File, Pos: match.Pos{Line: d.Line, Col: d.Col}, Level: d.Level, Code: d.Code, Message: d.Message, Hint: d.Hint}
			printable.Fprintf(&b, "  %s\n", x.Error())
		}
	}
	printable.Fprintf(&b, "%d exact, %d changed, %d unsupported, %s\n", counts[Exact], counts[Changed], counts[Unsupported], rules.Counted(counts[Failed], "error"))
	_, err := io.WriteString(w, b.String())
	return err
}

// Difference is a rule that would detect something else, or nothing, in the file that was made of its own.
type Difference struct {
	Source string // the original
	Rule   string // its name there
	Text   string // what differs
}

// Verify compares rules that were loaded from the written files with the originals. It returns what differs; nothing means
// that the files detect what the originals do.
func (im *Import) Verify(written lang.Result) []Difference {
	var diffs []Difference
	got := map[string]string{}
	for i := range written.Rules {
		got[written.Rules[i].ID] = meaning(&written.Rules[i])
	}
	targets := map[string]bool{}
	for _, f := range im.Files {
		targets[f.Source] = true
	}
	for i := range im.res.Rules {
		r := &im.res.Rules[i]
		if !targets[r.File] {
			continue
		}
		switch text, ok := got[r.ID]; {
		case !ok:
			diffs = append(diffs, Difference{r.File, r.Name, fmt.Sprintf("%s: rule %s does not load from the file that was made of it", r.File, r.Name)})
		case text != meaning(r):
			diffs = append(diffs, Difference{r.File, r.Name, fmt.Sprintf("%s: rule %s means something else in the file that was made of it", r.File, r.Name)})
		}
	}
	return diffs
}

// Refuse takes back the files in which rules differ, and returns their names: their rules have failed.
func (im *Import) Refuse(diffs []Difference) []string {
	var names []string
	im.Files = slices.DeleteFunc(im.Files, func(f File) bool {
		differs := slices.ContainsFunc(diffs, func(d Difference) bool { return d.Source == f.Source })
		if differs {
			names = append(names, f.Name)
		}
		return differs
	})
	for i := range im.Rules {
		if r := &im.Rules[i]; slices.Contains(names, r.Target) {
			r.Outcome, r.Target = Failed, ""
		}
	}
	return names
}

// meaning is what decides the alerts of a rule: two rules with the same text have the same ones, but for names and prose.
func meaning(r *rules.Rule) string {
	text := fmt.Sprintf("%s %s %s %d %s %v", r.ID, r.Title, r.Meta.Severity, r.Meta.Risk, r.Meta.Kind, r.Meta.Tags)
	if r.Stateful == nil {
		return text + match.String(r.Where)
	}
	text += fmt.Sprintf("%v %+v", r.Stateful.GroupBy, r.Stateful.Window)
	for _, in := range r.Stateful.Inputs {
		text += fmt.Sprintf("%s %v %v %s", match.String(in.Where), in.Group, in.Columns, in.Join)
	}
	return text
}
