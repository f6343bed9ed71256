package simulation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/integration/oracle"
	"oktastream/integration/reference"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/window"
)

// compareOrders feeds the events in the order of their times to one engine, and compares: alerts by rule, group and
// episode, and exactly the episodes that rules over alerts have seen, whose start does not depend on the order. At the end
// no window may be left. Sessions that came too late are left out.
func (w *world) compareOrders(t reference.Topics, episodes bool) ([]string, error) {
	type place struct {
		record *kgo.Record
		time   int64
		index  int32
	}
	var places []place
	delivered := map[string]int{}
	arrivals, err := reference.ArrivalsOf(t.Repartition, t.Alerts)
	if err != nil {
		return nil, err
	}
	reader := reference.NewReader(w.set, w.options)
	reader.Now = arrivals.Now(w.options)
	for _, r := range t.Input {
		reader.Events(r, func(ev *event.Event) {
			places = append(places, place{r, ev.Time(), ev.Origin().Index})
			delivered[strings.Clone(ev.ID())]++
		})
	}
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(a.time, b.time) })
	local := engine.NewLocal(w.set, w.options.Engine)
	var out engine.Output
	for _, p := range places {
		var failed error
		reader.Events(p.record, func(ev *event.Event) {
			if ev.Origin().Index == p.index && failed == nil {
				failed = local.Process(ev, &out)
			}
		})
		if failed != nil {
			return nil, failed
		}
	}
	if err := local.Close(&out); err != nil {
		return nil, err
	}
	want, err := parse(out.Alerts)
	if err != nil {
		return nil, err
	}
	var got []oracle.Alert
	for _, r := range t.Alerts {
		a, err := oracle.Parse(r.Value)
		if err != nil {
			return nil, err
		}
		got = append(got, a)
	}
	var d []string
	if differ := oracle.ByEpisode(w.timely(want), w.timely(got), delivered); episodes && !differ.None() {
		d = append(d, "in the order of time: "+differ.String())
	}
	left := map[string]int{}
	for i := range out.Forwarded {
		left[settled(&out.Forwarded[i])]++
	}
	for i := range w.forwarded {
		left[settled(&w.forwarded[i])]--
	}
	for _, k := range sortedKeys(left) {
		if n := left[k]; n != 0 && !strings.Contains(k, `late-`) {
			d = append(d, fmt.Sprintf("episodes seen by rules over alerts: %s: %d times more in the order of time", k, n))
		}
	}
	second, err := reference.Tasks(w.set, w.options, t.Repartition)
	if err != nil {
		return nil, err
	}
	for _, p := range sortedKeys(second.Tasks) {
		if n := len(second.Tasks[p].Entries); n > 0 {
			d = append(d, fmt.Sprintf("task %d: %d entries are left of windows that should all be closed", p, n))
		}
	}
	return d, nil
}

// settled names an episode by what does not depend on the order of arrival.
func settled(a *alert.Alert) string {
	return fmt.Sprint(a.Rule.Name, " ", a.Group, " from ", a.Episode.Start)
}

func parse(alerts []alert.Alert) ([]oracle.Alert, error) {
	var out []oracle.Alert
	for i := range alerts {
		value, err := alert.Marshal(&alerts[i])
		if err != nil {
			return nil, err
		}
		a, err := oracle.Parse(value)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// timely leaves out the sessions that package workload lets come too late, and first sights where they depend on since when
// the history of a task is known: that is when it has heard of every source.
func (w *world) timely(alerts []oracle.Alert) []oracle.Alert {
	return slices.DeleteFunc(alerts, func(a oracle.Alert) bool {
		return strings.Contains(string(a.Group), `"late-`) || a.Rule.Kind == window.FirstSeen.String() && !w.options.Engine.AssumeHistory
	})
}
