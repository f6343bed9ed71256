package elastic

import (
	"maps"
	"path"
	"slices"
	"strings"

	"oktastream/rules"
	"oktastream/rules/lang/eql"
	"oktastream/rules/lang/esql"
	"oktastream/rules/lang/kuery"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// compiler turns a query into a condition on single events or into windows; both are nil if r got an error.
type compiler func(query *source.Node, s Schedule, r *source.Report) (match.Expr, *rules.Stateful)

// compilers are the languages that run.
var compilers = map[string]compiler{
	"kuery": func(query *source.Node, _ Schedule, r *source.Report) (match.Expr, *rules.Stateful) {
		return kuery.Compile(query, r), nil
	},
	"esql": func(query *source.Node, s Schedule, r *source.Report) (match.Expr, *rules.Stateful) {
		return esql.Compile(query, esql.Options{From: s.From, Interval: s.Interval}, r)
	},
	"eql": func(query *source.Node, s Schedule, r *source.Report) (match.Expr, *rules.Stateful) {
		return eql.Compile(query, eql.Options{From: s.From, Interval: s.Interval, CategoryField: s.CategoryField, Alerts: s.Alerts}, r)
	},
}

// later are languages that are known and do not run.
var later = map[string]string{
	"lucene": "Lucene's query syntax is not supported; most such queries can be written in KQL",
}

// types are the types of rules that run, each with its language if the rule does not say.
var types = map[string]string{"query": "kuery", "saved_query": "kuery", "threshold": "kuery", "new_terms": "kuery", "eql": "eql", "esql": "esql"}

// others are the types that do not run, with the reason.
var others = map[string]string{
	"machine_learning": "machine learning rules need the anomalies of a job that runs in Elasticsearch",
	"threat_match":     "indicator match rules need an index of indicators; use indicators: with a list",
}

// Compile reads what an Elastic rule detects: a condition on single events, or windows. Both are nil if and only if r
// got an error.
func Compile(doc *source.Node, r *source.Report) (match.Expr, *rules.Stateful) {
	v := schema(doc.Get(Key), r)
	ignored(doc.Get(Key), r)
	indices(v, r)
	s := schedule(v, r)
	where, st := dispatch(v, s, r)
	if r.OK() {
		where = narrow(doc, v, where, st, r)
	}
	if r.OK() {
		where, st = suppress(v, s, where, st, r)
	}
	if !r.OK() {
		return nil, nil
	}
	return where, st
}

func dispatch(v source.Values, s Schedule, r *source.Report) (match.Expr, *rules.Stateful) {
	kind, language := v.Text("type"), v.Text("language")
	if !v.Has("type") {
		return nil, nil // reported
	}
	if reason := others[kind]; reason != "" {
		r.Unsupported(v.Node("type").Pos, NotRunnable, "", "%s", reason)
		return nil, nil
	}
	standard, ok := types[kind]
	if !ok {
		known := slices.Sorted(maps.Keys(types))
		r.Unsupported(v.Node("type").Pos, NotRunnable, source.DidYouMean(kind, known), "rules of type %q are not known", kind)
		return nil, nil
	}
	at := v.Node("language")
	if language == "" {
		language, at = standard, v.Node("type")
	}
	compile, ok := compilers[language]
	if !ok {
		reason := later[language]
		if reason == "" {
			reason = "there is no query language " + language
		}
		r.Unsupported(at.Pos, NotRunnable, "", "%s", reason)
		return nil, nil
	}
	query := v.Node("query")
	if query == nil {
		r.Unsupported(v.Pos(), NotRunnable, "put the query itself into the rule", "the rule has no query; those saved in Kibana are not at hand")
		return nil, nil
	}
	// KQL has no way to the alerts of other rules; EQL and ES|QL have.
	if language == "kuery" {
		switch at := v.Node("index"); reads(v) {
		case rules.OnlyAlerts:
			r.Unsupported(at.Pos, NotRunnable, "write the query in EQL: any where …", "KQL over alerts cannot be run")
			return nil, nil
		case rules.EventsAndAlerts:
			r.Warn(at.Pos, NoEffect, "write the query in EQL: any where …", "the rule reads events, and not the alerts that its indices name: KQL over alerts cannot be run")
		}
	}
	where, st := compile(query, s, r)
	if !r.OK() {
		return nil, nil
	}
	switch kind {
	case "threshold":
		return nil, threshold(v, where, s, r)
	case "new_terms":
		return nil, newTerms(v, where, r)
	}
	return where, st
}

// ours are names that indices with Okta's events, and with alerts, may have.
var ours = []string{"logs-okta.system-default", "filebeat-9.0.0", ".alerts-security.alerts-default"}

// indices refuses rules for other data: their fields would never be there, and exclusions alone would match everything.
func indices(v source.Values, r *source.Report) {
	list := v.Nodes("index")
	if len(list) == 0 {
		return
	}
	for _, n := range list {
		_, name, remote := strings.Cut(n.Text, ":")
		if !remote {
			name = n.Text
		}
		for _, index := range ours {
			if ok, err := path.Match(name, index); ok && err == nil || strings.HasPrefix(name, "-") {
				return
			}
			if strings.Contains(name, "okta") {
				return
			}
		}
	}
	r.Unsupported(list[0].Pos, OtherData, "", "the rule reads %q, where Okta's events never are", list[0].Text)
}
