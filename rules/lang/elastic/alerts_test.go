package elastic_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"oktastream/rules/lang"
)

// A rule that reads alerts in a language that cannot is never taken for one that reads events.
func TestAlertsInKQL(t *testing.T) {
	const rule = `[rule]
author = ["a"]
description = "d"
name = "over alerts"
rule_id = "00000000-0000-4000-8000-000000000099"
risk_score = 47
severity = "medium"
type = "query"
language = "kuery"
query = "kibana.alert.severity:high or event.action:x"
index = [%s]
`
	for index, want := range map[string]string{
		`".alerts-security.*"`:                "unsupported OKS0901: KQL over alerts",
		`".alerts-security.*", "logs-okta.*"`: "warning OKS0906: the rule reads events, and not the alerts",
		`"logs-okta.*"`:                       "",
	} {
		var got []string
		for _, d := range lang.LoadFS(fstest.MapFS{"r.toml": {Data: fmt.Appendf(nil, rule, index)}}, ".").Diagnostics {
			got = append(got, d.Error())
		}
		if s := strings.Join(got, "\n"); want != "" && !strings.Contains(s, want) || want == "" && strings.Contains(s, "alerts that") {
			t.Errorf("%s: %s\nwant %s", index, s, want)
		}
	}
}
