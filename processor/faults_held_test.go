//go:build synctests

package processor

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Records behind an open transaction are lag, and what holds them back is named, in the log, in a metric and in the
// readiness; when it has ended, they are read and nothing is left of it.
func TestFaultHeldBack(t *testing.T) {
	for _, topic := range []string{inputTopic, "g-repartition"} {
		t.Run(topic, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				p := w.start("a", nil)
				w.ready(p)
				w.feed(33)
				w.settle()
				time.Sleep(time.Minute)
				if got := p.Readiness(); len(got.Warnings) > 0 || w.log.has("holds a partition back") {
					w.t.Errorf("warnings without reason: %v", got.Warnings)
				}
				cl := w.client(kgo.TransactionalID("foreign"), kgo.TransactionTimeout(10*time.Minute), kgo.RecordPartitioner(kgo.ManualPartitioner()))
				defer cl.Close()
				if err := cl.BeginTransaction(); err != nil {
					w.t.Fatal(err)
				}
				if err := cl.ProduceSync(context.Background(), &kgo.Record{Topic: topic, Value: []byte("open")}).FirstErr(); err != nil {
					w.t.Fatal(err)
				}
				w.feed(60)
				time.Sleep(time.Minute)
				series := func(name string) float64 {
					for labels, n := range metricSeries(w.t, p, name) {
						if labels["topic"] == topic && labels["partition"] == "0" {
							return n
						}
					}
					return 0
				}
				if lag := series("oktastream_consumer_lag_records"); lag < 20 {
					w.t.Errorf("lag %v, and some thirty records wait", lag)
				}
				if open := series("oktastream_open_transaction_seconds"); open < 30 || open > 60 {
					w.t.Errorf("the transaction has been open for %v s, want about a minute", open)
				}
				r := p.Readiness()
				if !r.Ready || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], topic+"/0 is held back") {
					w.t.Errorf("readiness %v, warnings %v", r.Ready, r.Warnings)
				}
				if !w.log.has("holds a partition back") {
					w.t.Error("no line tells")
				}
				if err := cl.EndTransaction(context.Background(), kgo.TryAbort); err != nil {
					w.t.Fatal(err)
				}
				w.settle()
				time.Sleep(2 * lagInterval)
				if r := p.Readiness(); len(r.Warnings) > 0 {
					w.t.Errorf("warnings stay: %v", r.Warnings)
				}
				if lag, open := series("oktastream_consumer_lag_records"), series("oktastream_open_transaction_seconds"); lag > 1 || open != 0 {
					w.t.Errorf("lag %v, open for %v s", lag, open)
				}
				p.stop(w.t)
			})
		})
	}
}
