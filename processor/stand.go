package processor

import "github.com/twmb/franz-go/pkg/kgo"

// A stand is where an assigned partition stands while that is not an offset the client takes for committed: where it began
// because the group had no offset, or one that the log has lost, and where seek has moved it. The client leaves the former
// out of its committed offsets, and after an abort it forgets the latter and goes back to the group's offset: with state
// that is ahead of it, the records in between would count twice. So the session keeps both, until a commit has covered
// them or the partition is gone.
type stand struct {
	at     kgo.EpochOffset
	sought bool
}

// startsAt notes where a partition begins that the group has no usable offset for.
func (s *session) startsAt(topic string, partition int32, at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(topic, partition, stand{at: kgo.EpochOffset{Epoch: -1, Offset: at}})
}

// put is called with mu held.
func (s *session) put(topic string, partition int32, at stand) {
	if s.stands[topic] == nil {
		s.stands[topic] = make(map[int32]stand)
	}
	s.stands[topic][partition] = at
}

// seek moves the position of owned partitions and makes it what an abort rewinds to.
func (s *session) seek(to offsets) {
	s.mu.Lock()
	for t, parts := range to {
		for p, at := range parts {
			s.put(t, p, stand{at: at, sought: true})
		}
	}
	s.mu.Unlock()
	s.client().SetOffsets(to)
}

// rewind repeats what seek has done, after the client has gone back to the group's offsets.
func (s *session) rewind() {
	gone := s.revokedNow()
	to := make(offsets)
	s.mu.Lock()
	for t, parts := range s.stands {
		for p, st := range parts {
			if !st.sought || gone[t][p] {
				continue
			}
			if to[t] == nil {
				to[t] = make(map[int32]kgo.EpochOffset)
			}
			to[t][p] = st.at
		}
	}
	s.mu.Unlock()
	s.client().SetOffsets(to)
}

// settle notes that the group has offsets now.
func (s *session) settle(after offsets) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t, parts := range after {
		for p := range parts {
			delete(s.stands[t], p)
		}
	}
}

// position is where the client will read, or has read, a partition from: ok is false while that is not known yet. fresh
// means that the group had no usable offset.
func (s *session) position(topic string, partition int32) (at int64, fresh, ok bool) {
	s.mu.Lock()
	st, ok := s.stands[topic][partition]
	s.mu.Unlock()
	if ok {
		return st.at.Offset, !st.sought, true
	}
	o, ok := s.client().CommittedOffsets()[topic][partition]
	return o.Offset, false, ok
}

// committedOffsets are the positions that an abort rewinds to.
func (s *session) committedOffsets() offsets {
	out := offsets(s.client().CommittedOffsets())
	if out == nil {
		out = make(offsets)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for t, parts := range s.stands {
		for p, st := range parts {
			if out[t] == nil {
				out[t] = make(map[int32]kgo.EpochOffset)
			}
			out[t][p] = st.at
		}
	}
	return out
}
