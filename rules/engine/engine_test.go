package engine

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
	"oktastream/state"
)

func is(path string, values ...string) match.Expr {
	return &match.Pred{Path: event.MustPath(path), Op: match.Equal, Fold: true, Literals: values}
}

// testRules has a rule of every kind, over two classes.
func testRules() []rules.Rule {
	actor, ip, session := event.MustPath("actor.alternateId"), event.MustPath("client.ipAddress"), event.MustPath("authenticationContext.externalSessionId")
	hash := event.MustPath("debugContext.debugData.dtHash")
	user := event.MustPath("target[type=User].alternateId")
	spec := func(k window.Kind) window.Spec {
		return window.Spec{Kind: k, Length: 10 * time.Minute, Lateness: 5 * time.Minute, Quiet: 10 * time.Minute, Episode: 24 * time.Hour}
	}
	count, distinct, seq := spec(window.Count), spec(window.Distinct), spec(window.Sequence)
	count.Threshold = 3
	distinct.Distinct = []window.Column{{Name: "dtHash", Threshold: 2}, {Name: "ip", Threshold: 2}}
	seq.Steps = 2
	meta := rules.Meta{Severity: alert.High, Risk: 73}
	// A chain: failures from an address, then a login of whoever acted last in them.
	chain := spec(window.Sequence)
	chain.Steps = 2
	group := func(member string) event.Path {
		p, err := rules.GroupPath(member)
		if err != nil {
			panic(err)
		}
		return p
	}
	return []rules.Rule{
		{ID: "1", Name: "single", Title: "Single", Meta: meta, Where: is("eventType", "single")},
		{ID: "2", Name: "count", Title: "Count", Meta: meta, Stateful: &rules.Stateful{GroupBy: []string{"ip"}, Window: count,
			Inputs: []rules.Input{{Name: "fail", Where: is("eventType", "fail"), Group: []event.Path{ip}}}}},
		{ID: "3", Name: "distinct", Title: "Distinct", Meta: meta, Stateful: &rules.Stateful{GroupBy: []string{"actor", "session"}, Window: distinct,
			Inputs: []rules.Input{{Name: "any", Where: is("eventType", "fail", "login"), Group: []event.Path{actor, session}, Columns: []event.Path{hash, ip}}}}},
		{ID: "4", Name: "sequence", Title: "Sequence", Meta: meta, Stateful: &rules.Stateful{GroupBy: []string{"who"}, Window: seq, Updates: true,
			Inputs: []rules.Input{
				{Name: "reset", Where: is("eventType", "reset"), Group: []event.Path{user}},
				{Name: "login", Where: is("eventType", "login"), Group: []event.Path{actor}},
			}}},
		{ID: "5", Name: "chain", Title: "Chain", Meta: meta, Stateful: &rules.Stateful{GroupBy: []string{"ip"}, Window: chain,
			Inputs: []rules.Input{
				{Name: "brute", From: "count", Where: match.Const(true), Group: []event.Path{group("ip")}},
				{Name: "login", Where: is("eventType", "login"), Group: []event.Path{ip}},
			}}},
		{ID: "6", Name: "chained", Title: "Chain over a chain", Meta: meta, Stateful: &rules.Stateful{GroupBy: []string{"ip"}, Window: func() window.Spec {
			s := spec(window.Count)
			s.Threshold = 1
			return s
		}(), Inputs: []rules.Input{{Name: "chain", From: "chain", Where: match.Const(true), Group: []event.Path{group("ip")}}}}},
		measured("7", "sum", func(s *window.Spec) { s.Kind, s.Condition = window.Sum, []window.Bound{{Op: window.AtLeast, Value: 9}} }),
		measured("8", "average", func(s *window.Spec) {
			s.Kind, s.AtClose, s.Condition = window.Avg, true, []window.Bound{{Op: window.Above, Value: 4}}
		}),
		measured("9", "percentile", func(s *window.Spec) {
			s.Kind, s.AtClose, s.Percentile, s.Condition = window.Percentile, true, 50, []window.Bound{{Op: window.AtMost, Value: 3}}
		}),
		measured("10", "few", func(s *window.Spec) {
			s.Kind, s.AtClose, s.Distinct = window.Count, true, nil
			s.Condition = []window.Bound{{Op: window.AtLeast, Value: 2}, {Op: window.Below, Value: 4}}
		}),
		firstSeen("11", "first", true), firstSeen("12", "learned", false),
		{ID: "40", Name: "after", Title: "After a single alert", Meta: meta, Stateful: &rules.Stateful{GroupBy: []string{"actor"}, Window: planned(window.Step{}, window.Step{}, window.Step{Role: window.Until}),
			Inputs: []rules.Input{
				{Name: "alert", Alerts: rules.OnlyAlerts, Where: is("kibana.alert.rule.rule_id", "1"), Group: []event.Path{actor}},
				{Name: "login", Where: is("eventType", "login"), Group: []event.Path{actor}},
				{Name: "until", Where: is("eventType", "reset"), Group: []event.Path{actor}},
			}}},
		{ID: "20", Name: "push", Title: "Push", Meta: meta, Stateful: &rules.Stateful{GroupBy: []string{"ip"}, Window: planned(window.Step{Runs: 2}, window.Step{Role: window.Until}),
			Inputs: []rules.Input{
				{Name: "fail", Where: is("eventType", "fail"), Group: []event.Path{ip}},
				{Name: "until", Where: is("eventType", "login"), Group: []event.Path{ip}},
			}}},
		{ID: "21", Name: "left", Title: "Left", Meta: meta, Stateful: &rules.Stateful{GroupBy: []string{"who"}, Window: planned(window.Step{}, window.Step{Role: window.Absent}),
			Inputs: []rules.Input{
				{Name: "reset", Where: is("eventType", "reset"), Group: []event.Path{user}},
				{Name: "login", Where: is("eventType", "login"), Group: []event.Path{actor}},
			}}},
		{ID: "22", Name: "leftchain", Title: "Over what is missing", Meta: meta, Stateful: &rules.Stateful{GroupBy: []string{"who"}, Window: planned(window.Step{Runs: 1}),
			Inputs: []rules.Input{{Name: "left", From: "left", Where: match.Const(true), Group: []event.Path{group("who")}}}}},
		pipeline("31", "arriving", balance{atLeast: 3}, 0),
		pipeline("32", "ticking", balance{}, 2*time.Minute),
	}
}

