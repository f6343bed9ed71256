package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/window"
)

func login(id int, who string, at time.Duration) string {
	return fmt.Sprintf(`{"uuid":"l%d","published":"%s","eventType":"login","actor":{"alternateId":"%s"}}`, id, start.Add(at).Format(time.RFC3339), who)
}

func setOf(t *testing.T, rs ...rules.Rule) *rules.Set {
	t.Helper()
	set, diags := rules.NewSet(rs)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	return set
}

// who lists whom alerts are about.
func who(alerts []alert.Alert) string {
	var names []string
	for _, a := range alerts {
		names = append(names, a.Group[0].Value)
	}
	return strings.Join(names, " ")
}

// TestWarmUp: a rule about what is new keeps silent for as long as its history is, also across restarts, and says with
// each alert since when the history counts.
func TestWarmUp(t *testing.T) {
	l := NewLocal(setOf(t, firstSeen("1", "new", false)), Options{})
	feedOne := func(e string) []alert.Alert {
		t.Helper()
		got := feed(t, l, e)
		if err := l.Restart(); err != nil {
			t.Fatal(err)
		}
		return got
	}
	steps := []struct {
		event string
		want  string
	}{
		{login(1, "ada", 0), ""},
		{login(2, "bob", 3*time.Minute), ""},
		{login(3, "ada", 8*time.Minute), ""},
		{login(4, "eve", 10*time.Minute), ""},             // a whole history, and not more
		{login(5, "dan", 10*time.Minute+time.Second), ""}, // waits: an earlier one may come, within what is not known
		{login(6, "ada", 17*time.Minute), "dan"},
		{login(7, "dan", 17*time.Minute), ""},
		{login(8, "bob", 19*time.Minute), "bob"}, // his last was at 3
	}
	for i, s := range steps {
		got := feedOne(s.event)
		if who(got) != s.want {
			t.Fatalf("event %d: alerts about %q, want %q", i+1, who(got), s.want)
		}
		for _, a := range got {
			if a.Details["history_since"] != start.Format(time.RFC3339) || !strings.HasPrefix(a.Reason, "first seen in 10m: actor ") {
				t.Errorf("details %v, reason %q", a.Details, a.Reason)
			}
		}
	}
	if since, ok := l.Task().History(0); !ok || !since.Equal(start) {
		t.Errorf("history counts since %v %v", since, ok)
	}
}

// TestAssumedHistory: told that there was nothing before, the rule alerts at once and says what was assumed.
func TestAssumedHistory(t *testing.T) {
	for name, l := range map[string]*Local{
		"by the rule":   NewLocal(setOf(t, firstSeen("1", "new", true)), Options{}),
		"by the engine": NewLocal(setOf(t, firstSeen("1", "new", false)), Options{AssumeHistory: true}),
	} {
		got := feed(t, l, login(1, "ada", 0), login(2, "bob", time.Minute), login(3, "ada", 2*time.Minute))
		if who(got) != "ada bob" || got[0].Details["history_since"] != "the first event" || len(got[0].Notes) == 0 {
			t.Errorf("%s: alerts about %q: %+v", name, who(got), got)
		}
	}
}

// TestHistoryBeginsWithTheRule: what ran before a rule came, or came back, is not its history.
func TestHistoryBeginsWithTheRule(t *testing.T) {
	other, fresh := measured("7", "other", func(s *window.Spec) { s.Kind, s.Threshold, s.Distinct = window.Count, 100, nil }), firstSeen("1", "new", false)
	without, with := setOf(t, other), setOf(t, other, fresh)
	l := NewLocal(without, Options{})
	feed(t, l, login(1, "ada", 0), login(2, "ada", 20*time.Minute))
	l = carry(t, l, with)
	if got := feed(t, l, login(3, "bob", 25*time.Minute), login(4, "eve", 29*time.Minute)); len(got) > 0 {
		t.Fatalf("alerts about %q right after the rule came", who(got))
	}
	if got := feed(t, l, login(5, "dan", 31*time.Minute), login(50, "ada", 36*time.Minute)); who(got) != "dan ada" {
		t.Fatalf("alerts about %q after a whole history", who(got))
	}
	l = carry(t, l, without)
	feed(t, l, login(6, "ada", 40*time.Minute))
	l = carry(t, l, with)
	if got := feed(t, l, login(7, "sue", 45*time.Minute)); len(got) > 0 {
		t.Fatalf("alerts about %q right after the rule came back", who(got))
	}
	if since, ok := l.Task().History(slices.IndexFunc(with.Rules(), func(r rules.Rule) bool { return r.Name == "new" })); !ok || !since.Equal(start.Add(40*time.Minute)) {
		t.Errorf("history counts since %v %v", since, ok)
	}
}

// TestHistoryInCheckpoint: progress reads back as it was written, and reads what versions without histories wrote.
func TestHistoryInCheckpoint(t *testing.T) {
	p := newProgress(1)
	old := p.encode()
	p.since[[16]byte{1}], p.since[[16]byte{2}] = 5, -7
	got, err := decodeProgress(p.encode(), 1)
	if err != nil || got.since[[16]byte{1}] != 5 || got.since[[16]byte{2}] != -7 || len(got.since) != 2 {
		t.Errorf("%v %v", got.since, err)
	}
	if got, err = decodeProgress(old, 1); err != nil || len(got.since) != 0 {
		t.Errorf("%v %v", got.since, err)
	}
	whole := p.encode()
	for n := len(old) + 1; n < len(whole); n++ {
		if _, err := decodeProgress(whole[:n], 1); err == nil {
			t.Errorf("%d of %d bytes are read", n, len(whole))
		}
	}
}
