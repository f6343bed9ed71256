package oracle

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var base = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const length = 9 * time.Minute

// single is an alert about one event.
func single(rule, event string) string {
	return fmt.Sprintf(`{"schema":"oktastream.alert/v1","id":%q,"revision":1,"status":"create","kind":"detection",
		"time":"2026-03-02T09:00:00Z","rule":{"name":%q},"count":1,"evidence":{"event_ids":[%q]}}`, "id-"+event, rule, event)
}

// episode is an alert about a group, whose condition held from start to end, in minutes.
func episode(rule, id, user string, start, end float64) string {
	return revised(rule, id, user, start, end, 1)
}

func revised(rule, id, user string, start, end float64, revision int) string {
	status := "create"
	if revision > 1 {
		status = "update"
	}
	at := func(m float64) string {
		return base.Add(time.Duration(m * float64(time.Minute))).Format(time.RFC3339Nano)
	}
	return fmt.Sprintf(`{"schema":"oktastream.alert/v1","id":%q,"revision":%d,"status":%q,"kind":"detection","time":%q,
		"rule":{"name":%q},"group":{"actor.alternateId":%q,"session":"s"},"window":{"kind":"sliding","length_seconds":%g},
		"episode":{"start":%q,"end":%q},"count":4}`, id, revision, status, at(end), rule, user, length.Seconds(), at(start), at(end))
}

func parse(t rapid.TB, records ...string) []Alert {
	t.Helper()
	alerts, err := Read(strings.NewReader(strings.ReplaceAll(strings.ReplaceAll(strings.Join(records, "\x00"), "\n", " "), "\x00", "\n")))
	if err != nil {
		t.Fatal(err)
	}
	return alerts
}

