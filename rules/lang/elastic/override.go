package elastic

import (
	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/lang/source"
)

// Override reads what the alert takes from the event: rule_name_override, severity_mapping and risk_score_mapping. Of
// several risk scores Elastic takes the first field, and of several severities the highest that fits.
func Override(doc *source.Node, r *source.Report) rules.Override {
	if !r.OK() {
		return rules.Override{} // Compile has said what is wrong with the form
	}
	var quiet source.Report
	v := schema(doc.Get(Key), &quiet)
	var o rules.Override
	if n := v.Node("rule_name_override"); n != nil && n.Text != "" {
		o.Title, _ = field(n, r)
	}
	for _, m := range v.Objects("risk_score_mapping") {
		if n := m.Node("field"); n != nil && n.Text != "" && o.Risk.IsZero() {
			o.Risk, _ = field(n, r)
		}
	}
	for _, m := range v.Objects("severity_mapping") {
		n := m.Node("field")
		if n == nil || n.Text == "" {
			continue
		}
		if p, ok := field(n, r); ok {
			o.Severity = append(o.Severity, rules.SeverityOverride{Path: p, Value: m.Text("value"), Severity: alert.Severity(m.Text("severity"))})
		}
	}
	return o
}
