package processor

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktastream/rules/engine"
)

const sec = int64(time.Second)

// clockBench drives clocks by seconds.
type clockBench struct {
	t  *testing.T
	c  *clocks
	at func(s int64) time.Time
}

func newClockBench(t *testing.T) *clockBench {
	return &clockBench{t: t, c: newClocks(30 * time.Second), at: func(s int64) time.Time { return time.Unix(1_700_000_000+s, 0) }}
}

var a0, a1 = source{"a", 0}, source{"a", 1}

// message announces at second s.
func (b *clockBench) message(s int64) *engine.Clocks {
	b.c.begin()
	m := b.c.message(b.at(s), map[string]int32{"a": 2})
	b.c.commit()
	return m
}

func (b *clockBench) want(s int64, sources ...engine.SourceClock) {
	b.t.Helper()
	m := b.message(s)
	if len(sources) == 0 {
		if m != nil {
			b.t.Errorf("second %d: announced %+v, want nothing", s, m)
		}
		return
	}
	if diff := cmp.Diff(&engine.Clocks{Sources: sources, Partitions: map[string]int32{"a": 2}}, m); diff != "" {
		b.t.Errorf("second %d (-want +got):\n%s", s, diff)
	}
}

func clock(partition int32, maxSeconds int64, idle bool) engine.SourceClock {
	return engine.SourceClock{Topic: "a", Partition: partition, Max: maxSeconds * sec, Idle: idle}
}

func TestClocksAnnounce(t *testing.T) {
	b := newClockBench(t)
	if b.want(0); b.c.due(b.at(100)) {
		t.Error("due without a source")
	}
	b.c.assign(a0, b.at(0))
	if !b.c.due(b.at(0)) {
		t.Error("a new source is not due")
	}
	b.want(0, clock(0, 0, false))
	if b.c.due(b.at(0)) {
		t.Error("due right after an announcement")
	}
	// Half a second of event time waits; a whole one goes with the data.
	b.c.observe(a0, 1000*sec)
	b.want(0, clock(0, 1000, false))
	b.c.observe(a0, 1000*sec+sec/2)
	b.want(0)
	b.c.observe(a0, 1001*sec)
	b.want(0, clock(0, 1001, false))
	// It never goes back, and is repeated every second.
	b.c.observe(a0, 500*sec)
	b.want(1, clock(0, 1001, false))
	// A second source, in order.
	b.c.assign(source{"a", -1}, b.at(1))
	b.c.revoke(source{"a", -1})
	b.c.assign(a1, b.at(1))
	b.want(1, clock(0, 1001, false), clock(1, 0, false))
	b.c.revoke(a0)
	b.want(3, clock(1, 0, false))
	// Unknown sources are nobody's business here.
	b.c.observe(a0, 9000*sec)
	b.c.arrived(a0, b.at(3))
	b.c.caughtUp(a0)
	b.want(5, clock(1, 0, false))
}

func TestClocksIdle(t *testing.T) {
	b := newClockBench(t)
	b.c.assign(a0, b.at(0))
	b.c.arrived(a0, b.at(10))
	b.c.observe(a0, 1000*sec)
	b.want(10, clock(0, 1000, false))
	if got := b.c.silent(b.at(39)); got != nil {
		t.Errorf("silent after 29 s: %v", got)
	}
	if got := b.c.silent(b.at(40)); !cmp.Equal(got, []source{a0}, cmp.AllowUnexported(source{})) {
		t.Errorf("silent after 30 s: %v", got)
	}
	if got := b.c.silent(b.at(40)); got != nil {
		t.Error("asks twice a second")
	}
	// Silence alone changes nothing: the source may be behind.
	b.want(41, clock(0, 1000, false))
	if got := b.c.silent(b.at(41)); len(got) != 1 {
		t.Error("does not ask again")
	}
	b.c.caughtUp(a0)
	if !b.c.due(b.at(41)) {
		t.Error("a source that became idle is not due")
	}
	// From its last event at second 10 on it goes with the wall clock, and does not jump to it.
	b.want(41, clock(0, 1031, true))
	b.want(50, clock(0, 1040, true))
	if b.c.silent(b.at(60)) != nil {
		t.Error("an idle source is asked for")
	}
	// A second batch of the same replayed topic: back to what was really seen.
	b.c.arrived(a0, b.at(100))
	b.c.observe(a0, 1005*sec)
	if !b.c.due(b.at(100)) {
		t.Error("a source that became live is not due")
	}
	b.want(100, clock(0, 1005, false))
}

// An idle source that has never had an event has no clock.
func TestClocksIdleEmpty(t *testing.T) {
	b := newClockBench(t)
	b.c.assign(a0, b.at(0))
	b.want(0, clock(0, 0, false))
	if len(b.c.silent(b.at(30))) != 1 {
		t.Error("not asked for")
	}
	b.c.caughtUp(a0)
	b.want(30, clock(0, 0, true))
	b.want(300, clock(0, 0, true))
}

// What was seen and announced in a transaction that is rolled back has not happened.
func TestClocksRollback(t *testing.T) {
	b := newClockBench(t)
	b.c.assign(a0, b.at(0))
	b.c.observe(a0, 100*sec)
	b.want(0, clock(0, 100, false))
	b.c.begin()
	b.c.arrived(a0, b.at(1))
	b.c.observe(a0, 900*sec)
	if m := b.c.message(b.at(1), nil); m == nil || m.Sources[0].Max != 900*sec {
		t.Fatalf("announced %+v", m)
	}
	b.c.rollback()
	b.want(1, clock(0, 100, false))
	b.c.observe(a0, 900*sec)
	b.want(1, clock(0, 900, false))
	b.c.rollback() // outside of a transaction
	b.want(1)
	// A source that is assigned again is another's history.
	b.c.assign(a0, b.at(1))
	b.want(1, clock(0, 0, false))
}
