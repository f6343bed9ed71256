package elastic_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"oktastream/rules"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/lang"
	"oktastream/rules/match"
)

// sequences are rules of ours that say what five public ones do, by the ids of those.
var sequences = map[string]string{
	"8a0fbd26-867f-11ee-947c-f661ea17fbcd": `sequence by okta.actor.id with maxspan=10m
		[any where okta.event_type == "user.mfa.okta_verify.deny_push" or okta.event_type == "user.authentication.auth_via_mfa" and
			okta.debug_context.debug_data.factor == "OKTA_VERIFY_PUSH" and okta.outcome.reason == "INVALID_CREDENTIALS"] with runs=5
		until [any where okta.outcome.result == "SUCCESS" and okta.event_type in ("user.authentication.sso", "user.session.start")]`,
	"97a8e584-fd3b-421f-9b9d-9c9d9e57e9d7": `sequence by okta.actor.id with maxspan=10m
		[any where okta.event_type == "user.mfa.okta_verify.deny_push" or okta.event_type == "user.authentication.auth_via_mfa" and
			okta.debug_context.debug_data.factor == "OKTA_VERIFY_PUSH" and okta.outcome.reason == "INVALID_CREDENTIALS"] with runs=5
		[any where okta.outcome.result == "SUCCESS" and okta.event_type in ("user.authentication.sso", "user.session.start")]`,
	"cd89602e-9db0-48e3-9391-ae3bf241acd8": `sequence by okta.target.id with maxspan=12h
		[any where okta.event_type : ("user.mfa.factor.deactivate", "user.mfa.factor.reset_all") and okta.outcome.result == "SUCCESS" and
			okta.outcome.reason != "User reset SECURITY_QUESTION factor"]
		![any where okta.event_type == "user.mfa.factor.activate"]`,
	"af2d8e4c-3b7c-4e91-8f5a-6c9d0e1f2a3b": `sequence by user.name with maxspan=30m
		[any where kibana.alert.rule.rule_id == "6f1bb4b2-7dc8-11ee-92b2-f661ea17fbcd"]
		[any where kibana.alert.severity != "low" and not kibana.alert.rule.rule_id in ("6f1bb4b2-7dc8-11ee-92b2-f661ea17fbcd", "af2d8e4c-3b7c-4e91-8f5a-6c9d0e1f2a3b")]`,
	"5610b192-7f18-11ee-825b-f661ea17fbcd": `sequence by user.name with maxspan=12h
		[any where host.os.type == "windows" and signal.rule.threat.tactic.name == "Credential Access"]
		[any where okta.event_type == "user.mfa.factor.update"]
		[any where okta.event_type : ("user.session.start", "user.authentication*")]`,
}

// what is an event: its type, with reason and result, of an actor and a target, so many minutes after the first.
type what struct {
	at                                  time.Duration
	kind, result, reason, actor, target string
}

var begin = time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)

