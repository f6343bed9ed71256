package lang

import (
	"oktastream/rules"
	"oktastream/rules/lang/sigma"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// body is what a front end makes of a document: exactly one of its members is set, or none after an error.
type body struct {
	where       match.Expr
	stateful    *rules.Stateful    // a language that describes windows itself
	correlation *sigma.Correlation // windows over other documents, still to be linked
	override    rules.Override     // of the metadata by values of the event, with where or stateful
	filter      *sigma.Filter      // a condition that other documents get as well
}

func (b body) ok() bool {
	return b.where != nil || b.stateful != nil || b.correlation != nil || b.filter != nil
}

// frontEnd compiles the documents of one language.
type frontEnd struct {
	language string // as reports and alerts name it
	key      string // the key of a document that holds what compile reads
	// claims tells whether a document with that key is this front end's; nil claims all.
	claims func(doc *source.Node) bool
	// rewrite turns the metadata of a format that is not ours into the keys of Document, before they are read; nil for
	// the others. It returns a new tree.
	rewrite func(doc *source.Node, file string, r *source.Report) *source.Node
	compile func(doc *source.Node, lists sigma.Lists, r *source.Report) body
}

// frontEnds lists all languages. The first that claims a document has it.
var frontEnds = []frontEnd{oktaCatalogue, sigmaDetection, sigmaCorrelation, sigmaFilter, oktaQuery, otherQuery, elasticRule}

// bodyKeys lists the keys that make a document a rule, in the order of frontEnds.
func bodyKeys() []string {
	var keys []string
	for _, f := range frontEnds {
		if len(keys) == 0 || keys[len(keys)-1] != f.key {
			keys = append(keys, f.key)
		}
	}
	return keys
}

// rewritten is the document with its metadata under our keys.
func rewritten(doc *source.Node, file string, r *source.Report) *source.Node {
	for _, f := range frontEnds {
		if f.rewrite != nil && doc != nil && doc.Get(f.key) != nil && f.claims(doc) {
			return f.rewrite(doc, file, r)
		}
	}
	return doc
}

// compile finds the front end of a document and runs it. A document without a body may still have indicators.
func compile(doc *source.Node, lists sigma.Lists, r *source.Report) (language string, b body) {
	var first *source.Pair
	for _, key := range bodyKeys() {
		p := doc.Pair(key)
		switch {
		case p == nil:
		case first == nil:
			first = p
		default:
			r.Error(p.Key.Pos, source.NotARule, "put each in a document of its own", "a document has %s or %s, not both", first.Key.Text, key)
			return "", b
		}
	}
	if first == nil {
		return "", b
	}
	for _, f := range frontEnds {
		if f.key != first.Key.Text || f.claims != nil && !f.claims(doc) {
			continue
		}
		b = f.compile(doc, lists, r)
		if !b.ok() && r.OK() {
			// Whatever a front end does, a document that yields nothing never passes for a rule.
			r.Error(first.Key.Pos, source.NotARule, "", "the %s yields no rule", first.Key.Text)
		}
		return f.language, b
	}
	return "", b
}
