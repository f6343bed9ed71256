package kuery

import (
	"strings"
	"testing"

	"oktastream/rules"
	"oktastream/rules/match"
)

// Queries that are valid by Kibana's grammar, also on the data of others: each loads, or is unsupported and says what it is
// about. An error would keep all the rules beside it from loading.
func TestValidQueriesAreNoErrors(t *testing.T) {
	const loads = ""
	for query, names := range map[string]string{
		`process.name : (cmd.exe or "power shell.exe" or pwsh*) and not process.args : (*\\Temp\\* and "-enc")`:          loads,
		`event.category:process and (process.parent.name:* or not file.path:C\:\\Users\\*\\a\{b\}.exe)`:                  loads,
		`source.ip : (10.0.0.0/8 or "::1" or 203.0.113.*) and source.ip >= 10.0.0.0 and source.ip < "2001:db8::"`:        loads,
		`@timestamp >= now-1d and @timestamp < "2026-01-31" and event.ingested > 1768035600000 and @timestamp : 2026-01`: loads,
		`*.name : "x" or user* : y or *:z or "free text" or wild*`:                                                       loads,
		`okta.target : { type : "User" and (id : 1 or not display_name : *a*) }`:                                         loads,
		"not (a : b) AND NOT c:d Or e : \u00a0 f":                                                                        loads,
		`process.pid > 4 and process.pid <= 1e3 and x < "b" and y : -1.5 and z : "\u00e9\t\"\\"`:                         loads,
		`user.name : \and or user.name : \"quoted\" or message : a\*b`:                                                   loads,

		`@timestamp > now/d`:             "now/d",
		`@timestamp > "2026-01-01||+1M"`: "date math",
		`a > b*`:                         "wildcard",
		`a:{ b* : c }`:                   "wildcard",
		`a:{ b > now-1d }`:               "now",
	} {
		_, r := compileText(query)
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

// A field of addresses is compared by order as addresses; what is no address has no place in it.
func TestAddressesByOrder(t *testing.T) {
	for query, want := range map[string]string{
		`source.ip >= "203.0.113.0"`: `(greaterequal "source.ip" "203.0.113.0")`, `source.ip > 10.0.0.0/8`: `false`, `source.ip <= abc`: `false`,
	} {
		x, r := compileText(query)
		if x == nil || match.String(x) != want || (want == "false") != (len(r.Diagnostics) == 1) {
			t.Errorf("%s: %v, %v", query, x, r.Diagnostics)
		}
	}
}