// firstSeen is a rule about accounts that were not seen before.
func firstSeen(id, name string, assume bool) rules.Rule {
	w := window.Spec{Kind: window.FirstSeen, Length: 10 * time.Minute, Lateness: 5 * time.Minute, Quiet: 10 * time.Minute, Episode: window.Unending}
	return rules.Rule{ID: id, Name: name, Title: name, Meta: rules.Meta{Severity: alert.Low, Risk: 21},
		Stateful: &rules.Stateful{GroupBy: []string{"actor"}, Window: w, AssumeHistory: assume,
			Inputs: []rules.Input{{Name: "any", Where: is("eventType", "fail", "login"), Group: []event.Path{event.MustPath("actor.alternateId")}}}}}
}

// planned is a sequence with a plan.
func planned(plan ...window.Step) window.Spec {
	return window.Spec{Kind: window.Sequence, Steps: len(plan), Plan: plan, Length: 10 * time.Minute, Lateness: 5 * time.Minute,
		Quiet: 10 * time.Minute, Episode: 24 * time.Hour}
}

// measured is a rule over a number in events of failure, by address.
func measured(id, name string, edit func(*window.Spec)) rules.Rule {
	w := window.Spec{Length: 10 * time.Minute, Lateness: 5 * time.Minute, Quiet: 10 * time.Minute, Episode: 24 * time.Hour,
		Distinct: []window.Column{{Name: "asNumber"}}}
	edit(&w)
	in := rules.Input{Name: "fail", Where: is("eventType", "fail"), Group: []event.Path{event.MustPath("client.ipAddress")}}
	if len(w.Distinct) > 0 {
		in.Columns = []event.Path{event.MustPath("securityContext.asNumber")}
	}
	return rules.Rule{ID: id, Name: name, Title: name, Meta: rules.Meta{Severity: alert.Low, Risk: 21},
		Stateful: &rules.Stateful{GroupBy: []string{"ip"}, Window: w, Inputs: []rules.Input{in}}}
}

