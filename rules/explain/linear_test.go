package explain

import (
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"oktastream/rules/event"
)

// TestExplainingIsLinear: to find the event that came closest, among many of one group of which none fires, takes work in
// proportion to them.
func TestExplainingIsLinear(t *testing.T) {
	set := load(t, fstest.MapFS{"unmet.yml": &fstest.MapFile{Data: []byte(unmetRules)}})
	cost := func(n int) float64 {
		var given []Input
		for i := range n {
			given = append(given, Input{JSON: fmt.Appendf(nil, `{"uuid":"u%d","published":%q,"eventType":"user.session.start","outcome":{"result":"FAILURE"},"actor":{"alternateId":"ada@example.com"}}`,
				i, time.Date(2026, 8, 14, 9, 0, 0, i*1e6, time.UTC).Format(time.RFC3339Nano)), Meta: event.Meta{Origin: event.Origin{Offset: int64(i)}}})
		}
		return testing.AllocsPerRun(1, func() {
			rep, err := Run(set, "unmet", given, "")
			if err != nil || rep.Chosen != Closest || len(rep.Verdicts) != 1 {
				t.Fatalf("%+v, %v", rep, err)
			}
		})
	}
	if few, many := cost(800), cost(3200); many > 6*few {
		t.Errorf("800 events allocate %v times, 3200 %v times", few, many)
	}
}

const unmetRules = `title: Unmet
id: 5d3c1b9e-6a7f-4f0e-9d51-0c2b7a1e4f60
name: fail
logsource: {product: okta, service: okta}
detection:
  selection: {eventType: user.session.start, outcome.result: FAILURE}
  condition: selection
level: low
---
title: Unmet
id: 0b9a7d1c-2e4f-4a68-8b13-5f6e7d8c9a01
name: unmet
correlation:
  type: event_count
  rules: [fail]
  group-by: [actor.alternateId]
  timespan: 10m
  condition: {gte: 1000000}
level: low
`
