package lang

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// loadAt is LoadFS on a day.
func loadAt(day string, files map[string]string) Result {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	r := LoadFS(fsys, ".")
	now, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	r.Diagnostics = append(r.Diagnostics, r.Expired(now)...)
	return r
}

func holds(t *testing.T, x match.Expr, raw string) bool {
	t.Helper()
	ev, err := event.NewDecoder(nil).Decode([]byte(raw), event.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	return match.Eval(x, ev)
}

const sessionStart = `{"uuid":"u","published":"%s","eventType":"user.session.start","actor":{"id":"%s"}}`

func filterOf(rules, more string) string {
	return "title: an exception\nid: 0b6f8c1e-4b0a-4e0e-9d54-400000000000\nlogsource: {product: okta, service: okta}\nfilter:\n" +
		"  rules: " + rules + "\n  selection: {actor.id: robot}\n  condition: not selection\n" + more
}

func TestFilters(t *testing.T) {
	a, b := baseRule("a")[5:], baseRule("b")[5:]
	expiring := "oktastream: {expires: 2026-03-31, owner: ada, reason: a known robot}\n"
	tests := []struct {
		name, filter string
		day          string
		want         string // diagnostics
		filtered     string // the rules that leave the robot out on 2026-03-15
	}{
		{"by name", filterOf("[a]", ""), "2026-01-01", "", "a"},
		{"by id", filterOf("["+strings.Fields(a)[3]+"]", ""), "2026-01-01", "", "a"},
		{"a single name", filterOf("b", ""), "2026-01-01", "", "b"},
		{"several", filterOf("[a, b]", ""), "2026-01-01", "", "a b"},
		{"any", filterOf("any", ""), "2026-01-01", "", "a b"},
		{"any in capitals", filterOf("ANY", ""), "2026-01-01", "", "a b"},
		{"before it expires", filterOf("any", expiring), "2026-03-31", "", "a b"},
		{"expired", filterOf("any", expiring), "2026-04-01", "8:23 warning OKS0318", "a b"},
		{"unknown rule", filterOf("[c]", ""), "2026-01-01", "5:11 error OKS0401", ""},
		{"one of two unknown: applies to none", filterOf("[a, c]", ""), "2026-01-01", "5:14 error OKS0401", ""},
		{"no rules", strings.Replace(filterOf("x", ""), "  rules: x\n", "", 1), "2026-01-01", "5:3 error OKS0315", ""},
		{"empty rules", filterOf("[]", ""), "2026-01-01", "5:10 error OKS0315", ""},
		{"listed twice", filterOf("[a, a]", ""), "2026-01-01", "5:14 error OKS0315", ""},
		{"a map among rules", filterOf("[{a: b}]", ""), "2026-01-01", "5:12 error OKS0315", ""},
		{"no condition", strings.Replace(filterOf("any", ""), "  condition: not selection\n", "", 1), "2026-01-01", "5:3 error OKS0301", ""},
		{"without not", strings.Replace(filterOf("any", ""), "not selection", "selection", 1), "2026-01-01", "7:14 unsupported OKS0317", ""},
		{"not a day", filterOf("any", "oktastream: {expires: soon}\n"), "2026-01-01", "8:23 error OKS0315", ""},
		{"settings of a rule", filterOf("any", "oktastream: {risk: 10}\n"), "2026-01-01", "8:20 error OKS0123", "a b"},
		{"for another product", strings.Replace(filterOf("any", ""), "product: okta", "product: windows", 1), "2026-01-01", "3:22 unsupported OKS0121", ""},
		{"not a map", "title: t\nfilter: x\n", "2026-01-01", "2:9 error OKS0301", ""},
		{"unknown selection", strings.Replace(filterOf("any", ""), "not selection", "not slection", 1), "2026-01-01", "7:18 error OKS0303", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := loadAt(tt.day, map[string]string{"a.yml": a, "b.yml": b, "f.yml": tt.filter})
			agree(t, r)
			if got := strings.Join(list(r.Diagnostics), " "); got != tt.want {
				t.Errorf("got  %s\nwant %s\n%v", got, tt.want, r.Diagnostics)
			}
			var filtered []string
			for _, rule := range r.Rules {
				if !holds(t, rule.Where, fmt.Sprintf(sessionStart, "2026-03-15T00:00:00Z", "ada")) {
					t.Errorf("%s does not find what is not excepted", rule.Name)
				}
				if !holds(t, rule.Where, fmt.Sprintf(sessionStart, "2026-03-15T00:00:00Z", "robot")) {
					filtered = append(filtered, rule.Name)
				}
			}
			if got := strings.Join(filtered, " "); got != tt.filtered {
				t.Errorf("filtered %s, want %s", got, tt.filtered)
			}
		})
	}
}

