package processor

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/rules/engine"
	"oktastream/rules/event"
)

// noMatch is an ingest stage outside of any session, and a record that no rule matches.
func noMatch(t testing.TB) (*ingestStage, *kgo.Record) {
	set := twoRules(t)
	unwrap, err := opener("", "")
	if err != nil {
		t.Fatal(err)
	}
	g := &ingestStage{
		skew: 5 * time.Minute, maxRecord: 1 << 20, unwrap: unwrap(), decoder: event.NewDecoder(set.Fields()), engine: engine.NewIngest(set, engine.Options{}),
		clocks: newClocks(time.Minute), metrics: newMetrics("", "", 0), tally: make(tally), envelopes: make(map[string]prometheus.Counter),
		publish: &publisher{}, router: &router{}, names: names{},
	}
	g.doubts = newDoubts(g.metrics, testLog(t), time.Minute)
	at := time.Unix(1700000000, 0)
	g.clocks.assign(source{topic: inputTopic}, at)
	g.begin(at)
	value := []byte(`{"uuid":"0b8c","published":"2023-11-14T22:13:20.000Z","eventType":"user.authentication.sso","actor":{"alternateId":"eve@example.com"},` +
		`"outcome":{"result":"SUCCESS"},"client":{"ipAddress":"203.0.113.7"},"debugContext":{"debugData":{"dtHash":"abc"}},"target":[]}`)
	return g, &kgo.Record{Topic: inputTopic, Value: value, Timestamp: at}
}

// Most events match nothing. They must not cost memory.
func TestNoMatchDoesNotAllocate(t *testing.T) {
	g, r := noMatch(t)
	run := func() {
		if err := g.process(r, nil); err != nil {
			t.Fatal(err)
		}
	}
	run()
	if n := testing.AllocsPerRun(200, run); n > 0 {
		t.Errorf("%v allocations per record", n)
	}
	g.settle()
	if n := g.tally[g.decoded("raw")]; n < 200 {
		t.Errorf("%v events decoded: the test tests something else", n)
	}
}

func BenchmarkIngestNoMatch(b *testing.B) {
	g, r := noMatch(b)
	b.SetBytes(int64(len(r.Value)))
	b.ReportAllocs()
	for b.Loop() {
		if err := g.process(r, nil); err != nil {
			b.Fatal(err)
		}
	}
}
