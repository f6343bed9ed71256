package lang

import (
	"oktastream/rules/lang/sigma"
	"oktastream/rules/lang/source"
)

var sigmaDetection = frontEnd{
	language: "sigma",
	key:      "detection",
	compile: func(doc *source.Node, lists sigma.Lists, r *source.Report) body {
		return body{where: sigma.Compile(doc.Get("detection"), lists, r)}
	},
}

var sigmaCorrelation = frontEnd{
	language: "sigma",
	key:      "correlation",
	compile: func(doc *source.Node, _ sigma.Lists, r *source.Report) body {
		return body{correlation: sigma.ParseCorrelation(doc.Get("correlation"), r)}
	},
}

var sigmaFilter = frontEnd{
	language: "sigma",
	key:      "filter",
	compile: func(doc *source.Node, lists sigma.Lists, r *source.Report) body {
		return body{filter: sigma.ParseFilter(doc.Get("filter"), lists, r)}
	},
}
