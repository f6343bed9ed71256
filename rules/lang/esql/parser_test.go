package esql

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"oktastream/rules"
	"oktastream/rules/lang/source"
)

// compileText compiles a query as the value of a file with one line for each of its lines.
func compileText(t testing.TB, text string) (*rules.Stateful, []rules.Diagnostic) {
	t.Helper()
	block := "query: |\n  " + strings.ReplaceAll(text, "\n", "\n  ") + "\n"
	docs := source.Parse("q.yml", []byte(block), source.RuleLimits)
	if len(docs) != 1 || docs[0].Root == nil {
		t.Fatalf("not YAML:\n%s", block)
	}
	r := &source.Report{File: "q.yml"}
	where, st := Compile(docs[0].Root.Get("query"), Options{From: 10 * time.Minute, Interval: 5 * time.Minute}, r)
	if r.OK() == (where == nil && st == nil) || where != nil && st != nil {
		t.Fatalf("where %v, stateful %v, %v", where, st, r.Diagnostics)
	}
	return st, r.Diagnostics
}

// What is refused, where and why. Lines are those of the query, columns are in the file, which indents by two.
func TestRefused(t *testing.T) {
	for _, tt := range []struct{ query, want string }{
		{"", "1:8 error OKS1301"},
		{"FROM", "1:"}, // see below
		{"ROW a = 1", "2:3 unsupported OKS1306"},
		{"FROM logs-okta* | FILTER x == 1", "2:21 error OKS1303"},
		{"FROM logs-okta*\n| WHERE a = 1", "3:13 error OKS1301"},
		{"FROM logs-okta*\n| WHERE a == \"x", "3:16 error OKS1302"},
		{"FROM logs-okta*\n| WHERE a == \"\"\"x\"", "3:16 error OKS1302"},
		{"FROM logs-okta*\n| WHERE a == \"\\d\"", "3:17 error OKS1301"},
		{"FROM logs-okta* /* x", "2:19 error OKS1302"},
		{"FROM logs-okta* | WHERE (a == 1", "2:34 error OKS1302"},
		{"FROM logs-okta* | WHERE a == 1)", "2:33 error OKS1301"},
		{"FROM logs-okta* | WHERE `a == 1", "2:27 error OKS1302"},
		{"FROM logs-okta* | WHERE a. == 1", "2:29 error OKS1301"},
		{"FROM logs-okta* | WHERE a == ?name", "2:32 unsupported OKS1310"},
		{"FROM logs-okta* | KEEP ?name", "2:26 unsupported OKS1310"},
		{"FROM logs-okta* | WHERE a && b", "2:29 error OKS1301"},
		{"FROM logs-okta* | WHERE NOSUCH(a)", "2:27 error OKS1303"},
		{"FROM logs-okta* | WHERE COUNT(*) > 3", "2:27 error OKS1303"},
		{"FROM logs-okta* | WHERE LENGTH(*) > 3", "2:27 error OKS1301"},
		{"FROM logs-okta* | WHERE LENGTH(a, b) > 3", "2:27 error OKS1304"},
		{"FROM logs-okta* | WHERE LENGTH(@timestamp) > 3", "2:34 error OKS1304"},
		{"FROM logs-okta* | WHERE @timestamp", "2:27 error OKS1304"},
		{"FROM logs-okta* | WHERE client.ip == \"nowhere\"", "2:40 error OKS1304"},
		{"FROM logs-okta* | WHERE @timestamp > 1 day", "2:38 error OKS1304"},
		{"FROM logs-okta* | WHERE a::nosuch == 1", "2:30 error OKS1303"},
		{"FROM logs-okta* | WHERE a::version == \"1\"", "2:30 unsupported OKS1306"},
		{"FROM logs-okta* | WHERE a RLIKE \"a(b\"", "2:35 error OKS1308"},
		{"FROM logs-okta* | WHERE a RLIKE \"a~b\"", "2:35 unsupported OKS1306"},
		{"FROM logs-okta* | WHERE a LIKE b", "2:34 unsupported OKS1306"},
		{"FROM logs-okta* | WHERE a : \"x\"", "2:29 unsupported OKS1306"},
		{"FROM logs-okta* | WHERE MATCH(a, \"x\")", "2:27 unsupported OKS1306"},
		{"FROM logs-okta* | WHERE a == 1e999", "2:32 error OKS1308"},
		{"FROM logs-okta* | MV_EXPAND a", "2:21 unsupported OKS1306"},
		{"FROM logs-okta* | ENRICH p ON a", "2:21 unsupported OKS1306"},
		{"FROM logs-okta* | LOOKUP JOIN i ON a", "2:21 unsupported OKS1306"},
		{"FROM logs-okta* | INLINESTATS n = COUNT(*)", "2:21 unsupported OKS1306"},
		{"FROM logs-okta* | GROK a \"%{NOSUCH:x}\"", "2:28 unsupported OKS1306"},
		{"FROM logs-okta* | GROK a \"%{IP}\"", "2:28 unsupported OKS1306"},
		{"FROM logs-okta* | GROK a \"%{IP:x:date}\"", "2:28 error OKS1308"},
		{"FROM logs-okta* | GROK a \"%{IP:x} %{IP:x}\"", "2:28 unsupported OKS1306"},
		{"FROM logs-okta* | SAMPLE 0.1", "2:21 unsupported OKS1306"},
		{"FROM logs-okta* | DISSECT a \"x\"", "2:31 error OKS1308"},
		{"FROM logs-okta* | DISSECT a \"%{x\"", "2:31 error OKS1302"},
		{"FROM logs-okta* | LIMIT 5 | STATS COUNT(*)", "2:21 unsupported OKS1306"},
		{"FROM logs-okta* | STATS n = TOP(a, 3, \"asc\")", "2:31 unsupported OKS1306"},
		{"FROM logs-okta* | STATS n = a", "2:31 error OKS1305"},
		{"FROM logs-okta* | STATS n = SUM()", "2:31 error OKS1304"},
		{"FROM logs-okta* | STATS n = SUM(client.ip)", "2:35 error OKS1304"},
		{"FROM logs-okta* | STATS", "2:26 error OKS1302"},
		{"FROM logs-okta* | STATS n = COUNT(*) BY a | WHERE b == 1", "2:53 error OKS1305"},
		{"FROM logs-okta* | STATS n = COUNT(*) BY a | STATS m = COUNT(*) BY n", "2:69 unsupported OKS1306"},
		{"FROM logs-okta* | STATS n = COUNT(*) BY a | WHERE NOW() > @timestamp", "2:53 unsupported OKS1306"},
		{"FROM logs-okta* | KEEP a | WHERE b == 1", "2:36 error OKS1305"},
		{"FROM logs-okta* | DROP a | WHERE a == 1", "2:36 error OKS1305"},
		{"FROM logs-okta* | RENAME a AS b | WHERE a == b", "2:43 error OKS1305"},
		{"FROM logs-okta* METADATA nosuch", "2:28 unsupported OKS1306"},
		{"FROM logs-endpoint.events.process-*", "2:8 unsupported OKS1309"},
		{"FROM logs-okta* | WHERE " + strings.Repeat("(", 200) + "a == 1" + strings.Repeat(")", 200), "2:127 error OKS1307"},
		{"FROM logs-okta*" + strings.Repeat(" | WHERE a == 1", 101), "error OKS1307"},
		{"FROM logs-okta* | EVAL a = LENGTH(b)" + strings.Repeat(" | EVAL a = a + a + a", 20), "error OKS1307"},
	} {
		_, diags := compileText(t, tt.query)
		got := ""
		for _, d := range diags {
			got += fmt.Sprintf("%d:%d %s %s", d.Line, d.Col, d.Level, d.Code)
		}
		if tt.query == "FROM" || tt.query == "" {
			if !strings.Contains(got, "error OKS1301") {
				t.Errorf("%q: got %s", tt.query, got)
			}
			continue
		}
		if !strings.HasSuffix(got, tt.want) || strings.Contains(tt.want, ":") && got != tt.want {
			t.Errorf("%q: got %s, want %s: %v", tt.query, got, tt.want, diags)
		}
	}
}