func testSet(t fataler) *rules.Set {
	set, diags := rules.NewSet(testRules())
	if len(diags) > 0 {
		t.Fatalf("%v", diags)
	}
	return set
}

type fataler interface{ Fatalf(string, ...any) }

var start = time.Date(2026, 8, 14, 9, 0, 0, 0, time.UTC)

// drawEvents makes a feed that is out of order by at most the lateness, and repeats some events.
func drawEvents(t *rapid.T) []string {
	type arrival struct {
		at   time.Duration
		json string
	}
	pick := func(label string, values ...string) string { return rapid.SampledFrom(values).Draw(t, label) }
	var as []arrival
	var now time.Duration
	for i := range rapid.IntRange(0, 30).Draw(t, "n") {
		now += time.Duration(rapid.IntRange(0, 300).Draw(t, "gap")) * time.Second
		e := map[string]any{
			"uuid": fmt.Sprintf("00000000-0000-0000-0000-%012d", i), "published": start.Add(now).Format(time.RFC3339Nano),
			"eventType":             pick("type", "single", "fail", "fail", "login", "reset", "noise"),
			"actor":                 map[string]any{"alternateId": pick("actor", "ada@x.example", "bob@x.example", "unknown")},
			"client":                map[string]any{"ipAddress": pick("ip", "192.0.2.1", "192.0.2.2", "null")},
			"authenticationContext": map[string]any{"externalSessionId": pick("session", "s1", "s2", "unknown")},
			"securityContext":       map[string]any{"asNumber": rapid.IntRange(0, 7).Draw(t, "number")},
			"debugContext":          map[string]any{"debugData": map[string]any{"dtHash": pick("hash", "h1", "h2", "h3", "-")}},
			"target": []any{map[string]any{"type": "User", "alternateId": pick("target", "ada@x.example", "bob@x.example")},
				map[string]any{"type": "AppInstance", "alternateId": "app"}},
		}
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatalf("%v", err)
		}
		for range rapid.IntRange(1, 5).Draw(t, "copies")/5 + 1 {
			as = append(as, arrival{now + time.Duration(rapid.IntRange(0, 300).Draw(t, "delay"))*time.Second, string(b)})
		}
	}
	slices.SortStableFunc(as, func(a, b arrival) int { return int(a.at - b.at) })
	var out []string
	for _, a := range as {
		out = append(out, a.json)
	}
	return out
}

func local(t *rapid.T, set *rules.Set, events []string, restart func() bool) []alert.Alert {
	l := NewLocal(set, Options{})
	d := l.NewDecoder()
	var out Output
	for i, e := range events {
		ev, err := d.Decode([]byte(e), event.Meta{Origin: event.Origin{Topic: "t", Offset: int64(i)}})
		if err != nil {
			t.Fatalf("%v", err)
		}
		if err := l.Process(ev, &out); err != nil {
			t.Fatalf("%v", err)
		}
		if restart() {
			if err := l.Restart(); err != nil {
				t.Fatalf("%v", err)
			}
		}
	}
	if err := l.Close(&out); err != nil {
		t.Fatalf("%v", err)
	}
	if n := l.Task().Windows(); n != 0 {
		t.Fatalf("%d windows are left after the end", n)
	}
	return out.Alerts
}

// TestRestart: a task that is restored from its changelog at any point goes on as if nothing had happened, to the byte.
func TestRestart(t *testing.T) {
	set := testSet(t)
	rapid.Check(t, func(t *rapid.T) {
		events := drawEvents(t)
		plain := local(t, set, events, func() bool { return false })
		faulty := local(t, set, events, func() bool { return rapid.IntRange(0, 4).Draw(t, "restart") == 0 })
		if !reflect.DeepEqual(plain, faulty) {
			t.Fatal(cmp.Diff(plain, faulty))
		}
	})
}

