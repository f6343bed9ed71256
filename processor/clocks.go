package processor

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"oktastream/rules/engine"
)

// source is where events come from: one partition of an input topic, and of what comes over it that of one organisation by
// one path, where the records' headers say so. The whole partition, or what comes without headers, has neither.
type source struct {
	topic     string
	partition int32
	org, path string
}

// whole is the source that stands for the partition.
func (s source) whole() source { return source{topic: s.topic, partition: s.partition} }

func compareSources(a, b source) int {
	return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.partition, b.partition), cmp.Compare(a.org, b.org), cmp.Compare(a.path, b.path))
}

// sourceState is how far a source has come.
type sourceState struct {
	max    int64     // highest event time, Unix nanoseconds; 0 if none
	moved  time.Time // wall clock when max rose last, or at the assignment
	seen   time.Time // … at the last event whose time can be believed, or at the assignment
	first  time.Time // … at the first record since then that did not move it; zero if none came
	last   time.Time // … at the last such record
	idle   bool
	target int64 // where the log ended when the caller first looked during the present silence; -1 if it has not
	sent   int64 // max as last announced
	told   bool  // announced since the assignment
	toldOf bool  // idle as last announced

	// Of the whole partition only.
	since   time.Time // of the assignment
	settled bool      // sources that have something to say would have been met by now
	end     int64     // where the log ended when the caller first looked for that; -1 if it has not
}

// at is the source's clock: an idle source goes on at the rate of the wall clock from its last event. It does not jump
// to now: a topic that holds last year's events, read to its end, stands in last year.
func (s *sourceState) at(now time.Time) int64 {
	if s.max == 0 || !s.idle {
		return s.max
	}
	return s.max + max(0, now.Sub(s.seen)).Nanoseconds()
}

// stalled is for how long records have come without moving the clock.
func (s *sourceState) stalled() time.Duration { return s.last.Sub(s.first) }

const (
	// clockStep is how far a clock advances before it is announced with the next data.
	clockStep = time.Second
	// clockInterval is how often clocks are announced without any reason.
	clockInterval = time.Second
	// maxSources is how many organisations and paths of one partition are told apart. What goes beyond counts as the whole
	// partition's: headers are whatever a sender likes.
	maxSources = 64
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

// assign adds a partition afresh: what was known about it is another member's business by now.
func (c *clocks) assign(s source, now time.Time) {
	c.revoke(s)
	c.sources[s] = newSource(now)
}

func newSource(now time.Time) sourceState {
	return sourceState{moved: now, seen: now, since: now, target: -1, end: -1}
}

func (c *clocks) revoke(s source) {
	maps.DeleteFunc(c.sources, func(o source, _ sourceState) bool { return o.whole() == s })
}

func (c *clocks) owns(s source) bool {
	_, ok := c.sources[s.whole()]
	return ok
}

// arrived notes records of s, and the highest of the event times in them that can be believed; 0 if there is none. Without
// one they are no sign of life: a source that sends nothing but what cannot be used would hold the clock for ever.
//
// The clock does not follow a time beyond now, even where the event is taken for what it says: what is a little ahead must
// not make late what is on time.
func (c *clocks) arrived(s source, newest int64, now time.Time) {
	if !c.owns(s) {
		return
	}
	st, ok := c.sources[s]
	if !ok {
		st = newSource(now)
	}
	if newest > 0 {
		st.seen, st.idle, st.target = now, false, -1
	}
	switch newest = min(newest, now.UnixNano()); {
	case newest > st.max:
		st.max, st.moved, st.first, st.last = newest, now, time.Time{}, time.Time{}
	case st.first.IsZero():
		st.first, st.last = now, now
	default:
		st.last = now
	}
	c.sources[s] = st
}

// admit returns the source under which s is kept: the whole partition's when there are too many to tell apart.
func (c *clocks) admit(s source) source {
	if _, ok := c.sources[s]; ok {
		return s
	}
	n := 0
	for o := range c.sources {
		if o.whole() == s.whole() {
			n++
		}
	}
	if n > maxSources {
		return s.whole()
	}
	return s
}

// silent lists sources that have been silent for the idle time-out and are not idle yet, and partitions that were got so
// long ago that their sources should be known: the caller finds out which of them it has read to their end. It says so at
// most once a clockInterval.
func (c *clocks) silent(now time.Time) []source {
	if now.Sub(c.asked) < clockInterval {
		return nil
	}
	var out []source
	for s, st := range c.sources {
		unsettled := s == s.whole() && !st.settled && now.Sub(st.since) >= c.idleAfter
		if !st.idle && now.Sub(st.seen) >= c.idleAfter || unsettled {
			out = append(out, s)
		}
	}
	if len(out) > 0 {
		c.asked = now
	}
	return out
}

// position tells where the caller stands in the partition of s, and where that ends now, committed or not. A silent source
// becomes idle when it has been read to where it ended when the silence was first noticed: one that goes on sending what
// cannot be used has no end that could be reached.
func (c *clocks) position(s source, at, end int64, now time.Time) {
	st, ok := c.sources[s]
	if !ok {
		return
	}
	if !st.idle && now.Sub(st.seen) >= c.idleAfter {
		st.idle = at >= end || st.target >= 0 && at >= st.target
		if st.target < 0 {
			st.target = end
		}
	}
	if s == s.whole() && now.Sub(st.since) >= c.idleAfter {
		st.settled = st.settled || at >= end || st.end >= 0 && at >= st.end
		if st.end < 0 {
			st.end = end
		}
	}
	c.sources[s] = st
}

// due reports whether clocks are to be announced although there is no data.
func (c *clocks) due(now time.Time) bool {
	return len(c.sources) > 0 && (now.Sub(c.announced) >= clockInterval || c.changed())
}

// changed: a source was assigned, or has become idle or live.
func (c *clocks) changed() bool {
	for s, st := range c.sources {
		if s.told(&st) && (!st.told || st.idle != st.toldOf) {
			return true
		}
	}
	return false
}

// told reports whether the source is announced: an organisation or path of which nothing has come that tells how far it is
// would only hold the clock.
func (s source) told(st *sourceState) bool { return s == s.whole() || st.max > 0 }

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
	for _, s := range slices.SortedFunc(maps.Keys(c.sources), compareSources) {
		st := c.sources[s]
		if !s.told(&st) {
			continue
		}
		st.sent, st.told, st.toldOf = st.at(now), true, st.idle
		c.sources[s] = st
		m.Sources = append(m.Sources, engine.SourceClock{Topic: s.topic, Partition: s.partition, Org: s.org, Path: s.path,
			Max: st.sent, Idle: st.idle, Unsettled: s == s.whole() && !st.settled && !st.idle})
	}
	c.announced = now
	return m
}

// lowest is where the partition stands: the least of its sources' clocks, idle ones left out if there are others.
func (c *clocks) lowest(s source, now time.Time) (at int64) {
	idle := int64(0)
	for o, st := range c.sources {
		x := st.at(now)
		switch {
		case o.whole() != s || x == 0:
		case st.idle && (idle == 0 || x < idle):
			idle = x
		case !st.idle && (at == 0 || x < at):
			at = x
		}
	}
	if at == 0 {
		return idle
	}
	return at
}

func (c *clocks) begin() { c.saved, c.savedAnnounced = maps.Clone(c.sources), c.announced }

func (c *clocks) commit() { c.saved = nil }

// rollback forgets what was seen and announced since begin.
func (c *clocks) rollback() {
	if c.saved != nil {
		c.sources, c.announced, c.saved = c.saved, c.savedAnnounced, nil
	}
}