func (w what) json(n int) string {
	e := map[string]any{"uuid": fmt.Sprintf("00000000-0000-4000-8000-%012d", n), "published": begin.Add(w.at).Format(time.RFC3339Nano), "eventType": w.kind,
		"outcome": map[string]any{"result": w.result, "reason": w.reason}, "actor": map[string]any{"id": w.actor, "alternateId": w.actor + "@x.example"},
		"debugContext": map[string]any{"debugData": map[string]any{"factor": "OKTA_VERIFY_PUSH"}}, "target": []any{map[string]any{"id": w.target, "type": "User"}}}
	if w.reason == "" {
		delete(e["outcome"].(map[string]any), "reason")
	}
	b, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// alerts runs events, in their order or any that is late by less than the lateness, and counts the alerts of a rule.
func alerts(t *testing.T, set *rules.Set, id string, events []string) int {
	t.Helper()
	l := engine.NewLocal(set, engine.Options{})
	d := l.NewDecoder()
	var out engine.Output
	for i, e := range events {
		ev, err := d.Decode([]byte(e), event.Meta{Origin: event.Origin{Topic: "t", Offset: int64(i)}})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Process(ev, &out); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(&out); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, a := range out.Alerts {
		if a.Rule.ID == id && a.Revision == 1 {
			n++
		}
	}
	return n
}

// sets are the sets to try a rule in: ours, and the public rule where the corpus is. Two rules on single events, one under
// the id of the rule whose alerts the sequence over alerts begins with, stand beside it.
func sets(t *testing.T, id string) map[string]*rules.Set {
	t.Helper()
	is := func(kind string) match.Expr {
		return &match.Pred{Path: event.MustPath("eventType"), Op: match.Equal, Literals: []string{kind}}
	}
	beside := []rules.Rule{
		{ID: "6f1bb4b2-7dc8-11ee-92b2-f661ea17fbcd", Name: "proxy", Title: "Proxy", Meta: rules.Meta{Severity: "medium"}, Where: is("proxy")},
		{ID: "other", Name: "other", Title: "Other", Meta: rules.Meta{Severity: "medium"}, Where: is("other")},
		{ID: "low", Name: "low", Title: "Low", Meta: rules.Meta{Severity: "low"}, Where: is("low")},
	}
	index := `"logs-okta*"`
	if id == "af2d8e4c-3b7c-4e91-8f5a-6c9d0e1f2a3b" {
		index = `".alerts-security.*"`
	}
	text := fmt.Sprintf("[rule]\nrule_id = %q\nname = \"t\"\ndescription = \"d\"\nrisk_score = 73\nseverity = \"high\"\ntype = \"eql\"\nlanguage = \"eql\"\nfrom = \"now-12h\"\nindex = [%s]\nquery = '''%s'''\n", id, index, sequences[id])
	loaded := map[string]lang.Result{"ours": lang.LoadFS(fstest.MapFS{"t.toml": {Data: []byte(text)}}, "t.toml")}
	if dir := os.Getenv("OKTASTREAM_CORPUS"); dir != "" {
		loaded["public"] = lang.Load([]string{filepath.Join(dir, "rules", "elastic-okta")})
	}
	out := map[string]*rules.Set{}
	for name, r := range loaded {
		i := slices.IndexFunc(r.Rules, func(r rules.Rule) bool { return r.ID == id })
		if i < 0 {
			t.Fatalf("%s: the rule does not load: %v", name, r.Diagnostics)
		}
		set, diags := rules.NewSet(append(slices.Clone(beside), r.Rules[i]))
		if len(diags) > 0 {
			t.Fatal(diags)
		}
		out[name] = set
	}
	return out
}

func TestSequenceRules(t *testing.T) {
	const m = time.Minute
	deny := func(at time.Duration, actor string) what {
		return what{at, "user.mfa.okta_verify.deny_push", "FAILURE", "", actor, "t"}
	}
	denied := func(at time.Duration, actor string) what {
		return what{at, "user.authentication.auth_via_mfa", "FAILURE", "INVALID_CREDENTIALS", actor, "t"}
	}
	success := func(at time.Duration, actor string) what {
		return what{at, "user.session.start", "SUCCESS", "", actor, "t"}
	}
	five := []what{deny(0, "a"), denied(m, "a"), deny(2*m, "a"), denied(3*m, "a"), deny(4*m, "a")}
	with := func(more ...what) []what { return append(slices.Clone(five), more...) }
	reset := what{0, "user.mfa.factor.reset_all", "SUCCESS", "", "admin", "u"}
	activate := func(at time.Duration, target string) what {
		return what{at, "user.mfa.factor.activate", "SUCCESS", "", target, target}
	}
	plain := func(at time.Duration, kind, actor string) what { return what{at, kind, "SUCCESS", "", actor, "t"} }
	type c struct {
		name   string
		events []what
		want   int
	}
	for id, cases := range map[string][]c{
		"8a0fbd26-867f-11ee-947c-f661ea17fbcd": {
			{"five", five, 1}, {"four", five[:4], 0}, {"a success in between", with(success(90*time.Second, "a")), 0},
			{"a success of another", with(success(90*time.Second, "b")), 1}, {"a success after them", with(success(5*m, "a")), 1},
			{"ten minutes", append(slices.Clone(five[:4]), deny(10*m, "a")), 1}, {"longer", append(slices.Clone(five[:4]), deny(10*m+time.Second, "a")), 0},
			{"of two", append(slices.Clone(five[:4]), deny(4*m, "b")), 0}, {"a failed session", with(what{m, "user.session.start", "FAILURE", "", "a", "t"}), 1},
			{"nobody", []what{deny(0, "unknown"), deny(m, "unknown"), deny(2*m, "unknown"), deny(3*m, "unknown"), deny(4*m, "unknown")}, 0},
		},
		"97a8e584-fd3b-421f-9b9d-9c9d9e57e9d7": {
			{"five and success", with(success(5*m, "a")), 1}, {"five", five, 0}, {"four and success", append(slices.Clone(five[:4]), success(5*m, "a")), 0},
			{"success of another", with(success(5*m, "b")), 0}, {"successes in between", with(success(m, "a"), success(6*m, "a")), 1},
			{"ten minutes", with(success(10*m, "a")), 1}, {"longer", with(success(10*m+time.Second, "a")), 0}, {"success first", append([]what{success(0, "a")}, deny(m, "a"), deny(2*m, "a"), deny(3*m, "a"), deny(4*m, "a"), deny(5*m, "a")), 0},
		},
		"cd89602e-9db0-48e3-9391-ae3bf241acd8": {
			{"no activation", []what{reset}, 1}, {"an activation", []what{reset, activate(m, "u")}, 0}, {"of another", []what{reset, activate(m, "v")}, 1},
			{"after twelve hours", []what{reset, activate(12*time.Hour, "u")}, 0}, {"later", []what{reset, activate(12*time.Hour+time.Second, "u")}, 1},
			{"before", []what{activate(-m, "u"), reset}, 1}, {"a question reset", []what{{0, "user.mfa.factor.reset_all", "SUCCESS", "User reset SECURITY_QUESTION factor", "admin", "u"}}, 0},
			{"failed", []what{{0, "user.mfa.factor.deactivate", "FAILURE", "", "admin", "u"}}, 0}, {"no target", []what{{0, "user.mfa.factor.deactivate", "SUCCESS", "", "admin", ""}}, 0},
		},
		"af2d8e4c-3b7c-4e91-8f5a-6c9d0e1f2a3b": {
			{"proxy and other", []what{plain(0, "proxy", "a"), plain(m, "other", "a")}, 1}, {"proxy", []what{plain(0, "proxy", "a"), plain(m, "proxy", "a")}, 0},
			{"proxy and low", []what{plain(0, "proxy", "a"), plain(m, "low", "a")}, 0}, {"other first", []what{plain(0, "other", "a"), plain(m, "proxy", "a")}, 0},
			{"half an hour", []what{plain(0, "proxy", "a"), plain(30*m, "other", "a")}, 1}, {"longer", []what{plain(0, "proxy", "a"), plain(30*m+time.Second, "other", "a")}, 0},
			{"of two", []what{plain(0, "proxy", "a"), plain(m, "other", "b")}, 0},
		},
		"5610b192-7f18-11ee-825b-f661ea17fbcd": { // nothing delivers the alert of an endpoint
			{"no endpoint", []what{plain(0, "user.mfa.factor.update", "a"), plain(m, "user.session.start", "a")}, 0},
		},
	} {
		for name, set := range sets(t, id) {
			for _, c := range cases {
				t.Run(id[:8]+"/"+name+"/"+c.name, func(t *testing.T) {
					var events []string
					slices.SortStableFunc(c.events, func(a, b what) int { return int(a.at - b.at) })
					for i, w := range c.events {
						events = append(events, w.json(i))
					}
					if got := alerts(t, set, id, events); got != c.want {
						t.Errorf("%d alerts, want %d", got, c.want)
					}
					// Arrival within the lateness, with every event twice.
					type arrival struct {
						at time.Duration
						e  string
					}
					r := rand.New(rand.NewPCG(1, 2))
					for range 10 {
						var as []arrival
						for i, w := range c.events {
							for range 2 {
								as = append(as, arrival{w.at + time.Duration(r.Int64N(int64(5*m))), events[i]})
							}
						}
						slices.SortFunc(as, func(a, b arrival) int { return int(a.at - b.at) })
						var shuffled []string
						for _, a := range as {
							shuffled = append(shuffled, a.e)
						}
						if got := alerts(t, set, id, shuffled); got != c.want {
							t.Errorf("in another order %d alerts, want %d", got, c.want)
						}
					}
				})
			}
		}
	}
}