func TestByEpisode(t *testing.T) {
	operator := strings.Replace(single("oktastream", "op1"), `"detection"`, `"operator"`, 1)
	for _, tt := range []struct {
		name                           string
		want, got                      []string
		delivered                      map[string]int
		missing, extra, twice, orphans int
	}{
		{name: "both empty"},
		{name: "equal", want: []string{single("r", "e1"), episode("s", "a", "u", 0, 0)}, got: []string{episode("s", "a", "u", 0, 0), single("r", "e1")}},
		{name: "a missing single", want: []string{single("r", "e1"), single("r", "e2")}, got: []string{single("r", "e2")}, missing: 1},
		{name: "a doubled single", want: []string{single("r", "e1")}, got: []string{single("r", "e1"), single("r", "e1")}, twice: 1},
		{name: "a repeated event, told as often", want: []string{single("r", "e1")}, got: []string{single("r", "e1"), single("r", "e1")}, delivered: map[string]int{"e1": 2}},
		{name: "a repeated event, told once", want: []string{single("r", "e1"), single("r", "e1")}, got: []string{single("r", "e1")}, delivered: map[string]int{"e1": 2}},
		{name: "a repeated event, told too often", want: []string{single("r", "e1")}, got: []string{single("r", "e1"), single("r", "e1"), single("r", "e1")}, delivered: map[string]int{"e1": 2}, twice: 1},
		{name: "a repeated event, told never", want: []string{single("r", "e1"), single("r", "e1")}, delivered: map[string]int{"e1": 2}, missing: 1},
		{name: "another event was repeated", want: []string{single("r", "e1")}, got: []string{single("r", "e1"), single("r", "e1")}, delivered: map[string]int{"e2": 2}, twice: 1},
		{name: "an episode is told once however often its events came", want: []string{episode("s", "a", "u", 0, 0)}, got: []string{episode("s", "a", "u", 0, 0), episode("s", "a", "u", 0, 0)}, delivered: map[string]int{"": 2}, twice: 1},
		{name: "an invented single", got: []string{single("r", "e1")}, extra: 1},
		{name: "the same event under another rule", want: []string{single("r", "e1")}, got: []string{single("q", "e1")}, missing: 1, extra: 1},
		{name: "another event completed the condition", want: []string{episode("s", "a", "u", 0, 0)}, got: []string{episode("s", "b", "u", 3, 3)}},
		{name: "a missing episode", want: []string{episode("s", "a", "u", 0, 0)}, missing: 1},
		{name: "an invented episode", got: []string{episode("s", "a", "u", 0, 0)}, extra: 1},
		{name: "an episode of another group", want: []string{episode("s", "a", "u", 0, 0)}, got: []string{episode("s", "a", "v", 0, 0)}, missing: 1, extra: 1},
		{name: "an episode of another time", want: []string{episode("s", "a", "u", 0, 0)}, got: []string{episode("s", "b", "u", 9.1, 9.1)}, missing: 1, extra: 1},
		{name: "the same record twice", want: []string{episode("s", "a", "u", 0, 0)}, got: []string{episode("s", "a", "u", 0, 0), episode("s", "a", "u", 0, 0)}, twice: 1},
		{name: "the same record twice, also in a faulty reference", want: []string{episode("s", "a", "u", 0, 0), episode("s", "a", "u", 0, 0)},
			got: []string{episode("s", "a", "u", 0, 0), episode("s", "a", "u", 0, 0)}, twice: 1, missing: 1},
		{name: "one episode told under two ids", want: []string{episode("s", "a", "u", 0, 0)}, got: []string{episode("s", "a", "u", 0, 0), episode("s", "b", "u", 1, 1)}, extra: 1},
		{name: "two episodes, the first missing", want: []string{episode("s", "a", "u", 0, 0), episode("s", "b", "u", 30, 30)}, got: []string{episode("s", "c", "u", 31, 31)}, missing: 1},
		{name: "two episodes, both shifted", want: []string{episode("s", "a", "u", 0, 0), episode("s", "b", "u", 10, 10)}, got: []string{episode("s", "c", "u", 8, 8), episode("s", "d", "u", 18.5, 18.5)}},
		{name: "updates are not compared", want: []string{episode("s", "a", "u", 0, 0), revised("s", "a", "u", 0, 2, 2), revised("s", "a", "u", 0, 3, 3)},
			got: []string{episode("s", "a", "u", 0, 0), revised("s", "a", "u", 0, 3, 2)}},
		{name: "an update without its alert", want: []string{episode("s", "a", "u", 0, 0)}, got: []string{episode("s", "a", "u", 0, 0), revised("s", "b", "u", 0, 3, 2)}, orphans: 1},
		{name: "an update twice", want: []string{episode("s", "a", "u", 0, 0)},
			got: []string{episode("s", "a", "u", 0, 0), revised("s", "a", "u", 0, 3, 2), revised("s", "a", "u", 0, 3, 2)}, twice: 1},
		{name: "operator alerts are left aside", want: []string{operator}, got: []string{operator, operator}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := ByEpisode(parse(t, tt.want...), parse(t, tt.got...), tt.delivered)
			if len(d.Missing) != tt.missing || len(d.Extra) != tt.extra || len(d.Twice) != tt.twice || len(d.Orphans) != tt.orphans {
				t.Errorf("want %d missing, %d extra, %d twice, %d orphans, got\n%v", tt.missing, tt.extra, tt.twice, tt.orphans, d)
			}
			if none := tt.missing+tt.extra+tt.twice+tt.orphans == 0; d.None() != none || (d.String() == "") != none {
				t.Errorf("None is %v and String is %q", d.None(), d)
			}
		})
	}
}

func TestByRecord(t *testing.T) {
	a, b := episode("s", "a", "u", 0, 0), revised("s", "a", "u", 0, 2, 2)
	moved := strings.Replace(single("r", "e"), `"event_ids"`, `"total":1,"event_ids"`, 1)
	for _, tt := range []struct {
		name                           string
		want, got                      []string
		missing, extra, twice, changed int
	}{
		{name: "equal in any order", want: []string{a, b, single("r", "e")}, got: []string{single("r", "e"), b, a}},
		{name: "another id for the same episode", want: []string{a}, got: []string{episode("s", "z", "u", 0, 0)}, missing: 1, extra: 1},
		{name: "a missing update", want: []string{a, b}, got: []string{a}, missing: 1},
		{name: "twice", want: []string{a, b}, got: []string{a, b, b}, twice: 1},
		{name: "other content", want: []string{a, b}, got: []string{a, strings.Replace(b, `"count":4`, `"count":5`, 1)}, changed: 1},
		{name: "a repeated event, told of each copy", want: []string{single("r", "e"), moved}, got: []string{moved, single("r", "e")}},
		{name: "a repeated event, told twice of one copy", want: []string{single("r", "e"), moved}, got: []string{moved, moved}, changed: 1},
		{name: "written at another time by another build", want: []string{a}, got: []string{strings.Replace(a, `"count":4`, `"count":4,"created":"2026-03-02T09:00:00Z"`, 1)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := ByRecord(parse(t, tt.want...), parse(t, tt.got...))
			if len(d.Missing) != tt.missing || len(d.Extra) != tt.extra || len(d.Twice) != tt.twice || len(d.Changed) != tt.changed {
				t.Errorf("want %d missing, %d extra, %d twice, %d changed, got\n%v", tt.missing, tt.extra, tt.twice, tt.changed, d)
			}
		})
	}
}

