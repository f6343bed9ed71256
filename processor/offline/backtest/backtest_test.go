package backtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktastream/integration/golden"
	"oktastream/processor/offline"
	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

func typeIs(types ...string) match.Expr {
	return &match.Pred{Path: event.MustPath("eventType"), Op: match.Equal, Literals: types}
}

func single(name, eventType string) rules.Rule {
	return rules.Rule{ID: "id-" + name, Name: name, Title: name, File: name + ".yaml", Where: typeIs(eventType)}
}

// counting fires on n lockouts of one user within ten minutes.
func counting(name string, n int) rules.Rule {
	return rules.Rule{ID: "id-" + name, Name: name, Title: name, File: name + ".yaml", Stateful: &rules.Stateful{
		Inputs:  []rules.Input{{Where: typeIs("user.account.lock"), Group: []event.Path{event.MustPath("actor.alternateId")}}},
		GroupBy: []string{"actor.alternateId"},
		Window: window.Spec{Kind: window.Count, Threshold: n, Length: 10 * time.Minute, Quiet: 10 * time.Minute,
			Lateness: window.DefaultLateness, Episode: window.DefaultEpisode},
	}}
}

func set(t *testing.T, rs ...rules.Rule) *rules.Set {
	t.Helper()
	s, diags := rules.NewSet(rs)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	return s
}

// traffic builds inputs.
type traffic struct {
	bytes.Buffer
	n int
}

var start = time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC)

func (w *traffic) add(at time.Duration, eventType, who string) {
	w.n++
	name, _ := json.Marshal(who)
	fmt.Fprintf(w, `{"uuid":"e%d","published":%q,"eventType":%q,"actor":{"type":"User","alternateId":%s}}`+"\n",
		w.n, start.Add(at).Format(time.RFC3339), eventType, name)
}

func (w *traffic) burst(at time.Duration, n int, every time.Duration, who string) {
	for i := range n {
		w.add(at+time.Duration(i)*every, "user.account.lock", who)
	}
}

