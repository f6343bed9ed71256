package ruletest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// delivery is one event on its way to the engine.
type delivery struct {
	event   map[string]any
	at      time.Time // event time
	arrival time.Time
	offset  int64  // its place in the topic
	json    []byte // the event, once it is finished
}

// raw is the event as JSON.
func (d delivery) raw() ([]byte, error) {
	if d.json != nil {
		return d.json, nil
	}
	return json.Marshal(d.event)
}

// namespace is the root of the ids of test events.
var namespace = uuid.MustParse("f2a6ddb0-6d0c-4c0a-9e0f-27c1a3b8a1d4")

// deliveries builds the events of a test in order of arrival; events that arrive together keep the author's order.
// The same test gives the same events, ids included.
func (f *File) deliveries(t *Test) ([]delivery, *rules.Diagnostic) {
	var ds []delivery
	if t.Sample != "" {
		sample, err := f.sample(t.Sample)
		if err != nil {
			d := f.errorAt(t.Pos, BadSample, "one event a line, as Okta writes it; no envelope", "%s: %v", t.Sample, err)
			return nil, &d
		}
		ds = sample
	}
	for i, s := range t.Events {
		for n := range s.Repeat {
			ds = append(ds, f.event(t, s, i, n))
		}
	}
	slices.SortStableFunc(ds, func(a, b delivery) int { return a.arrival.Compare(b.arrival) })
	for i := range ds {
		ds[i].offset = int64(i)
		ds[i].json, _ = ds[i].raw() // an error comes again when the event is played
	}
	return ds, nil
}

// event builds repetition n of step i.
func (f *File) event(t *Test, s Step, i, n int) delivery {
	eventType := s.Type
	if eventType == "" {
		eventType = f.base.Type
	}
	e := template(eventType)
	at := f.Start.Add(s.At + time.Duration(n)*s.Every)
	number := strconv.Itoa(n + 1)
	id := fmt.Sprintf("%s\x00%s\x00%d\x00%d", f.Rule, t.Name, i, n)
	if s.UUID != "" {
		// A word for an id names one event of the test; repetitions, and other steps with the word, are duplicates.
		id = fmt.Sprintf("%s\x00%s\x00%s", f.Rule, t.Name, strings.ReplaceAll(s.UUID, counter, number))
		if s.UUID == "same" {
			id = fmt.Sprintf("%s\x00%d", id, i)
		}
	}
	e["uuid"] = uuid.NewSHA1(namespace, []byte(id)).String()
	e["published"] = at.Format("2006-01-02T15:04:05.000Z")
	for _, set := range [][]Assign{f.base.Set, s.Set} {
		for _, a := range set {
			if p, err := parsePlace(a.Path); err == nil { // the parser has refused the others
				p.set(e, numbered(clone(a.Value), number))
			}
		}
	}
	if t, ok := publishedAt(e); ok { // the author may have set it
		at = t
	}
	return delivery{event: e, at: at, arrival: at.Add(s.Arrives)}
}

// publishedAt is when an event says that it happened, as the engine will read it.
func publishedAt(e map[string]any) (time.Time, bool) {
	text, err := json.Marshal(e["published"])
	if err != nil {
		return time.Time{}, false
	}
	if s, ok := e["published"].(string); ok {
		text = []byte(s)
	}
	t, _, ok := event.ParseTime(string(text))
	return t, ok
}

// sample reads a file of events. Its events arrive at the time they were published, in the order of the file where that
// does not tell them apart.
func (f *File) sample(name string) ([]delivery, error) {
	if f.read == nil {
		return nil, errors.New("the test file was not read from a folder")
	}
	text, err := f.read(name)
	if err != nil {
		return nil, err
	}
	var ds []delivery
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	for n := 1; ; n++ {
		var e map[string]any
		if err := dec.Decode(&e); err == io.EOF {
			return ds, nil
		} else if err != nil {
			return nil, fmt.Errorf("event %d is not a JSON object", n) // and nothing of it: the file may be anything
		}
		if n > maxEvents {
			return nil, fmt.Errorf("more than %d events", maxEvents)
		}
		at, ok := publishedAt(e)
		if !ok {
			return nil, fmt.Errorf("event %d: published is not a time", n)
		}
		ds = append(ds, delivery{event: e, at: at, arrival: at})
	}
}

// errorAt is an error about a test.
func (f *File) errorAt(pos match.Pos, code, hint, format string, args ...any) rules.Diagnostic {
	return rules.Diagnostic{File: f.Name, Pos: pos, Level: rules.Error, Code: code, Rule: f.Rule,
		Message: fmt.Sprintf(format, args...), Hint: hint}
}
