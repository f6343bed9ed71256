package event_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oktastream/rules/event"
)

// A computed path is looked up, projected and interned like any other.
func TestComputedPath(t *testing.T) {
	actor, ip := event.MustPath("actor.alternateId"), event.MustPath("client.ipAddress")
	calls := 0
	both := event.Computed("=test actor at ip", []event.Path{actor, ip}, func(e *event.Event) []event.Value {
		calls++
		a, b := e.Lookup(actor), e.Lookup(ip)
		if len(a) == 0 || len(b) == 0 {
			return nil
		}
		return []event.Value{{Kind: event.String, Text: a[0].Text + "@" + b[0].Text}}
	})
	if again := event.MustPath("=test actor at ip"); again != both {
		t.Error("the same text is another path")
	}
	fields := event.NewFields()
	fields.Add(both)
	d := event.NewDecoder(fields)
	record := `{"uuid":"1","actor":{"alternateId":"a","id":"x"},"client":{"ipAddress":"192.0.2.1"},"outcome":{"result":"SUCCESS"}}`
	ev, err := d.Decode([]byte(record), event.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	want := []event.Value{{Kind: event.String, Text: "a@192.0.2.1"}}
	for range 3 {
		if diff := cmp.Diff(want, ev.Lookup(both)); diff != "" {
			t.Error(diff)
		}
	}
	if calls != 1 {
		t.Errorf("computed %d times for one event", calls)
	}
	projected := ev.Project(event.NewProjection(both))
	if s := string(projected); strings.Contains(s, "SUCCESS") || strings.Contains(s, `"x"`) {
		t.Errorf("the projection has more than is read: %s", s)
	}
	ev, err = d.Decode(projected, event.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, ev.Lookup(both)); diff != "" {
		t.Error(diff)
	}
	ev, err = d.Decode([]byte(`{"uuid":"2","actor":{"alternateId":"a"}}`), event.Meta{})
	if err != nil || len(ev.Lookup(both)) != 0 {
		t.Errorf("%v, %v: a value out of half of what is read", ev.Lookup(both), err)
	}
}

// What a path is computed from decides whether it is known.
func TestComputedPathKnown(t *testing.T) {
	f := func(*event.Event) []event.Value { return nil }
	if known, _ := event.KnownPath(event.Computed("=test known", []event.Path{event.MustPath("actor.id")}, f)); !known {
		t.Error("actor.id is known")
	}
	if known, _ := event.KnownPath(event.Computed("=test unknown", []event.Path{event.MustPath("actor.idd")}, f)); known {
		t.Error("actor.idd is not known")
	}
}
