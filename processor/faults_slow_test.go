//go:build synctests

package processor

import (
	"sync/atomic"
	"testing"
	"time"

	"oktastream/rules/engine"
	"oktastream/rules/event"
)

// slowTask and slowIngest take their time over each event, while each is not 0.
type slowTask struct {
	detector
	each *atomic.Int64
}

func (s slowTask) Handle(m engine.Message, out *engine.Output) error {
	if m.Observation != nil {
		time.Sleep(time.Duration(s.each.Load()))
	}
	return s.detector.Handle(m, out)
}

type slowIngest struct {
	ingester
	each *atomic.Int64
}

func (s slowIngest) Process(ev *event.Event, out *engine.Output) {
	time.Sleep(time.Duration(s.each.Load()))
	s.ingester.Process(ev, out)
}

// A backlog that takes longer to handle than a transaction may last is handled all the same, in smaller batches; also when
// one event alone takes longer. A transaction lasts 15 s here.
func TestFaultSlowHandling(t *testing.T) {
	for name, slow := range map[string]struct {
		stage   Stage
		each    time.Duration
		backlog int
	}{
		"ingest/a batch is too long":  {Ingest, 2 * time.Second, 120},
		"detect/a batch is too long":  {Detect, 2 * time.Second, 120},
		"ingest/an event is too long": {Ingest, 20 * time.Second, 12},
		"detect/an event is too long": {Detect, 20 * time.Second, 12},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				var each atomic.Int64
				e := &w.trial.engines
				if slow.stage == Ingest {
					ingest := e.ingest
					e.ingest = func() ingester { return slowIngest{ingest(), &each} }
				} else {
					task := e.task
					e.task = func() detector { return slowTask{task(), &each} }
				}
				p := w.start("a", nil)
				w.ready(p)
				w.feed(33)
				w.settle()
				each.Store(int64(slow.each))
				w.feed(slow.backlog)
				w.within(2*time.Hour, "the backlog is handled", func() bool {
					if stuck := p.status.stuck(time.Now()); len(stuck) > 0 {
						w.t.Fatalf("liveness gives up on %v", stuck)
					}
					return lag(w.t, w.adm, "g", inputTopic) == 0 && w.detectLag() == 0
				})
				if metricValue(w.t, p, "oktastream_slow_batches_total") == 0 || !w.log.has("polls take fewer records") {
					w.t.Error("nothing tells of slow batches")
				}
				each.Store(0)
				w.within(time.Hour, "polls take what they did", func() bool {
					w.feed(5)
					time.Sleep(time.Second)
					for _, n := range metricSeries(w.t, p, "oktastream_poll_records_limit") {
						if n != pollRecords {
							return false
						}
					}
					return true
				})
				w.settle()
				p.stop(w.t)
			})
		})
	}
}
