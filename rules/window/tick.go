package window

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"
)

// A window with Spec.Every is judged at ticks: the multiples T of Every in event time, counted from 1970. The rows of
// (T-Length, T] are judged when the watermark has passed T, so that no observation of the interval may still arrive;
// ticks are judged in order, each once, and those at which the interval is empty are passed over. Which ticks hold
// depends on the set of observations alone.
//
// The highest tick that has been judged is an entry of its own. Without it a window that was restored, or whose next tick
// is far away, could judge a tick again after the rows that it saw have gone.

const tickItem = "k"

// noTick is Window.judged of a window that has judged none.
const noTick = int64(math.MinInt64)

// tickAt is the first tick at or after t.
func tickAt(t int64, every time.Duration) int64 {
	n := int64(every)
	rest := t % n
	if rest <= 0 {
		return t - rest
	}
	return addSaturated(t-rest, n)
}

// nextTick is the first tick to judge that sees a row. There must be one.
func (w *Window) nextTick() int64 {
	t := tickAt(w.rows[0].time, w.head.Every)
	if w.judged != noTick {
		t = max(t, addSaturated(w.judged, int64(w.head.Every)))
	}
	return t
}

// keepTick adds the trigger of row i, just inserted, if it is the last one before a tick, and drops that of the row which
// was: an alert at a tick tells about the latest event of the interval.
func (w *Window) keepTick(i int, text func() string) {
	tick := tickAt(w.rows[i].time, w.head.Every)
	if i+1 < len(w.rows) && tickAt(w.rows[i+1].time, w.head.Every) == tick {
		return
	}
	if i > 0 {
		w.dropTrigger(w.rows[i-1], tick)
	}
	t := trigger{string(triggerItem) + w.rows[i].item(), text()}
	at, _ := w.findTrigger(t.item)
	w.trigs = slices.Insert(w.trigs, at, t)
	w.bytes += t.size()
	w.touch(t.item)
}

// dropTrigger drops the trigger of a row if that row lies before the tick and not before an earlier one.
func (w *Window) dropTrigger(r row, tick int64) {
	if tickAt(r.time, w.head.Every) != tick {
		return
	}
	item := string(triggerItem) + r.item()
	if at, ok := w.findTrigger(item); ok {
		w.cutTrigger(at)
	}
}

// tick judges the ticks that the watermark has passed, and drops the rows that no later tick sees.
func (s *Spec) tick(w *Window, watermark int64) []Firing {
	var fired []Firing
	for len(w.rows) > 0 {
		t := w.nextTick()
		if t >= watermark {
			break
		}
		if w.view == nil {
			w.view = w.sliding(s)
		}
		v := w.view // it goes from tick to tick: what comes lies behind it
		v.move(w.rows, t, int64(s.Length)-1)
		w.dropRows(v)
		if v.from < v.to && v.holds(s) {
			fired = append(fired, s.judgeTick(w, t, v.to, watermark)...)
		}
		w.judged = t
		w.touch(tickItem)
	}
	w.forget(s, watermark)
	return fired
}

// skipTicks makes those below the watermark judged, before a late row is added: were it the first of a new window, ticks that
// are over would see it.
func (w *Window) skipTicks(watermark int64) {
	if t := subSaturated(tickAt(watermark, w.head.Every), w.head.Every); t > w.judged {
		w.judged = t
		w.touch(tickItem)
	}
}

// dropRows gives up the rows that the view has left behind.
func (w *Window) dropRows(v *sliding) {
	for _, r := range w.rows[:v.from] {
		w.marks.forget(r)
		w.bytes -= r.size()
		w.touch(r.item())
		w.dropTrigger(r, tickAt(r.time, w.head.Every))
	}
	clear(w.rows[:v.from])
	w.rows = w.rows[v.from:]
	v.from, v.to = 0, v.to-v.from
}

// judgeTick fires for the tick t, at which rows[:hi] meet the condition. Ticks come in order, so whether a tick
// belongs to the episode before it is known at once.
func (s *Spec) judgeTick(w *Window, t int64, hi int, watermark int64) []Firing {
	last := w.rows[hi-1]
	w.complete(s, t, last.id().String(), func() string {
		if i, ok := w.findTrigger(string(triggerItem) + last.item()); ok {
			return w.trigs[i].text
		}
		return ""
	})
	var fired []Firing
	for _, i := range w.settle(s, watermark) {
		e := &w.eps[i]
		f := e.firing(e.at, w.content(s, t))
		f.Trigger = e.trigger
		if !s.Settle {
			w.bytes -= len(e.trigger)
			e.trigger = ""
		}
		fired = append(fired, f)
	}
	return append(fired, s.confirm(w, watermark)...)
}

func encodeTick(t int64) []byte { return binary.AppendVarint(nil, t) }

func decodeTick(value string) (int64, error) {
	d := decoder{rest: value}
	t := d.varint()
	if d.bad || d.rest != "" {
		return noTick, fmt.Errorf("%w: tick", ErrEntry)
	}
	return t, nil
}
