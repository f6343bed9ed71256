package lint

import (
	"cmp"
	"slices"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/lang"
	"oktastream/rules/lang/source"
)

// Report is what there is to say about rules: with each rule what concerns it, in the order of the places.
type Report struct {
	Rules []RuleReport
	Loose []Finding // about files as a whole, or between rules
	// Ignored are findings that a comment in the file ignores.
	Ignored []Finding
	// Naming is what the rules will see as user.name.
	Naming event.Naming

	byFile map[string][]int // the documents of each file, in Rules
}

// RuleReport is one document of a rule file.
type RuleReport struct {
	lang.FileReport
	Findings []Finding
}

// Finding is a diagnostic with the piece of text that it is about.
type Finding struct {
	rules.Diagnostic
	Length int    // characters from Pos on; 0: the document as a whole
	Source string // the line at Pos; empty with Length 0

	lint bool // not from a loader
}

// blocks reports whether the rule does not run because of f.
func (f *Finding) blocks() bool {
	return !f.lint && (f.Level == rules.Error || f.Level == rules.Unsupported)
}

// Summary counts documents by status and findings by level.
type Summary struct {
	OK          int `json:"ok"`
	Unsupported int `json:"unsupported"`
	Error       int `json:"error"`    // documents and files that do not load
	Defects     int `json:"defects"`  // rules load, and cannot do what they are for
	Warnings    int `json:"warnings"` //
	Notes       int `json:"notes"`
	Ignored     int `json:"ignored"`
}

// Failed reports whether something does not load.
func (s Summary) Failed() bool { return s.Error > 0 }

// Clean reports whether everything loads and there are at most notes.
func (s Summary) Clean() bool { return s.Error+s.Unsupported+s.Defects+s.Warnings == 0 }

// assemble sets levels, takes out what is ignored, and puts the rest with the rules that they are about.
func (c *checker) assemble(all []Finding) *Report {
	rep := &Report{Naming: c.o.Naming}
	rep.byFile = map[string][]int{}
	for i, f := range c.in.Loaded.Files {
		rep.Rules = append(rep.Rules, RuleReport{FileReport: f})
		rep.byFile[f.File] = append(rep.byFile[f.File], i)
	}
	take := func(f Finding) {
		if level, ok := c.o.Levels[f.Code]; ok && !f.blocks() {
			f.lint = true // an error that the user has made one does not mean that the rule does not load
			f.Level = level
		}
		switch {
		case f.Level == Off:
		case c.ignored(&f):
			rep.Ignored = append(rep.Ignored, f)
		default:
			rep.add(f)
		}
	}
	for _, f := range all {
		take(f)
	}
	for _, f := range c.misuse() {
		take(f)
	}
	for i := range rep.Rules {
		slices.SortStableFunc(rep.Rules[i].Findings, func(a, b Finding) int {
			return cmp.Or(cmp.Compare(follows(a), follows(b)), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
		})
	}
	return rep
}

// follows is 1 for what only follows from another finding, which stands before it.
func follows(f Finding) int {
	if f.Code == source.BrokenFile {
		return 1
	}
	return 0
}

// add puts f with the document of the file that it lies in: the last that begins at or before it, or the first for
// what stands above.
func (rep *Report) add(f Finding) {
	var found *RuleReport
	for _, i := range rep.byFile[f.File] {
		if r := &rep.Rules[i]; found == nil || r.Pos.Line <= f.Line {
			found = r
		}
	}
	if found == nil {
		rep.Loose = append(rep.Loose, f)
		return
	}
	found.Findings = append(found.Findings, f)
	if f.Level == rules.Error && !f.lint {
		found.Status = lang.Failed
	}
}

// Summary counts.
func (rep *Report) Summary() Summary {
	s := Summary{Ignored: len(rep.Ignored)}
	count := func(f Finding) {
		switch {
		case f.Level == rules.Warning:
			s.Warnings++
		case f.Level == rules.Note:
			s.Notes++
		case f.Level == rules.Error && f.lint:
			s.Defects++
		}
	}
	for _, r := range rep.Rules {
		switch r.Status {
		case lang.OK:
			s.OK++
		case lang.Unsupported:
			s.Unsupported++
		default:
			s.Error++
		}
		for _, f := range r.Findings {
			count(f)
		}
	}
	for _, f := range rep.Loose {
		count(f)
		if f.Level == rules.Error && !f.lint {
			s.Error++
		}
	}
	return s
}

// Findings lists all of them, those of rules first; ignored ones are not among them.
func (rep *Report) Findings() []Finding {
	var out []Finding
	for _, r := range rep.Rules {
		out = append(out, r.Findings...)
	}
	return append(out, rep.Loose...)
}
