package event

import (
	"strings"
	"testing"
)

// A placeholder is none in a field whose words a client chooses.
func TestPlaceholder(t *testing.T) {
	words := []string{"-", ".", "null", "NULL", "unknown", "Unknown"}
	oktas := []string{"actor.id", "okta.actor.id", "target.alternateId", "okta.target.alternate_id", "target[type=User].id", "target.0.id", "client.zone",
		"authenticationContext.externalSessionId", "okta.authentication_context.root_session_id", "debugContext.debugData.dtHash",
		"okta.debug_context.debug_data.dt_hash", "okta.debug_context.debug_data.flattened.dtHash", "securityContext.domain", "client.domain",
		"source.as.organization.name", "transaction.id", "client.ipAddress", "request.ipChain.ip", "transaction.id or client.zone", "user.target.id"}
	clients := []string{"client.userAgent.rawUserAgent", "user_agent.original", "user_agent.name", "user_agent.os.name", "client.userAgent.os", "client.device",
		"okta.client.user_agent.raw_user_agent", "user.full_name", "related.user",
		"target.displayName", "device.name", "debugContext.debugData.requestUri", "debugContext.debugData.deviceFingerprint", "outcome.reason",
		"transaction.id or client.userAgent.rawUserAgent", "transaction", "target", "[*]"}
	for _, path := range oktas {
		for _, s := range words {
			if !MustPath(path).Placeholder(s) {
				t.Errorf("%q is a placeholder at %s", s, path)
			}
		}
	}
	for _, path := range clients {
		for _, s := range words {
			if MustPath(path).Placeholder(s) {
				t.Errorf("%q is no placeholder at %s", s, path)
			}
		}
	}
	for _, path := range []string{"actor.alternateId", "okta.actor.alternate_id", "user.name"} {
		for _, s := range words {
			if got, want := MustPath(path).Placeholder(s), strings.EqualFold(s, "unknown"); got != want {
				t.Errorf("%q at %s: %v, want %v", s, path, got, want)
			}
		}
	}
	for _, path := range append(oktas, clients...) {
		if !MustPath(path).Placeholder("") {
			t.Errorf("nothing is no value at %s", path)
		}
		for _, s := range []string{"0", "none", "nil", "--", " ", "unknown user"} {
			if MustPath(path).Placeholder(s) {
				t.Errorf("%q is no placeholder", s)
			}
		}
	}
}
