package rules

import (
	"encoding/json"
	"strings"

	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// Alerts says whether an input observes the alerts of other rules.
type Alerts uint8

const (
	NoAlerts        Alerts = iota // events only
	OnlyAlerts                    // alerts, and no events
	EventsAndAlerts               // both
)

// ObservesEvents reports whether events are observations of the input.
func (in *Input) ObservesEvents() bool { return in.From == "" && in.Alerts != OnlyAlerts }

// ObservesAlerts reports whether alerts are.
func (in *Input) ObservesAlerts() bool { return in.From != "" || in.Alerts != NoAlerts }

// AlertsFor is what a condition needs where a rule reads events and alerts alike, as Elastic's rules do whose index lists
// both. A condition that asks nothing of an alert is about events: in Elastic the alert about an event repeats what the
// event says, and would be a second observation of the same thing. One that no event can meet is about alerts.
func AlertsFor(where match.Expr) Alerts {
	asks := false
	for _, p := range match.Paths(where) {
		below, _ := p.ReadsBelow(event.AlertMember)
		asks = asks || below
	}
	switch {
	case !asks:
		return NoAlerts
	case can(where, plainEvent, true) == no:
		return OnlyAlerts
	}
	return EventsAndAlerts
}

// AlertMember is what an observation tells about its alert under the member "alert".
type AlertMember struct {
	ID           string            `json:"id,omitempty"`
	EventKind    string            `json:"event_kind"` // of ECS: signal
	Rule         string            `json:"rule"`
	RuleID       string            `json:"rule_id"`
	Title        string            `json:"title"`
	Kind         string            `json:"kind,omitempty"`
	Severity     alert.Severity    `json:"severity,omitempty"`
	RiskScore    int               `json:"risk_score"`
	Tags         []string          `json:"tags,omitempty"`
	TacticIDs    []string          `json:"tactic_ids,omitempty"`
	Tactics      []string          `json:"tactics,omitempty"`
	TechniqueIDs []string          `json:"technique_ids,omitempty"`
	Techniques   []string          `json:"techniques,omitempty"`
	Group        map[string]string `json:"group,omitempty"`
}

// AlertMember is what all alerts of the rule have in common. Severity and risk score are those of its author; single
// alerts may have others.
func (r *Rule) AlertMember() AlertMember {
	m := AlertMember{EventKind: "signal", Rule: r.Name, RuleID: r.ID, Title: r.Title, Kind: r.Kind(), Severity: r.Meta.Severity,
		RiskScore: r.Meta.Risk, Tags: r.Meta.Tags}
	if r.Meta.Attack != nil {
		for _, t := range r.Meta.Attack.Tactics {
			m.TacticIDs, m.Tactics = append(m.TacticIDs, t.ID), append(m.Tactics, t.Name)
		}
		for _, t := range r.Meta.Attack.Techniques {
			m.TechniqueIDs, m.Techniques = append(m.TechniqueIDs, t.ID), append(m.Techniques, t.Name)
		}
	}
	return m
}

// sample is an event with what all alerts of the rule have in common, and nothing else.
func (r *Rule) sample() *event.Event {
	b, err := json.Marshal(map[string]AlertMember{event.AlertMember: r.AlertMember()})
	if err != nil {
		return plainEvent // unreachable: texts only
	}
	ev, err := event.NewDecoder(nil).Decode(b, event.Meta{})
	if err != nil {
		return plainEvent // unreachable
	}
	return ev
}

var plainEvent = func() *event.Event {
	ev, err := event.NewDecoder(nil).Decode([]byte("{}"), event.Meta{})
	if err != nil {
		panic(err)
	}
	return ev
}()

// ternary is what can be said about a condition before there is an event.
type ternary uint8

const (
	maybe ternary = iota
	yes
	no
)

// fixed reports whether what a path reads below the alert is the same in all alerts of a rule: no id, no group key, and
// for rules whose alerts may be rated anew no severity.
func fixed(p event.Path, rated bool) bool {
	text := strings.ToLower(p.String())
	if strings.HasPrefix(text, "alert.group") || text == "alert.id" || strings.HasSuffix(text, ".uuid") && !strings.Contains(text, ".rule.") {
		return false
	}
	return rated || !strings.HasSuffix(text, "severity") && !strings.HasSuffix(text, "risk_score")
}

// can says whether where may hold for an event of which what is below the alert is known, and nothing else. rated says that
// severity and risk score are known as well.
func can(where match.Expr, known *event.Event, rated bool) ternary {
	switch x := where.(type) {
	case match.And:
		all := yes
		for _, member := range x {
			switch can(member, known, rated) {
			case no:
				return no
			case maybe:
				all = maybe
			}
		}
		return all
	case match.Or:
		any := no
		for _, member := range x {
			switch can(member, known, rated) {
			case yes:
				return yes
			case maybe:
				any = maybe
			}
		}
		return any
	case match.Not:
		return [...]ternary{maybe: maybe, yes: no, no: yes}[can(x.X, known, rated)]
	case match.Const:
		return decided(bool(x))
	case *match.Pred:
		if _, only := x.Path.ReadsBelow(event.AlertMember); only && x.Other.IsZero() && (known == plainEvent || fixed(x.Path, rated)) {
			return decided(match.Eval(x, known))
		}
		return maybe
	}
	return no // nil
}

func decided(holds bool) ternary {
	if holds {
		return yes
	}
	return no
}
