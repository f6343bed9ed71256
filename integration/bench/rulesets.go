package main

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// typed are event types that the corpus has, the most frequent first.
var typed = []string{"user.authentication.sso", "policy.evaluate_sign_on", "user.authentication.auth_via_mfa", "user.session.start",
	"app.oauth2.token.grant.access_token", "user.session.end", "group.user_membership.add", "user.account.update_password"}

// ruleSet makes n stateless rules as rule packs have them, none of which holds for the corpus but by rare chance, and with
// a window one more rule that counts. Nine in ten name an event type, of all that Okta has; each has one condition that is
// rarely true and up to two that often are. Of the others one in four can be found by nothing but a substring.
func ruleSet(n int, windowed bool) (*rules.Set, error) {
	return newSet(generated(n, windowed))
}

func generated(n int, windowed bool) []rules.Rule {
	r := rand.New(rand.NewPCG(uint64(n), 7))
	types := event.Types()
	var rs []rules.Rule
	for i := range n {
		var where match.And
		if r.IntN(10) > 0 {
			name := types[r.IntN(len(types))].Name
			if r.IntN(4) == 0 {
				name = typed[r.IntN(len(typed))]
			}
			where = append(where, pred("eventType", match.Equal, name))
		}
		where = append(where, rare(r, i))
		for range r.IntN(3) {
			where = append(where, common(r))
		}
		rs = append(rs, rule(fmt.Sprintf("rule-%05d", i), where))
	}
	if windowed {
		rs = append(rs, counting())
	}
	return rs
}

// elsewhere are the rules of ruleSet(base, false), and n more for event types that never arrive. They ask for the same
// kinds of fields.
func elsewhere(base, n int) (*rules.Set, error) {
	r := rand.New(rand.NewPCG(uint64(n), 8))
	rs := generated(base, false)
	for i := range n {
		rs = append(rs, rule(fmt.Sprintf("elsewhere-%05d", i), match.And{pred("eventType", match.Equal, fmt.Sprintf("never.seen_%d.done", i%900)), rare(r, i), common(r)}))
	}
	return newSet(rs)
}

func newSet(rs []rules.Rule) (*rules.Set, error) {
	set, diags := rules.NewSet(rs)
	if len(diags) > 0 {
		return nil, fmt.Errorf("generated rules: %v", diags)
	}
	return set, nil
}

func rule(name string, where match.Expr) rules.Rule {
	return rules.Rule{ID: name, Name: name, Title: name, Language: "generated", Where: where,
		Meta: rules.Meta{Severity: alert.Medium, Risk: 47, Kind: "detection"}}
}

func pred(path string, op match.Op, literals ...string) *match.Pred {
	return &match.Pred{Path: event.MustPath(path), Op: op, Fold: op != match.Regexp, Literals: literals}
}

func rare(r *rand.Rand, i int) match.Expr {
	switch r.IntN(8) {
	case 0:
		return pred("client.userAgent.rawUserAgent", match.Contains, fmt.Sprintf("implant/%d.", i))
	case 1:
		return pred("target.displayName", match.Equal, fmt.Sprintf("Vault %d", i))
	case 2:
		return pred("debugContext.debugData.requestUri", match.Prefix, fmt.Sprintf("/api/v1/hidden/%d", i))
	case 3:
		return pred("displayMessage", match.Wildcard, fmt.Sprintf("*unheard of %d*times*", i))
	case 4:
		p := pred("debugContext.debugData.url", match.Regexp)
		p.Re = []*regexp.Regexp{regexp.MustCompile(fmt.Sprintf(`redirect_uri=https?://evil-%d\.[a-z]+/`, i))}
		return p
	case 5:
		return pred("actor.alternateId", match.Equal, fmt.Sprintf("ghost%d@corp.example", i), fmt.Sprintf("ghost%d@other.example", i))
	case 6:
		return pred("securityContext.asOrg", match.Equal, fmt.Sprintf("hosting %d", i))
	}
	return pred("debugContext.debugData.dtHash", match.Equal, fmt.Sprintf("%064x", i))
}

func common(r *rand.Rand) match.Expr {
	switch r.IntN(4) {
	case 0:
		return pred("outcome.result", match.Equal, "SUCCESS")
	case 1:
		return match.Not{X: pred("actor.alternateId", match.Equal, "system@okta.com")}
	case 2:
		return pred("actor.type", match.Equal, "User")
	}
	return pred("severity", match.Equal, "INFO", "WARN")
}

// counting is a stateful rule for one event in some hundred.
func counting() rules.Rule {
	r := rule("counting", nil)
	r.Stateful = &rules.Stateful{
		Inputs: []rules.Input{{Name: "failure", Group: []event.Path{event.MustPath("actor.alternateId")},
			Where: match.And{pred("eventType", match.Equal, "user.session.start"), pred("outcome.result", match.Equal, "FAILURE")}}},
		GroupBy: []string{"actor.alternateId"},
		Window: window.Spec{Kind: window.Count, Length: 10 * time.Minute, Lateness: 5 * time.Minute, Quiet: 10 * time.Minute,
			Episode: 24 * time.Hour, Threshold: 50},
	}
	return r
}
