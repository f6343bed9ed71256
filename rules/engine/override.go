package engine

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
)

// severities in rising order.
var severities = []alert.Severity{alert.Informational, alert.Low, alert.Medium, alert.High, alert.Critical}

// override takes title, severity and risk from the event where the rule asks for it. What the event does not have stays
// as the rule says.
func (b *builder) override(r *rules.Rule, ev *event.Event, a *alert.Alert) {
	o := &r.Override
	if t := first(ev, o.Title); t != "" {
		a.Rule.Title = strings.Clone(t)
	}
	if score, err := strconv.ParseFloat(first(ev, o.Risk), 64); err == nil && score >= 0 && score <= 100 {
		a.RiskScore = int(math.Round(score))
	}
	found := -1
	for _, s := range o.Severity {
		has := slices.ContainsFunc(ev.Lookup(s.Path), func(v event.Value) bool { return v.Text == s.Value })
		if rank := slices.Index(severities, s.Severity); has && rank > found {
			found = rank
		}
	}
	if found >= 0 {
		a.Severity = severities[found]
	}
}
