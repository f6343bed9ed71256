package ruletest

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/printable"
)

// Case names what the runner does with a test.
type Case string

const (
	AsWritten    Case = ""           // the test itself
	Shuffled     Case = "shuffled"   // other orders of arrival, within the rule's lateness
	Duplicated   Case = "duplicated" // every event delivered again, at once and at the end
	Restarted    Case = "restarted"  // the task rebuilt from its changelog after every event
	NullGroupKey Case = "null-group" // each member of the group key null in turn: no alert may come
)

// automatic are the cases in which every test of a stateful rule is run, beside as it is written.
var automatic = []Case{Shuffled, Duplicated, Restarted, NullGroupKey}

func caseNames() []string {
	names := make([]string, len(automatic))
	for i, c := range automatic {
		names[i] = string(c)
	}
	return names
}

// shuffles is the number of orders of arrival that are tried.
const shuffles = 5

// trial is one test with what is needed to run it again in other ways.
type trial struct {
	file   *File
	test   *Test
	rule   *rules.Rule
	set    *rules.Set
	byName map[string]*rules.Rule // the loaded rules
	given  []delivery
	plain  outcome // of the test as written
}

// run tries one automatic case. problem is "" if all is well; ran is false if the case means nothing for this test.
func (t *trial) run(c Case) (problem string, ran bool, err error) {
	switch c {
	case Shuffled:
		return t.shuffled()
	case Duplicated:
		return t.same(t.duplicated(), false, true)
	case Restarted:
		return t.same(t.given, true, false)
	case NullGroupKey:
		return t.nullGroup()
	}
	return "", false, fmt.Errorf("there is no case %q", c)
}

// same plays ds and asks for the very alerts of the test as written. Repeated records, which an idempotent consumer
// does not notice, are counted once. With copies, a late alert may be one of those that come when their windows have gone:
// they complete it once more.
func (t *trial) same(ds []delivery, restart, copies bool) (string, bool, error) {
	o, err := t.play(ds, restart)
	if err != nil {
		return "", false, err
	}
	want, err := records(t.plain.alerts)
	if err != nil {
		return "", false, err
	}
	if copies {
		o.alerts = slices.DeleteFunc(o.alerts, func(a alert.Alert) bool {
			return a.Late && !slices.ContainsFunc(t.plain.alerts, func(p alert.Alert) bool { return p.ID == a.ID })
		})
	}
	got, err := records(o.alerts)
	if err != nil {
		return "", false, err
	}
	return contrast(want, got), true, nil
}

// records are alerts as text, the first record of each id and revision.
func records(alerts []alert.Alert) ([]string, error) {
	type key struct {
		id       string
		revision int
	}
	var out []string
	seen := map[key]bool{}
	for i := range alerts {
		k := key{alerts[i].ID, alerts[i].Revision}
		if seen[k] {
			continue
		}
		seen[k] = true
		text, err := json.Marshal(&alerts[i])
		if err != nil {
			return nil, err
		}
		out = append(out, string(text))
	}
	return out, nil
}

// contrast says which lines of want are missing in got, and which of got are not in want.
func contrast(want, got []string) string {
	var b strings.Builder
	left := slices.Clone(got)
	for _, w := range want {
		if i := slices.Index(left, w); i >= 0 {
			left = slices.Delete(left, i, i+1)
			continue
		}
		fmt.Fprintf(&b, "missing: %s\n", w)
	}
	for _, g := range left {
		fmt.Fprintf(&b, "unexpected: %s\n", g)
	}
	return b.String()
}

// duplicated delivers every event twice in a row, and all of them once more at the end.
func (t *trial) duplicated() []delivery {
	var ds []delivery
	for _, d := range t.given {
		again := d
		again.offset += maxEvents
		ds = append(ds, d, again)
	}
	for _, d := range t.given {
		d.offset += 2 * maxEvents
		if n := len(ds); n > 0 {
			d.arrival = ds[n-1].arrival
		}
		ds = append(ds, d)
	}
	return ds
}

