package processor

import (
	"fmt"
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

var a0, a1 = source{topic: "a"}, source{topic: "a", partition: 1}

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

// observe lets an event of second t arrive at second s.
func (b *clockBench) observe(src source, t, s int64) { b.c.arrived(src, t, b.at(s)) }

// settle makes a partition one whose sources are known.
func (b *clockBench) settle(src source) {
	st := b.c.sources[src]
	st.settled = true
	b.c.sources[src] = st
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
	b.settle(a0)
	if !b.c.due(b.at(0)) {
		t.Error("a new source is not due")
	}
	b.want(0, clock(0, 0, false))
	if b.c.due(b.at(0)) {
		t.Error("due right after an announcement")
	}
	// Half a second of event time waits; a whole one goes with the data.
	b.observe(a0, 1000*sec, 0)
	b.want(0, clock(0, 1000, false))
	b.observe(a0, 1000*sec+sec/2, 0)
	b.want(0)
	b.observe(a0, 1001*sec, 0)
	b.want(0, clock(0, 1001, false))
	// It never goes back, and is repeated every second.
	b.observe(a0, 500*sec, 0)
	b.want(1, clock(0, 1001, false))
	// A second source, in order.
	b.c.assign(source{topic: "a", partition: -1}, b.at(1))
	b.c.revoke(source{topic: "a", partition: -1})
	b.c.assign(a1, b.at(1))
	b.settle(a1)
	b.want(1, clock(0, 1001, false), clock(1, 0, false))
	b.c.revoke(a0)
	b.want(3, clock(1, 0, false))
	// Unknown sources are nobody's business here.
	b.observe(a0, 9000*sec, 3)
	b.c.position(a0, 5, 5, b.at(3))
	b.want(5, clock(1, 0, false))
}

func TestClocksIdle(t *testing.T) {
	b := newClockBench(t)
	b.c.assign(a0, b.at(0))
	b.settle(a0)
	b.observe(a0, 1000*sec, 10)
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
	b.c.position(a0, 7, 9, b.at(41))
	b.want(41)
	b.c.position(a0, 9, 9, b.at(41))
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
	b.observe(a0, 1005*sec, 100)
	if !b.c.due(b.at(100)) {
		t.Error("a source that became live is not due")
	}
	b.want(100, clock(0, 1005, false))
}

// An idle source that has never had an event has no clock.
func TestClocksIdleEmpty(t *testing.T) {
	b := newClockBench(t)
	b.c.assign(a0, b.at(0))
	b.want(0, engine.SourceClock{Topic: "a", Unsettled: true})
	if len(b.c.silent(b.at(30))) != 1 {
		t.Error("not asked for")
	}
	b.c.position(a0, 0, 0, b.at(30))
	b.want(30, clock(0, 0, true))
	b.want(300, clock(0, 0, true))
}

// What was seen and announced in a transaction that is rolled back has not happened.
func TestClocksRollback(t *testing.T) {
	b := newClockBench(t)
	b.c.assign(a0, b.at(0))
	b.settle(a0)
	b.observe(a0, 100*sec, 0)
	b.want(0, clock(0, 100, false))
	b.c.begin()
	b.observe(a0, 900*sec, 1)
	if m := b.c.message(b.at(1), nil); m == nil || m.Sources[0].Max != 900*sec {
		t.Fatalf("announced %+v", m)
	}
	b.c.rollback()
	b.want(1, clock(0, 100, false))
	b.observe(a0, 900*sec, 1)
	b.want(1, clock(0, 900, false))
	b.c.rollback() // outside of a transaction
	b.want(1)
	// A source that is assigned again is another's history.
	b.c.assign(a0, b.at(1))
	b.settle(a0)
	b.want(1, clock(0, 0, false))
}

// Whatever an event says, no clock passes the wall clock: what is a little ahead must not make late what is on time.
func TestClocksBehindWallClock(t *testing.T) {
	b := newClockBench(t)
	b.c.assign(a0, b.at(0))
	b.settle(a0)
	b.observe(a0, b.at(290).UnixNano(), 10)
	b.want(10, clock(0, b.at(10).Unix(), false))
	b.observe(a0, b.at(-30).UnixNano(), 11)
	b.want(11, clock(0, b.at(10).Unix(), false))
	b.c.silent(b.at(41))
	b.c.position(a0, 3, 3, b.at(41))
	b.want(60, clock(0, b.at(59).Unix(), true))
}

// What cannot be used is no sign of life, however often it comes: the source goes idle, is idle, and its clock goes on. That
// it stands still meanwhile is known.
func TestClocksUnusable(t *testing.T) {
	b := newClockBench(t)
	b.c.assign(a0, b.at(0))
	b.c.assign(a1, b.at(0))
	b.settle(a0)
	b.settle(a1)
	b.observe(a0, 1000*sec, 1)
	end := int64(1)
	for s := int64(2); s < 300; s++ {
		b.observe(a1, 2000*sec+s*sec, s)
		if s%25 != 0 { // something comes every 25 seconds, and the time-out is 30
			continue
		}
		b.observe(a0, 0, s)
		for _, src := range b.c.silent(b.at(s)) {
			if src == a0 {
				b.c.position(src, end, end+1, b.at(s)) // never read to its end
				end++
			}
		}
	}
	b.want(300, clock(0, 1000+299, true), clock(1, 2299, false))
	st := b.c.sources[a0]
	if got := st.stalled(); got != 250*time.Second {
		t.Errorf("stalled for %v", got)
	}
	b.observe(a0, 1400*sec, 300)
	st = b.c.sources[a0]
	if st.stalled() != 0 || st.idle {
		t.Errorf("after an event: %+v", st)
	}
}

// Records behind an open transaction are no silence: they cannot be read, and may be anything.
func TestClocksOpenTransaction(t *testing.T) {
	b := newClockBench(t)
	b.c.assign(a0, b.at(0))
	b.observe(a0, 1000*sec, 1)
	for s := int64(31); s < 300; s += 2 {
		for _, src := range b.c.silent(b.at(s)) {
			b.c.position(src, 5, 501+s, b.at(s))
		}
	}
	if st := b.c.sources[a0]; st.idle || st.settled {
		t.Errorf("%+v", st)
	}
}

// Organisations and paths are sources of their own, as far as they can be told apart.
func TestClocksByPath(t *testing.T) {
	b := newClockBench(t)
	b.c.assign(a0, b.at(0))
	hook, poll := a0, a0
	hook.path, poll.org, poll.path = "hook", "x.okta.com", "poll"
	b.observe(poll, 0, 1) // nothing that can be used: not worth a word, and it would hold the clock
	b.observe(hook, 5000*sec, 1)
	named := func(s source, max int64, idle bool) engine.SourceClock {
		return engine.SourceClock{Topic: "a", Org: s.org, Path: s.path, Max: max * sec, Idle: idle}
	}
	b.want(1, engine.SourceClock{Topic: "a", Unsettled: true}, named(hook, 5000, false))
	b.observe(poll, 1400*sec, 40)
	for _, s := range b.c.silent(b.at(40)) {
		b.c.position(s, 9, 9, b.at(40))
	}
	b.want(40, engine.SourceClock{Topic: "a", Idle: true}, named(hook, 5039, true), named(poll, 1400, false))
	if at := b.c.lowest(a0, b.at(40)); at != 1400*sec {
		t.Errorf("the partition stands at %d", at/sec)
	}
	for i := range 1000 {
		s := a0
		s.org = fmt.Sprint("org", i)
		b.observe(b.c.admit(s), 6000*sec, 41)
	}
	if n := len(b.c.sources); n > maxSources+1 {
		t.Errorf("%d sources are told apart", n)
	}
	if st := b.c.sources[a0]; st.max != 6000*sec {
		t.Errorf("what is not told apart is not the partition's: %+v", st)
	}
	b.c.revoke(a0)
	if len(b.c.sources) != 0 {
		t.Errorf("%d sources are left", len(b.c.sources))
	}
}
