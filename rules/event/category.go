package event

import "strings"

// categories gives event types the ECS categories of their family. Elastic's integration has a table with a row for each
// type; a family suffices for what rules ask, and also knows types that are newer than any table. The first prefix
// counts.
var categories = []struct {
	prefix string
	names  []string
}{
	{"user.authentication.", []string{"authentication"}},
	{"user.session.", []string{"authentication", "session"}},
	{"user.mfa.", []string{"authentication"}},
	{"user.credential.", []string{"authentication"}},
	{"policy.evaluate_sign_on", []string{"authentication"}},
	{"app.generic.unauth_app_access_attempt", []string{"authentication"}},
	{"app.inbound_del_auth.", []string{"authentication"}},
	{"app.oauth2.", []string{"authentication"}},
	{"oauth2.", []string{"authentication"}},
	{"security.threat.", []string{"threat"}},
	{"security.attack.", []string{"threat"}},
	{"user.", []string{"iam"}},
	{"group.", []string{"iam"}},
	{"iam.", []string{"iam"}},
	{"access.", []string{"iam"}},
	{"certification.", []string{"iam"}},
	{"entitlement.", []string{"iam"}},
	{"governance.", []string{"iam"}},
	{"directory.", []string{"iam"}},
	{"application.user_membership.", []string{"iam"}},
	{"app.access_request.", []string{"iam"}},
	{"zone.", []string{"configuration", "network"}},
	{"network_zone.", []string{"configuration", "network"}},
	{"", []string{"configuration"}},
}

func appendCategories(dst []Value, eventType string) []Value {
	for _, c := range categories {
		if strings.HasPrefix(eventType, c.prefix) {
			for _, name := range c.names {
				dst = append(dst, Value{Kind: String, Text: name})
			}
			break
		}
	}
	return dst
}
