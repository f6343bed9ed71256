package main

import (
	"fmt"

	"oktastream/rules"
	"oktastream/rules/engine"
	"oktastream/rules/event"
)

// evaluation compares rule sets of different sizes, without a broker.
func evaluation(t *table, events [][]byte, rounds int) error {
	sets := map[string]*rules.Set{}
	var err error
	for name, make := range map[string]func() (*rules.Set, error){
		"100": func() (*rules.Set, error) { return ruleSet(100, false) }, "10": func() (*rules.Set, error) { return ruleSet(10, false) },
		"10000": func() (*rules.Set, error) { return ruleSet(10_000, false) }, "elsewhere": func() (*rules.Set, error) { return elsewhere(100, 10_000) },
	} {
		if sets[name], err = make(); err != nil {
			return err
		}
	}
	ts, err := rotate(rounds, evaluateOnly("evaluate 10", sets["10"], events), evaluateOnly("evaluate 10,000", sets["10000"], events),
		whole("10 rules", sets["10"], events), whole("10,000 rules", sets["10000"], events),
		whole("100 rules", sets["100"], events), whole("100 rules and 10,000 elsewhere", sets["elsewhere"], events))
	if err != nil {
		return err
	}
	note := func(of, over timings) string {
		return fmt.Sprintf("%.2f and %.2f µs an event", micros(median(of.cpu)), micros(median(over.cpu)))
	}
	t.add(
		atMost("rule evaluation, 10,000 rules over 10 (nine in ten name an event type)", ratio(ts[1], ts[0]), 1.5, rounds, note(ts[1], ts[0])+", of events whose fields have been read"),
		atMost("decoding and rules, 10,000 rules over 10", ratio(ts[3], ts[2]), 1.2, rounds, note(ts[3], ts[2])),
		atMost("decoding and rules, 100 rules and 10,000 for types that never arrive over the 100", ratio(ts[5], ts[4]), 1.02, rounds, note(ts[5], ts[4])),
	)
	return nil
}

// evaluateOnly evaluates rules for events that have been decoded, each by a decoder of its own, and whose fields have been
// read in the round that does not count.
func evaluateOnly(name string, set *rules.Set, events [][]byte) contender {
	const few, times = 100, 50 // so that they stay in the caches, as the event at hand does
	var out engine.Output
	var decoded []*event.Event
	g := engine.NewIngest(set, engine.Options{})
	return contender{name: name, run: func(int) (int, error) {
		for _, raw := range events[len(decoded):min(len(events), few)] {
			ev, err := event.NewDecoder(set.Fields()).Decode(raw, event.Meta{})
			if err != nil {
				return 0, err
			}
			decoded = append(decoded, ev)
		}
		for range times {
			for _, ev := range decoded {
				out.Alerts, out.Observations = out.Alerts[:0], out.Observations[:0]
				g.Process(ev, &out)
			}
		}
		return times * len(decoded), nil
	}}
}

// whole is what the ingest stage does with a record that is what the one before it was, without Kafka. One is for one
// goroutine.
func whole(name string, set *rules.Set, events [][]byte) contender {
	var out engine.Output
	d, g := event.NewDecoder(set.Fields()), engine.NewIngest(set, engine.Options{})
	return each(name, events, func(raw []byte) error {
		ev, err := d.Decode(raw, event.Meta{})
		if err != nil {
			return err
		}
		out.Alerts, out.Observations = out.Alerts[:0], out.Observations[:0]
		g.Process(ev, &out)
		return nil
	})
}
