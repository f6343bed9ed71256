package pack_test

import (
	"strings"
	"testing"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/lang"
	"oktastream/rules/lang/source"
	"oktastream/rules/pack"
	"oktastream/rules/ruletest"
)

// founding lists the detections that must be there, with what the alert says of them.
var founding = map[string]struct {
	severity alert.Severity
	risk     int
	attack   string // tactics and techniques that must be among the rule's
}{
	"okta_session_impersonation":               {alert.High, 73, "TA0006 T1078.004"},
	"okta_session_device_tokens":               {alert.Medium, 47, "T1539 T1550.004"},
	"okta_session_device_tokens_sensitive":     {alert.Low, 21, "T1539 T1550.004"},
	"okta_api_token_created":                   {alert.Medium, 47, "TA0003 T1098.001 T1136"},
	"okta_mfa_factors_reset":                   {alert.Low, 21, "TA0003 T1098 T1556.006"},
	"okta_fastpass_phishing_refused":           {alert.High, 73, "T1566.002"},
	"okta_session_binding_denied":              {alert.Medium, 47, "T1550.004"},
	"okta_mfa_factor_changed":                  {alert.Low, 21, "T1556.006"},
	"okta_suspicious_activity_reported":        {alert.Medium, 47, "T1078.004"},
	"okta_admin_console_new_behavior":          {alert.Medium, 47, "T1078.004"},
	"okta_admin_console_new_behavior_log_only": {alert.Low, 21, "T1078.004"},
	"okta_sign_in_through_proxy":               {alert.Low, 21, "T1090.003"},
	"okta_idp_created":                         {alert.High, 73, "T1556.007 T1484.002"},
	"okta_idp_changed":                         {alert.Medium, 47, "T1556.007 T1484.002"},
	"okta_sign_in_through_third_party_idp":     {alert.Low, 21, "T1199"},
	"okta_campaign_indicators_2023":            {alert.High, 73, "T1078.004"},
	"okta_cross_tenant_impersonation":          {alert.Critical, 99, "T1556.007 T1484.002 T1199"},
}

// queries are those of Okta's advisory, as it publishes them.
var queries = map[string]string{
	"okta_fastpass_phishing_refused":           `eventType eq "user.authentication.auth_via_mfa" AND result eq "FAILURE" AND outcome.reason eq "FastPass declined phishing attempt"`,
	"okta_session_binding_denied":              `eventType eq "security.session.detect_client_roaming"`,
	"okta_mfa_factors_reset":                   `eventType eq "user.mfa.factor.reset_all"`,
	"okta_mfa_factor_changed":                  `eventType sw "system.mfa.factor"`,
	"okta_suspicious_activity_reported":        `eventType eq "user.account.report_suspicious_activity_by_enduser"`,
	"okta_admin_console_new_behavior":          `eventType eq "policy.evaluate_sign_on" and target.displayName eq "Okta Admin Console" and debugContext.debugData.behaviors co "POSITIVE"`,
	"okta_admin_console_new_behavior_log_only": `eventType eq "policy.evaluate_sign_on" and target.displayName eq "Okta Admin Console" and debugContext.debugData.logOnlySecurityData co "POSITIVE"`,
	"okta_sign_in_through_proxy":               `eventType eq "user.session.start" and securityContext.isProxy eq "true"`,
	"okta_idp_created":                         `eventType eq "system.idp.lifecycle.create"`,
	"okta_idp_changed":                         `eventType sw "system.idp.lifecycle"`,
	"okta_sign_in_through_third_party_idp":     `eventType eq "user.authentication.auth_via_IDP"`,
}

const advisory = "https://sec.okta.com/articles/2023/08/cross-tenant-impersonation-prevention-and-detection"

func load(t *testing.T) (lang.Result, []ruletest.File) {
	t.Helper()
	result := lang.LoadFS(pack.FS, ".")
	files, diags := ruletest.LoadFS(pack.FS, ".")
	for _, d := range append(result.Diagnostics, diags...) {
		t.Errorf("the pack draws a diagnostic: %v", d.Error())
	}
	return result, files
}

func TestRules(t *testing.T) {
	result, files := load(t)
	report := ruletest.Run(result.Rules, result.Diagnostics, files, ruletest.Options{})
	var text strings.Builder
	if err := report.WriteText(&text, false); err != nil {
		t.Fatal(err)
	}
	if !report.OK() {
		t.Error("\n" + text.String())
	} else {
		t.Log(text.String())
	}
	for _, name := range report.Untested {
		t.Errorf("%s has no tests", name)
	}
}

