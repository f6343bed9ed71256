package lang

import (
	"oktastream/rules/lang/catalogue"
	"oktastream/rules/lang/sigma"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// oktaCatalogue has the entries of Okta's own catalogue. It claims before Sigma, with which it shares its key.
var oktaCatalogue = frontEnd{
	language: "okta",
	key:      "detection",
	claims:   catalogue.Is,
	rewrite:  catalogue.Translate,
	compile: func(doc *source.Node, _ sigma.Lists, r *source.Report) body {
		var variants match.Or
		for _, n := range catalogue.Expressions(doc.Get("detection"), r) {
			if x := compileExpression(n, r); x != nil {
				variants = append(variants, x)
			}
		}
		switch {
		case !r.OK() || len(variants) == 0:
			return body{}
		case len(variants) == 1:
			return body{where: variants[0]}
		}
		return body{where: variants}
	},
}
