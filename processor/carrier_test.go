package processor

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/rules/event"
)

// A record's headers are fields of its events, beside what its envelope says.
func TestHeadersAreFields(t *testing.T) {
	g := &ingestStage{decoder: event.NewDecoder(event.NewFields())}
	r := &kgo.Record{Topic: "t", Headers: []kgo.RecordHeader{{Key: "org", Value: []byte("north\xff\"")}, {Key: "n", Value: nil}}}
	for _, carrier := range []string{"", `{}`, `{"host":"h"}`} {
		e := &element{raw: []byte(`{"eventType":"x"}`)}
		if carrier != "" {
			e.carrier = []byte(carrier)
		}
		ev, _, err := g.decode(r, e)
		if err != nil {
			t.Fatal(err)
		}
		org, host := ev.Lookup(event.MustPath("envelope.headers.org")), ev.Lookup(event.MustPath("envelope.host"))
		if len(org) != 1 || org[0].Text != "north\uFFFD\"" || (len(host) == 1) != (carrier == `{"host":"h"}`) {
			t.Errorf("%s: org %v, host %v", carrier, org, host)
		}
	}
	r.Headers = nil
	ev, _, err := g.decode(r, &element{raw: []byte(`{"eventType":"x"}`)})
	if err != nil || len(ev.Lookup(event.MustPath("envelope.headers.org"))) != 0 {
		t.Error("a record without headers has some")
	}
}
