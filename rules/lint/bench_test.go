package lint

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"oktastream/rules/lang"
)

// BenchmarkCheck shows what checking costs a rule as sets grow: rules with two unknown fields each, and a correlation over
// every tenth.
func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{500, 2000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			files := fstest.MapFS{}
			for i := range n {
				var text strings.Builder
				fmt.Fprintf(&text, `title: Rule %[1]d
name: rule_%[1]d
id: 00000000-0000-4000-8000-%012[1]d
logsource: {product: okta, service: okta}
detection:
  sel: {eventType: user.session.start, client.userAgent.unknown%[1]d: x%[1]d, debugContext.debugData.foo%[1]d: 1}
  condition: sel
level: high
`, i)
				if i%10 == 0 {
					fmt.Fprintf(&text, `---
title: Several %[1]d
id: 00000000-0000-4000-9000-%012[1]d
correlation: {type: event_count, rules: [rule_%[1]d], group-by: [actor.id], timespan: 5m, condition: {gte: 3}}
level: high
`, i)
				}
				files[fmt.Sprintf("rule_%d.yml", i)] = &fstest.MapFile{Data: []byte(text.String())}
			}
			b.ResetTimer()
			for b.Loop() {
				res := lang.LoadFS(files, ".")
				if len(res.Rules) == 0 {
					b.Fatal("nothing loads")
				}
				Check(Input{Loaded: res, Read: files.ReadFile}, Options{})
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/rule")
		})
	}
}