func TestFounding(t *testing.T) {
	result, files := load(t)
	byName := map[string]rules.Rule{}
	ids := map[string]string{}
	for _, r := range result.Rules {
		byName[r.Name] = r
		if other, twice := ids[r.ID]; twice {
			t.Errorf("%s and %s have the id %s", r.Name, other, r.ID)
		}
		ids[r.ID] = r.Name
		if r.File != r.Name+".yaml" {
			t.Errorf("%s stands in the file %s", r.Name, r.File)
		}
		if _, ok := founding[r.Name]; !ok {
			t.Errorf("%s is in the pack, and not in the list of this test", r.Name)
		}
	}
	for name, want := range founding {
		r, ok := byName[name]
		if !ok {
			t.Errorf("%s is missing", name)
			continue
		}
		if r.Meta.Severity != want.severity || r.Meta.Risk != want.risk {
			t.Errorf("%s: %s %d, want %s %d", name, r.Meta.Severity, r.Meta.Risk, want.severity, want.risk)
		}
		for _, id := range strings.Fields(want.attack) {
			if !hasAttack(r.Meta.Attack, id) {
				t.Errorf("%s: ATT&CK %s is missing in %+v", name, id, r.Meta.Attack)
			}
		}
		kind := "detection"
		if name == "okta_session_device_tokens_sensitive" {
			kind = "signal"
		}
		if r.Meta.Kind != kind {
			t.Errorf("%s is a %s, want a %s", name, r.Meta.Kind, kind)
		}
		for what, empty := range map[string]bool{
			"title": r.Title == "", "description": r.Meta.Description == "", "author": r.Meta.Author == "", "status": r.Meta.Status == "",
			"date": r.Meta.Version == "", "false positives": len(r.Meta.FalsePositives) == 0, "references": len(r.Meta.References) == 0,
			"fields": len(r.Context) == 0,
		} {
			if empty {
				t.Errorf("%s has no %s", name, what)
			}
		}
		if strings.Count(r.Meta.Triage, "\n") < 3 {
			t.Errorf("%s: triage is no list of steps: %q", name, r.Meta.Triage)
		}
	}
	for _, f := range files {
		if f.Name != f.Rule+"_test.yaml" {
			t.Errorf("%s tests %s", f.Name, f.Rule)
		}
		fires, quiet := 0, 0
		for _, test := range f.Tests {
			if test.Todo != "" {
				continue
			}
			if len(test.Alerts) > 0 {
				fires++
			} else {
				quiet++
			}
		}
		if fires == 0 || quiet == 0 || fires+quiet < 4 {
			t.Errorf("%s: %d tests with alerts and %d without", f.Name, fires, quiet)
		}
		if len(f.Skip) > 0 {
			t.Errorf("%s leaves out %v", f.Name, f.Skip)
		}
	}
	if len(files) != len(founding) {
		t.Errorf("%d test files for %d detections", len(files), len(founding))
	}
}

// The advisory's queries stand in the files as an administrator would paste them.
func TestAdvisory(t *testing.T) {
	for name, query := range queries {
		text, err := pack.FS.ReadFile(name + ".yaml")
		if err != nil {
			t.Error(err)
			continue
		}
		docs := source.Parse(name, text, source.RuleLimits)
		if len(docs) != 1 || docs[0].Root == nil {
			t.Errorf("%s is not one document", name)
			continue
		}
		root := docs[0].Root
		if got := root.Get("query"); got == nil || got.Text != query {
			t.Errorf("%s: query %v, want %s", name, got, query)
		}
		if got := root.Get("language"); got == nil || got.Text != "okta" {
			t.Errorf("%s: language %v", name, got)
		}
		if !strings.Contains(string(text), advisory) {
			t.Errorf("%s does not refer to the advisory", name)
		}
		if strings.Contains(string(text), "suppress:") {
			t.Errorf("%s suppresses: every event that matches must be seen", name)
		}
	}
}

func hasAttack(a *alert.Attack, id string) bool {
	if a == nil {
		return false
	}
	for _, t := range append(a.Tactics, a.Techniques...) {
		if t.ID == id {
			return true
		}
	}
	return false
}
