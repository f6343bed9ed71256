package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"oktastream/rules/lang"
)

// elasticRule is a rule in Elastic's form that begins in line 2.
func elasticRule(id, kind, language, more, query string) string {
	return "\n[rule]\nrule_id = \"" + id + "\"\nname = \"" + id + "\"\ndescription = \"d\"\nrisk_score = 47\nseverity = \"medium\"\ntype = \"" + kind +
		"\"\nlanguage = \"" + language + "\"\nfrom = \"now-1h\"\n" + more + "query = '''" + query + "'''\n"
}

// silences lists the rules with one of the codes about rules that say nothing.
func silences(rep *Report) []string {
	var out []string
	for _, f := range rep.Findings() {
		if f.Code == Silent || f.Code == Unreachable {
			out = append(out, fmt.Sprint(f.Rule, " ", f.Code))
		}
	}
	slices.Sort(out)
	return out
}

func TestSilent(t *testing.T) {
	terms := func(fields string) string {
		return elasticRule("n", "new_terms", "kuery", "", "event.action:user.session.start") +
			"[rule.new_terms]\nfield = \"new_terms_fields\"\nvalue = [" + fields + "]\n[[rule.new_terms.history_window_start]]\nfield = \"history_window_start\"\nvalue = \"now-7d\"\n"
	}
	eql := func(id, query string) string { return elasticRule(id, "eql", "eql", "", query) }
	chained := func(id, query string) string {
		return elasticRule(id, "eql", "eql", "index = [\".alerts-security.*\"]\n", query)
	}
	esql := func(query string) string {
		return elasticRule("q", "esql", "esql", "", "FROM logs-okta* | "+query)
	}
	const start = `[any where okta.event_type == "user.session.start"]`
	const nowhere = `[any where okta.event_type == "user.session.end" and cloud.account.id == "x"]`
	for name, c := range map[string]struct {
		files []string
		want  []string
	}{
		"a member that events have":         {[]string{terms(`"okta.actor.id"`)}, nil},
		"a member that no event has":        {[]string{terms(`"okta.actor.id", "cloud.account.id"`)}, []string{"n OKS0721"}},
		"a step that no event meets":        {[]string{eql("s", "sequence by okta.actor.id with maxspan=1h "+start+nowhere)}, []string{"s OKS0721"}},
		"what must not come":                {[]string{eql("s", "sequence by okta.actor.id with maxspan=1h "+start+"!"+nowhere)}, nil},
		"what ends a chain":                 {[]string{eql("s", "sequence by okta.actor.id with maxspan=1h "+start+start+" until "+nowhere)}, nil},
		"either of two fields":              {[]string{eql("s", `sequence by okta.actor.id with maxspan=1h `+start+`[any where cloud.account.id == "x" or okta.event_type == "user.session.end"]`)}, nil},
		"an empty member forms a group":     {[]string{esql("STATS n = COUNT(*) BY cloud.account.id | WHERE n > 5")}, nil},
		"one of several fields may be none": {[]string{esql("EVAL who = COALESCE(cloud.account.id, okta.actor.id) | STATS n = COUNT(*) BY who | WHERE who IS NOT NULL AND n > 5")}, nil},
		"alerts that cannot come": {[]string{terms(`"cloud.account.id"`), chained("c", `sequence by user.name with maxspan=1h [any where kibana.alert.rule.rule_id == "n"] [any where kibana.alert.severity == "medium"]`)},
			[]string{"c OKS0721", "n OKS0721"}},
		"alerts that can": {[]string{terms(`"okta.actor.id"`), chained("c", `sequence by user.name with maxspan=1h [any where kibana.alert.rule.rule_id == "n"] [any where kibana.alert.severity == "medium"]`)}, nil},
		"over three rules": {[]string{terms(`"cloud.account.id"`), chained("c", `sequence by user.name with maxspan=1h [any where kibana.alert.rule.rule_id == "n"] [any where kibana.alert.rule.rule_id == "n"]`),
			chained("d", `sequence by user.name with maxspan=1h [any where kibana.alert.rule.rule_id == "c"] [any where kibana.alert.rule.rule_id == "c"]`)}, []string{"c OKS0721", "d OKS0721", "n OKS0721"}},
		"ids of an account":            {[]string{esql("STATS n = COUNT_DISTINCT(okta.actor.id) BY okta.actor.alternate_id | WHERE n > 20")}, []string{"q OKS0722"}},
		"ids of an account, few":       {[]string{esql("STATS n = COUNT_DISTINCT(okta.actor.id) BY okta.actor.alternate_id | WHERE n > 2")}, nil},
		"ids of a device":              {[]string{esql("STATS n = COUNT_DISTINCT(okta.actor.id) BY okta.debug_context.debug_data.dt_hash | WHERE n > 20")}, nil},
		"ids of a device and an actor": {[]string{esql("STATS n = COUNT_DISTINCT(okta.actor.id) BY okta.debug_context.debug_data.dt_hash, okta.actor.alternate_id | WHERE n > 20")}, []string{"q OKS0722"}},
		"ids or events":                {[]string{esql("STATS n = COUNT_DISTINCT(okta.actor.id), m = COUNT(*) BY okta.actor.alternate_id | WHERE n > 20 OR m > 30")}, nil},
		"a threshold": {[]string{elasticRule("t", "threshold", "kuery", "", "event.action:user.session.start") +
			"[rule.threshold]\nfield = [\"okta.actor.alternate_id\"]\nvalue = 1\n[[rule.threshold.cardinality]]\nfield = \"okta.actor.id\"\nvalue = 10\n"}, []string{"t OKS0722"}},
	} {
		files := map[string]string{}
		for i, text := range c.files {
			files[[]string{"n.toml", "c.toml", "d.toml"}[i]] = text
		}
		if len(c.files) == 1 {
			files = map[string]string{strings.Split(c.files[0], "\"")[1] + ".toml": c.files[0]}
		}
		rep := checkFiles(files, Options{})
		if !rep.Summary().Clean() && rep.Summary().Failed() {
			t.Errorf("%s: %v", name, rep.Findings())
		}
		if got := silences(rep); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Of Elastic's published rules those are named that cannot work as they are written, and no other: host.os.type, for one, may
// stand in a document of ECS.
func TestSilentElastic(t *testing.T) {
	corpus := os.Getenv("OKTASTREAM_CORPUS")
	if corpus == "" {
		t.Skip("OKTASTREAM_CORPUS does not name a directory of public rules and events")
	}
	rep := Check(Input{Loaded: lang.Load([]string{filepath.Join(corpus, "rules", "elastic-okta")}), Read: os.ReadFile}, Options{})
	want := []string{
		"credential_access_okta_authentication_for_multiple_users_with_the_same_device_token_hash OKS0722",
		"initial_access_first_occurrence_user_session_started_via_proxy OKS0721",
		"initial_access_okta_suspicious_activity_after_proxy_authentication OKS0721",
	}
	if got := silences(rep); !slices.Equal(got, want) {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}
