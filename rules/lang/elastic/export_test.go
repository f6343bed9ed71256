package elastic_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/lang"
	"oktastream/rules/match"
)

// line is a rule as Kibana exports it, with further members.
func line(more string) string {
	return `{"id":"x1","rule_id":"5d3e2b80-2222-4a00-8000-000000000001","name":"Sign-in","description":"d","severity":"low","risk_score":21,` +
		`"type":"query","language":"kuery","query":"event.action:user.session.start","from":"now-6m","interval":"5m","to":"now","threat":[],` +
		`"tags":[],"references":[],"version":3,"enabled":true,"actions":[],"index":["logs-okta*"]` + more + `}`
}

const details = `{"exported_count":1,"exported_rules_count":1,"missing_rules":[],"exported_exception_list_count":0}`

func loadExport(t *testing.T, lines ...string) lang.Result {
	t.Helper()
	name := "export.ndjson"
	return lang.LoadFS(fstest.MapFS{name: {Data: []byte(strings.Join(append(lines, details), "\n"))}}, name)
}

func item(list, entries string) string {
	return `{"list_id":"` + list + `","item_id":"i","type":"simple","name":"n","namespace_type":"single","entries":[` + entries + `]}`
}

// TestExport: what exceptions and filters leave out is left out, and what cannot be evaluated is not loaded.
func TestExport(t *testing.T) {
	withList := line(`,"exceptions_list":[{"id":"9","list_id":"L","type":"rule_default","namespace_type":"single"}]`)
	expiring := func(at string) string {
		return strings.Replace(item("L", `{"field":"okta.actor.id","operator":"included","type":"exists"}`), `"item_id"`, `"expire_time":"`+at+`","item_id"`, 1)
	}
	const signIn = `{"published":"2026-01-10T09:00:00.000Z","client":{"ipAddress":"203.0.113.7"},"eventType":"user.session.start","actor":{"alternateId":"ada@x.example","id":"u1"},"target":[{"type":"User","alternateId":"a"},{"type":"App","alternateId":"b"}]}`
	for name, c := range map[string]struct {
		lines []string
		holds bool
		bad   bool
	}{
		"plain":                         {[]string{line("")}, true, false},
		"match":                         {[]string{withList, item("L", `{"field":"okta.actor.alternate_id","operator":"included","type":"match","value":"ada@x.example"}`)}, false, false},
		"other value":                   {[]string{withList, item("L", `{"field":"okta.actor.alternate_id","operator":"included","type":"match","value":"bob@x.example"}`)}, true, false},
		"other list":                    {[]string{withList, item("M", `{"field":"okta.actor.id","operator":"included","type":"exists"}`)}, true, false},
		"any of":                        {[]string{withList, item("L", `{"field":"okta.actor.id","operator":"included","type":"match_any","value":["u0","u1"]}`)}, false, false},
		"excluded":                      {[]string{withList, item("L", `{"field":"okta.actor.id","operator":"excluded","type":"match","value":"u9"}`)}, false, false},
		"exists":                        {[]string{withList, item("L", `{"field":"okta.actor.id","operator":"included","type":"exists"}`)}, false, false},
		"wildcard":                      {[]string{withList, item("L", `{"field":"okta.actor.alternate_id","operator":"included","type":"wildcard","value":"ada@*"}`)}, false, false},
		"one entry fails":               {[]string{withList, item("L", `{"field":"okta.actor.id","operator":"included","type":"exists"},{"field":"okta.actor.type","operator":"included","type":"exists"}`)}, true, false},
		"one item of two":               {[]string{withList, item("L", `{"field":"okta.actor.type","operator":"included","type":"exists"}`), item("L", `{"field":"okta.actor.id","operator":"included","type":"exists"}`)}, false, false},
		"nested, same element":          {[]string{withList, item("L", `{"field":"okta.target","type":"nested","entries":[{"field":"type","operator":"included","type":"match","value":"App"},{"field":"alternate_id","operator":"included","type":"match","value":"b"}]}`)}, false, false},
		"nested, two elements":          {[]string{withList, item("L", `{"field":"okta.target","type":"nested","entries":[{"field":"type","operator":"included","type":"match","value":"App"},{"field":"alternate_id","operator":"included","type":"match","value":"a"}]}`)}, true, false},
		"expired":                       {[]string{withList, expiring("2025-01-01T00:00:00.000Z")}, true, false},
		"expires at this time":          {[]string{withList, expiring("2026-01-10T09:00:00Z")}, true, false},
		"expires later":                 {[]string{withList, expiring("2026-01-10T09:00:00.001Z")}, false, false},
		"never expires":                 {[]string{withList, `{"list_id":"L","namespace_type":"single","expire_time":null,"entries":[{"field":"okta.actor.id","type":"exists"}]}`}, false, false},
		"of another space":              {[]string{withList, strings.Replace(item("L", `{"field":"okta.actor.id","operator":"included","type":"exists"}`), "single", "agnostic", 1)}, true, false},
		"of no space":                   {[]string{withList, strings.Replace(item("L", `{"field":"okta.actor.id","operator":"included","type":"exists"}`), `"namespace_type":"single",`, "", 1)}, false, false},
		"network":                       {[]string{withList, item("L", `{"field":"source.ip","operator":"included","type":"match","value":"203.0.113.0/24"}`)}, false, false},
		"other network":                 {[]string{withList, item("L", `{"field":"source.ip","operator":"included","type":"match","value":"203.0.114.0/24"}`)}, true, false},
		"no network excluded":           {[]string{withList, item("L", `{"field":"source.ip","operator":"excluded","type":"match","value":"203.0.113.0/24"}`)}, true, false},
		"any network":                   {[]string{withList, item("L", `{"field":"source.ip","operator":"included","type":"match_any","value":["198.51.100.0/24","192.0.2.1","203.0.113.0/24"]}`)}, false, false},
		"network of a text":             {[]string{withList, item("L", `{"field":"okta.actor.id","operator":"included","type":"match","value":"203.0.113.0/24"}`)}, true, false},
		"network filter":                {[]string{line(`,"filters":[{"meta":{"negate":false},"query":{"match_phrase":{"source.ip":"203.0.113.0/24"}}}]`)}, true, false},
		"terms filter":                  {[]string{line(`,"filters":[{"meta":{"negate":true},"query":{"terms":{"source.ip":["::1","203.0.113.0/24"]}}}]`)}, false, false},
		"value list":                    {[]string{withList, item("L", `{"field":"source.ip","operator":"included","type":"list","list":{"id":"ips","type":"ip"}}`)}, false, true},
		"phrase filter":                 {[]string{line(`,"filters":[{"meta":{"negate":false},"query":{"match_phrase":{"okta.actor.id":"u1"}}}]`)}, true, false},
		"negated filter":                {[]string{line(`,"filters":[{"meta":{"negate":true},"query":{"match_phrase":{"okta.actor.id":"u1"}}}]`)}, false, false},
		"disabled filter":               {[]string{line(`,"filters":[{"meta":{"negate":true,"disabled":true},"query":{"match_phrase":{"okta.actor.id":"u1"}}}]`)}, true, false},
		"phrases filter":                {[]string{line(`,"filters":[{"query":{"bool":{"should":[{"match_phrase":{"okta.actor.id":"u8"}},{"match_phrase":{"okta.actor.id":"u9"}}],"minimum_should_match":1}}}]`)}, false, false},
		"exists filter":                 {[]string{line(`,"filters":[{"query":{"exists":{"field":"okta.actor.type"}}}]`)}, false, false},
		"range filter":                  {[]string{line(`,"filters":[{"query":{"range":{"okta.version":{"gte":1,"lt":5}}}}]`)}, false, false},
		"combined and":                  {[]string{line(`,"filters":[{"meta":{"type":"combined","relation":"AND","negate":false,"params":[{"meta":{"negate":false},"query":{"match_phrase":{"okta.actor.id":"u1"}}},{"meta":{"negate":true},"query":{"match_phrase":{"source.ip":"203.0.113.0/24"}}}]},"query":{}}]`)}, false, false},
		"combined or":                   {[]string{line(`,"filters":[{"meta":{"type":"combined","relation":"OR","negate":false,"params":[{"meta":{"negate":false},"query":{"match_phrase":{"okta.actor.id":"u1"}}},{"meta":{"negate":true},"query":{"match_phrase":{"source.ip":"203.0.113.0/24"}}}]},"query":{}}]`)}, true, false},
		"combined, negated":             {[]string{line(`,"filters":[{"meta":{"type":"combined","relation":"or","negate":true,"params":[{"meta":{"negate":false},"query":{"match_phrase":{"okta.actor.id":"u1"}}},{"meta":{"negate":true},"query":{"match_phrase":{"source.ip":"203.0.113.0/24"}}}]},"query":{}}]`)}, false, false},
		"combined of combined":          {[]string{line(`,"filters":[{"meta":{"type":"combined","relation":"AND","negate":false,"params":[{"meta":{"negate":false},"query":{"match_phrase":{"okta.actor.id":"u1"}}},{"meta":{"type":"combined","relation":"AND","negate":true,"params":[{"meta":{"negate":false},"query":{"match_phrase":{"okta.actor.id":"u1"}}},{"meta":{"negate":true},"query":{"match_phrase":{"source.ip":"203.0.113.0/24"}}}]},"query":{}}]},"query":{}}]`)}, true, false},
		"combined, one disabled":        {[]string{line(`,"filters":[{"meta":{"type":"combined","relation":"AND","negate":false,"params":[{"meta":{"negate":false},"query":{"match_phrase":{"okta.actor.id":"u1"}}},{"meta":{"negate":true,"disabled":true},"query":{"match_phrase":{"source.ip":"203.0.113.0/24"}}}]},"query":{}}]`)}, true, false},
		"address range":                 {[]string{line(`,"filters":[{"query":{"range":{"source.ip":{"gte":"203.0.113.0","lt":"203.0.113.8"}}}}]`)}, true, false},
		"address out of range":          {[]string{line(`,"filters":[{"query":{"range":{"source.ip":{"gt":"9.0.0.0","lte":"99.0.0.0"}}}}]`)}, false, false},
		"term in other letters":         {[]string{line(`,"filters":[{"query":{"term":{"okta.actor.id":{"value":"U1","case_insensitive":true}}}}]`)}, true, false},
		"term in its letters":           {[]string{line(`,"filters":[{"query":{"term":{"okta.actor.id":{"value":"U1"}}}}]`)}, false, false},
		"prefix in other letters":       {[]string{line(`,"filters":[{"query":{"prefix":{"okta.actor.id":{"value":"U","case_insensitive":true}}}}]`)}, true, false},
		"prefix in its letters":         {[]string{line(`,"filters":[{"query":{"prefix":{"okta.actor.id":{"value":"U"}}}}]`)}, false, false},
		"should beside filter":          {[]string{line(`,"filters":[{"query":{"bool":{"filter":[{"exists":{"field":"okta.actor.id"}}],"should":[{"term":{"okta.actor.id":"u9"}}]}}}]`)}, true, false},
		"should beside an empty must":   {[]string{line(`,"filters":[{"query":{"bool":{"must":[],"should":[{"term":{"okta.actor.id":"u9"}}]}}}]`)}, false, false},
		"should of which one must":      {[]string{line(`,"filters":[{"query":{"bool":{"filter":[{"exists":{"field":"okta.actor.id"}}],"should":[{"term":{"okta.actor.id":"u9"}}],"minimum_should_match":1}}}]`)}, false, false},
		"should of which all must":      {[]string{line(`,"filters":[{"query":{"bool":{"should":[{"term":{"okta.actor.id":"u1"}},{"term":{"okta.actor.id":"u9"}}],"minimum_should_match":2}}}]`)}, false, false},
		"should of which none must":     {[]string{line(`,"filters":[{"query":{"bool":{"should":[{"term":{"okta.actor.id":"u9"}}],"minimum_should_match":0}}}]`)}, true, false},
		"combined, unknown relation":    {[]string{line(`,"filters":[{"meta":{"type":"combined","relation":"XOR","negate":false,"params":[{"meta":{"negate":false},"query":{"match_phrase":{"okta.actor.id":"u1"}}}]},"query":{}}]`)}, false, true},
		"combined of nothing":           {[]string{line(`,"filters":[{"meta":{"type":"combined","relation":"AND","negate":false,"params":[]},"query":{}}]`)}, false, true},
		"combined with what is unknown": {[]string{line(`,"filters":[{"meta":{"type":"combined","relation":"OR","negate":false,"params":[{"meta":{"negate":false},"query":{"match_phrase":{"okta.actor.id":"u1"}}},{"query":{"script":{"script":"1"}}}]},"query":{}}]`)}, false, true},
		"no address range":              {[]string{line(`,"filters":[{"query":{"range":{"source.ip":{"gte":"x"}}}}]`)}, false, true},
		"should of which some must":     {[]string{line(`,"filters":[{"query":{"bool":{"should":[{"term":{"okta.actor.id":"u1"}},{"term":{"okta.actor.id":"u9"}},{"term":{"okta.actor.id":"u8"}}],"minimum_should_match":2}}}]`)}, false, true},
		"query string filter":           {[]string{line(`,"filters":[{"query":{"query_string":{"query":"okta.actor.id:u1"}}}]`)}, false, true},
		"fuzzy":                         {[]string{line(`,"filters":[{"query":{"match":{"okta.actor.id":{"query":"u1","fuzziness":"AUTO"}}}}]`)}, false, true},
		"script filter":                 {[]string{line(`,"filters":[{"query":{"script":{"script":"1"}}}]`)}, false, true},
	} {
		res := loadExport(t, c.lines...)
		if c.bad {
			if len(res.Rules) != 0 || len(res.Files) != 1 || res.Files[0].Status != lang.Unsupported {
				t.Errorf("%s: %v %v", name, res.Files, res.Diagnostics)
			}
			continue
		}
		if len(res.Rules) != 1 {
			t.Errorf("%s: %v", name, res.Diagnostics)
			continue
		}
		ev, err := event.NewDecoder(event.NewFields()).Decode([]byte(signIn), event.Meta{ID: "1", Time: 1})
		if err != nil {
			t.Fatal(err)
		}
		if got := match.Eval(res.Rules[0].Where, ev); got != c.holds {
			t.Errorf("%s: got %v\n%s", name, got, match.String(res.Rules[0].Where))
		}
		if res.Rules[0].Name != "export" && !strings.HasPrefix(res.Rules[0].Name, "export/5d3e2b80") {
			t.Errorf("%s: called %s", name, res.Rules[0].Name)
		}
	}
}

