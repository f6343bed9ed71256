package engine

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"testing"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/window"
)

// one is a set of a single rule that counts events of failure.
func one(t fataler, path string, edit func(*rules.Stateful)) *rules.Set {
	st := &rules.Stateful{GroupBy: []string{path},
		Window: window.Spec{Kind: window.Count, Threshold: 1, Length: 10 * time.Minute, Lateness: 5 * time.Minute, Quiet: 10 * time.Minute, Episode: 24 * time.Hour},
		Inputs: []rules.Input{{Name: "fail", Where: is("eventType", "fail"), Group: []event.Path{event.MustPath(path)}}}}
	edit(st)
	set, diags := rules.NewSet([]rules.Rule{{ID: "one", Name: "one", Title: "one", Meta: rules.Meta{Severity: alert.Low}, Stateful: st}})
	if len(diags) > 0 {
		t.Fatalf("%v", diags)
	}
	return set
}

func targeted(id string, at time.Duration, targets int) string {
	var list []string
	for i := range targets {
		list = append(list, fmt.Sprintf(`{"id":"t%d"}`, i))
	}
	return fmt.Sprintf(`{"uuid":%q,"published":%q,"eventType":"fail","target":[%s]}`, id, start.Add(at).Format(time.RFC3339Nano), strings.Join(list, ","))
}

