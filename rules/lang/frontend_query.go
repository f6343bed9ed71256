package lang

import (
	"slices"
	"strings"

	"oktastream/rules"
	"oktastream/rules/lang/oktafilter"
	"oktastream/rules/lang/sigma"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// oktaQuery compiles filter expressions as one types them into Okta's System Log search.
var oktaQuery = frontEnd{
	language: "okta",
	key:      "query",
	claims:   func(doc *source.Node) bool { return queryLanguage(doc) == "okta" },
	compile:  compileOkta,
}

// laterLanguages are query languages of other products that rules are published in.
var laterLanguages = []string{"kuery", "lucene", "eql", "esql"}

// otherQuery has the queries that no other front end claims.
var otherQuery = frontEnd{
	key: "query",
	compile: func(doc *source.Node, _ sigma.Lists, r *source.Report) body {
		language := queryLanguage(doc)
		switch {
		case language == "":
			r.Error(doc.Pair("query").Key.Pos, source.MissingKey, "add language: okta", "a query needs a language")
		case slices.Contains(laterLanguages, language):
			r.Unsupported(doc.Get("language").Pos, source.NotOurs, "", "queries in %s cannot be run yet", language)
		default:
			r.Error(doc.Get("language").Pos, source.OutOfRange, source.DidYouMean(language, []string{"okta"}),
				"there is no query language %q", language)
		}
		return body{}
	},
}

func queryLanguage(doc *source.Node) string {
	n := doc.Get("language")
	if n == nil || n.Kind != source.Scalar {
		return ""
	}
	return strings.ToLower(n.Text)
}

func compileOkta(doc *source.Node, _ sigma.Lists, r *source.Report) body {
	q := doc.Get("query")
	if q.Kind != source.Scalar {
		r.Error(q.Pos, source.WrongType, "", "a query is text, not %s", q.Kind)
		return body{}
	}
	return body{where: compileExpression(q, r)}
}

// compileExpression parses with places relative to the expression, and then finds them in the file. It returns nil if r
// has an error in it.
func compileExpression(q *source.Node, r *source.Report) match.Expr {
	x, problems := oktafilter.Parse(q.Text, match.Pos{Line: 1, Col: 1})
	for _, p := range problems {
		at := q.AtLine(p.Pos)
		switch p.Level {
		case rules.Note:
			r.Note(at, p.Code, p.Hint, "%s", p.Message)
		case rules.Warning:
			r.Warn(at, p.Code, p.Hint, "%s", p.Message)
		case rules.Unsupported:
			r.Unsupported(at, p.Code, p.Hint, "%s", p.Message)
		default:
			r.Error(at, p.Code, p.Hint, "%s", p.Message)
		}
	}
	if !r.OK() {
		return nil
	}
	match.Walk(x, func(x match.Expr) {
		if p, ok := x.(*match.Pred); ok {
			p.Pos = q.AtLine(p.Pos)
		}
	})
	return x
}
