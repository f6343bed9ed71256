package lang

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"oktastream/rules"
	"oktastream/rules/lang/elastic"
	"oktastream/rules/lang/sigma"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// document is one rule on its way from text to rules.Rule.
type document struct {
	file   string
	index  int // within the file, from 1
	root   *source.Node
	report *source.Report

	keys     source.Values
	options  options
	language string
	body     body

	own  string // the name the author gave, or ""
	id   string // the id the author gave, or ""
	name string

	// disabled: the rule is switched off where it comes from, and nobody has asked for it.
	disabled bool

	// base: a correlation refers to the document and does not ask for its own alerts.
	base bool

	// distrusted: another document of the file cannot be read.
	distrusted bool

	// linked: the references have been resolved; linking: they are being resolved.
	linked, linking bool

	indicators *rules.Indicators

	// exceptions are the conditions that filters add to a correlation's inputs; those of other rules become part of
	// their condition at once.
	exceptions []match.Expr
}

// newDocument compiles what can be compiled without other documents.
func (l *loader) newDocument(file string, index int, parsed source.Document, found bool) *document {
	d := &document{file: file, index: index, root: parsed.Root, report: parsed.Report}
	if d.root == nil || d.noRule(found) {
		return d
	}
	if d.root.Kind != source.Map {
		d.report.Error(d.root.Pos, source.NotARule, "begin with title:", "a rule is a map, not %s", d.root.Kind)
		return d
	}
	d.keys = source.CheckOpen(d.root, "a rule", Document, d.report)
	d.own, d.id = d.identifier("name"), d.identifier("id")
	d.options = parseOptions(d.keys.Object("oktastream"))
	d.checkSource()
	if at := elastic.SwitchedOff(d.root); at != nil {
		d.disabled = !l.Disabled
		if l.Disabled {
			d.report.Warn(at.Pos, elastic.Disabled, "", "the rule is disabled in Kibana, and runs all the same, as was asked for")
		} else {
			d.report.Warn(at.Pos, elastic.Disabled, "enable it, or run such rules with rules.run.disabled (--run-disabled-rules)",
				"the rule is disabled in Kibana, and does not run")
		}
	}
	d.language, d.body = compile(d.root, l.lists.of(d), d.report)
	if d.language == "" && d.report.OK() {
		if !d.options.indicators.given {
			d.report.Error(d.root.Pos, source.NotARule, "add detection:, correlation: or query: with language: okta",
				"the document says nothing about what to detect")
		} else {
			d.language = "indicators"
		}
	}
	d.foreign()
	return d
}

// identifier reads a name or id. They end up in keys of records and in labels of metrics.
func (d *document) identifier(key string) string {
	text := d.keys.Text(key)
	if len(text) > 200 || strings.ContainsFunc(text, unicode.IsControl) {
		d.report.Error(d.keys.Node(key).Pos, source.OutOfRange, "", "%s has more than 200 bytes or control characters", key)
		return ""
	}
	return text
}

// checkSource refuses rules that were written for other logs.
func (d *document) checkSource() {
	n := d.keys.Node("logsource")
	if n == nil {
		return
	}
	if n.Kind != source.Map {
		d.report.Error(n.Pos, source.WrongType, "product: okta, service: okta", "logsource is a map, not %s", n.Kind)
		return
	}
	okta := func(p *source.Pair) bool {
		return p == nil || p.Value.IsNull() || p.Value.Kind == source.Scalar && strings.EqualFold(p.Value.Text, "okta")
	}
	product, service, category := n.Pair("product"), n.Pair("service"), n.Pair("category")
	switch {
	case !okta(product):
		d.report.Unsupported(product.Value.Pos, source.NotOurs, "", "the rule is for another product; only Okta's System Log is read")
	case !okta(service):
		d.report.Unsupported(service.Value.Pos, source.NotOurs, "", "the rule is for another service; only Okta's System Log is read")
	case product == nil && service == nil && category != nil:
		d.report.Unsupported(category.Value.Pos, source.NotOurs, "add product: okta if the rule is about Okta",
			"the rule is for a category of logs; only Okta's System Log is read")
	}
}

// references lists the rules that the document correlates, whether or not the correlation compiles: also when it
// does not, they must not begin to alert by themselves.
func (d *document) references() []*source.Node {
	c := d.root.Get("correlation")
	if c == nil {
		return nil
	}
	list := c.Get("rules")
	if list == nil {
		return nil
	}
	nodes := list.Items
	if list.Kind == source.Scalar {
		nodes = []*source.Node{list}
	}
	return slices.DeleteFunc(slices.Clone(nodes), func(n *source.Node) bool { return n.Kind != source.Scalar })
}

// generates tells whether the rules that the document correlates alert by themselves as well. The specification has the
// key beside the correlation, and tools have it inside.
func (d *document) generates() bool {
	if d.keys.Bool("generate") {
		return true
	}
	n := d.root.Get("correlation").Get("generate")
	return n != nil && n.Type == source.Bool && n.Text == "true"
}

