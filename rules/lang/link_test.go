package lang

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oktastream/rules"
	"oktastream/rules/window"
)

const base = `
---
title: base
id: %s
name: %s
level: informational
detection: {s: {eventType: user.session.start}, condition: s}
`

func baseRule(name string) string {
	return fmt.Sprintf(base, "0b6f8c1e-4b0a-4e0e-9d54-2"+fmt.Sprintf("%011x", len(name)*1000+int(name[0])), name)
}

// correlate makes a file of a correlation over the rules a and b.
func correlate(lines ...string) string {
	return "title: t\nid: 0b6f8c1e-4b0a-4e0e-9d54-300000000000\nlevel: informational\ncorrelation:\n  group-by: actor.id\n  timespan: 5m\n  " +
		strings.Join(lines, "\n  ") + "\n" + baseRule("a")[1:] + baseRule("b")[1:]
}

func TestCorrelations(t *testing.T) {
	tests := []struct {
		name, text string
		want       string // diagnostics
		window     window.Spec
	}{
		{"event_count gte", correlate("type: event_count", "rules: a", "condition: {gte: 3}"), "", window.Spec{Kind: window.Count, Threshold: 3}},
		{"event_count gt", correlate("type: event_count", "rules: [a, b]", "condition: {gt: 3}"), "", window.Spec{Kind: window.Count, Threshold: 4}},
		{"value_count", correlate("type: value_count", "rules: [a]", "condition: {field: client.ipAddress, gte: 3}"), "",
			window.Spec{Kind: window.Distinct, Distinct: []window.Column{{Name: "client.ipAddress", Threshold: 3}}}},
		{"temporal", correlate("type: temporal", "rules: [a, b]"), "", window.Spec{Kind: window.Unordered, Steps: 2}},
		{"temporal, all rules", correlate("type: temporal", "rules: [a, b]", "condition: {gte: 2}"), "", window.Spec{Kind: window.Unordered, Steps: 2}},
		{"temporal_ordered", correlate("type: temporal_ordered", "rules: [b, a]"), "", window.Spec{Kind: window.Sequence, Steps: 2}},
		{"lt", correlate("type: event_count", "rules: a", "condition: {lt: 3}"), "",
			window.Spec{Kind: window.Count, AtClose: true, Condition: []window.Bound{{Op: window.Below, Value: 3}}}},
		{"range", correlate("type: event_count", "rules: a", "condition: {gt: 3, lte: 9}"), "",
			window.Spec{Kind: window.Count, AtClose: true, Condition: []window.Bound{{Op: window.Above, Value: 3}, {Op: window.AtMost, Value: 9}}}},
		{"eq", correlate("type: event_count", "rules: a", "condition: {eq: 3}"), "",
			window.Spec{Kind: window.Count, AtClose: true, Condition: []window.Bound{{Op: window.Equals, Value: 3}}}},
		{"neq", correlate("type: event_count", "rules: a", "condition: {gte: 2, neq: 3}"), "",
			window.Spec{Kind: window.Count, AtClose: true, Condition: []window.Bound{{Op: window.AtLeast, Value: 2}, {Op: window.Differs, Value: 3}}}},
		{"value_count lte", correlate("type: value_count", "rules: a", "condition: {field: actor.id, lte: 1}"), "",
			window.Spec{Kind: window.Distinct, AtClose: true, Distinct: []window.Column{{Name: "actor.id"}}, Condition: []window.Bound{{Op: window.AtMost, Value: 1}}}},
		{"value_sum", correlate("type: value_sum", "rules: a", "condition: {field: version, gte: 3.5}"), "",
			window.Spec{Kind: window.Sum, Distinct: []window.Column{{Name: "version"}}, Condition: []window.Bound{{Op: window.AtLeast, Value: 3.5}}}},
		{"value_sum lt", correlate("type: value_sum", "rules: a", "condition: {field: version, lt: -3}"), "",
			window.Spec{Kind: window.Sum, AtClose: true, Distinct: []window.Column{{Name: "version"}}, Condition: []window.Bound{{Op: window.Below, Value: -3}}}},
		{"value_avg", correlate("type: value_avg", "rules: a", "condition: {field: version, gt: 3}"), "",
			window.Spec{Kind: window.Avg, AtClose: true, Distinct: []window.Column{{Name: "version"}}, Condition: []window.Bound{{Op: window.Above, Value: 3}}}},
		{"value_percentile", correlate("type: value_percentile", "rules: a", "condition: {field: version, percentile: 99.5, gt: 3}"), "",
			window.Spec{Kind: window.Percentile, Percentile: 99.5, AtClose: true, Distinct: []window.Column{{Name: "version"}}, Condition: []window.Bound{{Op: window.Above, Value: 3}}}},
		{"value_percentile of which", correlate("type: value_percentile", "rules: a", "condition: {field: version, gt: 3}"), "7:9 unsupported OKS0403", window.Spec{}},
		{"value_percentile of 101", correlate("type: value_percentile", "rules: a", "condition: {field: version, percentile: 101, gt: 3}"), "9:43 error OKS0404", window.Spec{}},
		{"percentile of event_count", correlate("type: event_count", "rules: a", "condition: {percentile: 50, gt: 3}"), "9:27 error OKS0404", window.Spec{}},
		{"value_median", correlate("type: value_median", "rules: a", "condition: {field: version, gt: 3}"), "7:9 unsupported OKS0403", window.Spec{}},
		{"fraction of a count", correlate("type: event_count", "rules: a", "condition: {gt: 3.5}"), "9:19 error OKS0114", window.Spec{}},
		{"text for a number", correlate("type: event_count", "rules: a", "condition: {gt: many}"), "9:19 error OKS0112", window.Spec{}},
		{"infinity", correlate("type: value_sum", "rules: a", "condition: {field: version, gt: .inf}"), "9:35 error OKS0112", window.Spec{}},
		{"nothing happens", correlate("type: event_count", "rules: a", "condition: {lt: 1}"), "9:15 unsupported OKS0403", window.Spec{}},
		{"nothing happens, eq", correlate("type: event_count", "rules: a", "condition: {eq: 0}"), "9:15 unsupported OKS0403", window.Spec{}},
		{"neq nothing", correlate("type: event_count", "rules: a", "condition: {neq: 0}"), "9:20 error OKS0404", window.Spec{}},
		{"bounds that exclude each other", correlate("type: event_count", "rules: a", "condition: {gt: 3, lt: 4}"), "9:15 error OKS0404", window.Spec{}},
		{"bounds of a sum that exclude each other", correlate("type: value_sum", "rules: a", "condition: {field: version, gt: 3, lte: 3}"), "9:15 error OKS0404", window.Spec{}},
		{"two upper bounds", correlate("type: event_count", "rules: a", "condition: {lt: 3, lte: 4}"), "9:27 error OKS0404", window.Spec{}},
		{"eq and more", correlate("type: event_count", "rules: a", "condition: {eq: 3, lte: 4}"), "9:15 error OKS0404", window.Spec{}},
		{"temporal eq all rules", correlate("type: temporal", "rules: [a, b]", "condition: {eq: 2}"), "", window.Spec{Kind: window.Unordered, Steps: 2}},
		{"temporal with at most", correlate("type: temporal", "rules: [a, b]", "condition: {lt: 2}"), "", window.Spec{Kind: window.Unordered, Steps: 2, Threshold: 1, AtClose: true,
			Condition: []window.Bound{{Op: window.Below, Value: 2}}}},
		{"temporal, some rules", correlate("type: temporal", "rules: [a, b]", "condition: {gte: 1}"), "", window.Spec{Kind: window.Unordered, Steps: 2, Threshold: 1}},
		{"temporal_ordered, some rules", correlate("type: temporal_ordered", "rules: [a, b]", "condition: {gte: 1}"), "9:15 unsupported OKS0403", window.Spec{}},
		{"temporal, too many rules", correlate("type: temporal", "rules: [a, b]", "condition: {gte: 3}"), "9:15 error OKS0404", window.Spec{}},
		{"temporal in words, all rules", correlate("type: temporal", "rules: [a, b]", "condition: a and b"), "", window.Spec{Kind: window.Unordered, Steps: 2}},
		{"temporal in words, by quantifier", correlate("type: temporal", "rules: [a, b]", "condition: all of them"), "", window.Spec{Kind: window.Unordered, Steps: 2}},
		{"temporal in words, without one", correlate("type: temporal", "rules: [a, b]", "condition: a and not b"), "",
			window.Spec{Kind: window.Unordered, Steps: 2, AtClose: true, Mixes: []window.Mix{{With: 1, Without: 2}}}},
		{"temporal in words, one of two", correlate("type: temporal", "rules: [a, b]", "condition: a or b"), "",
			window.Spec{Kind: window.Unordered, Steps: 2, Mixes: []window.Mix{{With: 1}, {With: 2}}}},
		{"temporal in words, one is enough", correlate("type: temporal", "rules: [a, b]", "condition: b or (a and b)"), "",
			window.Spec{Kind: window.Unordered, Steps: 2, Mixes: []window.Mix{{With: 2}}}},
		{"temporal in words, nothing", correlate("type: temporal", "rules: [a, b]", "condition: not a"), "8:14 warning OKS0304 9:14 unsupported OKS0403", window.Spec{}},
		{"temporal in words, contradiction", correlate("type: temporal", "rules: [a, b]", "condition: a and not a and b"), "9:14 error OKS0404", window.Spec{}},
		{"temporal in words, unknown rule", correlate("type: temporal", "rules: [a, b]", "condition: a and c"), "9:20 error OKS0303", window.Spec{}},
		{"temporal in words, half", correlate("type: temporal", "rules: [a, b]", "condition: a and"), "9:19 error OKS0302", window.Spec{}},
		{"temporal_ordered in words", correlate("type: temporal_ordered", "rules: [a, b]", "condition: a and b"), "", window.Spec{Kind: window.Sequence, Steps: 2}},
		{"temporal_ordered in words, without one", correlate("type: temporal_ordered", "rules: [a, b]", "condition: a and not b"), "9:14 unsupported OKS0403", window.Spec{}},
		{"event_count in words", correlate("type: event_count", "rules: [a, b]", "condition: a and b"), "9:14 error OKS0404", window.Spec{}},
		{"a number in quotes", correlate("type: event_count", "rules: a", "condition: {gte: '5'}"), "", window.Spec{Kind: window.Count, Threshold: 5}},
		{"a percentile in quotes", correlate("type: value_percentile", "rules: a", "condition: {field: version, percentile: '50', gt: '3'}"), "",
			window.Spec{Kind: window.Percentile, Percentile: 50, AtClose: true, Distinct: []window.Column{{Name: "version"}}, Condition: []window.Bound{{Op: window.Above, Value: 3}}}},
		{"several fields", correlate("type: value_count", "rules: a", "condition: {field: [actor.id, target.id], gte: 3}"), "", window.Spec{Kind: window.Distinct,
			Distinct: []window.Column{{Name: "actor.id, target.id", Threshold: 3}}}},
		{"a field twice", correlate("type: value_count", "rules: a", "condition: {field: [actor.id, actor.id], gte: 3}"), "9:33 error OKS0404", window.Spec{}},
		{"the sum of two fields", correlate("type: value_sum", "rules: a", "condition: {field: [actor.id, target.id], gte: 3}"), "9:33 error OKS0404", window.Spec{}},
		{"no field", correlate("type: value_count", "rules: a", "condition: {gte: 3}"), "9:15 error OKS0404", window.Spec{}},
		{"field of event_count", correlate("type: event_count", "rules: a", "condition: {gte: 3, field: x}"), "9:30 error OKS0404", window.Spec{}},
		{"no bound", correlate("type: value_count", "rules: a", "condition: {field: actor.id}"), "9:15 error OKS0404", window.Spec{}},
		{"two bounds", correlate("type: event_count", "rules: a", "condition: {gte: 3, gt: 1}"), "9:27 error OKS0404", window.Spec{}},
		{"always true", correlate("type: event_count", "rules: a", "condition: {gte: 0}"), "9:20 error OKS0404", window.Spec{}},
		{"negative", correlate("type: event_count", "rules: a", "condition: {gte: -1}"), "9:20 error OKS0114", window.Spec{}},
		{"unknown bound", correlate("type: event_count", "rules: a", "condition: {gtee: 3}"), "9:15 error OKS0111", window.Spec{}},
		{"same rule twice", correlate("type: temporal_ordered", "rules: [a, a]"), "8:14 error OKS0401", window.Spec{}},
		{"no rules", correlate("type: temporal", "rules: []"), "8:10 error OKS0401", window.Spec{}},
		{"unknown rule", correlate("type: temporal", "rules: [a, c]"), "8:14 error OKS0401", window.Spec{}},
		{"unknown group-by field", strings.Replace(correlate("type: event_count", "rules: a", "condition: {gte: 3}"), "actor.id", "actor.di", 1), "5:13 warning OKS0116",
			window.Spec{Kind: window.Count, Threshold: 3}},
		{"bad group-by field", strings.Replace(correlate("type: event_count", "rules: a", "condition: {gte: 3}"), "actor.id", "'actor['", 1), "5:13 error OKS0115", window.Spec{}},
		{"group-by twice", strings.Replace(correlate("type: event_count", "rules: a", "condition: {gte: 3}"), "actor.id", "[actor.id, actor.id]", 1), "5:24 error OKS0405", window.Spec{}},
		{"alias of an unknown rule", correlate("type: temporal", "rules: [a, b]", "aliases: {u: {a: actor.id, b: target.id, c: actor.id}}"), "9:44 error OKS0407", window.Spec{}},
		{"alias without a rule", correlate("type: temporal", "rules: [a, b]", "aliases: {u: {a: actor.id}}"), "9:13 error OKS0405", window.Spec{}},
		{"alias that is no map", correlate("type: temporal", "rules: [a, b]", "aliases: {u: actor.id}"), "9:16 error OKS0405", window.Spec{}},
		{"join without a sequence", strings.Replace(correlate("type: temporal", "rules: [a, b]"), "\n---", "\noktastream: {join: {a: actor.id}}\n---", 1), "9:21 error OKS0123", window.Spec{}},
		{"join of an unknown rule", strings.Replace(correlate("type: temporal_ordered", "rules: [a, b]"), "\n---", "\noktastream: {join: {c: actor.id}}\n---", 1), "9:21 error OKS0407", window.Spec{}},
		{"for shorter than the window", strings.Replace(correlate("type: temporal", "rules: [a, b]"), "\n---", "\noktastream: {suppress: {for: 1m}}\n---", 1), "9:30 error OKS0120", window.Spec{}},
		{"max too short", strings.Replace(correlate("type: temporal", "rules: [a, b]"), "\n---", "\noktastream: {suppress: {max: 10m}}\n---", 1), "9:30 error OKS0120", window.Spec{}},
		{"by on a correlation", strings.Replace(correlate("type: temporal", "rules: [a, b]"), "\n---", "\noktastream: {suppress: {by: actor.id}}\n---", 1), "9:29 error OKS0123", window.Spec{}},
		{"settings of a base", correlate("type: temporal", "rules: [a, b]") + "oktastream: {risk: 10, lateness: 1m}\n", "21:20 note OKS0123 21:34 note OKS0123", window.Spec{Kind: window.Unordered, Steps: 2}},
		{"fields that are no path", strings.Replace(correlate("type: temporal", "rules: [a, b]"), "\n---", "\nfields: ['a[', actor.id]\n---", 1), "9:10 warning OKS0115", window.Spec{Kind: window.Unordered, Steps: 2}},
		{"distinct of the counted field", strings.Replace(correlate("type: value_count", "rules: [a]", "condition: {field: actor.id, gte: 2}"), "\n---", "\noktastream: {distinct: {field: actor.id}}\n---", 1), "10:25 error OKS0123", window.Spec{}},
		{"indicators", strings.Replace(correlate("type: temporal", "rules: [a, b]"), "\n---", "\noktastream: {indicators: {file: x, fields: actor.id}}\n---", 1), "9:27 error OKS0123", window.Spec{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := loadText(t, map[string]string{"c.yml": tt.text})
			if got := strings.Join(list(r.Diagnostics), " "); got != tt.want {
				t.Errorf("got  %s\nwant %s\n%v", got, tt.want, r.Diagnostics)
			}
			if tt.window.Kind == 0 {
				for _, rule := range r.Rules {
					if rule.Name == "c" {
						t.Errorf("loaded all the same")
					}
				}
				return
			}
			w := rule(t, r, "c").Stateful.Window
			w.Length, w.Lateness, w.Quiet, w.Episode = 0, 0, 0, 0
			if diff := cmp.Diff(tt.window, w); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// alerting lists the names of the rules that alert.
func alerting(r Result) string {
	var names []string
	for _, rule := range r.Rules {
		if !rule.Silent {
			names = append(names, rule.Name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestReferences(t *testing.T) {
	over := func(name, ruleNames, more string) string {
		return "title: t\nname: " + name + "\nid: " + name + "\nlevel: informational\ncorrelation: {type: temporal, rules: [" + ruleNames + "], group-by: actor.id, timespan: 5m" + more + "}\n"
	}
	a, b := strings.TrimPrefix(baseRule("a"), "\n---\n"), strings.TrimPrefix(baseRule("b"), "\n---\n")
	const idA = "0b6f8c1e-4b0a-4e0e-9d54-200000000449"
	tests := []struct {
		name     string
		files    map[string]string
		alerting string
		want     string
	}{
		{"by name, in other files", map[string]string{"c.yml": over("c", "a, b", ""), "a.yml": a, "x/b.yml": b}, "c", "3:5 note OKS0117"},
		{"by id", map[string]string{"c.yml": over("c", idA, ""), "a.yml": a}, "c", "3:5 note OKS0117"},
		{"by the file's name", map[string]string{"c.yml": over("c", "f", ""), "f.yml": "detection: {s: {eventType: user.session.start}, condition: s}\n"}, "c", "3:5 note OKS0117"},
		{"generate inside", map[string]string{"c.yml": over("c", "a", ", generate: true"), "a.yml": a}, "a c", "3:5 note OKS0117"},
		{"generate at the top", map[string]string{"c.yml": over("c", "a", "") + "generate: true\n", "a.yml": a}, "a c", "3:5 note OKS0117"},
		{"one of two asks for alerts of the base: it stays a base", map[string]string{"c.yml": over("c", "a", ", generate: true"), "d.yml": over("d", "a", ""), "a.yml": a}, "c d", "3:5 note OKS0117 3:5 note OKS0117"},
		{"the same file goes first", map[string]string{"c.yml": over("c", "a", "") + baseRule("a")[1:], "z.yml": strings.Replace(a, "200000", "500000", 1)}, "a c", "3:5 note OKS0117"},
		{"ambiguous", map[string]string{"c.yml": over("c", "a", ""), "f.yml": a + baseRule("b")[1:], "g.yml": strings.Replace(a, "200000", "500000", 1)}, "a b", "5:39 error OKS0401 3:7 error OKS0118"},
		{"base does not load", map[string]string{"c.yml": over("c", "a", ""), "a.yml": strings.Replace(a, "eventType", "eventType|x", 1)}, "", "5:27 error OKS0306 5:39 error OKS0402"},
		{"base cannot be run", map[string]string{"c.yml": over("c", "a", ""), "a.yml": strings.Replace(a, "eventType", "eventType|expand: '%x%', actor.id", 1)}, "", "5:36 unsupported OKS0313 5:39 unsupported OKS0402"},
		{"chain", map[string]string{"c.yml": over("c", "d", ""), "d.yml": over("d", "a", ""), "a.yml": a}, "c", "3:5 note OKS0117 3:5 note OKS0117"},
		{"chain that generates", map[string]string{"c.yml": over("c", "d", ", generate: true"), "d.yml": over("d", "a", ""), "a.yml": a}, "c d", "3:5 note OKS0117 3:5 note OKS0117"},
		{"chain of three, mixed with events", map[string]string{"c.yml": over("c", "d, b", ""), "d.yml": over("d", "e", ""), "e.yml": over("e", "a", ""), "a.yml": a, "b.yml": b}, "c", "3:5 note OKS0117 3:5 note OKS0117 3:5 note OKS0117"},
		{"chain by another member", map[string]string{"c.yml": strings.Replace(over("c", "d", ""), "actor.id", "client.ipAddress", 1), "d.yml": over("d", "a", ""), "a.yml": a}, "c", "3:5 note OKS0117 5:53 note OKS0408 3:5 note OKS0117"},
		{"chain in a circle", map[string]string{"c.yml": over("c", "d", ""), "d.yml": over("d", "c", "")}, "", "5:39 error OKS0402 5:39 error OKS0401"},
		{"chain over what does not load", map[string]string{"c.yml": over("c", "d", ""), "d.yml": over("d", "x", "")}, "", "5:39 error OKS0402 5:39 error OKS0401"},
		{"over a filter", map[string]string{"c.yml": over("c", "f", ""), "a.yml": a, "f.yml": "title: t\nfilter: {rules: a, s: {actor.id: x}, condition: not s}\n"}, "a", "5:39 error OKS0403"},
		{"itself", map[string]string{"c.yml": over("c", "c", "")}, "", "5:39 error OKS0401"},
		{"a correlation that cannot be run keeps its base silent", map[string]string{"c.yml": strings.Replace(over("c", "a", ""), "temporal", "value_sum", 1), "a.yml": a}, "", "5:21 error OKS0404"},
		{"a base by itself alerts", map[string]string{"a.yml": a}, "a", ""},
		{"same name given twice", map[string]string{"a.yml": a, "z.yml": strings.Replace(a, "200000", "500000", 1)}, "a", "3:7 error OKS0118"},
		{"same id twice", map[string]string{"a.yml": a, "z.yml": strings.Replace(a, "name: a", "name: z", 1)}, "a", "2:5 error OKS0118"},
		{"same file name twice", map[string]string{"a.yml": "name: x\n" + strings.Replace(a, "name: a", "", 1), "p/f.yml": strings.Replace(b, "name: b", "", 1), "q/f.yml": strings.Replace(strings.Replace(b, "name: b", "", 1), "200000", "500000", 1)}, "f q/f x", "1:1 warning OKS0118"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := loadText(t, tt.files)
			if got := alerting(r); got != tt.alerting {
				t.Errorf("alerting: %s, want %s", got, tt.alerting)
			}
			if got := strings.Join(list(r.Diagnostics), " "); got != tt.want {
				t.Errorf("got  %s\nwant %s\n%v", got, tt.want, r.Diagnostics)
			}
		})
	}
}

func TestIndicatorErrors(t *testing.T) {
	withList := func(file string) string {
		return "title: t\nid: 0b6f8c1e-4b0a-4e0e-9d54-200000000449\nlevel: low\noktastream: {indicators: {file: " + file + ", fields: client.ipAddress}}\n"
	}
	tests := []struct{ name, file, list, want string }{
		{"not there", "nowhere.yml", "", "r.yml 4:33 error OKS0119"},
		{"outside", "../../l.yml", "", "r.yml 4:33 error OKS0119"},
		{"absolute", "/l.yml", "", "r.yml 4:33 error OKS0119"},
		{"empty", "l.yml", "# nothing\n", "r.yml 4:33 error OKS0119"},
		{"bad address", "l.yml", "- 10.0.0.1\n- 10.0.0.256\n", "l.yml 2:3 error OKS0119 r.yml 4:33 error OKS0119"},
		{"bad day", "l.yml", "- {address: 10.0.0.1, first_seen: yesterday}\n", "l.yml 1:35 error OKS0119 r.yml 4:33 error OKS0119"},
		{"ends before it begins", "l.yml", "- {address: 10.0.0.1, first_seen: 2026-02-01, last_seen: 2026-01-01}\n", "l.yml 1:4 error OKS0119 r.yml 4:33 error OKS0119"},
		{"unknown key", "l.yml", "- {adress: 10.0.0.1}\n", "l.yml 1:4 error OKS0111 l.yml 1:4 error OKS0113 r.yml 4:33 error OKS0119"},
		{"not YAML", "l.yml", "- [\n", "l.yml 1:3 error OKS0104 r.yml 4:33 error OKS0119"},
		{"not a list", "l.yml", "indicators: 10.0.0.1\n", "l.yml 1:1 error OKS0119 r.yml 4:33 error OKS0119"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{"r.yml": withList(tt.file)}
			if tt.list != "" {
				files["l.yml"] = tt.list
			}
			r := loadFiles(files)
			var got []string
			for _, d := range r.Diagnostics {
				got = append(got, fmt.Sprintf("%s %d:%d %s %s", d.File, d.Line, d.Col, d.Level, d.Code))
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("got %s, want %s\n%v", s, tt.want, r.Diagnostics)
			}
			if len(r.Rules) > 0 {
				t.Error("loaded all the same")
			}
		})
	}
}

func TestPaths(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	rule := func(name string) string { return strings.TrimPrefix(baseRule(name), "\n---\n") }
	write("rules/a.yml", rule("a"))
	write("rules/sub/b.yaml", rule("b"))
	write("rules/sub/b_test.yaml", "rule: b\n")
	write("rules/readme.md", "text")
	write("rules/.git/x.yml", "x")
	write("rules/list.yml", "- 10.0.0.1\n")
	// As Kubernetes mounts a ConfigMap: the files are links into a hidden directory.
	write("mounted/..2026/c.yml", rule("c"))
	if err := os.Symlink("..2026", filepath.Join(dir, "mounted/..data")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("..data/c.yml", filepath.Join(dir, "mounted/c.yml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("rules", filepath.Join(dir, "linked")); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, tt := range []struct {
		name     string
		paths    []string
		alerting string
		codes    string
	}{
		{"directory", []string{in("rules")}, "a b", ""},
		{"file", []string{in("rules/sub/b.yaml")}, "b", ""},
		{"directory and a file in it", []string{in("rules"), in("rules/a.yml"), in("rules/../rules/a.yml")}, "a b", ""},
		{"test file", []string{in("rules/sub/b_test.yaml")}, "", ""},
		{"links to files", []string{in("mounted")}, "c", ""},
		{"link to a directory", []string{in("linked")}, "a b", ""},
		{"nothing there", []string{in("nowhere"), in("rules/a.yml")}, "a", "0:0 error OKS0101"},
		{"none", nil, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Load(tt.paths)
			if got := alerting(r); got != tt.alerting {
				t.Errorf("alerting: %q, want %q\n%v", got, tt.alerting, r.Diagnostics)
			}
			if got := strings.Join(list(r.Diagnostics), " "); got != tt.codes {
				t.Errorf("got %s, want %s", got, tt.codes)
			}
		})
	}
}

// TestCorpus loads the rules of SigmaHQ for Okta.
func TestCorpus(t *testing.T) {
	corpus := os.Getenv("OKTASTREAM_CORPUS")
	if corpus == "" {
		t.Skip("OKTASTREAM_CORPUS does not name a directory of public rules and events")
	}
	r := Load([]string{filepath.Join(corpus, "rules", "sigma-okta")})
	agree(t, r)
	if len(r.Files) != 24 || len(r.Rules) != 23 {
		t.Errorf("%d documents, %d rules", len(r.Files), len(r.Rules))
	}
	for _, f := range r.Files {
		want := OK
		if f.Name == "okta_session_impersonation_granted" {
			want = Unsupported
		}
		if f.Status != want {
			t.Errorf("%s: %s", f.File, f.Status)
		}
	}
	for _, d := range r.Diagnostics {
		if d.Level != rules.Unsupported || d.Code != "OKS0313" || d.Line != 30 || d.Col != 45 {
			t.Errorf("%v", d.Error())
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, dir := range []string{"testdata/good", "testdata/bad"} {
		files, err := filepath.Glob(dir + "/*.yml")
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := loadFiles(map[string]string{"dir/f.yml": text, "dir/lists/bad.yaml": text})
		agree(t, r)
		for _, d := range r.Diagnostics {
			if d.Code == "" || d.Message == "" || d.Line == 0 && d.Code != "OKS0102" && d.Code != "OKS0104" {
				t.Errorf("%+v", d)
			}
		}
	})
}

// TestNames: of two correlations without a name, the first is called as the file.
func TestNames(t *testing.T) {
	one := func(id string) string {
		return "title: t\nid: 0b6f8c1e-4b0a-4e0e-9d54-30000000000" + id + "\nlevel: informational\ncorrelation: {type: event_count, rules: a, group-by: actor.id, timespan: 5m, condition: {gte: 3}}\n"
	}
	r := loadText(t, map[string]string{"f.yml": one("1") + "---\n" + one("2") + "---\n" + one("3") + baseRule("a")})
	if got := alerting(r); got != "f f/2 f/3" {
		t.Errorf("alerting: %s\n%v", got, r.Diagnostics)
	}
}