func (w *traffic) input() offline.Input {
	data := slices.Clone(w.Bytes())
	return offline.Input{Name: "feed", Size: int64(len(data)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

// clock is one millisecond further whenever it is asked.
func clock() func() time.Time {
	t := start
	return func() time.Time {
		t = t.Add(time.Millisecond)
		return t
	}
}

func run(t *testing.T, o Options, w *traffic) *Report {
	t.Helper()
	o.Now = clock()
	r, err := Run(context.Background(), o, []offline.Input{w.input()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// report is a run with something of everything.
func report(t *testing.T) *Report {
	var w traffic
	w.burst(0, 6, time.Minute, "ada@example.com")
	w.burst(30*time.Hour, 3, time.Minute, "bo@example.com")
	for i := range 5 {
		w.add(time.Duration(i)*12*time.Hour, "system.api_token.create", "eve\x1b[2J@example.com")
	}
	for i := range 40 {
		w.add(time.Duration(i)*time.Hour, "user.session.start", "carol@example.com")
	}
	w.WriteString("{broken\n")
	w.WriteString(`{"uuid":"timeless","eventType":"system.api_token.create"}` + "\n")
	two := 2
	return run(t, Options{
		Rules:    set(t, single("token", "system.api_token.create"), counting("locks", 3), single("never", "zone.delete"), single("added", "user.account.lock")),
		Baseline: set(t, single("token", "system.api_token.create"), counting("locks", 5), single("gone", "user.session.start")),
		Top:      3, Gates: Gates{MaxPerDay: &two, FailOnLost: true},
	}, &w)
}

func TestText(t *testing.T) {
	var b strings.Builder
	r := report(t)
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "report.txt", []byte(strings.Join(r.Notes(), "\n")+"\n\n"+b.String()))
}

func TestJSON(t *testing.T) {
	r := report(t)
	r.Compare.Lost = r.Compare.Lost[:2]
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "report.json", []byte(string(b)+"\n"))
}

func TestNothingFound(t *testing.T) {
	r := run(t, Options{Rules: set(t, single("token", "system.api_token.create")), Top: 3}, &traffic{})
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), "null") || r.Alerts != 0 || r.Days != 1 {
		t.Errorf("%s", b)
	}
}

func TestGates(t *testing.T) {
	var w traffic
	w.add(0, "system.api_token.create", "ada")
	w.add(time.Minute, "system.api_token.create", "ada")
	w.add(24*time.Hour, "system.api_token.create", "ada")
	token := single("token", "system.api_token.create")
	for _, c := range []struct {
		max    int
		broken bool
	}{{0, true}, {1, true}, {2, false}, {3, false}} {
		r := run(t, Options{Rules: set(t, token), Gates: Gates{MaxPerDay: &c.max}}, &w)
		if (len(r.Broken) > 0) != c.broken {
			t.Errorf("at most %d: %v", c.max, r.Broken)
		}
	}
	lost := Options{Rules: set(t, single("other", "zone.delete")), Baseline: set(t, token)}
	if r := run(t, lost, &w); len(r.Broken) > 0 || len(r.Compare.Lost) != 3 {
		t.Errorf("no gate was asked for: %v", r.Broken)
	}
	lost.Gates.FailOnLost = true
	if r := run(t, lost, &w); len(r.Broken) != 1 {
		t.Errorf("%v", r.Broken)
	}
	lost.Rules = set(t, token, single("other", "zone.delete"))
	if r := run(t, lost, &w); len(r.Broken) != 0 {
		t.Errorf("%v", r.Broken)
	}
}

// What counts as the same alert in two versions of a rule.
func TestCompare(t *testing.T) {
	suppressed := counting("one", 1)
	renamed := single("one", "user.account.lock")
	renamed.Name = "another name"
	newID := single("one", "user.account.lock")
	newID.ID = "another-id"
	twoKeys := counting("locks", 3)
	twoKeys.Stateful.GroupBy = []string{"actor.type"}
	twoKeys.Stateful.Inputs[0].Group = []event.Path{event.MustPath("actor.type")}
	for name, c := range map[string]struct {
		was, now  rules.Rule
		fill      func(*traffic)
		new, lost int
	}{
		"equal":              {counting("locks", 3), counting("locks", 3), func(w *traffic) { w.burst(0, 4, time.Minute, "ada") }, 0, 0},
		"fires later":        {counting("locks", 3), counting("locks", 5), func(w *traffic) { w.burst(0, 8, time.Minute, "ada") }, 0, 0},
		"fires earlier":      {counting("locks", 5), counting("locks", 3), func(w *traffic) { w.burst(0, 8, time.Minute, "ada") }, 0, 0},
		"no longer":          {counting("locks", 3), counting("locks", 5), func(w *traffic) { w.burst(0, 4, time.Minute, "ada") }, 0, 1},
		"newly":              {counting("locks", 5), counting("locks", 3), func(w *traffic) { w.burst(0, 4, time.Minute, "ada") }, 1, 0},
		"one group of two":   {counting("locks", 3), counting("locks", 5), func(w *traffic) { w.burst(0, 4, time.Minute, "ada"); w.burst(0, 6, time.Minute, "bo") }, 0, 1},
		"one episode of two": {counting("locks", 3), counting("locks", 5), func(w *traffic) { w.burst(0, 4, time.Minute, "ada"); w.burst(5*time.Hour, 6, time.Minute, "ada") }, 0, 1},
		// The stricter rule completes hours into the episode of the other.
		"deep in the episode": {counting("locks", 3), counting("locks", 9), func(w *traffic) {
			w.burst(0, 60, 4*time.Minute, "ada")
			w.burst(4*time.Hour, 9, 10*time.Second, "ada")
		}, 0, 0},
		"after the episode": {counting("locks", 3), counting("locks", 9), func(w *traffic) {
			w.burst(0, 10, 4*time.Minute, "ada")
			w.burst(4*time.Hour, 9, 10*time.Second, "ada")
		}, 0, 1},
		"other group key":  {counting("locks", 3), twoKeys, func(w *traffic) { w.burst(0, 3, time.Minute, "ada") }, 1, 1},
		"single, equal":    {single("one", "user.account.lock"), single("one", "user.account.lock"), func(w *traffic) { w.burst(0, 3, time.Minute, "ada") }, 0, 0},
		"single, no event": {single("one", "user.account.lock"), single("one", "zone.delete"), func(w *traffic) { w.burst(0, 3, time.Minute, "ada") }, 0, 3},
		"suppression": {single("one", "user.account.lock"), suppressed, func(w *traffic) {
			w.burst(0, 3, time.Minute, "ada")
			w.burst(0, 30, 5*time.Minute, "bo")
		}, 0, 0},
		"suppression lifted":  {suppressed, single("one", "user.account.lock"), func(w *traffic) { w.burst(0, 30, 5*time.Minute, "ada") }, 0, 0},
		"another name":        {single("one", "user.account.lock"), renamed, func(w *traffic) { w.burst(0, 3, time.Minute, "ada") }, 0, 0},
		"another id":          {single("one", "user.account.lock"), newID, func(w *traffic) { w.burst(0, 3, time.Minute, "ada") }, 0, 0},
		"another rule at all": {single("one", "user.account.lock"), single("two", "user.account.lock"), func(w *traffic) { w.burst(0, 3, time.Minute, "ada") }, 3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			var w traffic
			c.fill(&w)
			r := run(t, Options{Rules: set(t, c.now), Baseline: set(t, c.was)}, &w)
			if len(r.Compare.New) != c.new || len(r.Compare.Lost) != c.lost {
				t.Errorf("%d new, %d lost; want %d and %d\n%+v", len(r.Compare.New), len(r.Compare.Lost), c.new, c.lost, r.Compare)
			}
			n := 0
			for _, d := range r.Compare.Rules {
				n += d.New - d.Lost
			}
			if n != c.new-c.lost {
				t.Errorf("the rules say otherwise: %+v", r.Compare.Rules)
			}
		})
	}
}

// A rule is measured together with the rules whose alerts it observes.
func TestClosure(t *testing.T) {
	chain := func(name string, from ...string) rules.Rule {
		r := rules.Rule{Name: name, Stateful: &rules.Stateful{}}
		for _, f := range from {
			r.Stateful.Inputs = append(r.Stateful.Inputs, rules.Input{From: f})
		}
		return r
	}
	all := []rules.Rule{chain("a"), chain("b", "a"), chain("c", "b", "d"), chain("d"), single("e", "x")}
	if diff := cmp.Diff([]int{2, 1, 3, 0}, closure(all, 2)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{4}, closure(all, 4)); diff != "" {
		t.Error(diff)
	}
}

// heard writes down what a progress is told.
type heard struct {
	stages []string
	done   []int
}

func (h *heard) Begin(stage string, total int64, bytes bool) {
	h.stages = append(h.stages, fmt.Sprint(stage, " ", total, " ", bytes))
	h.done = append(h.done, 0)
}

func (h *heard) Add(n int) { h.done[len(h.done)-1] += n }

func TestProgress(t *testing.T) {
	var w traffic
	w.burst(0, 700, time.Second, "ada")
	size := w.Len()
	h := &heard{}
	run(t, Options{Rules: set(t, counting("locks", 3)), Baseline: set(t, counting("locks", 2)), Progress: h}, &w)
	want := []string{fmt.Sprint("reading ", size, " true"), "evaluating 700 false", "measuring 1 false", "baseline 700 false"}
	if diff := cmp.Diff(want, h.stages); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{size, 700, 1, 700}, h.done); diff != "" {
		t.Error(diff)
	}
}

func TestCancelled(t *testing.T) {
	var w traffic
	w.burst(0, 3, time.Second, "ada")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, Options{Rules: set(t, counting("locks", 3)), Now: clock()}, []offline.Input{w.input()}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
