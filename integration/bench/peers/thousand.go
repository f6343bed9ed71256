package main

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"oktastream/rules/event"
)

// thousandPart evaluates a thousand rules. One of the peers needs milliseconds for an event, so there are fewer events.
func thousandPart(t *table, events [][]byte) error {
	events = events[:len(events)/8]
	cs, err := sigmaEngines(generated(1000))
	if err != nil {
		return err
	}
	ts, err := compare(cs, events, *rounds)
	if err != nil {
		return err
	}
	return t.add("1,000 generated Sigma rules, decoding included", 25, len(events), ts)
}

// generated makes n rules of the shapes that the public ones have. Nine in ten name event types, of all that Okta has, as
// 21 of the 24 public ones do; the more often a type occurs in the events, the rarer is what else the rule asks for.
func generated(n int) []string {
	r := rand.New(rand.NewPCG(uint64(n), 9))
	var texts []string
	for i := range n {
		selection := anyEvent(r, i)
		if r.IntN(10) > 0 {
			selection = ofType(r, i)
		}
		texts = append(texts, fmt.Sprintf(`title: Generated %d
id: 00000000-0000-4000-8000-%012x
status: test
logsource:
    product: okta
    service: okta
detection:
%s
level: medium
`, i, i, selection))
	}
	return texts
}

// frequent are the types that most of the events have.
var frequent = []string{"user.authentication.sso", "user.session.start", "policy.evaluate_sign_on", "user.authentication.auth_via_mfa",
	"user.authentication.auth_via_AD_agent", "system.org.rate_limit.warning", "system.push.send_factor_verify_push", "user.authentication.verify",
	"system.email.new_device_notification.sent_message", "security.threat.detected"}

var types = event.Types()

// rareType draws one of the types that are not frequent.
func rareType(r *rand.Rand) string {
	for {
		if name := types[r.IntN(len(types))].Name; !slices.Contains(frequent, name) {
			return name
		}
	}
}

// ofType are the shapes that name event types.
func ofType(r *rand.Rand, i int) string {
	// Half of the public rules ask for nothing but one of one to three types.
	if r.IntN(2) == 0 {
		text := "    selection:\n        eventType:\n"
		for range 1 + r.IntN(3) {
			text += "            - " + rareType(r) + "\n"
		}
		return text + "    condition: selection"
	}
	name := frequent[r.IntN(len(frequent))]
	if r.IntN(4) > 0 {
		name = rareType(r)
	}
	var more string
	switch r.IntN(6) {
	case 0:
		more = fmt.Sprintf("outcome.reason: 'Refused for reason %d'\n        outcome.result: FAILURE", i)
	case 1:
		more = fmt.Sprintf("target.displayName|contains: 'svc_backup_%d'", i)
	case 2:
		more = fmt.Sprintf("client.userAgent.rawUserAgent|contains: 'implant/%d.'", i)
	case 3:
		more = fmt.Sprintf("actor.alternateId|endswith: '@partner-%d.example'", i)
	case 4:
		return fmt.Sprintf("    selection:\n        eventType: %s\n        securityContext.isProxy: 'true'\n    filter_main_own:\n        actor.alternateId|startswith: 'svc-%d'\n    condition: selection and not filter_main_own", rareType(r), i)
	default:
		return fmt.Sprintf(`    selection_event:
        eventType: %s
        securityContext.asOrg: 'hosting %d'
    selection_positive:
        - debugContext.debugData.behaviors|contains: 'POSITIVE'
        - debugContext.debugData.logOnlySecurityData|contains: 'POSITIVE'
    condition: all of selection_*`, name, i)
	}
	return "    selection:\n        eventType: " + name + "\n        " + more + "\n    condition: selection"
}

// anyEvent are the shapes that name none.
func anyEvent(r *rand.Rand, i int) string {
	switch r.IntN(4) {
	case 0:
		return fmt.Sprintf("    selection:\n        debugContext.debugData.requestUri|contains: '/admin/%d/'\n        securityContext.isProxy: 'true'\n    condition: selection", i)
	case 1:
		return fmt.Sprintf("    selection:\n        debugContext.debugData.requestUri|contains: '/reports/hidden-%d/'\n    condition: selection", i)
	case 2:
		return fmt.Sprintf("    selection:\n        displayMessage: Unheard of %d\n    condition: selection", i)
	}
	return fmt.Sprintf("    selection:\n        legacyEventType: 'core.user_auth.login_failed'\n    filter_main:\n        actor.alternateId|re: '(^0oa.*|[a-zA-Z0-9._%%+-]+@[a-zA-Z0-9.-]+\\.[a-zA-Z]{%d,10})'\n    condition: selection and not filter_main", 2+i%3)
}
