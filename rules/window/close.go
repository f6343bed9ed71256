package window

import (
	"math"
	"slices"
	"strings"
)

// trigger is the projection of a row's event, kept because the row is, so far, the last of a window that is judged when
// it closes: the alert will tell about that event.
type trigger struct {
	item string // triggerItem, then the row's item
	text string
}

func (t trigger) size() int { return 8 + len(t.item) + len(t.text) }

func (w *Window) findTrigger(item string) (int, bool) {
	return slices.BinarySearchFunc(w.trigs, item, func(t trigger, item string) int { return strings.Compare(t.item, item) })
}

// cutTrigger drops a trigger. Most go from the front, which moves nothing.
func (w *Window) cutTrigger(i int) {
	t := w.trigs[i]
	w.bytes -= t.size()
	w.touch(t.item)
	if i == 0 {
		w.trigs[0] = trigger{}
		w.trigs = w.trigs[1:]
		return
	}
	w.trigs = slices.Delete(w.trigs, i, i+1)
}

// keepTriggers adds the trigger of the row just inserted, if it is the last of its window now, and drops those that are
// not the last any more.
func (w *Window) keepTriggers(s *Spec, row string, text func() string) {
	var last []string
	for i := 0; i < len(w.rows); w.dict.steps++ {
		hi := w.windowEnd(s, i)
		last = append(last, string(triggerItem)+w.rows[hi-1].item())
		i = hi
	}
	w.trigs = slices.DeleteFunc(w.trigs, func(t trigger) bool {
		_, found := slices.BinarySearch(last, t.item)
		stale := !found
		if stale {
			w.bytes -= t.size()
			w.touch(t.item)
		}
		return stale
	})
	item := string(triggerItem) + row
	if _, found := slices.BinarySearch(last, item); !found {
		return
	}
	t := trigger{item, text()}
	i, _ := w.findTrigger(item)
	w.trigs = slices.Insert(w.trigs, i, t)
	w.bytes += t.size()
	w.touch(item)
}

// windowEnd is the index behind the last row of the window that begins with row i.
func (w *Window) windowEnd(s *Spec, i int) int {
	end := addSaturated(w.rows[i].time, int64(s.Length))
	if end == math.MaxInt64 {
		return len(w.rows)
	}
	hi, _ := w.firstAtOrAfter(end + 1)
	return hi
}

// close judges the windows that the watermark has passed, in order, and drops their rows. Whatever may still arrive lies
// at or above the watermark, so neither their beginning nor their content can change.
func (s *Spec) close(w *Window, watermark int64) []Firing {
	var fired []Firing
	for len(w.rows) > 0 && s.expired(w.rows[0].time, watermark) {
		hi := w.windowEnd(s, 0)
		v := newSliding(w.dict, s)
		for _, r := range w.rows[:hi] {
			v.add(r, 1)
		}
		v.to = hi
		if v.holds(s) {
			fired = append(fired, s.judge(w, v, watermark)...)
		}
		item := string(triggerItem) + w.rows[hi-1].item()
		if i, ok := w.findTrigger(item); ok {
			w.cutTrigger(i)
		}
		for _, r := range w.rows[:hi] {
			w.marks.forget(r)
			w.bytes -= r.size()
			w.touch(r.item())
		}
		w.judged = addSaturated(w.rows[0].time, int64(s.Length))
		w.touch(tickItem)
		clear(w.rows[:hi])
		w.rows = w.rows[hi:]
	}
	// What lies in a closed window could begin none that is still open, more than Length after its end.
	if w.judged != noTick && s.expired(w.judged, watermark) {
		w.judged = noTick
		w.touch(tickItem)
	}
	w.forget(s, watermark)
	return fired
}

// judge fires for the window of rows[:v.to], which v has counted and which meets the condition. Its completion is its
// last row.
func (s *Spec) judge(w *Window, v *sliding, watermark int64) []Firing {
	hi := v.to
	last := w.rows[hi-1]
	w.complete(s, last.time, last.id().String(), func() string {
		if i, ok := w.findTrigger(string(triggerItem) + last.item()); ok {
			return w.trigs[i].text
		}
		return ""
	})
	var fired []Firing
	for _, i := range w.settle(s, watermark) {
		e := &w.eps[i]
		f := e.firing(e.at, w.contentOf(s, 0, hi, w.rows[0].time, last.time))
		f.Trigger = e.trigger
		if !s.Settle {
			w.bytes -= len(e.trigger)
			e.trigger = ""
		}
		fired = append(fired, f)
	}
	return append(fired, s.confirm(w, watermark)...)
}