// Forms that public queries use, of Okta's events and of others in the same stream.
func TestAccepted(t *testing.T) {
	for _, query := range []string{
		"from LOGS-OKTA*, logs-okta.system-* metadata _id, _version, _index | where a == 1",
		"FROM logs-* [METADATA _id] | WHERE @timestamp > NOW() - 7 day AND event.action == \"x\"",
		"FROM cluster:logs-okta* | WHERE process.name : foo",
		`FROM logs-okta* | WHERE host.os.type == "linux" and process.pid >= 1000 and process.args_count > 2 and to_lower(process.name) in ("a", "b")`,
		`FROM logs-okta* | WHERE a RLIKE """[^"\s]+@.*""" | EVAL x = REPLACE(a, """(\d+)""", "<$1>") | WHERE x LIKE ("*a", "b?")`,
		"FROM logs-okta* | EVAL b = DATE_TRUNC(1 hour, @timestamp) | STATS n = COUNT(*), v = VALUES(a) BY b, actor.id | WHERE n > 3 | KEEP b, n, v*",
		"FROM logs-okta* | STATS COUNT(*), MAX(@timestamp) - 1 hour BY BUCKET(@timestamp, 1 day), source.`as`.number | SORT `COUNT(*)` DESC NULLS LAST | LIMIT 10",
		"FROM logs-okta* | STATS a = COUNT(*) WHERE x == \"y\", b = COUNT_DISTINCT(z, 100) | EVAL c = ROUND(a * 1.0 / b, 2) | WHERE c BETWEEN",
		"FROM logs-okta* | EVAL d = DATE_EXTRACT(\"hour_of_day\", @timestamp) | WHERE d < 6 OR d >= 22",
		`FROM logs-okta* | DISSECT debugContext.debugData.requestUri "/app/%{name}/%{?rest}" | STATS n = COUNT_DISTINCT(name) BY source.ip | WHERE n > 15`,
		"FROM logs-okta* | WHERE source.ip IS NOT NULL /* nested /* comment */ here */ // and the rest\n| STATS p = PERCENTILE(LENGTH(a), 95), m = MEDIAN(source.as.number), s = SUM(x::LONG) | WHERE p > 3",
	} {
		switch {
		case strings.Contains(query, " : foo"):
			if _, diags := compileText(t, query); len(diags) != 1 || diags[0].Level != rules.Unsupported {
				t.Errorf("%s: %v", query, diags)
			}
			continue
		case strings.HasSuffix(query, "BETWEEN"):
			if _, diags := compileText(t, query); len(diags) != 1 || diags[0].Level != rules.Error {
				t.Errorf("%s: %v", query, diags)
			}
			continue
		}
		query = strings.Replace(query, "LOGS-OKTA*, ", "", 1)
		if _, diags := compileText(t, query); len(diags) > 0 {
			t.Errorf("%s\n%v", query, diags)
		}
	}
}

