package lang

import "oktastream/rules/lang/source"

// Document describes the top level of a rule document: Sigma's keys, query and language, and our own settings. Other
// keys are allowed and ignored, as Sigma has it.
var Document = []source.Field{
	{Name: "title", Type: source.Text, Soft: true, Default: "the name", Doc: "one line that says what was detected"},
	{Name: "id", Type: source.Text, Default: "derived from the name", Doc: "a UUID that never changes; alerts and state are known by it"},
	{Name: "name", Type: source.Text, Default: "the file's name", Doc: "what correlations and tests call the rule"},
	{Name: "related", Type: source.Objects, Soft: true, Doc: "other rules, by id and type of relation", Fields: []source.Field{
		{Name: "id", Type: source.Text, Soft: true, Doc: "id of the other rule"},
		{Name: "type", Type: source.Text, Soft: true, Doc: "kind of relation",
			OneOf: []string{"derived", "obsolete", "merged", "renamed", "similar", "correlation"}},
	}},
	{Name: "taxonomy", Type: source.Text, Soft: true, Doc: "Sigma's taxonomy of field names; ours are the System Log's"},
	{Name: "status", Type: source.Text, Soft: true, Doc: "maturity",
		OneOf: []string{"stable", "test", "experimental", "deprecated", "unsupported"}},
	{Name: "description", Type: source.Text, Soft: true, Doc: "what was detected and why it matters"},
	{Name: "license", Type: source.Text, Soft: true, Doc: "SPDX identifier"},
	{Name: "author", Type: source.Text, Soft: true, Doc: "who wrote the rule"},
	{Name: "references", Type: source.Texts, Soft: true, Doc: "where to read more"},
	{Name: "date", Type: source.Text, Soft: true, Doc: "day of creation"},
	{Name: "modified", Type: source.Text, Soft: true, Doc: "day of the last change"},
	{Name: "logsource", Type: source.Anything, Doc: "product: okta, service: okta"},
	{Name: "detection", Type: source.Anything, Doc: "Sigma selections and a condition"},
	{Name: "correlation", Type: source.Anything, Doc: "a window over other rules"},
	{Name: "filter", Type: source.Anything, Doc: "a condition that the rules it names get as well, to leave something out"},
	{Name: "query", Type: source.Anything, Doc: "a condition in the language that language names"},
	{Name: "language", Type: source.Text, Doc: "okta for an Okta System Log filter expression"},
	{Name: "rule", Type: source.Anything, Doc: "a rule of Elastic's detection engine, as its TOML files have it"},
	{Name: "generate", Type: source.Boolean, Default: "false", Doc: "for a correlation: whether its rules also alert by themselves"},
	{Name: "fields", Type: source.PathsOf, Soft: true, Doc: "fields whose values the alert shows"},
	{Name: "falsepositives", Type: source.Texts, Soft: true, Doc: "innocent explanations"},
	{Name: "level", Type: source.Text, Default: "medium", Doc: "severity of the alert",
		OneOf: []string{"informational", "low", "medium", "high", "critical"}},
	{Name: "tags", Type: source.Texts, Soft: true, Doc: "tags, among them attack.* for MITRE ATT&CK"},
	{Name: "scope", Type: source.Texts, Soft: true, Doc: "Sigma's scope; not evaluated"},
	{Name: "oktastream", Type: source.Object, Doc: "our own settings", Fields: Options},
}

// Options describes the settings under the key oktastream.
var Options = []source.Field{
	{Name: "risk", Type: source.Integer, Min: 0, Max: 100, Default: "21, 21, 47, 73 or 99 by level", Doc: "risk score of the alert"},
	{Name: "kind", Type: source.Text, Default: "detection", OneOf: []string{"detection", "signal"},
		Doc: "signal: a finding of low weight that is meant as input for others"},
	{Name: "triage", Type: source.Text, Doc: "what the analyst should do, step by step"},
	{Name: "context", Type: source.PathsOf, Doc: "further fields whose values the alert shows"},
	{Name: "lateness", Type: source.Span, Default: "5m", Doc: "how far behind the clock an event may arrive and still count"},
	{Name: "history", Type: source.Text, Default: "observed", OneOf: []string{"observed", "assumed"},
		Doc: "for a rule about what is seen for the first time: whether it waits until it has seen a whole history itself, or takes what it has not seen for new from the first event on"},
	{Name: "distinct", Type: source.Objects, Doc: "further fields whose different values are counted over the same window", Fields: []source.Field{
		{Name: "field", Type: source.PathOf, Required: true, Doc: "the field to count"},
		{Name: "gte", Type: source.Integer, Min: 0, Max: 1_000_000, Default: "0",
			Doc: "how many different values the window must hold; with 0 they only give context to the alert"},
	}},
	{Name: "suppress", Type: source.Object, Doc: "when not to alert again", Fields: []source.Field{
		{Name: "by", Type: source.PathsOf, Doc: "fields whose equal values make findings the same; of a rule on single events, a correlation has its group-by"},
		{Name: "for", Type: source.Span, Default: "the length of the window", Doc: "how long the condition must not have held before there is a new alert"},
		{Name: "max", Type: source.Span, Default: "24h, or twice for and lateness if 24h is not longer than these",
			Doc: "how long one alert may go on; longer than for and lateness together"},
		{Name: "update", Type: source.Text, Default: "none", OneOf: []string{"none", "open"},
			Doc: "open: further events are sent as updates of the alert"},
	}},
	{Name: "join", Type: source.PathBy, Doc: "for temporal_ordered: by rule, the field that must agree with that of the step before where both are known"},
	{Name: "indicators", Type: source.Object, Doc: "a list of addresses; the rule fires only for events with one of them", Fields: []source.Field{
		{Name: "file", Type: source.Text, Required: true, Doc: "the list, relative to the rule file"},
		{Name: "fields", Type: source.PathsOf, Required: true, Doc: "where addresses are looked for"},
	}},
	{Name: "placeholders", Type: source.Anything, Doc: "for each placeholder of expand, what it stands for: a list, a file, or a file and its column"},
	{Name: "expires", Type: source.Text, Doc: "for a filter: the last day on which it applies, such as 2026-01-31"},
	{Name: "owner", Type: source.Text, Doc: "for a filter: who answers for it"},
	{Name: "reason", Type: source.Text, Doc: "for a filter: why it is there"},
}
