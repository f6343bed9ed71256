package elastic

import (
	"slices"

	"oktastream/rules/lang/source"
)

// Fields describes a rule as Elastic's schema has it. Documentation, settings of connectors and what only Kibana's own
// pages show are read over without a word.
var Fields = []source.Field{
	{Name: "rule_id", Type: source.Text, Required: true, Doc: "a UUID that never changes"},
	{Name: "name", Type: source.Text, Required: true, Doc: "one line that says what was detected"},
	{Name: "type", Type: source.Text, Required: true, Doc: "query, saved_query, threshold, new_terms, eql, esql, …"},
	{Name: "description", Type: source.Text, Soft: true, Doc: "what was detected and why it matters"},
	{Name: "severity", Type: source.Text, OneOf: []string{"low", "medium", "high", "critical"}, Doc: "severity of the alert"},
	{Name: "risk_score", Type: source.Integer, Min: 0, Max: 100, Doc: "risk score of the alert"},
	{Name: "language", Type: source.Text, Doc: "kuery, lucene, eql or esql"},
	{Name: "query", Type: source.Text, Doc: "the condition"},
	{Name: "index", Type: source.Texts, Doc: "which indices are searched"},
	{Name: "from", Type: source.Text, Default: "now-6m", Doc: "how far a run looks back"},
	{Name: "to", Type: source.Text, Default: "now", Doc: "up to when a run looks"},
	{Name: "interval", Type: source.Text, Default: "5m", Doc: "how often the rule runs"},
	{Name: "timestamp_override", Type: source.Text, Soft: true, Doc: "the time that a run goes by"},
	{Name: "event_category_override", Type: source.Text, Doc: "the field of an EQL event's category"},
	{Name: "threshold", Type: source.Object, Doc: "how many events a group needs", Fields: []source.Field{
		{Name: "field", Type: source.Texts, Doc: "fields that make a group"},
		{Name: "value", Type: source.Integer, Min: 1, Max: 1_000_000, Required: true, Doc: "how many events"},
		{Name: "cardinality", Type: source.Objects, Doc: "fields of which a group needs different values", Fields: []source.Field{
			{Name: "field", Type: source.Text, Required: true, Doc: "the field to count"},
			{Name: "value", Type: source.Integer, Min: 1, Max: 1_000_000, Required: true, Doc: "how many different values"},
		}},
	}},
	{Name: "new_terms", Type: source.Object, Doc: "which values must not have been there before", Fields: []source.Field{
		{Name: "field", Type: source.Text, Doc: "always new_terms_fields"},
		{Name: "value", Type: source.Texts, Required: true, Doc: "the fields, one to three"},
		{Name: "history_window_start", Type: source.Objects, Required: true, Doc: "how far the history goes back", Fields: []source.Field{
			{Name: "field", Type: source.Text, Doc: "always history_window_start"},
			{Name: "value", Type: source.Text, Required: true, Doc: "such as now-14d"},
		}},
	}},
	{Name: "new_terms_fields", Type: source.Texts, Doc: "as new_terms.value, in an export"},
	{Name: "history_window_start", Type: source.Text, Doc: "as new_terms.history_window_start, in an export"},
	{Name: "alert_suppression", Type: source.Object, Doc: "when not to alert again", Fields: []source.Field{
		{Name: "group_by", Type: source.Texts, Doc: "fields whose equal values make findings the same"},
		{Name: "duration", Type: source.Object, Doc: "for how long", Fields: []source.Field{
			{Name: "value", Type: source.Integer, Min: 1, Max: 1_000_000, Required: true, Doc: "how many units"},
			{Name: "unit", Type: source.Text, OneOf: []string{"s", "m", "h"}, Required: true, Doc: "the unit"},
		}},
		{Name: "missing_fields_strategy", Type: source.Text, OneOf: []string{"suppress", "doNotSuppress"}, Default: "suppress",
			Doc: "what becomes of events without one of the fields"},
	}},
	{Name: "filters", Type: source.Anything, Doc: "Kibana filters, all of which must hold"},
	{Name: "exceptions_list", Type: source.Anything, Doc: "lists of exceptions"},
	{Name: "severity_mapping", Type: source.Objects, Doc: "severities by the value of a field", Fields: []source.Field{
		{Name: "field", Type: source.Text, Required: true, Doc: "the field"},
		{Name: "operator", Type: source.Text, OneOf: []string{"equals"}, Doc: "always equals"},
		{Name: "value", Type: source.Text, Required: true, Doc: "the value"},
		{Name: "severity", Type: source.Text, OneOf: []string{"low", "medium", "high", "critical"}, Required: true, Doc: "the severity for it"},
	}},
	{Name: "risk_score_mapping", Type: source.Objects, Doc: "a field that holds the risk score", Fields: []source.Field{
		{Name: "field", Type: source.Text, Required: true, Doc: "the field"},
		{Name: "operator", Type: source.Text, OneOf: []string{"equals"}, Doc: "always equals"},
		{Name: "value", Type: source.Text, Doc: "always empty"},
		{Name: "risk_score", Type: source.Integer, Soft: true, Doc: "not used by Elastic either"},
	}},
	{Name: "rule_name_override", Type: source.Text, Doc: "a field that holds the title of the alert"},
	{Name: "investigation_fields", Type: source.Anything, Doc: "fields whose values the alert shows"},
	{Name: "building_block_type", Type: source.Text, Doc: "the alert is meant as input for others"},
	{Name: "author", Type: source.Texts, Soft: true, Doc: "who wrote the rule"},
	{Name: "license", Type: source.Text, Soft: true, Doc: "the license of the rule"},
	{Name: "note", Type: source.Text, Soft: true, Doc: "the investigation guide"},
	{Name: "references", Type: source.Texts, Soft: true, Doc: "where to read more"},
	{Name: "false_positives", Type: source.Texts, Soft: true, Doc: "innocent explanations"},
	{Name: "tags", Type: source.Texts, Soft: true, Doc: "tags"},
	{Name: "threat", Type: source.Anything, Doc: "tactics and techniques of ATT&CK"},
	{Name: "machine_learning_job_id", Type: source.Anything, Doc: "the job of a machine learning rule"},
}

