package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
)

// conditions are the public rules as a user of benthos writes them, which has no Sigma rules: one for each rule.
var conditions = []string{
	`this.debugContext.debugData.requestUri.or("").contains("admin") && this.securityContext.isProxy.or(false) == true`,
	`["group.privilege.grant", "user.account.privilege.grant"].contains(this.eventType)`,
	`this.eventType == "iam.resourceset.bindings.add"`,
	`this.eventType == "system.api_token.create"`,
	`this.eventType == "system.api_token.revoke"`,
	`["application.lifecycle.update", "application.lifecycle.delete"].contains(this.eventType)`,
	`["application.policy.sign_on.update", "application.policy.sign_on.rule.delete"].contains(this.eventType)`,
	`["user.lifecycle.create", "user.lifecycle.activate"].contains(this.eventType) && this.target.or([]).any(t -> t.displayName.or("").contains("svc_network_backup"))`,
	`this.eventType == "user.authentication.auth_via_mfa" && this.outcome.result == "FAILURE" && this.outcome.reason == "FastPass declined phishing attempt"`,
	`this.eventType == "system.idp.lifecycle.create"`,
	`["user.mfa.factor.deactivate", "user.mfa.factor.reset_all"].contains(this.eventType)`,
	`["zone.deactivate", "zone.delete"].contains(this.eventType)`,
	`this.eventType == "policy.evaluate_sign_on" && this.target.or([]).any(t -> t.displayName == "Okta Admin Console") && (this.debugContext.debugData.behaviors.or("").contains("POSITIVE") || this.debugContext.debugData.logOnlySecurityData.or("").contains("POSITIVE"))`,
	`this.debugContext.debugData.requestUri.or("").contains("/reports/password-health/")`,
	`this.legacyEventType == "core.user_auth.login_failed" && !this.actor.alternateId.or("").re_match("(^0oa.*|[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\\.[a-zA-Z]{2,10})")`,
	`["policy.lifecycle.update", "policy.lifecycle.delete"].contains(this.eventType)`,
	`["policy.rule.update", "policy.rule.delete"].contains(this.eventType)`,
	`this.eventType == "security.threat.detected"`,
	`this.eventType == "user.account.report_suspicious_activity_by_enduser"`,
	`this.displayMessage == "User attempted unauthorized access to app"`,
	`this.displayMessage == "Max sign in attempts exceeded"`,
	`this.eventType == "user.lifecycle.create"`,
	`this.eventType == "user.session.start" && this.securityContext.isProxy.or(false) == true`,
}

// benthos evaluates its mapping language alone, without the stream, its batches and buffers, that it runs in.
func benthos() ([]contender, error) {
	// One condition a rule, as the checks of a `switch` processor are.
	var checks []*bloblang.Executor
	for _, c := range conditions {
		ex, err := bloblang.Parse("root = " + c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c, err)
		}
		checks = append(checks, ex)
	}
	// All in one mapping, with the member that most of them read in a variable: no faster form was found.
	var list strings.Builder
	list.WriteString("let type = this.eventType\nlet found = [\n")
	for i, c := range conditions {
		fmt.Fprintf(&list, "  if %s { %d },\n", strings.ReplaceAll(c, "this.eventType", "$type"), i)
	}
	list.WriteString("].filter(f -> f != null)\nroot = if $found.length() == 0 { deleted() } else { $found }\n")
	mapping, err := bloblang.Parse(list.String())
	if err != nil {
		return nil, err
	}
	return []contender{
		{"benthos v4.50.0, one condition a rule", func(raw []byte) (n int, err error) {
			var doc any
			if err := json.Unmarshal(raw, &doc); err != nil {
				return 0, err
			}
			for _, ex := range checks {
				out, err := ex.Query(doc)
				if err != nil {
					return 0, err
				}
				if out == true {
					n++
				}
			}
			return n, nil
		}},
		{"benthos v4.50.0, all rules in one mapping by hand", func(raw []byte) (int, error) {
			var doc any
			if err := json.Unmarshal(raw, &doc); err != nil {
				return 0, err
			}
			out, err := mapping.Query(doc)
			switch {
			case errors.Is(err, bloblang.ErrRootDeleted):
				return 0, nil
			case err != nil:
				return 0, err
			}
			return len(out.([]any)), nil
		}},
	}, nil
}
