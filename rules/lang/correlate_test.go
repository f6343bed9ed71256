package lang_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"oktastream/rules"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/lang"
)

const steps = `
---
title: %[1]s
name: %[1]s
id: 0b6f8c1e-4b0a-4e0e-9d54-40000000000%[2]d
logsource: {product: okta, service: okta}
detection: {s: {eventType: %[1]s}, condition: s}
`

// What a correlation finds, from its text to its alerts.
func TestCorrelationsFind(t *testing.T) {
	var bases strings.Builder
	for i, name := range []string{"a", "b", "c"} {
		fmt.Fprintf(&bases, steps, name, i)
	}
	tests := []struct {
		name, correlation string
		events            string // type user ip targets…, a minute apart
		want              string // reasons of the alerts
	}{
		{"temporal with fewer than all rules", "type: temporal\n  rules: [a, b, c]\n  condition: {gte: 2}", "a u 1; c u 1", "at least 2 of 3: a 00:00:00, c 00:01:00 within 10m"},
		{"temporal, one rule twice", "type: temporal\n  rules: [a, b, c]\n  condition: {gte: 2}", "a u 1; a u 2", ""},
		{"temporal with a range, inside", "type: temporal\n  rules: [a, b, c]\n  condition: {gte: 2, lt: 3}", "a u 1; c u 1", "different steps 2 (>= 2, < 3); at least 1 of 3: a 00:00:00, c 00:01:00 within 10m"},
		{"temporal with a range, above", "type: temporal\n  rules: [a, b, c]\n  condition: {gte: 2, lt: 3}", "a u 1; c u 1; b u 1", ""},
		{"temporal in words, with", "type: temporal\n  rules: [a, b, c]\n  condition: a and (b or c)", "a u 1; c u 1", "a and b, or a and c: a 00:00:00, c 00:01:00 within 10m"},
		{"temporal in words, of two users", "type: temporal\n  rules: [a, b, c]\n  condition: a and (b or c)", "a u 1; c v 1", ""},
		{"temporal in words, half", "type: temporal\n  rules: [a, b, c]\n  condition: a and (b or c)", "b u 1; c u 1", ""},
		{"temporal in words, without", "type: temporal\n  rules: [a, b, c]\n  condition: a and not b and not c", "a u 1; a v 1; b v 1", "a and not b and not c: a 00:00:00 within 10m"},
		{"temporal in words, undone before", "type: temporal\n  rules: [a, b]\n  condition: a and not b", "b u 1; a u 1", ""},
		{"temporal in words, undone too late", "type: temporal\n  rules: [a, b, c]\n  condition: a and not b and not c", "a u 1; c x 1; c x 1; c x 1; c x 1; c x 1; c x 1; c x 1; c x 1; c x 1; c x 1; b u 1",
			"a and not b and not c: a 00:00:00 within 10m"},
		{"value_count of combinations", "type: value_count\n  rules: [a]\n  condition: {field: [client.ipAddress, target.id], gte: 3}", "a u 1 x; a u 1 y; a u 2 x", `3 different client.ipAddress, target.id (at least 3): ["1","x"], ["1","y"], ["2","x"] within 10m`},
		{"combinations that repeat", "type: value_count\n  rules: [a]\n  condition: {field: [client.ipAddress, target.id], gte: 3}", "a u 1 x; a u 2 x; a u 1 x", ""},
		{"combinations of a list", "type: value_count\n  rules: [a]\n  condition: {field: [client.ipAddress, target.id], gte: 3}", "a u 1 x y; a u 2 y", `3 different client.ipAddress, target.id (at least 3): ["1","x"], ["1","y"], ["2","y"] within 10m`},
		{"combinations with a missing member", "type: value_count\n  rules: [a]\n  condition: {field: [client.ipAddress, target.id], gte: 2}", "a u 1 x; a u - y", ""},
		{"event_count with a range", "type: event_count\n  rules: [a]\n  condition: {gt: 1, lt: 4}", "a u 1; a u 2", "events 2 (> 1, < 4) within 10m"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := "title: t\nname: it\nid: 0b6f8c1e-4b0a-4e0e-9d54-300000000000\nlevel: low\ncorrelation:\n  group-by: [actor.id]\n  timespan: 10m\n  " +
				tt.correlation + bases.String()
			r := lang.LoadFS(fstest.MapFS{"c.yml": {Data: []byte(text)}}, ".")
			for _, d := range r.Diagnostics {
				if d.Level == rules.Error {
					t.Fatal(d)
				}
			}
			set, diags := rules.NewSet(r.Rules)
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			l := engine.NewLocal(set, engine.Options{})
			d := l.NewDecoder()
			var out engine.Output
			for i, e := range strings.Split(tt.events, "; ") {
				f := strings.Fields(e)
				var targets []string
				for _, id := range f[3:] {
					targets = append(targets, fmt.Sprintf(`{"id":%q}`, id))
				}
				at := time.Date(2026, 1, 1, 0, i, 0, 0, time.UTC)
				ev, err := d.Decode(fmt.Appendf(nil, `{"uuid":"%d","published":%q,"eventType":%q,"actor":{"id":%q},"client":{"ipAddress":%q},"target":[%s]}`,
					i, at.Format(time.RFC3339), f[0], f[1], f[2], strings.Join(targets, ",")), event.Meta{ID: fmt.Sprint(i), Time: at.UnixNano()})
				if err != nil {
					t.Fatal(err)
				}
				if err := l.Process(ev, &out); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.Close(&out); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range out.Alerts {
				if a.Rule.Name == "it" {
					got = append(got, a.Reason)
				}
			}
			if s := strings.Join(got, "; "); s != tt.want {
				t.Errorf("got  %s\nwant %s", s, tt.want)
			}
		})
	}
}
