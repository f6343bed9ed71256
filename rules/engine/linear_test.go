package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/window"
)

// TestWorkIsLinear: four times as many events of one group take about four times as many allocations, whatever becomes of
// them: their alerts, told once or anew with each event, commits, restarts, what is given up for lack of memory.
// What windows do without allocating is counted in their own package.
func TestWorkIsLinear(t *testing.T) {
	failures := func(updates bool) *rules.Set {
		return one(t, "client.ipAddress", func(st *rules.Stateful) {
			st.Updates, st.Window.Threshold, st.Window.Length, st.Window.Quiet = updates, 5, 3*time.Hour, 3*time.Hour
			st.Window.Distinct = []window.Column{{Name: "actor"}}
			st.Inputs[0].Columns = []event.Path{event.MustPath("actor.alternateId")}
		})
	}
	burst := func() *rules.Set { // many failures, then a success
		path := event.MustPath("client.ipAddress")
		set, diags := rules.NewSet([]rules.Rule{{ID: "b", Name: "b", Title: "b", Meta: rules.Meta{Severity: alert.High},
			Stateful: &rules.Stateful{GroupBy: []string{"ip"},
				Window: window.Spec{Kind: window.Sequence, Steps: 2, Length: 3 * time.Hour, Lateness: 5 * time.Minute, Quiet: 3 * time.Hour, Episode: 24 * time.Hour},
				Inputs: []rules.Input{{Name: "fail", Where: is("eventType", "fail"), Group: []event.Path{path}}, {Name: "login", Where: is("eventType", "login"), Group: []event.Path{path}}}}}})
		if len(diags) > 0 {
			t.Fatal(diags)
		}
		return set
	}
	for name, c := range map[string]struct {
		set     *rules.Set
		opts    Options
		restart int // after so many events
		random  bool
	}{
		"told once":          {set: failures(false)},
		"told anew":          {set: failures(true)},
		"told out of order":  {set: failures(true), random: true},
		"sequence":           {set: burst()},
		"sequence at random": {set: burst(), random: true},
		"restarts":           {set: failures(false), restart: 4},
		"given up":           {set: failures(false), opts: Options{StateBudget: 40_000}},
	} {
		cost := func(n int) float64 {
			return testing.AllocsPerRun(1, func() {
				l, d := NewLocal(c.set, c.opts), event.NewDecoder(c.set.Fields())
				r := rand.New(rand.NewPCG(1, 1))
				for i := range n {
					eventType, at := "fail", time.Duration(i)*100*time.Millisecond
					if i%(n/4) == n/4-1 {
						eventType = "login"
					} else if c.random {
						at -= min(at, time.Duration(r.Int64N(int64(4*time.Minute))))
					}
					ev, err := d.Decode([]byte(flooding(i, eventType, fmt.Sprint("a", i%50), "192.0.2.1", at)), event.Meta{Origin: event.Origin{Topic: "t", Offset: int64(i)}})
					if err != nil {
						t.Fatal(err)
					}
					var out Output
					if err := l.Process(ev, &out); err != nil {
						t.Fatal(err)
					}
					if c.restart > 0 && i%(n/c.restart) == 0 {
						if err := l.Restart(); err != nil {
							t.Fatal(err)
						}
					}
				}
				var out Output
				if err := l.Close(&out); err != nil {
					t.Fatal(err)
				}
			})
		}
		if few, many := cost(800), cost(3200); many > 6*few {
			t.Errorf("%s: 800 events allocate %v times, 3200 %v times", name, few, many)
		}
	}
}
