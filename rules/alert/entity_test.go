package alert

import "testing"

func TestSubject(t *testing.T) {
	user := Entity{Type: "User", ID: "00u1", AlternateID: "ada@example.com", DisplayName: "Ada"}
	for name, c := range map[string]struct {
		a    Alert
		want string
	}{
		"nothing":  {Alert{}, ""},
		"group":    {Alert{Group: Group{{"client.ipAddress", "192.0.2.1"}, {"b", "c"}}, Actor: &user}, "192.0.2.1"},
		"actor":    {Alert{Actor: &user, Source: &Source{IP: "192.0.2.1"}}, "ada@example.com"},
		"no login": {Alert{Actor: &Entity{Type: "PublicClientApp", ID: "0oa1", DisplayName: "Dashboard"}}, "Dashboard"},
		"id only":  {Alert{Actor: &Entity{ID: "0oa1"}}, "0oa1"},
		"system":   {Alert{Actor: &Entity{Type: "SystemPrincipal", AlternateID: "system@okta.com"}, Targets: []Entity{{Type: "AppInstance", ID: "0oa1"}, user}}, "ada@example.com"},
		"address":  {Alert{Targets: []Entity{{Type: "AppInstance", ID: "0oa1"}}, Source: &Source{IP: "192.0.2.1"}}, "192.0.2.1"},
	} {
		if got := c.a.Subject(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
