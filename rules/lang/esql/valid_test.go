package esql

import (
	"strings"
	"testing"
	"time"

	"oktastream/rules"
)

// Queries that are valid by Elastic's reference, also on the data of others: each loads, or is unsupported and says which
// construct it is about. An error would keep all the rules beside it from loading.
func TestValidQueriesAreNoErrors(t *testing.T) {
	const loads = ""
	for query, names := range map[string]string{
		`| KEEP event.*, user.name | DROP event.id | RENAME user.name AS who | WHERE who LIKE "a*"`:                            loads,
		`METADATA _id, _index, _version | WHERE _id IS NOT NULL`:                                                               loads,
		`| WHERE process.pid::integer > 5 AND process.args_count >= 3`:                                                         loads,
		`| EVAL d = DATE_TRUNC(5m, @timestamp) | STATS n = COUNT(*) BY d, user.name | WHERE n > 3`:                             loads,
		`| EVAL d = DATE_TRUNC("5 minutes", @timestamp) | STATS n = COUNT(*) BY d | WHERE n > 3`:                               loads,
		`| EVAL d = DATE_TRUNC(1 hour, @timestamp) | WHERE d IS NOT NULL`:                                                      loads,
		`| STATS n = COUNT(*) BY BUCKET(@timestamp, "1 hour") | WHERE n > 3`:                                                   loads,
		`| WHERE @timestamp > NOW() - "1 hour"::time_duration`:                                                                 loads,
		`| WHERE @timestamp >= now() - 1 h AND event.action == "a" | STATS n = COUNT(*) BY user.name | WHERE n > 3`:            loads,
		"| GROK message \"(?<user.name>\\\\w+) from (?<source.ip>%{IP})\" | WHERE user.name == \"a\"":                          loads,
		`| GROK message "%{WORD:a} %{NUMBER:n:int} %{WORD:b:boolean}" | WHERE n > 3`:                                           loads,
		`| DISSECT message "%{a} %{?b} %{c->} %{d}" | WHERE a == "x"`:                                                          loads,
		`| WHERE a RLIKE """[+\-9]{1,3}(x|y)*""" AND NOT b RLIKE ("a.*", "b.*")`:                                               loads,
		`| WHERE user.name IN ("a", "b") AND source.ip IN ("10.0.0.1"::ip, "::1") // a comment`:                                loads,
		"/* a /* nested */ comment */ | WHERE `user.name` == \"a\" OR `user`.`name` == \"b\"":                                  loads,
		`| STATS a = COUNT(*) WHERE event.outcome == "failure", b = COUNT_DISTINCT(user.name, 100) BY c = TO_LOWER(host.name)`: loads,
		`| SORT @timestamp DESC NULLS LAST, user.name ASC | LIMIT 100`:                                                         loads,
		`| EVAL x = COALESCE(user.name, host.name, "none"), y = CASE(x == "a", 1, x == "b", 2, 3) | WHERE y >= 2`:              loads,
		`| EVAL x = REPLACE(user.name, "[^a-z\\d]+$", "") | WHERE LENGTH(x) > 3`:                                               loads,

		`| EVAL x = CASE(event.code == "1", process.pid, NULL) | WHERE x > 5`: ">",
		`| STATS p = VALUES(process.pid) BY user.name | WHERE MV_MAX(p) > 3`:  ">",
		`| WHERE a == ?param`:                                        "parameters",
		`| MV_EXPAND user.name`:                                      "MV_EXPAND",
		`| INLINE STATS n = COUNT(*) BY user.name`:                   "INLINE STATS",
		`| INLINESTATS n = COUNT(*)`:                                 "INLINESTATS",
		`| ENRICH policy ON user.name WITH a = b`:                    "ENRICH",
		`| LOOKUP JOIN hosts ON host.name`:                           "LOOKUP",
		`| CHANGE_POINT n ON @timestamp AS a, b`:                     "CHANGE_POINT",
		`| FORK (WHERE a == 1) (WHERE b == 2)`:                       "FORK",
		`| COMPLETION x = CONCAT("a", b) WITH {"inference_id": "y"}`: "COMPLETION",
		`| RERANK "q" ON message WITH {"inference_id": "y"}`:         "RERANK",
		`| SAMPLE 0.1`: "SAMPLE",
		`| STATS s = STD_DEV(a), n = COUNT(*) BY user.name | WHERE n > s`:               "STD_DEV",
		`| STATS s = MEDIAN_ABSOLUTE_DEVIATION(a)`:                                      "MEDIAN_ABSOLUTE_DEVIATION",
		`| STATS s = WEIGHTED_AVG(a, b)`:                                                "WEIGHTED_AVG",
		`| STATS s = TOP(a, 3, "desc")`:                                                 "TOP",
		`| STATS c = COUNT(*) BY CATEGORIZE(message)`:                                   "CATEGORIZE",
		`| STATS c = ST_CENTROID_AGG(client.geo.location)`:                              "ST_CENTROID_AGG",
		`| EVAL x = ST_X(client.geo.location)`:                                          "ST_X",
		`| EVAL y = st_y(client.geo.location::geo_point)`:                               "geo_point",
		`| EVAL d = ST_DISTANCE(a, b)`:                                                  "ST_DISTANCE",
		`| STATS recent = COUNT(*) WHERE @timestamp > NOW() - 1 hour, n = COUNT(*)`:     "NOW()",
		`| EVAL age = DATE_DIFF("hour", @timestamp, NOW()) | STATS n = COUNT(*) BY age`: "NOW()",
		`| EVAL recent = @timestamp > NOW() - 1 hour | STATS n = COUNT(*) BY recent`:    "NOW()",
		`| STATS m = MAX(@timestamp) BY user.name | WHERE m > NOW() - 1 hour`:           "NOW()",
		`| STATS n = COUNT(*) BY b = BUCKET(@timestamp, 20, NOW() - 1 day, NOW())`:      "NOW()",
		`| WHERE @timestamp > NOW() - 1 month | STATS n = COUNT(*)`:                     "NOW()",
		`| WHERE a RLIKE "a(?=b)"`:                                                      "look-ahead",
		`| WHERE a RLIKE "(?i)abc"`:                                                     "(?i",
		`| WHERE a RLIKE "~(abc)"`:                                                      "~",
		`| EVAL x = REPLACE(a, "(?<!b)c", "")`:                                          "look-behind",
		`| EVAL x = REPLACE(a, "[a-z&&[^b]]", "")`:                                      "class inside a class",
		`| GROK message "(?=a)%{WORD:x}"`:                                               "(?=",
		`| GROK message "(?<a-b>x)"`:                                                    "a-b",
		`| GROK message "%{WORD:source-ip}"`:                                            "source-ip",
		`| GROK message "%{WORD:a}", "%{WORD:b}"`:                                       "several patterns",
		`| DISSECT message "%{a} %{+a}" APPEND_SEPARATOR=","`:                           "APPEND_SEPARATOR",
		`| WHERE message : "error"`:                                                     "full text",
		`| WHERE MATCH(message, "a", {"operator": "AND"})`:                              "named arguments",
		`| WHERE QSTR("a:b") OR KQL("a:b")`:                                             "QSTR",
		`| WHERE a IN (FROM b | KEEP c)`:                                                "subqueries",
		`| EVAL x = [1, 2, 3]`:                                                          "several values",
		`| EVAL x = a::unsigned_long`:                                                   "unsigned_long",
		`| EVAL x = TO_VERSION(a)`:                                                      "TO_VERSION",
		`| EVAL x = SHA256(a), y = MD5(b)`:                                              "SHA256",
		`| EVAL x = DATE_FORMAT("yyyy", @timestamp)`:                                    "DATE_FORMAT",
		`| EVAL x = IP_PREFIX(source.ip, 24, 64)`:                                       "IP_PREFIX",
		`| EVAL x = URL_DECODE(a)`:                                                      "URL_DECODE",
		`| LIMIT 10 BY user.name`:                                                       "LIMIT",
	} {
		_, ds := compileText(t, "FROM logs-okta* "+query)
		var refused []rules.Diagnostic
		for _, d := range ds {
			if d.Level == rules.Error {
				t.Errorf("%s: %v", query, d)
			}
			if d.Level == rules.Unsupported {
				refused = append(refused, d)
			}
		}
		switch {
		case names == loads && len(refused) > 0:
			t.Errorf("%s: %v", query, refused)
		case names != loads && (len(refused) != 1 || !strings.Contains(refused[0].Message, names)):
			t.Errorf("%s: %v does not name %q", query, ds, names)
		}
	}
	for query, names := range map[string]string{
		"TS metrics | STATS RATE(a)": "TS", "ROW a = 1": "ROW", "SHOW INFO": "SHOW", "SET x = \"y\"; FROM logs-okta*": "SET", "FROM (FROM logs-okta* | LIMIT 1), logs-*": "subqueries",
		"FROM <logs-{now/d}>, other::failures": "no source", "FROM cluster:metrics-*": "no source",
	} {
		_, ds := compileText(t, query)
		if len(ds) != 1 || ds[0].Level != rules.Unsupported || !strings.Contains(ds[0].Message, names) {
			t.Errorf("%s: %v does not name %q", query, ds, names)
		}
	}
}

// A bound on how far back the query looks is the length of its window.
func TestLookBackOfTheQuery(t *testing.T) {
	for where, want := range map[string]time.Duration{
		`@timestamp > NOW() - 2 minutes`: 2 * time.Minute, `NOW() - 2m <= @timestamp AND event.action == "a"`: 2 * time.Minute, `@timestamp >= now() - 7 day`: 10 * time.Minute,
		`event.action == "a" AND (@timestamp > NOW() - 5 m AND @timestamp > NOW() - 3 m)`: 3 * time.Minute, `event.action == "a"`: 10 * time.Minute,
	} {
		st, ds := compileText(t, "FROM logs-okta* | WHERE "+where+" | STATS n = COUNT(*) BY user.name | WHERE n > 3")
		if st == nil || st.Window.Length != want {
			t.Errorf("%s: %v, %v", where, st, ds)
		}
	}
}