// TestFilterThatCannotRun: what cannot run is called by its name, at its place.
func TestFilterThatCannotRun(t *testing.T) {
	for _, name := range []string{"query_string", "script", "geo_bounding_box", "more_like_this"} {
		res := loadExport(t, line(`,"filters":[{"meta":{"negate":false},"query":{"`+name+`":{}}}]`))
		if len(res.Diagnostics) != 1 || res.Diagnostics[0].Message != "filters with "+name+" are not supported" || res.Diagnostics[0].Level != rules.Unsupported {
			t.Errorf("%s: %v", name, res.Diagnostics)
		}
	}
}

// TestSuppression: by group and duration, with or without the events that lack a field.
func TestSuppression(t *testing.T) {
	one := func(more string) *rules.Stateful {
		t.Helper()
		res := loadExport(t, line(`,"alert_suppression":{"group_by":["okta.actor.id"]`+more+`}`))
		if len(res.Rules) != 1 || res.Rules[0].Stateful == nil {
			t.Fatal(res.Diagnostics)
		}
		return res.Rules[0].Stateful
	}
	if st := one(`,"duration":{"value":2,"unit":"h"}`); st.Window.Quiet != 2*time.Hour || !st.NullGroup || st.GroupBy[0] != "okta.actor.id" {
		t.Errorf("%+v", st)
	}
	if st := one(``); st.Window.Quiet != 5*time.Minute {
		t.Errorf("within a run: %+v", st.Window)
	}
	if st := one(`,"duration":{"value":2,"unit":"h"}`); st.Window.Episode != 2*time.Hour+5*time.Minute+time.Nanosecond {
		t.Errorf("an episode of a suppression lasts %v", st.Window.Episode)
	}
	st := one(`,"missing_fields_strategy":"doNotSuppress"`)
	decoder := event.NewDecoder(event.NewFields())
	for text, want := range map[string]string{`{"actor":{"id":"u1"}}`: "u1", `{}`: "e7"} {
		ev, err := decoder.Decode([]byte(text), event.Meta{ID: "e7", Time: 1})
		if err != nil {
			t.Fatal(err)
		}
		if vs := ev.Lookup(st.Inputs[0].Group[0]); len(vs) != 1 || vs[0].Text != want && !(want == "e7" && vs[0].Text == ev.ID()) {
			t.Errorf("%s: group %v", text, vs)
		}
	}
}

