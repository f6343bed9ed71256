package window

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// What follows is for sequences that wait for the watermark, see Spec.Waits.
//
// Below the watermark nothing arrives any more, so one sweep goes along the rows behind it, once, however disordered the
// arrival. It goes only when there is something to decide: next is a time at which there may be, the earliest of the rows
// that could complete the sequence and have not been looked at, and of the deadlines of completions that an absent event
// may still undo. It is kept with the window, so that a restored one has the same timer; and so is how far the sweep has
// come, because a sweep that begins anew must not judge again what it has judged: rows that told against it may be gone.

const (
	paceItem = "n"
	never    = int64(math.MaxInt64)
)

// pace is how far a window that waits has come.
type pace struct {
	next   int64 // when there is something to decide; never if there is nothing
	passed int64 // rows before it have been taken by the sweep; none at first
}

var noPace = pace{never, none}

func (p pace) encode() []byte {
	return binary.AppendVarint(binary.AppendVarint([]byte{1}, p.next), p.passed)
}

func decodePace(value string) (pace, error) {
	if len(value) == 0 || value[0] != 1 {
		return noPace, fmt.Errorf("%w: time of a decision of another format", ErrEntry)
	}
	d := decoder{rest: value[1:]}
	p := pace{d.varint(), d.varint()}
	if d.bad || d.rest != "" || p == noPace {
		return noPace, fmt.Errorf("%w: time of a decision", ErrEntry)
	}
	return p, nil
}

func (w *Window) setPace(p pace) {
	if p != w.pace {
		w.pace = p
		w.touch(paceItem)
	}
}

// await takes note of a row that the watermark will decide on. Its projection is kept, should its event be the one that
// opens an episode.
//
// A late row changes nothing of what has been decided, but may have a part in what has not: the sweep has to begin anew. With
// an absent step at the end it may bring about a completion by a row that was there before, and whose projection is gone.
func (w *Window) await(s *Spec, r row, watermark int64, text func() string) {
	if r.late() {
		p := pace{w.pace.next, max(w.pace.passed, watermark)}
		if s.Deferred() {
			p.next = min(p.next, r.time)
		}
		w.setPace(p)
	}
	if int(r.step) != s.shape().last || r.late() && !s.Deferred() {
		return
	}
	t := trigger{string(triggerItem) + r.item(), text()}
	i, _ := w.findTrigger(t.item)
	w.trigs = slices.Insert(w.trigs, i, t)
	w.bytes += t.size()
	w.touch(t.item)
	w.setPace(pace{min(w.pace.next, r.time), w.pace.passed})
}

// decide completes the sequences that nothing below the watermark has undone.
func (s *Spec) decide(w *Window, watermark int64) {
	if w.pace.next >= watermark {
		return
	}
	v := w.seq
	if v == nil {
		v = s.sweep(w.dict, 0)
		w.seq = v
	}
	for v.to < len(w.rows) && w.rows[v.to].time < watermark {
		r := w.rows[v.to]
		v.flush(s, w, r.time)
		c, ok := v.take(w.rows)
		if v.after && int(r.step) > v.last && v.parts[r.step].role == Absent && v.undone != r.time {
			v.undone = r.time // those of the same time stay, and would be looked at again and again
			v.waiting = slices.DeleteFunc(v.waiting, func(x waiting) bool {
				if *v.steps++; x.row.time < r.time {
					w.forgetTrigger(x.row)
					return true
				}
				return false
			})
		}
		switch {
		case int(r.step) != v.last:
		case !ok || s.counts() && !w.viewAt(s, r.time, false).distinct(s):
			w.forgetTrigger(r)
		case !v.after && r.time >= w.pace.passed:
			w.finish(s, r)
		case !v.after:
		case addSaturated(c.start, v.length) < w.pace.passed: // decided, or closed before r came
			w.forgetTrigger(r)
		default:
			x := waiting{r, addSaturated(c.start, v.length)}
			i, _ := slices.BinarySearchFunc(v.waiting, x.deadline+1, func(x waiting, t int64) int {
				if x.deadline < t {
					return -1
				}
				return 1
			})
			v.waiting = slices.Insert(v.waiting, i, x)
		}
	}
	v.flush(s, w, watermark)

	next := never
	if len(v.waiting) > 0 {
		next = v.waiting[0].deadline
	}
	if v.to < len(w.rows) { // each row that may complete has kept its projection
		if i, _ := w.findTrigger(string(triggerItem) + w.rows[v.to].item()); i < len(w.trigs) {
			k, _ := parseItem(w.trigs[i].item[1:])
			next = min(next, k.time)
		}
	}
	w.setPace(pace{next, watermark})
}

// flush completes what nothing before t has undone.
func (v *sweep) flush(s *Spec, w *Window, t int64) {
	n := 0
	for n < len(v.waiting) && v.waiting[n].deadline < t {
		w.finish(s, v.waiting[n].row)
		n++
	}
	v.waiting = v.waiting[n:] // in one piece with the others it would be moved for each
}

// finish takes note of a completion by row r. One that is known already, because the sweep had to begin anew, changes
// nothing: an episode outlasts the rows that completed it.
func (w *Window) finish(s *Spec, r row) {
	w.complete(s, r.time, r.id().String(), func() string {
		if i, ok := w.findTrigger(string(triggerItem) + r.item()); ok {
			return w.trigs[i].text
		}
		return ""
	})
	w.forgetTrigger(r)
}

func (w *Window) forgetTrigger(r row) {
	item := string(triggerItem) + r.item()
	if i, ok := w.findTrigger(item); ok {
		w.cutTrigger(i)
	}
}
