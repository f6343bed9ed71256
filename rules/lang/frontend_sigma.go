package lang

import (
	"oktastream/rules/lang/sigma"
	"oktastream/rules/lang/source"
)

var sigmaDetection = frontEnd{
	language: "sigma",
	key:      "detection",
	compile: func(doc *source.Node, r *source.Report) body {
		return body{where: sigma.Compile(doc.Get("detection"), r)}
	},
}

var sigmaCorrelation = frontEnd{
	language: "sigma",
	key:      "correlation",
	compile: func(doc *source.Node, r *source.Report) body {
		return body{correlation: sigma.ParseCorrelation(doc.Get("correlation"), r)}
	},
}

var sigmaFilter = frontEnd{
	language: "sigma",
	key:      "filter",
	compile: func(doc *source.Node, r *source.Report) body {
		r.Unsupported(doc.Pair("filter").Key.Pos, sigma.NotSupported, "write the exception into the rule's own detection",
			"filter documents, Sigma's exceptions, cannot be run yet; the rules they name alert without them")
		return body{}
	},
}