// unheard are settings of Kibana that do something there and nothing here, with the values that do nothing there either.
var unheard = []struct {
	key, message string
	idle         []string
}{
	{"max_signals", "no alerts are cut off: max_signals has no effect", []string{"100"}},
	{"actions", "alerts go to the topic: actions have no effect", nil},
	{"response_actions", "alerts go to the topic: response_actions have no effect", nil},
	{"throttle", "alerts go to the topic at once: throttle has no effect", []string{"no_actions", "rule", ""}},
	{"timestamp_field", "sequences go by the event's own time, @timestamp: timestamp_field has no effect", []string{"@timestamp", ""}},
	{"tiebreaker_field", "events of one time follow each other in either order: tiebreaker_field has no effect", []string{""}},
	{"data_view_id", "what the data view holds is not known: the rule reads Okta's events", []string{""}},
}

// ignored warns of settings that are not honoured.
func ignored(rule *source.Node, r *source.Report) {
	for _, u := range unheard {
		p := rule.Pair(u.key)
		if p == nil || p.Value.IsNull() || p.Value.Kind == source.Scalar && slices.Contains(u.idle, p.Value.Text) ||
			p.Value.Kind != source.Scalar && len(p.Value.Items)+len(p.Value.Pairs) == 0 {
			continue
		}
		r.Warn(p.Key.Pos, NoEffect, "", "%s", u.message)
	}
}

// silent are keys without a meaning for detection, see unheard.
var silent = map[string]bool{}

func init() {
	for _, key := range []string{"setup", "max_signals", "actions", "throttle", "enabled", "immutable", "version", "revision", "id", "meta",
		"output_index", "namespace", "timeline_id", "timeline_title", "created_at", "created_by", "updated_at", "updated_by",
		"rule_source", "related_integrations", "required_fields", "timestamp_override_fallback_disabled", "data_view_id", "saved_id",
		"anomaly_threshold", "execution_summary", "outcome", "alias_target_id", "alias_purpose", "response_actions",
		"tiebreaker_field", "timestamp_field", "threat_index", "threat_query", "threat_mapping", "threat_language", "threat_filters",
		"threat_indicator_path", "concurrent_searches", "items_per_search", "transform", exceptionsKey} {
		silent[key] = true
	}
}

// schema is a rule without the keys that mean nothing here, checked.
func schema(rule *source.Node, r *source.Report) source.Values {
	known := *rule
	known.Pairs = nil
	for _, p := range rule.Pairs {
		if !silent[p.Key.Text] && !p.Value.IsNull() {
			known.Pairs = append(known.Pairs, p)
		}
	}
	return source.CheckOpen(&known, "an Elastic rule", Fields, r)
}