// messages is what a task gets to see of a feed.
func messages(t *rapid.T, set *rules.Set, events []string) []Message {
	g, d := NewIngest(set, Options{}), event.NewDecoder(set.Fields())
	var ms []Message
	var high int64
	for i, e := range events {
		ev, err := d.Decode([]byte(e), event.Meta{Origin: event.Origin{Topic: "t", Offset: int64(i)}})
		if err != nil {
			t.Fatalf("%v", err)
		}
		var out Output
		g.Process(ev, &out)
		for j := range out.Observations {
			ms = append(ms, Message{Observation: &out.Observations[j]})
		}
		if ev.Time() > high && rapid.Bool().Draw(t, "clock") {
			high = ev.Time()
			ms = append(ms, Message{Clocks: &Clocks{Sources: []SourceClock{{Topic: "t", Max: high}}, Partitions: map[string]int32{"t": 1}}})
		}
	}
	return append(ms, Message{Clocks: &Clocks{Sources: []SourceClock{{Topic: "t", Max: end}}}})
}

// loop is what follows a message: what it made the task forward, and the clocks of the levels above.
func loop(t *rapid.T, task *Task, m Message, out *Output) []Message {
	begin := len(out.Observations)
	if err := task.Handle(m, out); err != nil {
		t.Fatalf("%v", err)
	}
	var next []Message
	for i := range out.Observations[begin:] {
		o := out.Observations[begin+i]
		next = append(next, Message{Observation: &o})
	}
	out.Observations = out.Observations[:begin]
	if m.Clocks != nil && m.Clocks.Level+1 < task.Levels() {
		if now, ok := task.Clock(m.Clocks.Level); ok {
			next = append(next, LevelClocks(m.Clocks.Level+1, []SourceClock{{Max: now}}, 1))
		}
	}
	return next
}

// TestTransactions: where transactions begin, end and fail changes nothing, ids and revisions included; and the
// changelog restores the store at every commit.
func TestTransactions(t *testing.T) {
	set := testSet(t)
	rapid.Check(t, func(t *rapid.T) {
		ms := messages(t, set, drawEvents(t))
		handle := func(task *Task, ms []Message, out *Output) {
			for _, m := range ms {
				wire, err := DecodeMessage(m.Encode())
				if err != nil {
					t.Fatalf("%v", err)
				}
				if !reflect.DeepEqual(m, wire) {
					t.Fatalf("message changed on the wire: %s", cmp.Diff(m, wire))
				}
				for todo := []Message{wire}; len(todo) > 0; todo = todo[1:] {
					todo = append(todo, loop(t, task, todo[0], out)...)
				}
			}
		}
		var want Output
		one := NewTask(set, Options{})
		one.Begin()
		handle(one, ms, &want)

		var got Output
		task := NewTask(set, Options{})
		log := map[string][]byte{}
		for i := 0; i < len(ms); {
			n := rapid.IntRange(1, 8).Draw(t, "batch")
			batch := ms[i:min(i+n, len(ms))]
			var out Output
			task.Begin()
			handle(task, batch, &out)
			changes := task.Changes(state.Checkpoint{Input: int64(i + len(batch))})
			switch rapid.IntRange(0, 4).Draw(t, "outcome") {
			case 0:
				task.Rollback()
				continue
			case 1: // crash before the commit
				task = NewTask(set, Options{})
				restore(t, task, log)
				continue
			}
			for _, c := range changes {
				if c.Value == nil {
					delete(log, string(c.Key))
				} else {
					log[string(c.Key)] = c.Value
				}
			}
			if err := task.Commit(); err != nil {
				t.Fatalf("%v", err)
			}
			got.Alerts = append(got.Alerts, out.Alerts...)
			i += len(batch)
			if rapid.IntRange(0, 4).Draw(t, "crash") == 0 {
				task = NewTask(set, Options{})
				restore(t, task, log)
				if cp, ok := task.Checkpoint(); !ok || cp.Input != int64(i) {
					t.Fatalf("checkpoint %+v, want input %d", cp, i)
				}
			}
		}
		if !reflect.DeepEqual(want.Alerts, got.Alerts) {
			t.Fatal(cmp.Diff(want.Alerts, got.Alerts))
		}
	})
}

func restore(t *rapid.T, task *Task, log map[string][]byte) {
	for _, k := range sortedKeys(log) {
		if err := task.Restore([]byte(k), log[k]); err != nil {
			t.Fatalf("%v", err)
		}
	}
}