// shuffled delays every event by up to the rule's lateness. Another order may complete an episode with another event,
// so the alerts are compared by rule and group. Where the author has chosen arrivals, the order is what is tested.
func (t *trial) shuffled() (string, bool, error) {
	if len(t.given) < 2 || slices.ContainsFunc(t.test.Events, func(s Step) bool { return s.Arrives > 0 }) {
		return "", false, nil
	}
	want := groups(t.plain.alerts)
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%s", t.file.Rule, t.test.Name)
	lateness := t.lateness()
	for n := range shuffles {
		r := rand.New(rand.NewPCG(h.Sum64(), uint64(n)))
		ds := slices.Clone(t.given)
		r.Shuffle(len(ds), func(i, j int) { ds[i], ds[j] = ds[j], ds[i] }) // of events that arrive together
		for i := range ds {
			ds[i].arrival = ds[i].at.Add(time.Duration(r.Int64N(int64(lateness) + 1)))
		}
		slices.SortStableFunc(ds, func(a, b delivery) int { return a.arrival.Compare(b.arrival) })
		o, err := t.play(ds, false)
		if err != nil {
			return "", false, err
		}
		if problem := contrast(want, groups(o.alerts)); problem != "" {
			var order strings.Builder
			for _, d := range ds {
				printable.Fprintf(&order, "        %8s %v, arrived at %s\n", clock(t.file.Start, d.at), d.event["eventType"],
					clock(t.file.Start, d.arrival))
			}
			return problem + "order of arrival:\n" + order.String(), true, nil
		}
	}
	return "", true, nil
}

// lateness is how late an event may come without any rule of the set missing it.
func (t *trial) lateness() time.Duration {
	shortest := t.rule.Stateful.Window.Lateness
	for _, r := range t.set.Rules() {
		if r.Stateful != nil {
			shortest = min(shortest, r.Stateful.Window.Lateness)
		}
	}
	return shortest
}

// groups names the new alerts by rule and group.
func groups(alerts []alert.Alert) []string {
	var out []string
	for _, a := range alerts {
		if a.Status == alert.Create {
			out = append(out, fmt.Sprintf("alert of %s for group %v", a.Rule.Name, a.Group))
		}
	}
	return out
}

// nullGroup takes each member of the group key away in turn.
func (t *trial) nullGroup() (string, bool, error) {
	if len(t.plain.alerts) == 0 || t.rule.Stateful.NullGroup {
		return "", false, nil
	}
	ran := false
	for m, name := range t.rule.Stateful.GroupBy {
		ds, ok, err := t.without(m)
		if err != nil {
			return "", false, err
		}
		if !ok {
			continue
		}
		ran = true
		o, err := t.play(ds, false)
		if err != nil {
			return "", false, err
		}
		for i := range o.alerts {
			if a := &o.alerts[i]; a.Rule.Name == t.rule.Name {
				return fmt.Sprintf("%s is null in every event, and yet:\nunexpected: %s\n", name, summary(t.file.Start, a)), true, nil
			}
		}
	}
	return "", ran, nil
}

// without returns the events with member m of the group key null. ok is false if the paths of the member cannot be
// emptied by setting null there, as with names that are computed.
func (t *trial) without(m int) (ds []delivery, ok bool, err error) {
	dec := event.NewDecoder(t.set.Fields())
	paths := t.member(t.rule, m)
	for _, d := range t.given {
		d.event, d.json = clone(d.event).(map[string]any), nil
		for _, path := range paths {
			if p, err := parsePlace(path.String()); err == nil {
				p.set(d.event, nil)
			}
		}
		raw, err := d.raw()
		if err != nil {
			return nil, false, err
		}
		ev, err := dec.Decode(raw, event.Meta{Timestamp: d.arrival.UnixNano()})
		if err != nil {
			return nil, false, err
		}
		for _, path := range paths {
			for _, v := range ev.Lookup(path) {
				if v.Text != "" && (t.rule.Stateful.Verbatim || !path.Placeholder(v.Text)) {
					return nil, false, nil
				}
			}
		}
		ds = append(ds, d)
	}
	return ds, true, nil
}

// member lists the paths at which events carry member m of the rule's group key. Where the rule observes alerts that
// pass on a member of their own group key, those are the paths of the rule that raises them.
func (t *trial) member(r *rules.Rule, m int) []event.Path {
	var paths []event.Path
	for _, in := range r.Stateful.Inputs {
		from := t.byName[in.From]
		i := -1
		if in.From != "" && from != nil && from.Stateful != nil {
			i = slices.IndexFunc(from.Stateful.GroupBy, func(name string) bool {
				p, err := rules.GroupPath(name)
				return err == nil && p.String() == in.Group[m].String()
			})
		}
		if i >= 0 {
			paths = append(paths, t.member(from, i)...)
			continue
		}
		paths = append(paths, in.Group[m])
	}
	return paths
}
