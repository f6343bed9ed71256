package main

import (
	"encoding/json"
	"errors"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
)

// mapping does in benthos's own language what the public rules do most: compare the event type with a few values, some
// with one more condition on another field, some with a substring. benthos has no Sigma rules; this is what its users
// write instead.
const mapping = `
let type = this.eventType.or("")
let message = this.displayMessage.or("")
let found = [
  if this.debugContext.debugData.requestUri.or("").contains("admin") && this.securityContext.isProxy.or(false) == true { "admin through proxy" },
  if ["group.privilege.grant", "user.account.privilege.grant"].contains($type) { "administrator made" },
  if $type == "iam.resourceset.bindings.add" { "role bound" },
  if $type == "system.api_token.create" { "token made" },
  if $type == "system.api_token.revoke" { "token revoked" },
  if ["application.lifecycle.update", "application.lifecycle.delete"].contains($type) { "application changed" },
  if ["application.policy.sign_on.update", "application.policy.sign_on.rule.delete"].contains($type) { "sign-on policy changed" },
  if $type == "user.authentication.auth_via_mfa" && this.outcome.result.or("") == "FAILURE" && this.outcome.reason.or("") == "FastPass declined phishing attempt" { "phishing" },
  if $type == "system.idp.lifecycle.create" { "identity provider made" },
  if ["user.mfa.factor.deactivate", "user.mfa.factor.reset_all"].contains($type) { "factor gone" },
  if ["zone.deactivate", "zone.delete"].contains($type) { "zone gone" },
  if $type == "policy.evaluate_sign_on" && this.target.or([]).any(t -> t.displayName.or("") == "Okta Admin Console") && (this.debugContext.debugData.behaviors.or("").contains("POSITIVE") || this.debugContext.debugData.logOnlySecurityData.or("").contains("POSITIVE")) { "admin console" },
  if this.legacyEventType.or("") == "core.user_auth.login_failed" && !this.actor.alternateId.or("").re_match("(^0oa.*|[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\\.[a-zA-Z]{2,10})") { "password as name" },
  if ["policy.lifecycle.update", "policy.lifecycle.delete"].contains($type) { "policy changed" },
  if ["policy.rule.update", "policy.rule.delete"].contains($type) { "policy rule changed" },
  if $type == "security.threat.detected" { "threat" },
  if $type == "user.account.report_suspicious_activity_by_enduser" { "reported" },
  if $message == "User attempted unauthorized access to app" { "unauthorised" },
  if $message == "Max sign in attempts exceeded" { "locked" },
  if $type == "user.lifecycle.create" { "user made" },
  if $type == "user.session.start" && this.securityContext.isProxy.or(false) == true { "session through proxy" },
].filter(a -> a != null)
root = if $found.length() == 0 { deleted() } else { {"found": $found} }
`

func benthos() (contender, error) {
	ex, err := bloblang.Parse(mapping)
	if err != nil {
		return contender{}, err
	}
	return contender{"benthos v4.50.0, bloblang mapping", func(raw []byte) (int, error) {
		var doc any
		if err := json.Unmarshal(raw, &doc); err != nil {
			return 0, err
		}
		out, err := ex.Query(doc)
		switch {
		case errors.Is(err, bloblang.ErrRootDeleted):
			return 0, nil
		case err != nil:
			return 0, err
		}
		found, _ := out.(map[string]any)["found"].([]any)
		return len(found), nil
	}}, nil
}