// TestSuppressionCountsFromTheFirst: a group that goes on alerts again after the duration, whatever comes in between.
func TestSuppressionCountsFromTheFirst(t *testing.T) {
	res := loadExport(t, line(`,"alert_suppression":{"group_by":["okta.actor.id"],"duration":{"value":1,"unit":"h"}}`))
	set, diags := rules.NewSet(res.Rules)
	if len(diags) > 0 || len(res.Rules) != 1 {
		t.Fatal(res.Diagnostics, diags)
	}
	const m = time.Minute
	for name, c := range map[string]struct {
		at   []time.Duration
		want int
	}{
		"within": {[]time.Duration{0, 30 * m, 60 * m}, 1}, "every half an hour": {[]time.Duration{0, 30 * m, 60 * m, 90 * m, 120 * m}, 2},
		"within the lateness of its end": {[]time.Duration{0, 30 * m, 65 * m}, 1}, "after a pause": {[]time.Duration{0, 60*m + 1}, 2},
	} {
		var events []string
		for i, at := range c.at {
			events = append(events, what{at: at, kind: "user.session.start", result: "SUCCESS", actor: "u1", target: "t"}.json(i))
		}
		if got := alerts(t, set, res.Rules[0].ID, events); got != c.want {
			t.Errorf("%s: %d alerts, want %d", name, got, c.want)
		}
	}
}

