package eql

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
		`any where true`: loads,
		`process where not true or process.name : ("a*", "B?") and process.args_count >= 3 // comment`:                                  loads,
		`"my category" where x == null /* comment */`:                                                                                   loads,
		"`my-category` where `my-field.with dots` != null and a.`b-c`.d == 1":                                                           loads,
		`file where file.path like~ ("C:\\a*", """D:\b*""") and not file.name in~ ("a", "b")`:                                           loads,
		`any where x regex~ """[+\-9]{1,3}\.exe@""" and y regex ("a|b", "c#")`:                                                          loads,
		`any where ?user.id == "x" and ?a.b : "c" and user.name not in ("a", "b")`:                                                      loads,
		`any where startsWith~(a, "b") and endswith~(a, "c") and stringContains(a, "d") and cidrmatch(source.ip, "10.0.0.0/8", "::1")`:  loads,
		`any where length(a) > 3 and indexOf(a, "b", 1) != null and between~(a, "b", "c", true) == "x" and substring(a, -3, -1) == "y"`: loads,
		`any where concat(a, ":", b) : "x*" and string(c) == "1" and number("0x1f", 16) == 31 and add(a, 1) % 2 == 0 and -a * 2.5 > .5`: loads,
		`any where @timestamp >= "2026-01-01" and @timestamp < "2027-01-01T00:00:00Z" and event.ingested > @timestamp`:                  loads,
		`any where source.ip >= "10.0.0.0" and "10.255.255.255" >= source.ip and source.ip != destination.ip and source.ip in ("::1")`:  loads,
		`any where a == "\u{20AC}\t\"" and b == """raw "quotes" \ """`:                                                                  loads,
		`sequence by user.name with maxspan=1m [any where true] by a [any where true] by b`:                                             loads,
		`sequence with maxspan=30s [process where true] with runs=3 [file where true]`:                                                  loads,
		`sequence with maxspan=30s [process where true] by a with runs=3 [file where true] by b until [any where x == 1] by c`:          loads,
		`sequence by ?user.id, host.id with maxspan=1h ![file where true] [process where true]`:                                         loads,
		`sequence by host.id with maxspan=1h [file where true] ![process where true] [any where false]`:                                 loads,

		`sample by host.id [file where true] [process where true]`:             "sample",
		`process where true | head 5`:                                          "head",
		`process where true | tail 5`:                                          "tail",
		`process where child of [process where true]`:                          "child of",
		`process where descendant of [process where true]`:                     "descendant of",
		`join by a [file where true] [process where true]`:                     "join",
		`sequence with maxspan=1m [file where true] fork [process where true]`: "fork",
		`any where x regex "a(?=b)"`:                                           "look-ahead",
		`any where x regex "(?i)a"`:                                            "(?i",
		`any where x regex "~a"`:                                               "~",
		`any where x regex "a&b"`:                                              "&",
		`any where x regex "<1-9>"`:                                            "<>",
		`any where x regex "a{5000}"`:                                          "1000",
		`any where @timestamp > "now-1d"`:                                      "now-1d",
		`any where arrayContains(x, "a")`:                                      "arrayContains",
		`any where ` + strings.Repeat("not ", 300) + `true`:                    "nested deeper",
		`sequence with maxspan=1m ` + strings.Repeat("[any where true] ", 70):  "steps",
		`sequence by ` + strings.Repeat("a, ", 9) + `a with maxspan=1m [any where true] [any where false]`: "members",
	} {
		_, r := compileText(query, Options{From: time.Hour})
		var refused []rules.Diagnostic
		for _, d := range r.Diagnostics {
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
			t.Errorf("%s: %v does not name %q", query, r.Diagnostics, names)
		}
	}
}
