package lint

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"oktastream/rules"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// closed lists the values of the fields, in lower case, that Okta's API description declares as an enumeration and that
// real events keep to. Other enumerations, such as the types of actors, are open: events have values that it does not list.
// Source: schemas LogOutcome and LogSeverity of okta-management-openapi-spec, release 2026.06.3.
var closed = map[string][]string{
	"outcome.result": {"SUCCESS", "FAILURE", "SKIPPED", "ALLOW", "DENY", "CHALLENGE", "UNKNOWN", "RATE_LIMIT", "DEFERRED",
		"SCHEDULED", "ABANDONED", "UNANSWERED"},
	"severity": {"DEBUG", "INFO", "WARN", "ERROR"},
	// These are computed: see the classification of package event, and ECS.
	"event.outcome": {"success", "failure", "unknown"},
	"event.kind":    {"event", "alert", "signal"},
	"event.module":  {"okta"},
	"event.dataset": {"okta.system"},
}

// values looks up the values that fields with a closed list of them are compared with.
func (c *checker) values(s *subject) {
	for _, x := range conditions(s.rule) {
		match.Walk(x, func(x match.Expr) {
			p, ok := x.(*match.Pred)
			if !ok || p == nil || p.Op != match.Equal || p.Part != 0 {
				return
			}
			c.network(s, p)
			list := closed[strings.TrimPrefix(strings.ToLower(p.Path.String()), "okta.")]
			if list == nil {
				return
			}
			for _, value := range p.Literals {
				if !slices.ContainsFunc(list, func(v string) bool { return v == value || p.Fold && strings.EqualFold(v, value) }) {
					c.value(s, p, value, list)
				}
			}
		})
	}
}

// network finds a network that an address is to be equal to: no address ever is. Languages that mean a network by such a
// value compile it to another operator.
func (c *checker) network(s *subject, p *match.Pred) {
	if !p.Path.HoldsAddresses() {
		return
	}
	for _, value := range p.Literals {
		if _, err := netip.ParsePrefix(strings.TrimSpace(value)); err != nil || s.enough(rules.Warning, NetworkAsText) {
			continue
		}
		for _, at := range s.places(value, p.Pos) {
			c.report(s.rule, at, rules.Warning, NetworkAsText, "use |cidr in Sigma, : in KQL, cidrMatch in EQL, CIDR_MATCH in ES|QL",
				"%s is compared with the text %q, and no address is equal to a network", p.Path, value)
		}
	}
}

func (c *checker) value(s *subject, p *match.Pred, value string, list []string) {
	if s.enough(rules.Warning, UnknownValue) {
		return
	}
	hint := source.DidYouMean(value, list)
	if near := sameStem(value, list); near != "" {
		hint = "did you mean " + near + "?"
	}
	for _, at := range s.places(value, p.Pos) {
		c.report(s.rule, at, rules.Warning, UnknownValue, hint, "%s", fmt.Sprintf("Okta's schema has no value %q of %s", value, p.Path))
	}
}

// sameStem is the only value that begins with the same three letters, as FAILURE does for FAILED; "" if there is none.
func sameStem(value string, list []string) string {
	const stem = 3
	found := ""
	for _, v := range list {
		if len(value) >= stem && len(v) >= stem && strings.EqualFold(v[:stem], value[:stem]) {
			if found != "" {
				return ""
			}
			found = v
		}
	}
	return found
}
