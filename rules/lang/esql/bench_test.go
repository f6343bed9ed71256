package esql_test

import (
	"fmt"
	"testing"
	"time"

	"oktastream/rules/event"
	"oktastream/rules/lang/esql"
	"oktastream/rules/window"
)

// BenchmarkHotGroup is one more event in a window that holds n of them and expires one for each: on arrival the tally is
// kept up to date, at ticks the event is only kept.
func BenchmarkHotGroup(b *testing.B) {
	for name, where := range map[string]string{"arrival": "ips >= 1000000 AND last > 5", "ticks": "n > 5 AND n < 3"} {
		for _, n := range []int{1_000, 10_000, 100_000} {
			b.Run(fmt.Sprint(name, "/", n), func(b *testing.B) {
				length := time.Duration(n) * time.Second
				rule := compile(b, from+`| STATS ips = COUNT_DISTINCT(okta.client.ip), n = COUNT(*), last = MAX(source.as.number), who = VALUES(okta.actor.alternate_id) BY okta.actor.id | WHERE `+where,
					esql.Options{From: length, Interval: length / 10})
				spec, in := &rule.Stateful.Window, &rule.Stateful.Inputs[0]
				d := event.NewDecoder(event.NewFields())
				w := window.New()
				w.SetHead(window.Head{Group: []string{"a"}, Every: spec.Every, Length: spec.Length, Lateness: spec.Lateness, Quiet: spec.Quiet})
				rows := make([]string, 256)
				for i := range rows {
					ev, err := d.Decode(fmt.Appendf(nil, `{"uuid":"1","actor":{"id":"a","alternateId":"ada%d@example.com"},"client":{"ipAddress":"192.0.2.%d"},"securityContext":{"asNumber":%d}}`, i%50, i, i*7), event.Meta{})
					if err != nil {
						b.Fatal(err)
					}
					rows[i] = ev.Lookup(in.Columns[0])[0].Text
				}
				observe := func(i int) {
					at := start.Add(time.Duration(i) * time.Second).UnixNano()
					o := window.Observation{ID: fmt.Sprintf("00000000-0000-0000-0000-%012d", i), Time: at, Columns: [][]string{{rows[i%len(rows)]}}}
					if status, fired := spec.Observe(w, &o, func() string { return "projection" }, false, at); status != window.Counted || len(fired) > 0 {
						b.Fatal(status, fired)
					}
				}
				for i := range n + 400 {
					observe(i)
				}
				w.Committed()
				b.ReportAllocs()
				b.ResetTimer()
				for i := range b.N {
					observe(n + 400 + i)
				}
			})
		}
	}
}
