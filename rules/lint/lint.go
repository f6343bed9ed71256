package lint

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/lang"
	"oktastream/rules/lang/kuery"
	"oktastream/rules/lang/oktafilter"
	"oktastream/rules/lang/sigma"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
	"oktastream/rules/ruletest"
)

// DefaultRetention is how long the changelog topic keeps an entry, if `run` has created it.
const DefaultRetention = 30 * 24 * time.Hour

// Input is what is checked.
type Input struct {
	Loaded lang.Result
	// Tests are the rule tests beside the rules, and Broken what is wrong with those that do not load.
	Tests  []ruletest.File
	Broken []rules.Diagnostic
	// Read returns the text of a file that a diagnostic names.
	Read func(name string) ([]byte, error)
}

// Options say what rules are checked against.
type Options struct {
	Feed      Feed          // what brings the events; zero: all types may come
	Retention time.Duration // how long state can be restored from; zero: DefaultRetention
	// Levels replaces the level of warnings, notes and defects, by code; Off leaves them out. What keeps a rule from
	// loading stays what it is.
	Levels map[string]rules.Level
	// Naming is how the events will name users; the report says it.
	Naming event.Naming
}

// Off is the level of codes that are not reported.
const Off rules.Level = "off"

// ParseLevel reads a level for Options.Levels.
func ParseLevel(text string) (rules.Level, error) {
	l := rules.Level(text)
	if slices.Contains([]rules.Level{rules.Error, rules.Warning, rules.Note, Off}, l) {
		return l, nil
	}
	return "", fmt.Errorf("there is no level %q; there is: error, warning, note, off", text)
}

// Check looks at everything that was loaded. The same input gives the same report.
func Check(in Input, o Options) *Report {
	if o.Retention == 0 {
		o.Retention = DefaultRetention
	}
	set, between := rules.NewSet(in.Loaded.Rules)
	c := &checker{in: in, o: o, set: set, files: map[string]*file{}, said: map[said]bool{}, patterns: map[string]bool{}}
	c.index()
	loaded := slices.Concat(in.Loaded.Diagnostics, between)
	for _, d := range loaded {
		c.said[said{d.File, d.Pos, concern(d.Code)}] = true
		// A loader names the place of a value, which may be that of its quote; here it is that of its text.
		if f := c.file(d.File); f != nil && f.quoteAt(d.Pos) {
			c.said[said{d.File, match.Pos{Line: d.Line, Col: d.Col + 1}, concern(d.Code)}] = true
		}
	}
	for i := range in.Loaded.Rules {
		s := c.subject(&in.Loaded.Rules[i])
		c.types(s)
		c.feed(s)
		c.fields(s)
		c.values(s)
		c.group(s)
		c.window(s)
		c.never(s)
		c.alike(s)
		c.attack(s)
		c.rest(s)
	}
	c.silent()
	c.duplicates()
	c.cost(loaded)
	c.tests()
	var all []Finding
	for _, d := range loaded {
		all = append(all, c.locate(d))
	}
	return c.assemble(append(all, c.findings...))
}

// checker collects findings.
type checker struct {
	in       Input
	o        Options
	set      *rules.Set
	files    map[string]*file
	findings []Finding
	said     map[said]bool

	patterns map[string]bool // whether an event type has a pattern, see anyType

	names   map[place]string             // of the documents that the loader has read
	refs    map[string][]lang.FileReport // by name and by id, in the order of loading
	filters map[string][]lang.Filter     // by the name of a rule that they apply to
}

// place is where a document begins.
type place struct {
	file string
	pos  match.Pos
}

// index makes look-ups of documents cost the same however many there are.
func (c *checker) index() {
	c.names, c.refs, c.filters = map[place]string{}, map[string][]lang.FileReport{}, map[string][]lang.Filter{}
	for _, rep := range c.in.Loaded.Files {
		c.names[place{rep.File, rep.Pos}] = rep.Name
		c.refs[rep.Name] = append(c.refs[rep.Name], rep)
		if rep.ID != rep.Name {
			c.refs[rep.ID] = append(c.refs[rep.ID], rep)
		}
	}
	for _, f := range c.in.Loaded.Filters {
		for _, name := range f.Rules {
			c.filters[name] = append(c.filters[name], f)
		}
	}
}

// said is what has been said about a place, by whichever package.
type said struct {
	file string
	at   match.Pos
	what string
}

// sameConcern lists codes of loaders that say what a lint would say again.
var sameConcern = map[string]string{
	sigma.UnknownType:           UnknownType,
	source.UnknownPath:          UnknownField,
	oktafilter.CodeUnknownField: UnknownField,
	kuery.UnknownField:          UnknownField,
	source.BadTagATTACK:         BadAttack,
}

