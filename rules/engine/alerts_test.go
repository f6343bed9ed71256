package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// overAlerts has two rules on single events and one over the alerts of all rules that are not low.
func overAlerts(t *testing.T) *rules.Set {
	t.Helper()
	spec := window.Spec{Kind: window.Sequence, Steps: 2, Length: 10 * time.Minute, Lateness: 5 * time.Minute, Quiet: 10 * time.Minute, Episode: 24 * time.Hour}
	user := []event.Path{event.MustPath("user.name")}
	set, diags := rules.NewSet([]rules.Rule{
		{ID: "proxy", Name: "proxy", Title: "Proxy", Meta: rules.Meta{Severity: alert.Medium, Risk: 47}, Where: is("eventType", "proxy")},
		{ID: "token", Name: "token", Title: "Token", Meta: rules.Meta{Severity: alert.High, Risk: 73}, Where: is("eventType", "token")},
		{ID: "quiet", Name: "quiet", Title: "Quiet", Meta: rules.Meta{Severity: alert.Low, Risk: 21}, Where: is("eventType", "quiet", "token")},
		{ID: "over", Name: "over", Title: "Over", Meta: rules.Meta{Severity: alert.High, Risk: 73}, Stateful: &rules.Stateful{GroupBy: []string{"user"}, Window: spec,
			Inputs: []rules.Input{
				{Name: "first", Alerts: rules.OnlyAlerts, Where: is("kibana.alert.rule.rule_id", "proxy"), Group: user},
				{Name: "then", Alerts: rules.OnlyAlerts, Group: user, Where: match.And{
					&match.Pred{Path: event.MustPath("kibana.alert.rule.rule_id"), Op: match.Exists},
					match.Not{X: is("kibana.alert.severity", "low")}, match.Not{X: is("kibana.alert.rule.rule_id", "proxy", "over")}}},
			}}},
	})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	return set
}

func TestAlertsOfSingleEvents(t *testing.T) {
	set := overAlerts(t)
	over := slices.IndexFunc(set.Rules(), func(r rules.Rule) bool { return r.Name == "over" })
	if set.Level(over) != 0 {
		t.Errorf("level %d: alerts about single events come with the events", set.Level(over))
	}
	var feeders []string
	for _, k := range set.Feeders(over) {
		feeders = append(feeders, set.Rules()[k].Name)
	}
	if !slices.Equal(feeders, []string{"proxy", "token"}) {
		t.Errorf("observes the alerts of %v: low ones and its own can never meet the condition", feeders)
	}
	e := func(n int, kind, who string, at time.Duration) string {
		return fmt.Sprintf(`{"uuid":"e%d","published":"%s","eventType":"%s","actor":{"alternateId":"%s"}}`, n, start.Add(at).Format(time.RFC3339Nano), kind, who)
	}
	for name, c := range map[string]struct {
		events []string
		want   int
	}{
		"in order":                {[]string{e(1, "proxy", "ada@x.example", 0), e(2, "token", "ada@x.example", time.Minute)}, 1},
		"out of order":            {[]string{e(2, "token", "ada@x.example", time.Minute), e(1, "proxy", "ada@x.example", 0)}, 1},
		"twice":                   {[]string{e(1, "proxy", "ada@x.example", 0), e(2, "token", "ada@x.example", time.Minute), e(1, "proxy", "ada@x.example", 0), e(2, "token", "ada@x.example", time.Minute)}, 1},
		"the other way round":     {[]string{e(1, "token", "ada@x.example", 0), e(2, "proxy", "ada@x.example", time.Minute)}, 0},
		"a low one":               {[]string{e(1, "proxy", "ada@x.example", 0), e(2, "quiet", "ada@x.example", time.Minute)}, 0},
		"somebody else":           {[]string{e(1, "proxy", "ada@x.example", 0), e(2, "token", "bob@x.example", time.Minute)}, 0},
		"the first again":         {[]string{e(1, "proxy", "ada@x.example", 0), e(2, "proxy", "ada@x.example", time.Minute)}, 0},
		"at the end":              {[]string{e(1, "proxy", "ada@x.example", 0), e(2, "token", "ada@x.example", 10*time.Minute)}, 1},
		"too late":                {[]string{e(1, "proxy", "ada@x.example", 0), e(2, "token", "ada@x.example", 10*time.Minute+time.Second)}, 0},
		"nobody":                  {[]string{e(1, "proxy", "", 0), e(2, "token", "", time.Minute)}, 0},
		"a name that was typed":   {[]string{e(1, "proxy", "null", 0), e(2, "token", "null", time.Minute)}, 1},
		"whom Okta does not know": {[]string{e(1, "proxy", "unknown", 0), e(2, "token", "unknown", time.Minute)}, 0},
		"no name":                 {[]string{e(1, "proxy", "", 0), e(2, "token", "", time.Minute)}, 0},
		"people of two domains":   {[]string{e(1, "proxy", "ada@x.example", 0), e(2, "token", "ada@y.example", time.Minute)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := NewLocal(set, Options{})
			var got []alert.Alert
			for _, ev := range c.events {
				got = append(got, feed(t, l, ev)...)
				if err := l.Restart(); err != nil {
					t.Fatal(err)
				}
			}
			n := 0
			for _, a := range got {
				if a.Rule.Name != "over" {
					continue
				}
				n++
				if a.Evidence.Total != 2 || !strings.Contains(a.Reason, "first") {
					t.Errorf("evidence %+v, reason %q", a.Evidence, a.Reason)
				}
			}
			if n != c.want {
				t.Errorf("%d alerts, want %d", n, c.want)
			}
		})
	}
}

// Two rules that observe the alerts of all do not feed each other, and say so; naming one is another thing.
func TestAlertsOfAllInACircle(t *testing.T) {
	rule := func(name string) rules.Rule {
		return rules.Rule{ID: name, Name: name, Title: name, Meta: rules.Meta{Severity: alert.High}, Stateful: &rules.Stateful{GroupBy: []string{"user"},
			Window: window.Spec{Kind: window.Count, Threshold: 1, Length: time.Minute, Lateness: time.Minute, Quiet: time.Minute, Episode: time.Hour},
			Inputs: []rules.Input{{Name: "any", Alerts: rules.OnlyAlerts, Where: is("kibana.alert.severity", "high"), Group: []event.Path{event.MustPath("user.name")}}}}}
	}
	single := rules.Rule{ID: "s", Name: "s", Title: "s", Meta: rules.Meta{Severity: alert.High}, Where: is("eventType", "s")}
	set, diags := rules.NewSet([]rules.Rule{rule("a"), rule("b"), single})
	if len(diags) != 2 || diags[0].Code != "OKS0605" || diags[0].Level != rules.Note {
		t.Errorf("%v", diags)
	}
	for i, r := range set.Rules() {
		if r.Stateful != nil && (set.Level(i) != 0 || len(set.Feeders(i)) != 1) {
			t.Errorf("%s: level %d, feeders %v", r.Name, set.Level(i), set.Feeders(i))
		}
	}
}
