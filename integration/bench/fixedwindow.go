package main

import (
	"fmt"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
	"oktastream/state"
)

const (
	fixedSessions     = 1000
	fixedObservations = 20 * fixedEvents // as many as there are, made beforehand
)

// windowsWork observes sessions under as many rules over the same grouping, in transactions of fixedEvents with their changes,
// once each has been observed. Half of the sessions show one device and half two; the rules wait for the third, which never comes.
func windowsWork(name string, size int) (contender, error) {
	var list []rules.Rule
	for n := range size {
		list = append(list, rules.Rule{ID: fmt.Sprint(n), Name: fmt.Sprint("devices", n), Title: "Devices", Meta: rules.Meta{Severity: alert.High},
			Stateful: &rules.Stateful{GroupBy: []string{"actor", "session"},
				Window: window.Spec{Kind: window.Distinct, Length: time.Hour, Lateness: 5 * time.Minute, Quiet: time.Hour, Episode: 24 * time.Hour,
					Distinct: []window.Column{{Name: "dtHash", Threshold: 3}}},
				Inputs: []rules.Input{{Name: "any",
					Where: &match.Pred{Path: event.MustPath("eventType"), Op: match.Equal, Fold: true,
						Literals: []string{"policy.evaluate_sign_on", fmt.Sprint("other", n)}},
					Group:   []event.Path{event.MustPath("actor.alternateId"), event.MustPath("authenticationContext.externalSessionId")},
					Columns: []event.Path{event.MustPath("debugContext.debugData.dtHash")}}}}})
	}
	set, diags := rules.NewSet(list)
	if len(diags) > 0 {
		return contender{}, fmt.Errorf("rules: %v", diags)
	}
	task, out := engine.NewTask(set, engine.Options{}), engine.Output{}
	transaction := func(messages []engine.Message) error {
		task.Begin()
		for _, m := range messages {
			if err := task.Handle(m, &out); err != nil {
				return err
			}
		}
		task.Changes(state.Checkpoint{})
		return task.Commit()
	}
	began := time.Date(2026, 8, 14, 9, 0, 0, 0, time.UTC)
	messages := make([]engine.Message, fixedObservations+fixedSessions)
	for n := range messages {
		session := n * 7919 % fixedSessions
		actor := fmt.Sprintf("first.last%06d@example.com", session/2)
		messages[n].Observation = &engine.Observation{Class: set.Classes()[0].Name, Key: actor, ID: fmt.Sprintf("0f6a2f0e-3a52-4a7e-9a57-%012x", n),
			Time:   began.Add(time.Duration(n) * 300 * time.Millisecond).UnixNano(),
			Origin: event.Origin{Topic: "okta.system-log", Partition: int32(n % 4), Offset: int64(n)},
			Event: fmt.Appendf(nil, `{"eventType":"policy.evaluate_sign_on","actor":{"alternateId":%q},"authenticationContext":{"externalSessionId":"102%022d"},`+
				`"client":{"ipAddress":"203.0.%d.%d"},"outcome":{"result":"ALLOW"},"debugContext":{"debugData":{"dtHash":"%064x"}}}`,
				actor, session, session>>8&0xff, session&0xff, session<<8+n/fixedSessions%2*(session%2))}
	}
	next := 0
	for ; next < fixedSessions; next += fixedEvents {
		if err := transaction(messages[next : next+fixedEvents]); err != nil {
			return contender{}, err
		}
	}
	return contender{name: name, run: func(int) (int, error) {
		if next == len(messages) {
			return 0, fmt.Errorf("%s has %d observations", name, fixedObservations)
		}
		batch := messages[next : next+fixedEvents]
		next += fixedEvents
		return fixedEvents, transaction(batch)
	}}, nil
}