// TestCopiesOverTasks: an event that is routed by each of several values counts, at each task, for the values whose copy
// came there and for no other: as many groups fire as there are values, however many tasks they are spread over.
func TestCopiesOverTasks(t *testing.T) {
	set := one(t, "target.id", func(*rules.Stateful) {})
	for _, tasks := range []int{1, 2, 4, 8} {
		ingest, decoder := NewIngest(set, Options{}), event.NewDecoder(set.Fields())
		var out Output
		ev, err := decoder.Decode([]byte(targeted("u", 0, 8)), event.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		ingest.Process(ev, &out)
		var fired []string
		var of []*Task
		for range tasks {
			of = append(of, NewTask(set, Options{}))
			of[len(of)-1].Begin()
		}
		for i := range out.Observations {
			o := &out.Observations[i]
			h := fnv.New32a()
			h.Write(o.RoutingKey())
			var got Output
			if err := of[h.Sum32()%uint32(tasks)].Handle(Message{Observation: o}, &got); err != nil {
				t.Fatal(err)
			}
			for _, a := range got.Alerts {
				fired = append(fired, a.Group[0].Value)
			}
		}
		slices.Sort(fired)
		if want := []string{"t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7"}; !slices.Equal(fired, want) {
			t.Errorf("over %d tasks fired %v, want %v", tasks, fired, want)
		}
	}
}

// TestMaxKeys: an event belongs to so many groups and no more, and only what is left out is counted.
func TestMaxKeys(t *testing.T) {
	for targets, overflow := range map[int]bool{1: false, MaxKeys - 1: false, MaxKeys: false, MaxKeys + 1: true, 3 * MaxKeys: true} {
		l := NewLocal(one(t, "target.id", func(*rules.Stateful) {}), Options{})
		alerts := feed(t, l, targeted("u", 0, targets))
		if n := l.Stats()[0].Overflow; len(alerts) != min(targets, MaxKeys) || (n > 0) != overflow {
			t.Errorf("%d values: %d alerts, overflow %d", targets, len(alerts), n)
		}
	}
}

// TestObjectsAreNoValues: a member of a group key, or a value to count, that is an object or empty is missing.
func TestObjectsAreNoValues(t *testing.T) {
	actor := func(id int, value string) string {
		return fmt.Sprintf(`{"uuid":"o%d","published":%q,"eventType":"fail","actor":{"alternateId":%s},"client":{"ipAddress":%s}}`,
			id, start.Add(time.Duration(id)*time.Second).Format(time.RFC3339), value, value)
	}
	for value, want := range map[string]int{`{"x":1}`: 0, `{}`: 0, `[]`: 0, `[{"x":"y"}]`: 0, `null`: 0, `""`: 0, `["a",{"x":1}]`: 1, `"a"`: 1, `7`: 1} {
		l := NewLocal(one(t, "actor.alternateId", func(*rules.Stateful) {}), Options{})
		alerts := feed(t, l, actor(1, value))
		if missing := l.Stats()[0].Missing; len(alerts) != want || (missing > 0) != (want == 0) {
			t.Errorf("grouped by %s: %d alerts, missing %d", value, len(alerts), missing)
		}
		l = NewLocal(one(t, "eventType", func(st *rules.Stateful) {
			st.Window.Kind, st.Window.Threshold, st.Window.Distinct = window.Distinct, 0, []window.Column{{Name: "actor", Threshold: 1}}
			st.Inputs[0].Columns = []event.Path{event.MustPath("actor.alternateId")}
		}), Options{})
		if alerts := feed(t, l, actor(1, value)); len(alerts) != want {
			t.Errorf("counting %s: %d alerts", value, len(alerts))
		}
	}
}

// TestBudgetIsALimit: windows that take just the budget stay, and with one byte less the oldest goes.
func TestBudgetIsALimit(t *testing.T) {
	set := one(t, "client.ipAddress", func(st *rules.Stateful) { st.Window.Threshold = 2 })
	play := func(budget int) (*Local, Stats, int) {
		l := NewLocal(set, Options{StateBudget: budget})
		for i := range 5 {
			feed(t, l, failed(i, fmt.Sprint("192.0.2.", i), time.Duration(i)*time.Second))
		}
		stats := l.Stats()
		if err := l.Restart(); err != nil {
			t.Fatal(err)
		}
		operator := 0
		for _, ip := range []string{"192.0.2.0", "192.0.2.4"} { // the oldest, and the latest
			for _, a := range feed(t, l, failed(9, ip, 6*time.Second)) {
				if a.Kind != "operator" {
					operator++
				}
			}
		}
		return l, stats, operator
	}
	l := NewLocal(set, Options{})
	for i := range 5 {
		feed(t, l, failed(i, fmt.Sprint("192.0.2.", i), time.Duration(i)*time.Second))
	}
	if err := l.Restart(); err != nil {
		t.Fatal(err)
	}
	bytes := l.Task().Bytes()
	if _, stats, _ := play(bytes); stats[0].Evicted != 0 {
		t.Errorf("a budget of all that the windows take: %d are given up", stats[0].Evicted)
	}
	if _, stats, fired := play(bytes - 1); stats[0].Evicted != 1 || fired != 1 {
		t.Errorf("a byte less: %d are given up, and %d of two groups fire", stats[0].Evicted, fired)
	}
}

// TestLatenessIsEdited: windows from before an edit of the lateness are judged by what the rule says now, in the same
// transaction too.
func TestLatenessIsEdited(t *testing.T) {
	rule := func(lateness time.Duration) *rules.Set {
		return one(t, "client.ipAddress", func(st *rules.Stateful) {
			st.Window.Lateness, st.Window.AtClose, st.Window.Threshold = lateness, true, 0
			st.Window.Condition = []window.Bound{{Op: window.Below, Value: 3}}
		})
	}
	l := NewLocal(rule(5*time.Minute), Options{})
	feed(t, l, failed(1, "192.0.2.1", 0))
	l = carry(t, l, rule(30*time.Minute))
	closes := start.Add(10 * time.Minute).UnixNano()
	var out Output
	for _, c := range []struct {
		after time.Duration
		fired int
	}{{6 * time.Minute, 0}, {29 * time.Minute, 0}, {31 * time.Minute, 1}, {60 * time.Minute, 1}} {
		if err := l.Advance(closes+int64(c.after), &out); err != nil {
			t.Fatal(err)
		}
		if len(out.Alerts) != c.fired {
			t.Errorf("%v behind its end the window has fired %d times, want %d", c.after, len(out.Alerts), c.fired)
		}
	}
}

// TestHistoryOutlivesTheLog: the topic that keeps the state drops what has not been written for long. A group that is seen
// all the time stays known over that, and over a restart.
func TestHistoryOutlivesTheLog(t *testing.T) {
	const day, kept, days = 24 * time.Hour, 8, 60
	set := one(t, "client.ipAddress", func(st *rules.Stateful) {
		st.AssumeHistory = true
		st.Window = window.Spec{Kind: window.FirstSeen, Length: 5 * day, Lateness: 5 * time.Minute, Quiet: 5 * day, Episode: window.Unending}
	})
	l := NewLocal(set, Options{})
	written, values := map[string]int{}, map[string]string{}
	fired := 0
	for d := range days {
		fired += len(feed(t, l, failed(d, "192.0.2.1", time.Duration(d)*day)))
		l.log = map[string][]byte{} // what is in it after the commit was written by it
		if err := l.commit(); err != nil {
			t.Fatal(err)
		}
		for k, v := range l.log {
			values[k], written[k] = string(v), d
		}
		l.log = map[string][]byte{}
		for k, v := range values {
			if d-written[k] < kept {
				l.log[k] = []byte(v)
			}
		}
		if err := l.Restart(); err != nil {
			t.Fatal(err)
		}
	}
	if fired != 1 {
		t.Errorf("seen every day for %d days, fired %d times", days, fired)
	}
}
