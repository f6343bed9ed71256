package simulation

import (
	"fmt"
	"math/rand/v2"
	"time"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// types are event types of package workload, without the one that its records of no interest have.
var types = []string{"user.session.start", "user.authentication.sso", "user.session.end", "user.account.update_profile",
	"user.authentication.verify", "user.mfa.okta_verify.deny_push", "system.org.rate_limit.warning", "user.mfa.factor.reset_all"}

var groupings = [][]string{nil, {"actor.alternateId"}, {"client.ipAddress"}, {"authenticationContext.externalSessionId"},
	{"actor.alternateId", "client.ipAddress"}}

// RandomRules draws a set of stateful rules of every kind over the events of package workload, and above each of them a rule
// over its alerts, and above those a few rules over the alerts of these.
func RandomRules(rng *rand.Rand) (*rules.Set, error) {
	var rs []rules.Rule
	add := func(st *rules.Stateful) string {
		name := fmt.Sprintf("random_%02d", len(rs))
		rs = append(rs, rules.Rule{ID: name, Name: name, Title: name, Stateful: st, Silent: rng.IntN(3) == 0})
		return name
	}
	var below, above []string
	for range 3 + rng.IntN(4) {
		below = append(below, add(randomRule(rng)))
	}
	over := func(kind window.Kind, from ...string) *rules.Stateful {
		st := &rules.Stateful{Window: spec(rng, kind)}
		for _, f := range from {
			st.Inputs = append(st.Inputs, rules.Input{Name: f, From: f, Where: match.Const(true)})
		}
		return st
	}
	for _, b := range below {
		st := over(window.Count, b)
		st.Window.Threshold = 1 + rng.IntN(3)
		above = append(above, add(st))
	}
	for range rng.IntN(3) {
		i := rng.IntN(len(above) - 1)
		st := over(pick(rng, window.Sequence, window.Unordered), above[i], below[rng.IntN(len(below))], above[i+1])
		st.Window.Steps = 3
		add(st)
	}
	set, problems := rules.NewSet(rs)
	if len(problems) > 0 {
		return nil, problems[0]
	}
	return set, nil
}

func pick[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }

// spec draws times. The lateness covers the disorder of the workload, and an episode may be as long as it: which completion
// is the first beyond the longest episode depends on the first of that episode, and so, as long as the clock has not passed
// that, on the order of arrival.
func spec(rng *rand.Rand, kind window.Kind) window.Spec {
	s := window.Spec{Kind: kind, Length: time.Duration(1+rng.IntN(60)) * time.Minute, Lateness: time.Duration(3+rng.IntN(10)) * time.Minute}
	s.Quiet = s.Length * time.Duration(1+rng.IntN(2))
	s.Episode = window.DefaultEpisode
	return s
}

func randomRule(rng *rand.Rand) *rules.Stateful {
	group := pick(rng, groupings...)
	st := &rules.Stateful{GroupBy: group, Updates: rng.IntN(3) == 0}
	input := func(columns ...string) rules.Input {
		in := rules.Input{Name: fmt.Sprintf("step_%d", len(st.Inputs))}
		wanted := []string{pick(rng, types...)}
		if rng.IntN(2) == 0 {
			wanted = append(wanted, pick(rng, types...))
		}
		in.Where = &match.Pred{Path: event.MustPath("eventType"), Op: match.Equal, Literals: wanted}
		for _, g := range group {
			in.Group = append(in.Group, event.MustPath(g))
		}
		for _, c := range columns {
			in.Columns = append(in.Columns, event.MustPath(c))
		}
		return in
	}
	const number = "debugContext.debugData.rateLimitPercentage"
	kind := pick(rng, window.Count, window.Distinct, window.Unordered, window.Sequence, window.Sequence, window.Sum, window.Avg, window.Percentile,
		window.FirstSeen, window.Pipeline)
	st.Window = spec(rng, kind)
	bound := func(op window.Op, value int) {
		st.Window.Condition = append(st.Window.Condition, window.Bound{Op: op, Value: float64(value)})
	}
	switch kind {
	case window.Count:
		st.Inputs = append(st.Inputs, input())
		if st.Window.AtClose = rng.IntN(3) == 0; st.Window.AtClose {
			bound(pick(rng, window.AtMost, window.Below, window.Equals, window.Differs), 1+rng.IntN(6))
		}
		st.Window.Threshold = 1 + rng.IntN(6)
	case window.Distinct:
		column := pick(rng, "client.ipAddress", "debugContext.debugData.dtHash", "actor.alternateId", "eventType")
		st.Inputs = append(st.Inputs, input(column))
		st.Window.Distinct = []window.Column{{Name: column, Threshold: 1 + rng.IntN(4)}}
		if st.Window.AtClose = rng.IntN(3) == 0; st.Window.AtClose {
			bound(window.AtMost, st.Window.Distinct[0].Threshold+rng.IntN(3))
		}
	case window.Unordered, window.Sequence:
		st.Window.Steps = 2 + rng.IntN(2)
		if kind == window.Sequence && rng.IntN(2) == 0 {
			st.Window.Plan = plan(rng)
			st.Window.Steps = len(st.Window.Plan)
		}
		for range st.Window.Steps {
			in := input()
			if kind == window.Sequence && st.Window.Plan == nil && rng.IntN(3) == 0 {
				in.Join = event.MustPath("client.ipAddress")
			}
			st.Inputs = append(st.Inputs, in)
		}
	case window.FirstSeen:
		// Since when a history is known is the run's own choice, see timely; rules above could not be compared.
		st.AssumeHistory = true
		st.Window.Quiet, st.Window.Episode = st.Window.Length, window.Unending
		st.Inputs = append(st.Inputs, input())
	case window.Pipeline:
		return pipeline(rng)
	default:
		st.Inputs = append(st.Inputs, input(number))
		st.Inputs[0].Where = &match.Pred{Path: event.MustPath("eventType"), Op: match.Equal, Literals: []string{"system.org.rate_limit.warning"}}
		st.Window.Distinct = []window.Column{{Name: number}}
		if st.Window.AtClose = kind != window.Sum || rng.IntN(2) == 0; !st.Window.AtClose {
			bound(window.AtLeast, rng.IntN(400))
			break
		}
		st.Window.Percentile = float64(rng.IntN(101))
		bound(pick(rng, window.AtLeast, window.Above, window.AtMost, window.Below), rng.IntN(120))
	}
	return st
}
