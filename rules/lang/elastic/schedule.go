package elastic

import (
	"fmt"
	"strings"
	"time"

	"oktastream/rules"
	"oktastream/rules/lang/source"
)

// Schedule is when Elastic would run the rule, and over what.
type Schedule struct {
	From          time.Duration // how far each run looks back
	Interval      time.Duration // between two runs
	CategoryField string        // of EQL; "" for event.category
	Alerts        rules.Alerts  // whether the rule reads the alerts of others
}

// Elastic's defaults.
const (
	defaultFrom     = 6 * time.Minute
	defaultInterval = 5 * time.Minute
)

func schedule(v source.Values, r *source.Report) Schedule {
	s := Schedule{Alerts: reads(v), From: defaultFrom, Interval: defaultInterval, CategoryField: v.Text("event_category_override")}
	if n := v.Node("from"); n != nil {
		s.From = past(n, "from", s.From, r)
	}
	if n := v.Node("interval"); n != nil {
		d, err := span(n.Text)
		if err != nil {
			r.Error(n.Pos, BadSchedule, "write 5m", "interval: %v", err)
		} else {
			s.Interval = d
		}
	}
	if n := v.Node("to"); n != nil && n.Text != "now" {
		r.Unsupported(n.Pos, NotRunnable, "", "the rule looks only at events of some age (to is %q); a stream sees an event when it arrives", n.Text)
	}
	return s
}

// reads tells by the indices whether the rule is about events, alerts or both.
func reads(v source.Values) rules.Alerts {
	alerts, events := false, false
	for _, n := range v.Nodes("index") {
		is := strings.Contains(n.Text, ".alerts-") || strings.Contains(n.Text, ".siem-signals")
		alerts, events = alerts || is, events || !is
	}
	switch {
	case alerts && events:
		return rules.EventsAndAlerts
	case alerts:
		return rules.OnlyAlerts
	}
	return rules.NoAlerts
}

// past reads a time before now: now-14d.
func past(n *source.Node, what string, otherwise time.Duration, r *source.Report) time.Duration {
	rest, ok := strings.CutPrefix(strings.TrimSpace(n.Text), "now-")
	rest, _, rounded := strings.Cut(rest, "/")
	d, err := span(rest)
	switch {
	case !ok:
		r.Error(n.Pos, BadSchedule, "write now-6m", "%s is %q, which is no time before now", what, n.Text)
	case err != nil:
		r.Error(n.Pos, BadSchedule, "write now-6m", "%s: %v", what, err)
	default:
		if rounded {
			r.Warn(n.Pos, NoEffect, "leave it out", "%s is not rounded: a window ends with the event", what)
		}
		return d
	}
	return otherwise
}

// span reads a number and a unit of Elastic's date math.
func span(text string) (time.Duration, error) {
	if n, ok := strings.CutSuffix(text, "w"); ok {
		d, err := source.Duration(n + "d")
		if err == nil && 7*d <= source.MaxDuration {
			return 7 * d, nil
		}
	}
	d, err := source.Duration(strings.TrimSuffix(text, "H") + strings.Repeat("h", len(text)-len(strings.TrimSuffix(text, "H"))))
	if err != nil {
		return 0, fmt.Errorf("%q is no time span", text)
	}
	return d, nil
}
