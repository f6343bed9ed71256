package author

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"oktastream/rules/event"
)

// Draft is a new rule with its tests, as texts of files.
type Draft struct {
	RuleFile, TestFile string // names without a folder
	Rule, Test         []byte
}

var goodName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,99}$`)

// suggested are the fields that often narrow a rule, and that tell nothing about a person.
var suggested = []string{
	"securityContext.isProxy", "client.device", "client.zone", "authenticationContext.credentialType", "target.type",
	"debugContext.debugData.behaviors", "debugContext.debugData.risk", "debugContext.debugData.threatSuspected",
	"debugContext.debugData.factor", "debugContext.debugData.logOnlySecurityData",
}

// NewDraft drafts the rule name, which is also that of its file, with one positive and one negative test that pass. The
// rule matches the type and outcome of ev, or failed sign-ins if ev is nil; what else ev says stands in comments. No
// identity, address or id of ev gets into the texts. id is the rule's, and day the day of its creation.
func NewDraft(name, id string, day time.Time, ev *event.Event) (Draft, error) {
	if !goodName.MatchString(name) || strings.HasSuffix(name, "_test") {
		return Draft{}, fmt.Errorf("%q is no name for a rule: write lower-case letters, digits and _, such as okta_mfa_push_bombing, and not _test at the end", name)
	}
	eventType, chosen := "user.session.start", [][2]string{{"outcome.result", "FAILURE"}}
	var hints [][2]string
	if ev != nil {
		if eventType = ev.Type(); eventType == "" {
			return Draft{}, fmt.Errorf("the event has no eventType")
		}
		chosen = values(ev, "outcome.result", "outcome.reason")
		hints = values(ev, suggested...)
	}
	return Draft{
		RuleFile: name + ".yaml", Rule: draftRule(name, id, day, eventType, chosen, hints),
		TestFile: name + "_test.yaml", Test: draftTest(name, eventType, chosen),
	}, nil
}

// values reads fields that have one value that says something.
func values(ev *event.Event, paths ...string) [][2]string {
	var out [][2]string
	for _, p := range paths {
		path := event.MustPath(p)
		found := ev.Lookup(path)
		if len(found) == 0 || found[0].Kind == event.Object || path.Placeholder(found[0].Text) || len(found[0].Text) > 200 {
			continue
		}
		out = append(out, [2]string{p, strings.Clone(found[0].Text)})
	}
	return out
}

func draftRule(name, id string, day time.Time, eventType string, chosen, hints [][2]string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "title: %s\nid: %s\nstatus: experimental\n", scalar(title(name)), id)
	fmt.Fprintf(&b, "description: |\n  A draft. It fires for every %s event%s.\n  Write here what was detected, and why it matters.\n", eventType, with(chosen))
	fmt.Fprintf(&b, "date: %s\nlogsource:\n  product: okta\n  service: okta\n", day.Format(time.DateOnly))
	fmt.Fprintf(&b, "detection:\n  selection:\n    eventType: %s\n", scalar(escape(eventType)))
	for _, c := range chosen {
		fmt.Fprintf(&b, "    %s: %s\n", c[0], scalar(escape(c[1])))
	}
	if len(hints) > 0 {
		b.WriteString("    # The event says this as well; what belongs to the detection goes into the selection:\n")
		for _, h := range hints {
			fmt.Fprintf(&b, "    #   %s: %s\n", h[0], scalar(escape(h[1])))
		}
	}
	b.WriteString("  condition: selection\nfields:\n  - actor.alternateId\n  - client.ipAddress\nlevel: medium\n")
	return []byte(b.String())
}

func draftTest(name, eventType string, chosen [][2]string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "rule: %s\nstart: 2026-01-10T09:00:00Z # a fixed clock; at: counts from here\n", name)
	fmt.Fprintf(&b, "base: # what every event of this file starts from\n  okta: %s\n", scalar(eventType))
	for _, c := range chosen {
		fmt.Fprintf(&b, "  %s: %s\n", c[0], scalar(c[1]))
	}
	fmt.Fprintf(&b, "tests:\n  - name: fires\n    events:\n      - {at: 0s}\n    alerts:\n      - {at: 0s, count: 1}\n")
	what, change := "another event type", "okta: user.session.end"
	if strings.EqualFold(eventType, "user.session.end") {
		change = "okta: user.session.start"
	}
	if len(chosen) > 0 {
		// Of all that the rule asks for, the outcome is what attackers and users differ in most.
		other := "SUCCESS"
		if strings.EqualFold(chosen[0][1], other) {
			other = "FAILURE"
		}
		what, change = "another outcome", chosen[0][0]+": "+other
	}
	fmt.Fprintf(&b, "  - name: %s does not fire\n    events:\n      - {at: 0s, %s}\n    alerts: []\n", what, change)
	return []byte(b.String())
}

// title makes words of a name.
func title(name string) string {
	words := strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' }), " ")
	if words == "" {
		return name
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

func with(chosen [][2]string) string {
	var parts []string
	for _, c := range chosen {
		parts = append(parts, c[0]+" "+oneLine(c[1]))
	}
	if len(parts) == 0 {
		return ""
	}
	return " with " + strings.Join(parts, " and ")
}

// oneLine keeps a value from breaking the text that it stands in.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s))
}

// escape takes the meaning from Sigma's wildcards.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace(s)
}
