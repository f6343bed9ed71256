package event

import "testing"

// What the envelope says is read as the member envelope, also of a projection; an event that came without one may have it.
func TestCarrier(t *testing.T) {
	const said = `{"source":"outer","host":"h","source":"inner","headers":{"org":"north","a.b":"c"}}`
	paths := map[string]string{"envelope.source": "inner", "ENVELOPE.Host": "h", "envelope.headers.ORG": "north", `envelope.headers."a.b"`: "c",
		"envelope.nothing": "", "envelope.host or actor.id": "h|1", "actor.id": "1"}
	fields := NewFields()
	for p := range paths {
		fields.Add(MustPath(p))
	}
	for _, raw := range []string{`{"eventType":"x","actor":{"id":"1"}}`, `{"eventType":"x","actor":{"id":"1"},"envelope":{"source":"the event's own","nothing":"hidden"}}`} {
		d, again := NewDecoder(fields), NewDecoder(fields)
		for p, want := range paths {
			ev, err := d.Decode([]byte(raw), Meta{Carrier: []byte(said)})
			if err != nil {
				t.Fatal(err)
			}
			if got := texts(ev.Lookup(MustPath(p))); got != want {
				t.Errorf("%s: %s is %q, want %q", raw, p, got, want)
			}
			projected := ev.Project(NewProjection(MustPath(p)))
			if back, err := again.Decode(projected, Meta{}); err != nil || texts(back.Lookup(MustPath(p))) != want {
				t.Errorf("%s: %s of the projection %s: %v", raw, p, projected, err)
			}
		}
	}
	ev, err := NewDecoder(fields).Decode([]byte(`{"envelope":{"host":"as a test writes it"}}`), Meta{})
	if err != nil || texts(ev.Lookup(MustPath("envelope.host"))) != "as a test writes it" {
		t.Errorf("the event's own: %v", err)
	}
	d, raw, carrier := NewDecoder(fields), []byte(undotted), []byte(said)
	if n := testing.AllocsPerRun(50, func() {
		ev, _ := d.Decode(raw, Meta{Carrier: carrier})
		ev.Field(0)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
