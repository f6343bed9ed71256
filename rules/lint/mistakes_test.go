package lint

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"oktastream/rules/lang"
)

// Each rule has one mistake, or is the nearest rule without it, and what check says of it.
func TestMistakes(t *testing.T) {
	sigma := func(selection string) string {
		return "title: T\nid: 00000000-0000-4000-8000-000000000001\nlogsource: {product: okta, service: okta}\ndetection:\n  sel:\n    " +
			selection + "\n  condition: sel\nlevel: high\n"
	}
	counted := func(group string) string {
		return "title: C\nid: 00000000-0000-4000-8000-000000000002\ncorrelation: {type: event_count, rules: [s], group-by: [" + group +
			"], generate: false, timespan: 5m, condition: {gte: 2}}\nlevel: high\n---\n" + strings.Replace(sigma("eventType: user.session.start"), "title: T\n", "title: T\nname: s\n", 1)
	}
	toml := func(typ, language, query string) string {
		return "[rule]\nname = \"n\"\ndescription = \"d\"\nrule_id = \"00000000-0000-4000-8000-0000000000e1\"\nrisk_score = 21\nseverity = \"low\"\nfrom = \"now-15m\"\n" +
			"index = [\"logs-okta*\"]\ntype = \"" + typ + "\"\nlanguage = \"" + language + "\"\nquery = '''\n" + query + "\n'''\n"
	}
	for _, tt := range []struct {
		name, file, text, code string
	}{
		{"outcome of ECS", "r.toml", toml("query", "kuery", "event.outcome: FAILED"), UnknownValue},
		{"outcome of ECS in order", "r.toml", toml("query", "kuery", "event.outcome: failure"), ""},
		{"outcome in EQL", "r.toml", toml("eql", "eql", `any where event.outcome == "denied"`), UnknownValue},
		{"network as text", "r.yml", sigma("client.ipAddress: 203.0.113.0/24"), NetworkAsText},
		{"network", "r.yml", sigma("client.ipAddress|cidr: 203.0.113.0/24"), ""},
		{"network in KQL", "r.toml", toml("query", "kuery", `source.ip: "203.0.113.0/24"`), ""},
		{"beginning that no type has", "r.yml", sigma("eventType|startswith: user.sessions."), UnknownType},
		{"beginning", "r.yml", sigma("eventType|startswith: user.session."), ""},
		{"end that no type has", "r.yml", sigma("eventType|endswith: .lifecycle.deleted"), UnknownType},
		{"part that no type has", "r.yml", sigma("eventType|contains: [lifecycle, webauthnn]"), UnknownType},
		{"wildcard that no type is like", "r.yml", sigma("eventType: 'user.*.begin'"), UnknownType},
		{"wildcard", "r.yml", sigma("eventType: 'user.*.start'"), ""},
		{"pattern that no type matches", "r.yml", sigma("eventType|re: '^users\\..*'"), UnknownType},
		{"pattern", "r.yml", sigma("eventType|re: '^user\\.s.*'"), ""},
		{"pattern in KQL", "r.toml", toml("query", "kuery", "event.action: user.sesion.*"), UnknownType},
		{"group of one event", "r.yml", counted("uuid"), Never},
		{"group of one event and more", "r.yml", counted("actor.id, uuid"), Never},
		{"group of one event by an ECS name", "r.yml", counted("event.id"), Never},
		{"group", "r.yml", counted("actor.id"), ""},
		{"bounds that exclude each other", "r.yml", sigma("securityContext.asNumber|gt: 5\n    securityContext.asNumber|lt: 3"), Never},
		{"bounds that meet nowhere", "r.yml", sigma("securityContext.asNumber|gte: 5\n    securityContext.asNumber|lt: 5"), Never},
		{"bounds", "r.yml", sigma("securityContext.asNumber|gte: 5\n    securityContext.asNumber|lte: 5"), ""},
		{"bounds in ES|QL", "r.toml", toml("esql", "esql", "from logs-okta* metadata _id, _version, _index | where client.as.number > 5 and client.as.number < 3 | keep client.as.number, _id"), "OKS1311"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := fstest.MapFS{tt.file: {Data: []byte(tt.text)}}
			var codes []string
			for _, f := range Check(Input{Loaded: lang.LoadFS(files, "."), Read: files.ReadFile}, Options{Levels: nil}).Findings() {
				if f.Code != NoTest && f.Code != Unindexed {
					codes = append(codes, f.Code+" "+f.Message)
				}
			}
			if tt.code == "" && len(codes) > 0 || tt.code != "" && !slices.ContainsFunc(codes, func(c string) bool { return strings.HasPrefix(c, tt.code) }) {
				t.Errorf("want %q, got:\n%s", tt.code, strings.Join(codes, "\n"))
			}
		})
	}
}
