package lang

import (
	"oktastream/rules/lang/elastic"
	"oktastream/rules/lang/sigma"
	"oktastream/rules/lang/source"
)

// elasticRule has the rules of Elastic's detection engine.
var elasticRule = frontEnd{
	language: "elastic",
	key:      elastic.Key,
	claims:   elastic.Is,
	rewrite:  elastic.Translate,
	compile: func(doc *source.Node, _ sigma.Lists, r *source.Report) body {
		where, stateful := elastic.Compile(doc, r)
		return body{where: where, stateful: stateful, override: elastic.Override(doc, r)}
	},
}