// When a condition is judged as events arrive.
func TestMonotone(t *testing.T) {
	for where, want := range map[string]bool{
		"n >= 3":                           true,
		"n > 3 AND d >= 2":                 true,
		"n >= 3 OR (d > 1 AND last > 5)":   true,
		"3 <= n":                           true,
		"n * 2 + d >= 7":                   true,
		"n / 2 > 1":                        true,
		"first < 5":                        true,
		"last - first > 7":                 true,
		"MV_COUNT(v) >= 2":                 true,
		"flagged >= 1":                     true,
		"key == \"x\" AND n > 1":           true,
		"first IS NOT NULL":                true,
		"true":                             true,
		"n <= 3":                           false,
		"n == 3":                           false,
		"n != 3":                           false,
		"NOT n < 3":                        false, // as it is written
		"n - d > 3":                        false,
		"n * -1 > -3":                      false,
		"d / n > 1":                        false,
		"first > 3":                        false,
		"total > 3":                        false,
		"mean > 3":                         false,
		"first IS NULL":                    false,
		"n > 3 AND n < 5":                  false,
		"CASE(n > 3, true, false)":         false,
		"MV_COUNT(CASE(n > 1, v, v)) == 2": false,
	} {
		st, diags := compileText(t, "FROM logs-okta* | STATS n = COUNT(*), d = COUNT_DISTINCT(a), first = MIN(source.as.number), last = MAX(source.as.number), v = VALUES(a), "+
			"total = SUM(source.as.number), flagged = SUM(CASE(b == \"x\", 1, 0)), mean = AVG(source.as.number) BY key | WHERE "+where)
		if len(diags) > 0 {
			t.Errorf("%s: %v", where, diags)
		} else if got := st.Window.Every == 0; got != want {
			t.Errorf("%s: judged on arrival %v, want %v", where, got, want)
		}
	}
}

