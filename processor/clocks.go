package processor

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"oktastream/rules/engine"
)

// source is one partition of an input topic.
type source struct {
	topic     string
	partition int32
}

// sourceState is how far a source has come.
type sourceState struct {
	max    int64     // highest event time, Unix nanoseconds; 0 if none
	seen   time.Time // wall clock at the last record, or at the assignment
	idle   bool
	sent   int64 // Max as last announced
	told   bool  // announced since the assignment
	toldOf bool  // idle as last announced
}

// at is the source's clock: an idle source goes on at the rate of the wall clock from its last event. It does not jump
// to now: a topic that holds last year's events, read to its end, stands in last year.
func (s *sourceState) at(now time.Time) int64 {
	if s.max == 0 || !s.idle {
		return s.max
	}
	return s.max + max(0, now.Sub(s.seen)).Nanoseconds()
}

const (
	// clockStep is how far a clock advances before it is announced with the next data.
	clockStep = time.Second
	// clockInterval is how often clocks are announced without any reason.
	clockInterval = time.Second
)

// clocks keeps the event time of the sources that a worker owns, and decides when to announce it. It knows no Kafka and
// reads no clock; between begin and commit or rollback it can go back.
type clocks struct {
	idleAfter time.Duration
	sources   map[source]sourceState
	announced time.Time
	asked     time.Time // when the caller was last told to look for idle sources

	saved          map[source]sourceState
	savedAnnounced time.Time
}

func newClocks(idleAfter time.Duration) *clocks {
	return &clocks{idleAfter: idleAfter, sources: make(map[source]sourceState)}
}

// assign adds a source afresh: what was known about it is another member's business by now.
func (c *clocks) assign(s source, now time.Time) { c.sources[s] = sourceState{seen: now} }

func (c *clocks) revoke(s source) { delete(c.sources, s) }

func (c *clocks) owns(s source) bool {
	_, ok := c.sources[s]
	return ok
}

// arrived notes a record of s, whatever is in it: the source is not idle.
func (c *clocks) arrived(s source, now time.Time) {
	st, ok := c.sources[s]
	if !ok {
		return
	}
	st.seen, st.idle = now, false
	c.sources[s] = st
}

// observe notes an event time of s. Events with an assumed time must not come here.
func (c *clocks) observe(s source, at int64) {
	if st, ok := c.sources[s]; ok && at > st.max {
		st.max = at
		c.sources[s] = st
	}
}

// silent lists sources that have been silent for the idle time-out and are not idle yet: the caller finds out which of
// them it has read to their end. It says so at most once a clockInterval.
func (c *clocks) silent(now time.Time) []source {
	if now.Sub(c.asked) < clockInterval {
		return nil
	}
	var out []source
	for s, st := range c.sources {
		if !st.idle && now.Sub(st.seen) >= c.idleAfter {
			out = append(out, s)
		}
	}
	if len(out) > 0 {
		c.asked = now
	}
	return out
}

// caughtUp makes a silent source idle.
func (c *clocks) caughtUp(s source) {
	if st, ok := c.sources[s]; ok {
		st.idle = true
		c.sources[s] = st
	}
}

// due reports whether clocks are to be announced although there is no data.
func (c *clocks) due(now time.Time) bool {
	return len(c.sources) > 0 && (now.Sub(c.announced) >= clockInterval || c.changed())
}

// changed: a source was assigned, or has become idle or live.
func (c *clocks) changed() bool {
	for _, st := range c.sources {
		if !st.told || st.idle != st.toldOf {
			return true
		}
	}
	return false
}

// message returns what is to be announced at the end of a transaction, or nil, and takes it for announced.
func (c *clocks) message(now time.Time, partitions map[string]int32) *engine.Clocks {
	advanced := false
	for _, st := range c.sources {
		advanced = advanced || time.Duration(st.at(now)-st.sent) >= clockStep
	}
	if !advanced && !c.due(now) || len(c.sources) == 0 {
		return nil
	}
	m := &engine.Clocks{Partitions: partitions}
	for s, st := range c.sources {
		st.sent, st.told, st.toldOf = st.at(now), true, st.idle
		c.sources[s] = st
		m.Sources = append(m.Sources, engine.SourceClock{Topic: s.topic, Partition: s.partition, Max: st.sent, Idle: st.idle})
	}
	slices.SortFunc(m.Sources, func(a, b engine.SourceClock) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	c.announced = now
	return m
}

func (c *clocks) begin() { c.saved, c.savedAnnounced = maps.Clone(c.sources), c.announced }

func (c *clocks) commit() { c.saved = nil }

// rollback forgets what was seen and announced since begin.
func (c *clocks) rollback() {
	if c.saved != nil {
		c.sources, c.announced, c.saved = c.saved, c.savedAnnounced, nil
	}
}
