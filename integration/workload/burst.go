package workload

import (
	"fmt"
	"time"
)

// campaigns adds one of each kind, each about a person of its own. All events of one lie within some minutes, so that they
// fall into one window, whatever their order; counts and numbers are drawn, so that some campaigns meet a condition and
// some just miss it.
func (g *generator) campaigns(i int) {
	who := func(kind string) string { return g.name(kind, i) + "@example.test" }
	g.pushes(who("pushed"), 2+g.rand.IntN(7), g.moment(g.Span-time.Hour))
	low := g.rand.IntN(3) * 40
	g.meter(who("metered"), 3+g.rand.IntN(6), low, low+20, g.moment(g.Span-time.Hour))
	g.meter(who("peaked"), 5+g.rand.IntN(6), 5, 100, g.moment(g.Span-time.Hour))
	// Both, one after the other, for rules that build on the findings of others.
	at := g.moment(g.Span - 2*time.Hour)
	both := who("worn")
	g.pushes(both, 4+g.rand.IntN(3), at)
	g.meter(both, 6, 80, 100, at.Add(15*time.Minute))
}

// pushes adds denied pushes within eight minutes.
func (g *generator) pushes(who string, n int, at time.Time) {
	for i := range n {
		g.add(at.Add(8*time.Minute*time.Duration(i)/time.Duration(n)), object{"eventType": "user.mfa.okta_verify.deny_push",
			"actor": person(who), "client": client(g.address()), "outcome": object{"result": "FAILURE"}})
	}
}

// meter adds warnings that carry a number between low and high, within eight minutes.
func (g *generator) meter(who string, n, low, high int, at time.Time) {
	for i := range n {
		g.add(at.Add(8*time.Minute*time.Duration(i)/time.Duration(n)), object{"eventType": "system.org.rate_limit.warning",
			"actor": person(who), "client": client(g.address()),
			"debugContext": object{"debugData": object{"rateLimitPercentage": fmt.Sprint(low + g.rand.IntN(high-low+1))}}})
	}
}
