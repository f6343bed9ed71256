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
	ts, err := rotate(rounds, decodeOnly("decode for 10", sets["10"], events), whole("10 rules", sets["10"], events),
		decodeOnly("decode for 10,000", sets["10000"], events), whole("10,000 rules", sets["10000"], events),
		whole("100 rules", sets["100"], events), whole("100 rules and 10,000 elsewhere", sets["elsewhere"], events))
	if err != nil {
		return err
	}
	few, many := ts[1].less(ts[0]), ts[3].less(ts[2])
	t.add(
		atMost("rule evaluation, 10,000 rules over 10 (nine in ten name an event type)", ratio(many, few), 1.5, rounds,
			fmt.Sprintf("%.2f and %.2f µs an event, without decoding", micros(median(many.cpu)), micros(median(few.cpu)))),
		atMost("decoding and rules, 10,000 rules over 10", ratio(ts[3], ts[1]), 1.2, rounds,
			fmt.Sprintf("%.2f and %.2f µs an event", micros(median(ts[3].cpu)), micros(median(ts[1].cpu)))),
		atMost("decoding and rules, 100 rules and 10,000 for types that never arrive over the 100", ratio(ts[5], ts[4]), 1.02, rounds,
			fmt.Sprintf("%.2f and %.2f µs an event", micros(median(ts[5].cpu)), micros(median(ts[4].cpu)))),
	)
	return nil
}

// decodeOnly decodes for a rule set.
func decodeOnly(name string, set *rules.Set, events [][]byte) contender {
	d := event.NewDecoder(set.Fields())
	return each(name, events, func(raw []byte) error { _, err := d.Decode(raw, event.Meta{}); return err })
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
