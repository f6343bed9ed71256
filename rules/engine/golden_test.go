package engine

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/window"
)

var update = flag.Bool("update", false, "write testdata/changelog.json anew: only together with a new state format")

// golden is a changelog as some version wrote it, and what comes of it.
type golden struct {
	StateIDs map[string]string // by rule
	Log      map[string]string // key → value, in hexadecimal
	Windows  int
	Alerts   []string // of goldenEvents' second half
}

// goldenRules must not be edited: their state was written with them as they are.
func goldenRules(t *testing.T) *rules.Set {
	t.Helper()
	actor, ip := event.MustPath("actor.alternateId"), event.MustPath("client.ipAddress")
	spec := func(kind window.Kind, edit func(*window.Spec)) window.Spec {
		s := window.Spec{Kind: kind, Length: 10 * time.Minute, Lateness: 5 * time.Minute, Quiet: 10 * time.Minute, Episode: 24 * time.Hour}
		edit(&s)
		return s
	}
	rule := func(name string, w window.Spec, updates bool, inputs ...rules.Input) rules.Rule {
		return rules.Rule{ID: "golden-" + name, Name: name, Title: name, Meta: rules.Meta{Severity: alert.High, Risk: 73},
			Stateful: &rules.Stateful{GroupBy: []string{"actor"}, Window: w, Updates: updates, Inputs: inputs}}
	}
	set, diags := rules.NewSet([]rules.Rule{
		rule("count", spec(window.Count, func(s *window.Spec) { s.Threshold = 3 }), false,
			rules.Input{Name: "fail", Where: is("eventType", "fail"), Group: []event.Path{actor}}),
		rule("distinct", spec(window.Distinct, func(s *window.Spec) { s.Distinct = []window.Column{{Name: "ip", Threshold: 3}} }), true,
			rules.Input{Name: "any", Where: is("eventType", "fail", "login"), Group: []event.Path{actor}, Columns: []event.Path{ip}}),
		rule("sequence", spec(window.Sequence, func(s *window.Spec) { s.Steps = 2 }), false,
			rules.Input{Name: "fail", Where: is("eventType", "fail"), Group: []event.Path{actor}},
			rules.Input{Name: "login", Where: is("eventType", "login"), Group: []event.Path{actor}}),
		rule("few", spec(window.Count, func(s *window.Spec) {
			s.AtClose, s.Condition = true, []window.Bound{{Op: window.AtLeast, Value: 2}, {Op: window.Below, Value: 4}}
		}), false, rules.Input{Name: "fail", Where: is("eventType", "fail"), Group: []event.Path{actor}}),
	})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	return set
}

// goldenEvents: the first half leaves every window one event short, and one of the episodes open.
func goldenEvents() (before, after []string) {
	e := func(id int, eventType, actor string, at time.Duration) string {
		return fmt.Sprintf(`{"uuid":"g%d","published":%q,"eventType":%q,"actor":{"alternateId":%q},"client":{"ipAddress":"192.0.2.%d"}}`,
			id, start.Add(at).Format(time.RFC3339), eventType, actor, id)
	}
	before = []string{e(1, "fail", "ada@x.example", 0), e(2, "fail", "ada@x.example", time.Minute),
		e(3, "fail", "bob@x.example", time.Minute), e(4, "fail", "bob@x.example", 2*time.Minute), e(5, "login", "bob@x.example", 3*time.Minute)}
	after = []string{e(6, "fail", "ada@x.example", 4*time.Minute), e(7, "login", "ada@x.example", 5*time.Minute), e(8, "fail", "bob@x.example", 6*time.Minute),
		e(2, "fail", "ada@x.example", time.Minute)}
	return before, after
}

// A changelog that an earlier version wrote is read, and goes on: the windows are there under the ids that rules have
// now, and complete with the next event. When this fails, either mend what changed, or raise the format that checkpoints
// carry, so that the changelog is refused with an explanation, keep this file for the old one, and write a new one.
func TestGoldenChangelog(t *testing.T) {
	const name = "testdata/changelog.json"
	set := goldenRules(t)
	before, after := goldenEvents()
	ids := map[string]string{}
	for i, r := range set.Rules() {
		id := set.StateID(i)
		ids[r.Name] = hex.EncodeToString(id[:])
	}
	describe := func(as []alert.Alert) []string {
		var out []string
		for _, a := range as {
			out = append(out, fmt.Sprint(a.Rule.Name, " ", a.ID, " ", a.Revision, " ", a.Count))
		}
		return out
	}
	if *update {
		l := NewLocal(set, Options{Org: "golden"})
		feed(t, l, before...)
		if err := l.Restart(); err != nil {
			t.Fatal(err)
		}
		g := golden{StateIDs: ids, Log: map[string]string{}, Windows: l.task.Windows()}
		for k, v := range l.log {
			g.Log[hex.EncodeToString([]byte(k))] = hex.EncodeToString(v)
		}
		g.Alerts = describe(finish(t, l, after))
		text, err := json.MarshalIndent(g, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(g.StateIDs, ids); diff != "" {
		t.Errorf("rules keep their windows under other ids, so that an upgrade begins without state (-then +now):\n%s", diff)
	}
	l := NewLocal(set, Options{Org: "golden"})
	for k, v := range g.Log {
		key, err1 := hex.DecodeString(k)
		value, err2 := hex.DecodeString(v)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		l.log[string(key)] = value
	}
	if err := l.Restart(); err != nil {
		t.Fatalf("the changelog cannot be restored: %v", err)
	}
	if n := l.task.Windows(); n != g.Windows || n == 0 {
		t.Errorf("%d windows, and there were %d", n, g.Windows)
	}
	l.max = start.Add(3 * time.Minute).UnixNano()
	if diff := cmp.Diff(g.Alerts, describe(finish(t, l, after))); diff != "" || len(g.Alerts) == 0 {
		t.Errorf("alerts after the restore (-then +now):\n%s", diff)
	}
}

// finish feeds the events, ends the input, and returns the alerts of both.
func finish(t *testing.T, l *Local, events []string) []alert.Alert {
	t.Helper()
	alerts := feed(t, l, events...)
	var out Output
	if err := l.Close(&out); err != nil {
		t.Fatal(err)
	}
	return append(alerts, out.Alerts...)
}
