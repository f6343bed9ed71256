package sigmaoracle

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"oktastream/processor/feed"
	"oktastream/rules/event"
	"oktastream/rules/lang"
	"oktastream/rules/match"
)

// verdicts are, by event, the ids of the rules that match, sorted.
type verdicts [][]string

func program(t *testing.T) string {
	path := os.Getenv("OKTASTREAM_SIGMA_ORACLE")
	if path == "" {
		t.Skip("OKTASTREAM_SIGMA_ORACLE does not name the other engine, see the package's documentation")
	}
	return path
}

// theirs asks the other engine.
func theirs(t *testing.T, files []string, events [][]byte) verdicts {
	t.Helper()
	cmd := exec.Command(program(t), files...)
	cmd.Stdin = bytes.NewReader(append(bytes.Join(events, []byte("\n")), '\n'))
	var refused bytes.Buffer
	cmd.Stderr = &refused
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &refused)
	}
	if refused.Len() > 0 {
		t.Errorf("%s", &refused)
	}
	var v verdicts
	for line := range strings.Lines(string(out)) {
		v = append(v, strings.Fields(line))
	}
	if len(v) != len(events) {
		t.Fatalf("%d verdicts for %d events", len(v), len(events))
	}
	return v
}

// ours evaluates the rules as written, by the definition of what conditions mean, and checks that the index agrees.
func ours(t *testing.T, r lang.Result, events [][]byte) verdicts {
	t.Helper()
	fields := event.NewFields()
	b := match.NewBuilder(fields)
	for _, rule := range r.Rules {
		b.Add(rule.Where)
	}
	matcher, d := b.Build().NewMatcher(), event.NewDecoder(fields)
	var v verdicts
	for _, raw := range events {
		ev, err := d.Decode(raw, event.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		indexed := matcher.Match(ev, nil)
		var ids []string
		for i, rule := range r.Rules {
			holds := match.Eval(rule.Where, ev)
			if holds != slices.Contains(indexed, i) {
				t.Fatalf("%s: the index does not agree on %s", rule.Name, raw)
			}
			if holds {
				ids = append(ids, rule.ID)
			}
		}
		slices.Sort(ids)
		v = append(v, ids)
	}
	return v
}

// difference is how one rule fares.
type difference struct {
	matches, onlyOurs, onlyTheirs int
	example                       []byte
}

func compare(r lang.Result, events [][]byte, a, b verdicts) map[string]*difference {
	all := map[string]*difference{}
	for _, rule := range r.Rules {
		d := &difference{}
		all[rule.ID] = d
		for i := range events {
			we, they := slices.Contains(a[i], rule.ID), slices.Contains(b[i], rule.ID)
			switch {
			case we && they:
				d.matches++
				continue
			case we:
				d.onlyOurs++
			case they:
				d.onlyTheirs++
			default:
				continue
			}
			if d.example == nil {
				d.example = events[i]
			}
		}
	}
	return all
}

// feedEvents are events as they come, and as many with values that the rules of SigmaHQ ask for.
func feedEvents(n int) [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	var events [][]byte
	for item := range feed.New(feed.Options{Seed: 7, Events: n}) {
		events = append(events, item.JSON, provoke(random, item.JSON))
		if len(events) >= 2*n {
			break
		}
	}
	return events
}

// provocations are values for fields that the rules read.
var provocations = map[string][]any{
	"eventType": {
		"group.privilege.grant", "User.Account.Privilege.Grant", "iam.resourceset.bindings.add", "system.api_token.create",
		"system.api_token.revoke", "application.lifecycle.update", "application.policy.sign_on.update", "user.lifecycle.create",
		"user.authentication.auth_via_mfa", "system.idp.lifecycle.create", "user.mfa.factor.deactivate", "zone.delete",
		"policy.evaluate_sign_on", "POLICY.LIFECYCLE.UPDATE", "policy.rule.delete", "security.threat.detected",
		"user.session.impersonation.grant", "user.account.report_suspicious_activity_by_enduser", "user.session.start", nil,
	},
	"legacyEventType":                            {"core.user_auth.login_failed", "CORE.USER_AUTH.LOGIN_FAILED", nil},
	"displayMessage":                             {"User attempted unauthorized access to app", "max sign in attempts exceeded", "User login", nil},
	"outcome.reason":                             {"FastPass declined phishing attempt", "fastpass declined phishing attempt", "INVALID_CREDENTIALS", nil},
	"outcome.result":                             {"FAILURE", "failure", "SUCCESS"},
	"actor.alternateId":                          {"system@okta.com", "ada@example.com", "hunter2", "0oa1b2c3", "", nil},
	"securityContext.isProxy":                    {true, false, "true", nil},
	"debugContext.debugData.requestUri":          {"/admin/users", "/reports/password-health/csv", "/API/v1/ADMIN", "/", nil},
	"debugContext.debugData.behaviors":           {"{New Device=POSITIVE, New IP=NEGATIVE}", "{New Device=NEGATIVE}", nil},
	"debugContext.debugData.logOnlySecurityData": {`{"risk":{"level":"LOW"},"behaviors":{"New Device":"POSITIVE"}}`, "{}", nil},
	"target": {[]any{map[string]any{"type": "AppInstance", "displayName": "Okta Admin Console"}}, []any{map[string]any{"displayName": nil}, map[string]any{"displayName": "x SVC_network_backup y"}}, []any{}, nil},
}

func provoke(random *rand.Rand, raw []byte) []byte {
	var e map[string]any
	if err := json.Unmarshal(raw, &e); err != nil {
		panic(err)
	}
	for _, path := range slices.Sorted(keys(provocations)) {
		if random.IntN(3) == 0 {
			continue
		}
		values := provocations[path]
		at, names := e, strings.Split(path, ".")
		for _, name := range names[:len(names)-1] {
			inner, ok := at[name].(map[string]any)
			if !ok {
				inner = map[string]any{}
				at[name] = inner
			}
			at = inner
		}
		at[names[len(names)-1]] = values[random.IntN(len(values))]
	}
	out, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return out
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// TestSigmaHQ compares the rules of SigmaHQ for Okta.
func TestSigmaHQ(t *testing.T) {
	corpus := os.Getenv("OKTASTREAM_CORPUS")
	if corpus == "" {
		t.Skip("OKTASTREAM_CORPUS does not name a directory of public rules and events")
	}
	program(t)
	directory := t.TempDir()
	files, err := filepath.Glob(filepath.Join(corpus, "rules", "sigma-okta", "*.yml"))
	if err != nil || len(files) != 24 {
		t.Fatalf("%d rules, %v", len(files), err)
	}
	for i, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		// The other engine gets the placeholder's values in the rule.
		theirs := bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("|expand"), nil), []byte("'%legtimate_identifiers%'"), []byte("['@example.com', '@corp.example']"))
		files[i] = filepath.Join(directory, "theirs", filepath.Base(name))
		for path, text := range map[string][]byte{files[i]: theirs, filepath.Join(directory, "ours", filepath.Base(name)): text} {
			write(t, path, text)
		}
	}
	write(t, filepath.Join(directory, "ours", "placeholders.yaml"), []byte("legtimate_identifiers: ['@example.com', '@corp.example']\n"))
	r := lang.Load([]string{filepath.Join(directory, "ours")})
	if len(r.Rules) != 24 {
		t.Fatalf("%d rules: %v", len(r.Rules), r.Diagnostics)
	}
	events := feedEvents(3000)
	names := map[string]string{}
	for _, rule := range r.Rules {
		names[rule.ID] = rule.Name
	}
	for id, d := range compare(r, events, ours(t, r, events), theirs(t, files, events)) {
		t.Logf("%-60s %4d", names[id], d.matches)
		if d.matches == 0 {
			t.Errorf("%s matches nothing: the events do not test it", names[id])
		}
		if d.onlyOurs+d.onlyTheirs > 0 {
			t.Errorf("%s: only ours %d, only theirs %d, such as\n%s", names[id], d.onlyOurs, d.onlyTheirs, d.example)
		}
	}
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}