func concern(code string) string {
	if same, ok := sameConcern[code]; ok {
		return same
	}
	return code
}

// report adds a finding, unless it, or what a loader has said, is the same.
func (c *checker) report(r *rules.Rule, at span, level rules.Level, code, hint, format string, args ...any) {
	file := r.File
	if at.file != nil {
		file = at.file.name
	}
	key := said{file, at.pos, concern(code)}
	if c.said[key] {
		return
	}
	c.said[key] = true
	f := Finding{Diagnostic: rules.Diagnostic{File: file, Pos: at.pos, Level: level, Code: code,
		Message: fmt.Sprintf(format, args...), Hint: hint, Rule: r.Name}, Length: at.length, lint: true}
	if at.file != nil && at.length > 0 {
		f.Source = at.file.line(at.pos.Line)
	}
	c.findings = append(c.findings, f)
}

// locate makes a finding of a loader's diagnostic.
func (c *checker) locate(d rules.Diagnostic) Finding {
	f := Finding{Diagnostic: d}
	// Of a file that a rule names nothing is shown: it may be anything.
	rule := slices.ContainsFunc(c.in.Loaded.Files, func(r lang.FileReport) bool { return r.File == d.File })
	if src := c.file(d.File); src != nil && d.Line > 0 && rule {
		f.Source = src.line(d.Line)
		f.Length = src.lengthAt(d.Pos)
	}
	return f
}

// subject is a rule with the documents that it is written in.
type subject struct {
	rule *rules.Rule
	own  authored
	docs []authored // own, those that a correlation names, and the filters of these

	count  map[string]int // by code, see enough
	levels map[string]rules.Level
}

// authored is a document of a file.
type authored struct {
	file *file
	root *source.Node
}

func (c *checker) subject(r *rules.Rule) *subject {
	s := &subject{rule: r}
	f := c.file(r.File)
	if f == nil {
		return s
	}
	s.own = authored{f, f.document(r.Pos)}
	s.docs = append(s.docs, s.own)
	for _, ref := range references(s.own.root) {
		if d, ok := c.find(ref, f); ok {
			s.docs = append(s.docs, d)
		}
	}
	seen := map[place]bool{}
	for _, d := range s.docs {
		if d.root == nil {
			continue
		}
		for _, filter := range c.filters[c.names[place{d.file.name, d.root.Pos}]] {
			at := place{filter.File, filter.Pos}
			if f := c.file(filter.File); f != nil && !seen[at] {
				seen[at] = true
				s.docs = append(s.docs, authored{f, f.document(filter.Pos)})
			}
		}
	}
	return s
}

// references are the names and ids that a correlation lists.
func references(root *source.Node) []string {
	var out []string
	for _, n := range values(root.Get("correlation").Get("rules")) {
		out = append(out, n.Text)
	}
	return out
}

// find returns the document that a correlation in f means by ref. Those of f itself go first, as in the loader.
func (c *checker) find(ref string, f *file) (authored, bool) {
	if root := f.named(ref); root != nil {
		return authored{f, root}, true
	}
	for _, rep := range c.refs[ref] {
		if other := c.file(rep.File); other != nil {
			return authored{other, other.document(rep.Pos)}, true
		}
	}
	return authored{}, false
}

// maxSame bounds how many findings of one code a rule gets with places of their own: each place has to be searched for.
const maxSame = 50

// enough reports whether s has had maxSame findings of a code, and counts those that it will not get; see rest.
func (s *subject) enough(level rules.Level, code string) bool {
	if s.count == nil {
		s.count = map[string]int{}
		s.levels = map[string]rules.Level{}
	}
	s.count[code]++
	s.levels[code] = level
	return s.count[code] > maxSame
}

// rest says how many findings have been left out.
func (c *checker) rest(s *subject) {
	for _, code := range slices.Sorted(maps.Keys(s.count)) {
		if more := s.count[code] - maxSame; more > 0 {
			c.report(s.rule, s.whole(), s.levels[code], code, "", "and %d more", more)
		}
	}
}

// conditions are what the rule asks of single events. Inputs that observe another rule's alerts are left out.
func conditions(r *rules.Rule) []match.Expr {
	if r.Stateful == nil {
		return []match.Expr{r.Where}
	}
	var out []match.Expr
	for i := range r.Stateful.Inputs {
		if in := &r.Stateful.Inputs[i]; in.ObservesEvents() {
			out = append(out, in.Where)
		}
	}
	return out
}
