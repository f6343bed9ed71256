package workload

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"
)

func TestGenerate(t *testing.T) {
	events := Generate(Config{Seed: 1, Events: 2000})
	ids := map[string][]byte{}
	types := map[string]int{}
	twice, disorder := 0, 0
	var latest time.Time
	wrapped, late, future, hostile := 0, 0, 0, 0
	for i, e := range events {
		if e.JSON == nil {
			hostile++
			continue
		}
		if !bytes.Equal(e.JSON, e.Value) {
			wrapped++
		}
		var fields struct{ UUID, EventType, Published string }
		if err := json.Unmarshal(e.JSON, &fields); err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
		if fields.UUID != e.ID || fields.Published != e.Published.Format("2006-01-02T15:04:05.000Z") {
			t.Fatalf("event %d says %+v, and is %s of %v", i, fields, e.ID, e.Published)
		}
		if bytes.ContainsRune(e.JSON, '\n') {
			t.Fatalf("event %d is more than a line", i)
		}
		types[fields.EventType]++
		if before, ok := ids[e.ID]; ok {
			twice++
			if !bytes.Equal(before, e.JSON) {
				t.Fatalf("event %s comes in two forms", e.ID)
			}
		}
		ids[e.ID] = e.JSON
		switch {
		case e.Published.After(e.Arrival):
			future++
			continue
		case bytes.Contains(e.JSON, []byte(`"late-`)) && e.Arrival.Sub(e.Published) > time.Hour:
			late++
			continue
		case e.Published.Before(latest):
			disorder++
			if latest.Sub(e.Published) > 2*time.Minute {
				t.Fatalf("event %d is %v late", i, latest.Sub(e.Published))
			}
		}
		latest = slices.MaxFunc([]time.Time{latest, e.Published}, time.Time.Compare)
	}
	if twice == 0 || disorder == 0 || wrapped == 0 || late < 5 || future < 5 || hostile != 20 {
		t.Errorf("%d events came twice, %d in an envelope, %d out of order, %d late, %d from the future, %d records are hostile; all must happen",
			twice, wrapped, disorder, late, future, hostile)
	}
	for _, want := range []string{"user.mfa.factor.reset_all", "system.idp.lifecycle.create", "user.authentication.auth_via_IDP", "user.session.impersonation.initiate"} {
		if types[want] == 0 {
			t.Errorf("no event of type %s", want)
		}
	}
}

func TestSeedDecides(t *testing.T) {
	same := func(a, b []Event) bool {
		return slices.EqualFunc(a, b, func(a, b Event) bool { return bytes.Equal(a.JSON, b.JSON) })
	}
	c := Config{Seed: 7, Events: 500}
	if !same(Generate(c), Generate(c)) {
		t.Error("one seed gives two workloads")
	}
	if d := (Config{Seed: 8, Events: 500}); same(Generate(c), Generate(d)) {
		t.Error("two seeds give one workload")
	}
	c.Disorder, c.Twice, c.Late, c.Future, c.Hostile = -1, -1, -1, -1, -1
	events := Generate(c)
	if !slices.IsSortedFunc(events, func(a, b Event) int { return a.Published.Compare(b.Published) }) {
		t.Error("without disorder the events are not in the order of their times")
	}
}