// silences warns of a rule that alerts no more because d correlates it. The specification has it so unless generate says
// otherwise, which the author of a rule that alerted until then hardly expects. A rule without a level, or with the lowest,
// was written to be correlated; and who has written generate knows.
func (d *document) silences(b *document, ref *source.Node) {
	level := b.root.Get("level")
	if d.keys.Has("generate") || d.root.Get("correlation").Get("generate") != nil || level == nil ||
		strings.EqualFold(level.Text, "informational") || !b.report.OK() || b.disabled {
		return
	}
	d.report.Warn(ref.Pos, sigma.Silences, "write generate: true to have its alerts as well, or generate: false if this is meant",
		"the rule %s does not alert by itself any more, because this correlation names it", ref.Text)
}

// nameDocuments names the documents of a file.
func nameDocuments(file string, docs []*document) {
	stem := strings.TrimSuffix(path.Base(file), path.Ext(file))
	used := map[string]bool{}
	for _, d := range docs {
		for _, ref := range d.references() {
			used[ref.Text] = true
		}
	}
	called := false // the first correlation that has no name is called as the file
	for _, d := range docs {
		base := d.own != "" && used[d.own] || d.id != "" && used[d.id]
		switch {
		case d.own != "" && !base:
			d.name = d.own
		case len(docs) == 1 || d.root.Get("correlation") != nil && !base && !called:
			d.name, called = stem, true
		case d.own != "":
			d.name = stem + "/" + d.own
		case isExport(file) && d.id != "":
			d.name = stem + "/" + d.id // the place of a rule in an export says nothing
		default:
			d.name = stem + "/" + strconv.Itoa(d.index)
		}
	}
}

// distrust refuses the documents of a file that has an unreadable one: that may be a correlation, and the rules it names
// must not begin to alert by themselves because of a slip of the pen.
func distrust(docs []*document) {
	broken := slices.ContainsFunc(docs, func(d *document) bool { return d.root == nil })
	for _, d := range docs {
		if broken && d.root != nil {
			d.distrusted = true
			d.report.Error(d.root.Pos, source.BrokenFile, "", "not loaded, because another document of the file cannot be read")
		}
	}
}

// rule assembles the finished rule. ok is false for what did not load and for what only correlations use.
func (d *document) rule() (r rules.Rule, ok bool) {
	if d.body.filter != nil {
		d.options.filtering(d.report)
	} else {
		d.options.detecting(d.report)
	}
	if !d.report.OK() || d.body.filter != nil {
		return r, false
	}
	if d.disabled {
		return r, false
	}
	if d.base && d.body.stateful == nil {
		d.options.unheard(d.report)
		return r, false
	}
	r = rules.Rule{
		ID: d.id, Name: d.name, Title: d.keys.Text("title"), File: d.file, Pos: d.root.Pos, Language: d.language,
		Meta: d.meta(), Where: d.body.where, Stateful: d.body.stateful, Indicators: d.indicators, Context: d.context(), Override: d.body.override,
		Silent: d.base,
	}
	if r.Title == "" {
		r.Title = d.name
		d.report.Warn(d.root.Pos, source.NoID, "add title:", "the rule has no title")
	}
	if r.ID == "" {
		r.ID = uuid.NewSHA1(uuid.NameSpaceURL, []byte("oktastream:rule:"+d.name)).String()
		d.report.Warn(d.root.Pos, source.NoID, "add id: "+r.ID,
			"the rule has no id; until it has one, it is known by an id made of its name and changes when it is renamed")
	} else if _, err := uuid.Parse(r.ID); err != nil {
		d.report.Note(d.keys.Node("id").Pos, source.NoID, "", "the id is not a UUID, as Sigma recommends")
	}
	if r.Stateful != nil {
		d.options.grouped(d.report)
	} else {
		r.Stateful = d.options.suppressed(r.Where, d.report)
		if r.Stateful != nil {
			r.Where = nil
		}
	}
	if r.Stateful != nil {
		d.options.shape(r.Stateful, d.report)
	} else {
		d.options.stateless(d.report)
	}
	return r, d.report.OK()
}

func (d *document) fileReport(r rules.Rule) FileReport {
	f := FileReport{File: d.file, ID: d.id, Name: d.name, Title: d.keys.Text("title"), Language: d.language, Status: OK}
	if d.root != nil {
		f.Pos = d.root.Pos
	}
	switch {
	case d.report.Failed():
		f.Status = Failed
	case !d.report.OK():
		f.Status = Unsupported
	case d.body.filter != nil:
		f.Kind = "filter"
	case d.disabled:
		f.Kind = "disabled"
	case d.base && d.body.stateful == nil:
		f.Kind = "base"
	default:
		f.Kind, f.ID, f.Title = r.Kind(), r.ID, r.Title
	}
	return f
}

// place names a document for messages of another.
func (d *document) place() string {
	at := d.root.Start()
	return fmt.Sprintf("%s:%d:%d", d.file, at.Line, at.Col)
}