// TestOrder: any order of arrival within the lateness gives the same alerts by rule and group, as many of each.
func TestOrder(t *testing.T) {
	set := testSet(t)
	count := func(as []alert.Alert) map[string]int {
		n := map[string]int{}
		seen := map[string]bool{}
		for _, a := range as {
			if a.Status == alert.Create && !seen[a.ID] {
				seen[a.ID] = true
				n[fmt.Sprint(a.Rule.Name, a.Group)]++
			}
		}
		return n
	}
	rapid.Check(t, func(t *rapid.T) {
		arrived := drawEvents(t)
		sorted := slices.Clone(arrived)
		slices.SortStableFunc(sorted, func(a, b string) int { return published(a).Compare(published(b)) })
		never := func() bool { return false }
		// From when on the history of a first-seen rule counts is a matter of the first clock, and not of the events: both
		// orders begin with the same.
		if len(sorted) > 0 {
			begin := fmt.Sprintf(`{"uuid":"begin","published":"%s","eventType":"other"}`, published(sorted[0]).Format(time.RFC3339))
			arrived, sorted = append([]string{begin}, arrived...), append([]string{begin}, sorted...)
		}
		if diff := cmp.Diff(count(local(t, set, sorted, never)), count(local(t, set, arrived, never))); diff != "" {
			t.Fatal(diff)
		}
	})
}

func published(e string) time.Time {
	var v struct{ Published time.Time }
	if err := json.Unmarshal([]byte(e), &v); err != nil {
		panic(err)
	}
	return v.Published
}

func TestClockWaitsForEverySource(t *testing.T) {
	b := newClockBook()
	parts := map[string]int32{"in": 2}
	step := func(c Clocks, moved bool, now int64) {
		t.Helper()
		c.Partitions = parts
		if got := b.update(&c, 0); got != moved || b.now != now {
			t.Errorf("update(%+v) = %v, clock %d; want %v, %d", c.Sources, got, b.now, moved, now)
		}
	}
	step(Clocks{Sources: []SourceClock{{Topic: "in", Partition: 0, Max: 100, Idle: false}}}, false, window.NoClock) // partition 1 unheard of
	step(Clocks{Sources: []SourceClock{{Topic: "in", Partition: 1, Max: 0, Idle: false}}}, false, window.NoClock)   // live, and may begin anywhere
	step(Clocks{Sources: []SourceClock{{Topic: "in", Partition: 1, Max: 0, Idle: true}}}, true, 100)                // idle: does not hold back
	step(Clocks{Sources: []SourceClock{{Topic: "in", Partition: 1, Max: 50, Idle: false}}}, false, 100)             // never back
	step(Clocks{Sources: []SourceClock{{Topic: "in", Partition: 0, Max: 300, Idle: false}}}, false, 100)            // held by partition 1
	step(Clocks{Sources: []SourceClock{{Topic: "in", Partition: 1, Max: 40, Idle: false}}}, false, 100)             // a new owner knows less
	step(Clocks{Sources: []SourceClock{{Topic: "in", Partition: 1, Max: 200, Idle: false}}}, true, 200)
	step(Clocks{Sources: []SourceClock{{Topic: "in", Partition: 0, Max: 310, Idle: true}, {Topic: "in", Partition: 1, Max: 220, Idle: true}}}, true, 220) // all idle: the least of them
	// The group forms anew: partition 1 was idle before, and nobody has looked at it since.
	step(Clocks{Epoch: 2, Sources: []SourceClock{{Topic: "in", Partition: 0, Max: 900, Idle: false}}}, false, 220)
	step(Clocks{Epoch: 2, Sources: []SourceClock{{Topic: "in", Partition: 1, Max: 400, Idle: false}}}, true, 400)
	step(Clocks{Epoch: 2, Sources: []SourceClock{{Topic: "in", Partition: 1, Max: 410, Idle: true}}}, true, 900)
}

func FuzzDecodeMessage(f *testing.F) {
	f.Add(Message{Observation: &Observation{Class: "c", Key: "k", Event: []byte("{}"), ID: "i", Time: 5, Origin: event.Origin{Topic: "t", Offset: 3}}}.Encode())
	f.Add(Message{Clocks: &Clocks{Sources: []SourceClock{{Topic: "t", Partition: 1, Max: 2, Idle: true}}, Partitions: map[string]int32{"t": 2}}}.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := DecodeMessage(b)
		if err != nil {
			return
		}
		again, err := DecodeMessage(m.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, again); diff != "" {
			t.Fatal(diff)
		}
	})
}