// A rule keeps its windows when it is written otherwise, and starts afresh when it means something else.
func TestProgramIdentity(t *testing.T) {
	text := func(query string) string {
		st, diags := compileText(t, query)
		if len(diags) > 0 {
			t.Fatal(diags)
		}
		return fmt.Sprint(st.Window.Program, st.Inputs[0].Columns, st.Inputs[0].Group)
	}
	base := text("FROM logs-okta* | STATS n = COUNT_DISTINCT(a) BY k | WHERE n > 3 AND n < 9")
	for query, same := range map[string]bool{
		"from logs-okta.system-* // comment\n| stats n=count_distinct( a ) by k | where n>3 and n<9 | sort n": true,
		"FROM logs-okta* | STATS n = COUNT_DISTINCT(a) BY k | WHERE n > 3 AND n < 8":                          false,
		"FROM logs-okta* | STATS n = COUNT_DISTINCT(b) BY k | WHERE n > 3 AND n < 9":                          false,
		"FROM logs-okta* | STATS n = COUNT(a) BY k | WHERE n > 3 AND n < 9":                                   false,
		"FROM logs-okta* | STATS n = COUNT_DISTINCT(a) WHERE b == \"x\" BY k | WHERE n > 3 AND n < 9":         false,
		"FROM logs-okta* | STATS n = COUNT_DISTINCT(a) BY j | WHERE n > 3 AND n < 9":                          false,
	} {
		if got := text(query) == base; got != same {
			t.Errorf("%s: the same %v, want %v", query, got, same)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		"FROM logs-okta* | WHERE a == \"x\" AND NOT b IN (1, 2.5) OR c IS NOT NULL",
		"FROM logs-okta* METADATA _id | EVAL x = CASE(a LIKE \"b*\", 1, 0), y = CONCAT(a, \"\\\"\") | STATS n = SUM(x), d = COUNT_DISTINCT(y) WHERE x > 0 BY k, DATE_TRUNC(5 minutes, @timestamp) | WHERE n * 1.0 / d >= 2 | KEEP n*",
		"FROM logs-okta* | STATS a = COUNT(*) BY x, y | STATS b = MAX(a), v = VALUES(y) BY x | EVAL z = b::STRING | SORT b DESC NULLS FIRST | LIMIT 3",
		"FROM logs-okta* | DISSECT a \"%{b}@%{c->} %{?d}\" | RENAME b AS `x y` | DROP c*",
		"FROM logs-okta* | WHERE a RLIKE \"\"\"[^\\s\"]+\"x@\"\"\" // c\n /* d */ | WHERE SUBSTRING(a, -2) == MV_CONCAT(SPLIT(b, \",\"), \"-\")",
		"FROM logs-okta* | WHERE CIDR_MATCH(client.ip, \"10.0.0.0/8\") AND @timestamp > NOW() - 1 month AND -x % 3 == 1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := &source.Report{}
		where, st := Compile(query2(text), Options{From: time.Hour, Interval: time.Minute}, r)
		if r.OK() == (where == nil && st == nil) {
			t.Fatalf("where %v, stateful %v, %v", where, st, r.Diagnostics)
		}
		if st == nil {
			return
		}
		in := st.Inputs[0]
		ev := decodeEvent(t, `{"uuid":"1","published":"2026-08-14T08:00:00.000Z","eventType":"x","actor":{"id":"a"},"client":{"ipAddress":"10.0.0.1"},"a":"b@c","b":["x","y"],"k":"1"}`)
		row := ev.Lookup(in.Columns[0])[0].Text
		var group []string
		for _, p := range in.Group {
			text := ""
			if vs := ev.Lookup(p); len(vs) > 0 {
				text = vs[0].Text
			}
			group = append(group, text)
		}
		tally := st.Window.Program.Begin(group, false)
		tally.Add(row)
		held := tally.Holds()
		tally.Add(row)
		tally.Remove(row)
		if tally.Holds() != held {
			t.Fatalf("adding and removing a row changes the answer:\n%s", text)
		}
		all := st.Window.Program.Begin(group, true)
		for _, r := range []string{row, row, ""} {
			all.Add(r)
		}
		all.Outputs()
		tally.Remove(row)
		if tally.Holds() {
			t.Fatalf("no rows hold:\n%s", text)
		}
	})
}

// Of which fields a query needs how many values.
func TestCounted(t *testing.T) {
	for where, want := range map[string]string{
		"d > 20": "[{a 21}]", "d >= 3 AND n > 1": "[{a 3}]", "20 < d": "[{a 21}]", "4 <= d AND e >= 2": "[{a 4} {b 2}]",
		"d > 20 OR n > 1": "[]", "NOT d > 20": "[]", "d < 20": "[]", "d > 0": "[]", "d + n > 20": "[]", "n > 20": "[]", "lower > 5": "[]", "d > n": "[]",
	} {
		st, diags := compileText(t, "FROM logs-okta* | STATS n = COUNT(*), d = COUNT_DISTINCT(a), e = COUNT_DISTINCT(b), lower = COUNT_DISTINCT(TO_LOWER(a)) BY key | WHERE "+where)
		if len(diags) > 0 {
			t.Errorf("%s: %v", where, diags)
		} else if got := fmt.Sprint(st.Window.Program.(interface{ Counted() []Counted }).Counted()); got != want {
			t.Errorf("%s: %s, want %s", where, got, want)
		}
	}
}
