package lang

import (
	"maps"
	"path"
	"slices"
	"strings"

	"oktastream/rules/lang/sigma"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
	"oktastream/rules/nearest"
)

// link ties filters and correlations to the documents they refer to, and reports names and ids that stand for two
// documents.
func link(docs []*document) []Filter {
	qualify(docs)
	unique(docs, "name", func(d *document) string { return d.name })
	unique(docs, "id", func(d *document) string { return d.id })
	names := index(docs)
	filters := applyFilters(docs, names)
	for _, d := range docs {
		d.link(names)
	}
	return filters
}

// qualify puts the directory before a name that comes from a file whose namesake was loaded before: rules of several
// origins often have the same file names. A name that its author gave is never changed.
func qualify(docs []*document) {
	taken := map[string]*document{}
	for _, d := range docs {
		other := taken[d.name]
		dir := path.Base(path.Dir(d.file))
		if other != nil && d.name != d.own && other.file != d.file && dir != "." && dir != "/" {
			d.report.Warn(d.root.Start(), source.DuplicateName, "give it a name: of its own",
				"another rule has the same file name, at %s; this one is called %s/%s", other.place(), dir, d.name)
			d.name = dir + "/" + d.name
		}
		if taken[d.name] == nil {
			taken[d.name] = d
		}
	}
}

// unique reports every document but the first that a name or id stands for.
func unique(docs []*document, what string, of func(*document) string) {
	first := map[string]*document{}
	for _, d := range docs {
		key := of(d)
		if key == "" || !d.report.OK() {
			continue
		}
		other, twice := first[key]
		if !twice {
			first[key] = d
			continue
		}
		at := d.root.Pos
		if n := d.keys.Node(what); n != nil {
			at = n.Pos
		}
		d.report.Error(at, source.DuplicateName, "give each rule its own "+what, "the %s %q stands for another rule as well, at %s", what, key, other.place())
	}
}

// index finds documents by everything they may be referred to by.
func index(docs []*document) map[string][]*document {
	names := map[string][]*document{}
	for _, d := range docs {
		seen := map[string]bool{"": true}
		for _, name := range []string{d.own, d.id, d.name} {
			if !seen[name] {
				seen[name] = true
				names[name] = append(names[name], d)
			}
		}
	}
	return names
}

// link resolves the references of one correlation, and first of the correlations that it refers to. Documents of the
// same file go before others of the same name.
func (d *document) link(names map[string][]*document) {
	if d.linked {
		return
	}
	d.linked, d.linking = true, true
	defer func() { d.linking = false }()
	if d.distrusted {
		// What it refers to must not alert by itself, and may be what cannot be read: that is no news.
		said := d.report
		d.report = &source.Report{File: d.file}
		defer func() { d.report = said }()
	}
	var bases []sigma.Base
	for _, ref := range d.references() {
		b := d.find(ref, names)
		if b == nil {
			continue
		}
		if !d.generates() {
			b.base = true
			d.silences(b, ref)
		}
		b.link(names)
		switch {
		case b.linking:
			d.report.Error(ref.Pos, sigma.UnknownRule, "", "%s is made of this correlation itself", ref.Text)
		case b.body.filter != nil || b.root.Get("filter") != nil:
			d.report.Error(ref.Pos, sigma.CannotCorrelate, "name the rules that it filters", "%s is a filter, which finds nothing", ref.Text)
		case b.disabled:
			d.report.Unsupported(ref.Pos, sigma.BaseFailed, "see "+b.place(), "the rule %s is disabled", ref.Text)
		case b.report.Failed():
			d.report.Error(ref.Pos, sigma.BaseFailed, "see "+b.place(), "the rule %s does not load", ref.Text)
		case !b.report.OK():
			d.report.Unsupported(ref.Pos, sigma.BaseFailed, "see "+b.place(), "the rule %s cannot be run", ref.Text)
		default:
			bases = append(bases, b.asBase(ref.Text))
		}
	}
	if d.body.correlation != nil && d.report.OK() && !d.distrusted {
		d.body.stateful = d.body.correlation.Link(bases, d.report)
		d.exempt()
	}
}

// asBase is the document as a correlation sees it, called by its author's name where it has one.
func (d *document) asBase(ref string) sigma.Base {
	b := sigma.Base{Name: ref, Names: []string{ref, d.own, d.id, d.name}, Where: d.body.where}
	if st := d.body.stateful; st != nil {
		b.Where, b.From, b.Group = match.Const(true), d.name, st.GroupBy
	}
	if d.own != "" {
		b.Name = d.own
	}
	return b
}

func (d *document) find(ref *source.Node, names map[string][]*document) *document {
	var here []*document
	all := names[ref.Text]
	for _, b := range all {
		if b.file == d.file {
			here = append(here, b)
		}
	}
	if len(here) > 0 {
		all = here
	}
	switch len(all) {
	case 1:
		if all[0] != d {
			return all[0]
		}
		d.report.Error(ref.Pos, sigma.UnknownRule, "", "a document cannot refer to itself")
	case 0:
		hint := ""
		if s := nearest.Of(ref.Text, slices.Sorted(maps.Keys(names))); s != "" {
			hint = "did you mean " + s + "?"
		}
		d.report.Error(ref.Pos, sigma.UnknownRule, hint, "no rule with the name or id %q is loaded", ref.Text)
	default:
		var places []string
		for _, b := range all {
			places = append(places, b.place())
		}
		d.report.Error(ref.Pos, sigma.UnknownRule, "refer to it by id", "%q may be any of the rules at %s", ref.Text, strings.Join(places, ", "))
	}
	return nil
}
