package esql

import (
	"strings"
	"testing"
	"time"

	"oktastream/rules/lang/source"
)

func TestBounds(t *testing.T) {
	const stats = "from logs-okta* | stats n = count(*), d = count_distinct(user.name) by source.ip"
	for where, never := range map[string]bool{
		"| where n > 5 and n < 3":                       true,
		"| where n > 5 | where n < 3":                   true,
		"| where n > 5 and n < 5":                       true,
		"| where n >= 5 and 5 >= n":                     false,
		"| where 3 > n and d > 1 and 5 <= n":            true,
		"| where n == 4 and n == 5":                     true,
		"| where n > 5 or n < 3":                        false,
		"| where n > 5 and d < 3":                       false,
		"| where n > 5 and not n < 3":                   false,
		"| where n > 5.5 and n < 5.4":                   true,
		"| where n > 5 | eval n = d | where n < 3":      false,
		"| where n > 5 | rename d as n2 | where n < 30": false,
	} {
		r := &source.Report{File: "r"}
		text := &source.Node{Kind: source.Scalar, Text: stats + " " + where}
		Compile(text, Options{From: time.Hour, Interval: 5 * time.Minute}, r)
		found := false
		for _, d := range r.Diagnostics {
			found = found || d.Code == CodeNeverHolds
			if d.Code != CodeNeverHolds && strings.Contains(string(d.Level), "error") {
				t.Errorf("%s: %v", where, d)
			}
		}
		if found != never {
			t.Errorf("%s: %v, want %v: %v", where, found, never, r.Diagnostics)
		}
	}
}
