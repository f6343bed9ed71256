package ruletest

import (
	"fmt"
	"strings"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/explain"
)

// topic is where test events say they come from.
const topic = "test"

func (d delivery) meta() event.Meta {
	return event.Meta{Origin: event.Origin{Topic: topic, Offset: d.offset}, Timestamp: d.arrival.UnixNano()}
}

// outcome is what the engine made of a test's events.
type outcome struct {
	alerts []alert.Alert // in the order in which they came
	stats  engine.Stats  // by rule of the set
}

// play feeds ds, in their order, to a new engine; restart rebuilds the task from its changelog after every event.
func (t *trial) play(ds []delivery, restart bool) (outcome, error) {
	l := engine.NewLocal(t.set, engine.Options{Version: "test", AssumeHistory: !t.file.Observed})
	dec := l.NewDecoder()
	var out engine.Output
	for i, d := range ds {
		raw, err := d.raw()
		if err != nil {
			return outcome{}, fmt.Errorf("event %d: %w", i+1, err)
		}
		ev, err := dec.Decode(raw, d.meta())
		if err != nil {
			return outcome{}, fmt.Errorf("event %d: %w", i+1, err)
		}
		if err := l.Process(ev, &out); err != nil {
			return outcome{}, fmt.Errorf("event %d: %w", i+1, err)
		}
		if restart {
			if err := l.Restart(); err != nil {
				return outcome{}, fmt.Errorf("restart after event %d: %w", i+1, err)
			}
		}
	}
	if err := l.Close(&out); err != nil {
		return outcome{}, err
	}
	return outcome{alerts: out.Alerts, stats: l.Stats()}, nil
}

// window explains what the rule made of the test's events: the conditions, the group and the content of its window.
func (t *trial) window() string {
	var given []explain.Input
	for _, d := range t.given {
		raw, err := d.raw()
		if err != nil {
			return err.Error() + "\n"
		}
		given = append(given, explain.Input{JSON: raw, Meta: d.meta()})
	}
	return explain.Window(t.set, t.rule.Name, given)
}

// account says what the engine made of the events of each rule: the answer to "why is there no alert".
func (o outcome) account(set *rules.Set) string {
	var b strings.Builder
	for i, s := range o.stats {
		fmt.Fprintf(&b, "%s: %d events matched", set.Rules()[i].Name, s.Matched)
		for _, n := range []struct {
			count int
			what  string
		}{
			{s.Missing, "without group key or counted value"},
			{s.Duplicate, "duplicates"},
			{s.Late - s.Unusable, "late"},
			{s.Unusable, "too late"},
			{s.Held, "completions in an episode already announced"},
			{s.Overflow, "with too many group keys"},
		} {
			if n.count > 0 {
				fmt.Fprintf(&b, ", %d %s", n.count, n.what)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