// Whatever the alerts are: a run that lost one, told one again or made one up is told from one that did not.
func TestFaultsAreSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want, got []string
		for i := range rapid.IntRange(1, 30).Draw(t, "alerts") {
			if rapid.Bool().Draw(t, "single") {
				s := single(fmt.Sprintf("r%d", i%3), fmt.Sprintf("e%d", i))
				want, got = append(want, s), append(got, s)
				continue
			}
			// Episodes of one group lie more than a window apart; the run completes each up to a window later or earlier.
			start := 30 * float64(i)
			shift := rapid.Float64Range(-8.9, 8.9).Draw(t, "shift")
			user := fmt.Sprintf("u%d", i%2)
			want = append(want, episode("s", fmt.Sprintf("w%d", i), user, start, start))
			got = append(got, episode("s", fmt.Sprintf("g%d", i), user, start+shift, start+shift))
		}
		got = rapid.Permutation(got).Draw(t, "order")
		if d := ByEpisode(parse(t, want...), parse(t, got...), nil); !d.None() {
			t.Fatalf("the same alerts in another order differ:\n%v", d)
		}
		i := rapid.IntRange(0, len(got)-1).Draw(t, "victim")
		if d := ByEpisode(parse(t, want...), parse(t, slices.Delete(slices.Clone(got), i, i+1)...), nil); len(d.Missing) != 1 || len(d.Extra)+len(d.Twice)+len(d.Orphans) != 0 {
			t.Fatalf("one alert was dropped, and the comparison says\n%v", d)
		}
		if d := ByEpisode(parse(t, want...), parse(t, append(slices.Clone(got), got[i])...), nil); len(d.Twice) != 1 || len(d.Extra)+len(d.Missing)+len(d.Orphans) != 0 {
			t.Fatalf("one alert was repeated, and the comparison says\n%v", d)
		}
		if d := ByEpisode(parse(t, want...), parse(t, append(slices.Clone(got), single("r", "other"))...), nil); len(d.Extra) != 1 || len(d.Missing)+len(d.Twice)+len(d.Orphans) != 0 {
			t.Fatalf("one alert was made up, and the comparison says\n%v", d)
		}
	})
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct{ name, record string }{
		{"not JSON", `{`},
		{"no id", strings.Replace(single("r", "e"), `"id":"id-e"`, `"id":""`, 1)},
		{"no rule", single("", "e")},
		{"an ECS document", `{"@timestamp":"2026-03-02T09:00:00Z","rule":{"name":"r"}}`},
		{"no status", strings.Replace(single("r", "e"), `"create"`, `""`, 1)},
		{"created at revision 2", strings.Replace(single("r", "e"), `"revision":1`, `"revision":2`, 1)},
		{"updated at revision 1", strings.Replace(single("r", "e"), `"create"`, `"update"`, 1)},
		{"an episode that ends first", episode("s", "a", "u", 5, 1)},
		{"a group that is no object", strings.Replace(episode("s", "a", "u", 0, 0), `{"actor.alternateId":"u","session":"s"}`, `["u"]`, 1)},
	} {
		if a, err := Parse([]byte(tt.record)); err == nil {
			t.Errorf("%s: parsed as %v", tt.name, a)
		}
	}
}

func TestGroupOrderDoesNotMatter(t *testing.T) {
	a := parse(t, episode("s", "a", "u", 0, 0))
	b := parse(t, strings.Replace(episode("s", "a", "u", 0, 0), `{"actor.alternateId":"u","session":"s"}`, `{"session":"s", "actor.alternateId":"u"}`, 1))
	if d := ByEpisode(a, b, nil); !d.None() {
		t.Error(d)
	}
}