// TestFilterExpires: what counts is when an event happened, not when the rules were loaded.
func TestFilterExpires(t *testing.T) {
	files := map[string]string{"a.yml": baseRule("a")[5:], "f.yml": filterOf("a", "oktastream: {expires: 2026-03-31, owner: ada, reason: known}\n")}
	for _, day := range []string{"2026-01-01", "2027-01-01"} {
		r := loadAt(day, files)
		x := rule(t, r, "a").Where
		for published, want := range map[string]bool{
			"2026-03-31T23:59:59.999Z": false, "2026-04-01T00:00:00Z": true, "2026-04-01T01:00:00+02:00": false, "": false,
		} {
			if got := holds(t, x, fmt.Sprintf(sessionStart, published, "robot")); got != want {
				t.Errorf("loaded on %s: an event of %s: %v", day, published, got)
			}
		}
		f := r.Filters[0]
		if len(r.Filters) != 1 || f.Owner != "ada" || f.Reason != "known" || f.Expires.Format(time.DateOnly) != "2026-04-01" || f.Title != "an exception" ||
			f.File != "f.yml" || strings.Join(f.Rules, " ") != "a" {
			t.Errorf("%+v", r.Filters)
		}
	}
}

// TestFilterOfCorrelations: a filter of a base is part of what the correlation counts, and one of the correlation leaves
// the base's own alerts alone.
func TestFilterOfCorrelations(t *testing.T) {
	correlation := "title: t\nname: c\nid: 0b6f8c1e-4b0a-4e0e-9d54-300000000000\nlevel: informational\n" +
		"correlation: {type: event_count, rules: a, group-by: client.ipAddress, timespan: 5m, condition: {gte: 3}, generate: true}\n"
	for _, tt := range []struct {
		name              string
		base, correlation bool // whether they leave the robot out
	}{{"a", true, true}, {"c", false, true}, {"any", true, true}} {
		r := loadAt("2026-01-01", map[string]string{"a.yml": baseRule("a")[5:], "c.yml": correlation, "f.yml": filterOf(tt.name, "")})
		robot := fmt.Sprintf(sessionStart, "2026-03-15T00:00:00Z", "robot")
		if got := !holds(t, rule(t, r, "a").Where, robot); got != tt.base {
			t.Errorf("filter of %s: base %v", tt.name, got)
		}
		if got := !holds(t, rule(t, r, "c").Stateful.Inputs[0].Where, robot); got != tt.correlation {
			t.Errorf("filter of %s: correlation %v", tt.name, got)
		}
		if _, diags := rules.NewSet(r.Rules); len(diags) > 0 {
			t.Error(diags)
		}
	}
}

func TestChain(t *testing.T) {
	text := "title: t\nname: c\nid: 0b6f8c1e-4b0a-4e0e-9d54-300000000000\nlevel: informational\n" +
		"correlation: {type: temporal_ordered, rules: [many, b], group-by: [who, alert.rule], timespan: 5m, aliases: {who: {many: user, b: target.id}}}\n---\n" +
		"title: t\nname: many\nid: 0b6f8c1e-4b0a-4e0e-9d54-300000000001\nlevel: informational\n" +
		"correlation: {type: event_count, rules: [a], group-by: [user], timespan: 5m, condition: {gte: 3}, aliases: {user: {a: actor.id}}}\n" +
		baseRule("a")[1:] + baseRule("b")[1:]
	r := loadText(t, map[string]string{"f.yml": text})
	st := rule(t, r, "c").Stateful
	if st == nil {
		t.Fatal(r.Diagnostics)
	}
	many := rule(t, r, "f/many")
	if !many.Silent || st.Inputs[0].From != many.Name || st.Inputs[1].From != "" || st.Inputs[0].Where != match.Const(true) {
		t.Errorf("%+v", st.Inputs)
	}
	want := [][]string{{`alert.group["user"]`, "alert.rule"}, {"target.id", "alert.rule"}}
	for i, in := range st.Inputs {
		for j, p := range in.Group {
			if p.String() != want[i][j] {
				t.Errorf("input %d groups by %s, want %s", i, p, want[i][j])
			}
		}
	}
	set, diags := rules.NewSet(r.Rules)
	if len(diags) > 0 || set.Levels() != 2 {
		t.Errorf("%d levels, %v", set.Levels(), diags)
	}
}
