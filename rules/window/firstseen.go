package window

import (
	"math"
	"slices"
	"time"
)

// FirstSeen asks for an observation in a group that had none over Length, its history, before it. Quiet is Length too.
//
// Every observation is a completion, so that an episode is a run of observations no two neighbours of which lie further
// apart than the history, and its beginning is the one that nothing went before. That definition is about the set of
// observations: of two that arrive the wrong way round, within the lateness, the earlier one begins the episode, and one
// that may yet turn out to continue an earlier run waits for the watermark as in every other kind, see episode.
//
// A group costs one entry, its episode, which says when it was last seen; rows are kept only while an alert that waits
// has to tell about them.
//
// What was before Observation.Since is not known, and taken for an observation of the group: nothing is new until a whole
// history has gone by since then. So a first day does not report everything, and the answer does not depend on the order
// of arrival either.

// see takes in an observation of Kind FirstSeen.
func (s *Spec) see(w *Window, o *Observation, trigger func() string, updates bool, watermark int64) (Status, []Firing) {
	s.unknown(w, o, watermark)
	r := w.dict.rowOf(o, 0)
	r.mark = max(o.Time, watermark)
	i, found := w.place(r.key())
	if found {
		return Duplicate, nil
	}
	w.put(i, r)
	w.view = nil

	before := w.lastSeen()
	seq, isNew := w.complete(s, o.Time, o.ID, trigger)
	if day(w.lastSeen()) != day(before) {
		// A group may be seen for years. The topic that keeps the state drops entries that have not been written for long,
		// so the head is written again as the entry is, but not each time.
		w.touch(headItem)
	}
	fired := s.announce(w, watermark, o.ID)
	if updates && !isNew {
		for i := range w.eps {
			if e := &w.eps[i]; e.seq == seq && !e.pending() && e.eventID != "" {
				e.revision++
				w.touch(e.item())
				fired = append(fired, e.firing(o.Time, w.content(s, o.Time)))
			}
		}
	}
	s.keepFirst(w, r)
	if r.late() {
		return Late, fired
	}
	return Counted, fired
}

// lastSeen is the time of the latest observation of the group that is still remembered.
func (w *Window) lastSeen() int64 {
	if len(w.eps) == 0 {
		return math.MinInt64
	}
	return w.eps[len(w.eps)-1].end
}

func day(t int64) int64 { return t / int64(24*time.Hour) }

// unknown makes an episode that nobody hears of from what is not known before o.Since, as long as an observation may come
// that belongs to it; a late one may also then.
func (s *Spec) unknown(w *Window, o *Observation, watermark int64) {
	if o.Since == 0 || closed(o.Since, s, watermark) && closed(o.Since, s, o.Time) {
		return
	}
	for _, t := range []int64{min(o.Time, o.Since), o.Since} {
		seq, _ := w.complete(s, t, "", func() string { return "" })
		for i := range w.eps {
			if e := &w.eps[i]; e.seq == seq && e.pending() {
				w.bytes -= e.size()
				e.revision, e.settled, e.trigger, e.eventID = 1, true, "", ""
				w.bytes += e.size()
				w.touch(e.item())
			}
		}
	}
}

// keepFirst drops the rows that no firing to come is about. fresh is the row of the observation at hand: only if it stays
// does the changelog hear of it.
func (s *Spec) keepFirst(w *Window, fresh row) {
	w.rows = slices.DeleteFunc(w.rows, func(r row) bool {
		isFresh := r == fresh
		if w.awaited(s, r) {
			if isFresh {
				w.touch(r.item())
			}
			return false
		}
		w.marks.forget(r)
		w.bytes -= r.size()
		if !isFresh {
			w.touch(r.item())
		}
		return true
	})
}

// awaited tells whether a firing to come shows the row: that of an episode which has not been announced, or with Settle
// the one that says its start is final.
func (w *Window) awaited(s *Spec, r row) bool {
	for i := range w.eps {
		e := &w.eps[i]
		if e.pending() && r.time == e.at && r.id().String() == e.eventID || s.Settle && !e.settled && r.time == e.start {
			return true
		}
	}
	return false
}
