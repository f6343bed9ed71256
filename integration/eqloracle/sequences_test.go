package eqloracle

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/rules/event"
)

// sequence is one of both dialects, and the fields that the last step joins by.
type sequence struct {
	text string
	by   []string
}

func drawSequence(d *drawer) sequence {
	var s sequence
	shared, each := d.IntN(3) > 0, d.IntN(2) == 0
	if !shared && !each {
		shared = true
	}
	var b strings.Builder
	b.WriteString("sequence")
	if shared {
		b.WriteString(" by actor.id")
		s.by = append(s.by, "actor")
	}
	fmt.Fprintf(&b, " with maxspan=%s", d.pick("20s", "1m", "3m", "10m", "1h"))
	key := "actor"
	step := func(condition string, runs int) {
		fmt.Fprintf(&b, " [any where %s]", condition)
		if each {
			key = d.pick("actor", "client")
			b.WriteString(" by " + key + ".id")
		}
		if runs > 1 {
			fmt.Fprintf(&b, " with runs=%d", runs)
		}
	}
	for range 2 + d.IntN(3) {
		step(d.pick(`eventType == "a"`, `eventType == "b"`, `eventType == "c"`, `eventType in ("a", "b")`, `eventType != "u" and n > 1`, `eventType like "*"`),
			max(1, d.IntN(5)-1))
	}
	if each {
		s.by = append(s.by, key)
	}
	if d.IntN(2) == 0 {
		b.WriteString(" until")
		// A step that ends the sequence and completes it is decided otherwise, see differences.
		step(`eventType == "u"`, 1)
	}
	s.text = strings.ReplaceAll(b.String(), `[any where eventType like "*"]`, `[any where eventType like "*" and eventType != "u"]`)
	return s
}

var start = time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)

type step struct {
	At        string            `json:"published"`
	ID        string            `json:"uuid"`
	Category  string            `json:"category"`
	EventType string            `json:"eventType"`
	N         int               `json:"n"`
	Actor     map[string]string `json:"actor"`
	Client    map[string]string `json:"client"`
}

func at(s step) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s.At)
	if err != nil {
		panic(err)
	}
	return t
}

// stream draws events of many groups, each at a time of its own, in order.
func stream(d *drawer, n int) []step {
	var steps []step
	now := start
	for i := range n {
		now = now.Add(time.Duration(1+d.IntN(1000)) * time.Millisecond)
		if d.IntN(3) == 0 {
			now = now.Truncate(time.Second).Add(time.Second) // spans are met exactly
		}
		group := i / 100 * 8 // groups come and go
		id := func() map[string]string { return map[string]string{"id": fmt.Sprintf("k%d", group+d.IntN(8))} }
		s := step{now.Format("2006-01-02T15:04:05.000Z"), fmt.Sprintf("e%d", i), "any", d.pick("a", "a", "a", "b", "b", "b", "c", "c", "u"), d.IntN(4), id(), id()}
		if d.IntN(3) > 0 {
			s.Client = s.Actor
		}
		steps = append(steps, s)
	}
	return steps
}

// completions are, by group, the first event that completes the sequence.
func completions(t *testing.T, text string, by []string, steps []step) map[string]int {
	t.Helper()
	_, stateful := compile(t, text)
	const long = 1000 * time.Hour // one episode for each group
	stateful.Window.Lateness, stateful.Window.Quiet, stateful.Window.Episode = time.Minute, long, 3*long
	set, diags := rules.NewSet([]rules.Rule{{ID: "r", Name: "r", Title: "R", Meta: rules.Meta{Severity: alert.High}, Stateful: stateful}})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	byTime := map[int64]int{}
	l := engine.NewLocal(set, engine.Options{})
	d := l.NewDecoder()
	var out engine.Output
	for i, s := range steps {
		byTime[at(s).UnixMilli()] = i
		ev, err := d.Decode(marshal(s), event.Meta{Origin: event.Origin{Topic: "t", Offset: int64(i)}})
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
	found := map[string]int{}
	for _, a := range out.Alerts {
		if a.Kind == "operator" || a.Revision != 1 {
			continue
		}
		i, ok := byTime[a.Time.UnixMilli()]
		if !ok {
			t.Fatalf("no event at %s", a.Time)
		}
		k := groupOf(steps[i], by)
		if _, twice := found[k]; twice {
			t.Fatalf("%s: two alerts of the group %s", text, k)
		}
		found[k] = i
	}
	return found
}

func groupOf(s step, by []string) string {
	var k []string
	for _, name := range by {
		k = append(k, map[string]map[string]string{"actor": s.Actor, "client": s.Client}[name]["id"])
	}
	return strings.Join(k, "/")
}

func TestSequences(t *testing.T) {
	const wantQueries, wantEvents = 200, 2000
	d := &drawer{Rand: rand.New(rand.NewPCG(7, 8))}
	steps := stream(d, wantEvents)
	var events [][]byte
	for _, s := range steps {
		events = append(events, marshal(s))
	}
	var sequences []sequence
	var queries []query
	for range wantQueries {
		s := drawSequence(d)
		sequences = append(sequences, s)
		queries = append(queries, query{s.text, s.text, false})
	}
	total, some := 0, 0
	for i, them := range theirs(t, queries, events) {
		s := sequences[i]
		first := map[string]int{}
		for _, e := range them {
			k := groupOf(steps[e], s.by)
			if _, ok := first[k]; !ok {
				first[k] = e
			}
		}
		us := completions(t, s.text, s.by, steps)
		total += len(us)
		if len(us) > 0 {
			some++
		}
		for k := range union(us, first) {
			a, okA := us[k]
			b, okB := first[k]
			if okA != okB || a != b {
				var of []string
				for _, s := range steps {
					if strings.Contains(k, s.Actor["id"]) || strings.Contains(k, s.Client["id"]) {
						raw, _ := json.Marshal(s)
						of = append(of, string(raw))
					}
				}
				t.Errorf("%s\ngroup %s: ours %v %d, theirs %v %d\n%s", s.text, k, okA, a, okB, b, strings.Join(of, "\n"))
				break
			}
		}
	}
	t.Logf("%d sequences, %d events, %d groups with a match; %d sequences match", len(queries), len(events), total, some)
	if some < len(queries)*3/4 {
		t.Error("the events do not test the queries")
	}
}

func union(a, b map[string]int) map[string]bool {
	all := map[string]bool{}
	for k := range a {
		all[k] = true
	}
	for k := range b {
		all[k] = true
	}
	return all
}