// TestNothingIsIgnoredInSilence: a setting that does nothing here is warned of where it stands, unless it does nothing in
// Kibana either.
func TestNothingIsIgnoredInSilence(t *testing.T) {
	for more, code := range map[string]string{
		`,"max_signals":100`: "", `,"max_signals":20`: "OKS0906", `,"throttle":"no_actions"`: "", `,"throttle":"1h"`: "OKS0906",
		`,"response_actions":[]`: "", `,"response_actions":[{"action_type_id":".endpoint"}]`: "OKS0906", `,"data_view_id":"v"`: "OKS0906",
		`,"timestamp_field":"@timestamp"`: "", `,"timestamp_field":"event.ingested"`: "OKS0906", `,"tiebreaker_field":null`: "", `,"tiebreaker_field":"event.sequence"`: "OKS0906",
		`,"exceptions_list":[]`: "", `,"exceptions_list":[{"list_id":"L"}]`: "OKS0905",
	} {
		text := line(more)
		res := loadExport(t, text)
		var got []rules.Diagnostic
		for _, d := range res.Diagnostics {
			if d.Level != rules.Note {
				got = append(got, d)
			}
		}
		if len(res.Rules) != 1 || (code == "") != (len(got) == 0) || code != "" && (got[0].Code != code || got[0].Col < strings.Index(text, more)) {
			t.Errorf("%s: %v", more, res.Diagnostics)
		}
	}
	for more, code := range map[string]string{"exceptions_list = []": "", `exceptions_list = [{list_id = "L"}]`: "OKS0905", "enabled = true": "",
		`actions = [{id = "a"}]`: "OKS0906"} {
		text := "[rule]\nrule_id = \"r\"\nname = \"t\"\ndescription = \"d\"\nrisk_score = 73\nseverity = \"high\"\ntype = \"query\"\nlanguage = \"kuery\"\nquery = \"event.action:a\"\n" + more
		res := lang.LoadFS(fstest.MapFS{"t.toml": {Data: []byte(text)}}, "t.toml")
		warned := ""
		for _, d := range res.Diagnostics {
			if strings.HasPrefix(d.Code, "OKS09") && d.Level == rules.Warning && d.Line == 10 {
				warned = d.Code
			}
		}
		if len(res.Rules) != 1 || warned != code {
			t.Errorf("%s: %v", more, res.Diagnostics)
		}
	}
}

// TestDisabled: a rule that is disabled in Kibana does not run, and says so, unless it is asked for.
func TestDisabled(t *testing.T) {
	off := strings.Replace(line(""), `"enabled":true`, `"enabled":false`, 1)
	fsys := fstest.MapFS{"export.ndjson": {Data: []byte(off)}}
	for _, asked := range []bool{false, true} {
		res := lang.Loading{Disabled: asked}.LoadFS(fsys, "export.ndjson")
		if len(res.Rules) == 1 != asked || len(res.Files) != 1 || res.Files[0].Status != lang.OK || (res.Files[0].Kind == "disabled") == asked {
			t.Errorf("asked for %v: %v %v", asked, res.Files, res.Diagnostics)
		}
		if d := res.Diagnostics[0]; d.Code != "OKS0907" || d.Level != rules.Warning || d.Col != strings.Index(off, "false,\"actions\"")+1 {
			t.Errorf("asked for %v: %v", asked, res.Diagnostics)
		}
	}
}
