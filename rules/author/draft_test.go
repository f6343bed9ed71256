package author

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"oktastream/integration/golden"
	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/format"
	"oktastream/rules/lang"
	"oktastream/rules/ruletest"
)

const draftID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

var draftDay = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func decode(t testing.TB, text string) *event.Event {
	t.Helper()
	ev, err := event.NewDecoder(event.NewFields()).Decode([]byte(text), event.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

type fataler interface {
	Fatalf(format string, args ...any)
}

// passes loads a draft and runs its tests.
func passes(t fataler, d Draft) {
	fsys := fstest.MapFS{d.RuleFile: {Data: d.Rule}, d.TestFile: {Data: d.Test}}
	res := lang.LoadFS(fsys, ".")
	for _, x := range res.Diagnostics {
		if x.Level == rules.Error || x.Level == rules.Unsupported {
			t.Fatalf("%v\n%s", x, d.Rule)
		}
	}
	tests, diags := ruletest.LoadFS(fsys, ".")
	for _, x := range diags {
		if x.Level == rules.Error {
			t.Fatalf("%v\n%s", x, d.Test)
		}
	}
	rep := ruletest.Run(res.Rules, res.Diagnostics, tests, ruletest.Options{})
	if !rep.OK() || len(rep.Results) != 2 || len(rep.Untested) > 0 {
		t.Fatalf("%+v\n%s\n%s", rep, d.Rule, d.Test)
	}
	for name, text := range map[string][]byte{d.RuleFile: d.Rule, d.TestFile: d.Test} {
		if out, diags := format.Source(name, text); string(out) != string(text) {
			t.Fatalf("%s is not in canonical form: %s %v", name, cmp.Diff(string(text), string(out)), diags)
		}
	}
}

func TestDraft(t *testing.T) {
	d, err := NewDraft("okta_failed_sign_in", draftID, draftDay, nil)
	if err != nil {
		t.Fatal(err)
	}
	passes(t, d)
	golden.Equal(t, "draft.yaml", d.Rule)
	golden.Equal(t, "draft_test.yaml", d.Test)

	d, err = NewDraft("proxy-sign-in", draftID, draftDay, decode(t, `{"uuid":"1","published":"2026-01-02T03:04:05Z","eventType":"user.session.start",
		"outcome":{"result":"FAILURE","reason":"what? no * \\ here: 'x'"},"actor":{"alternateId":"ada@secret.example","id":"00u1"},"client":{"ipAddress":"192.0.2.1","zone":"null","device":"Computer"},
		"securityContext":{"isProxy":true},"debugContext":{"debugData":{"behaviors":"{New Device=POSITIVE}","factor":"-"}},"target":[{"type":"User","alternateId":"grace@secret.example"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	passes(t, d)
	golden.Equal(t, "draft_from_event.yaml", d.Rule)
	golden.Equal(t, "draft_from_event_test.yaml", d.Test)
	for _, secret := range []string{"secret.example", "192.0.2.1", "00u1"} {
		if strings.Contains(string(d.Rule)+string(d.Test), secret) {
			t.Errorf("the draft holds %s", secret)
		}
	}
}

func TestDraftNames(t *testing.T) {
	for _, name := range []string{"", "A", "a b", "a/b", "../a", "a.b", "_a", "a_test", "é", strings.Repeat("a", 101)} {
		if _, err := NewDraft(name, draftID, draftDay, nil); err == nil {
			t.Errorf("%q is accepted", name)
		}
	}
	if _, err := NewDraft("a", draftID, draftDay, decode(t, `{"uuid":"1"}`)); err == nil {
		t.Error("an event without a type is accepted")
	}
}

// TestDraftsPass drafts rules from every type that tests know, with outcomes of every kind.
func TestDraftsPass(t *testing.T) {
	types := append(slices.Clone(ruletest.Templates()), "brand.new.type", "user.session.end", "Yes", "a: b", "it's")
	rapid.Check(t, func(t *rapid.T) {
		ev := map[string]any{"uuid": "1", "eventType": rapid.SampledFrom(types).Draw(t, "type")}
		outcome := map[string]any{}
		text := rapid.OneOf(rapid.SampledFrom([]string{"SUCCESS", "success", "FAILURE", "unknown", "", "true", "1", "no", "*", "a\\*b", "a\\\\?", "# x", "a: b", " x ", "x\ny", "\"q\"", "- a", "é\u2028"}), rapid.StringN(0, 20, 40))
		if rapid.Bool().Draw(t, "result") {
			outcome["result"] = text.Draw(t, "text")
		}
		if rapid.Bool().Draw(t, "reason") {
			outcome["reason"] = text.Draw(t, "text")
		}
		ev["outcome"] = outcome
		ev["debugContext"] = map[string]any{"debugData": map[string]any{"behaviors": text.Draw(t, "behaviors"), "risk": map[string]any{"level": "HIGH"}}}
		raw, err := json.Marshal(ev)
		if err != nil {
			t.Fatalf("%v", err)
		}
		e, err := event.NewDecoder(event.NewFields()).Decode(raw, event.Meta{})
		if err != nil {
			t.Fatalf("%v", err)
		}
		d, err := NewDraft("drawn", draftID, draftDay, e)
		if err != nil {
			t.Fatalf("%v", err)
		}
		passes(t, d)
	})
}
