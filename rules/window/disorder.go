package window

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"
)

// An observation in order costs O(1), amortised: what it completes can be told from what the window keeps up to date. One
// out of order may complete something at any row within Length behind it, and to see that, those rows have to be gone
// through again. In a small window that is done at once. In a crowded one n observations in the worst order, which an
// attacker or a forwarder that sends the newest first can choose, would cost n² of that.
//
// There the observations pay for it: who goes through rows of a crowded window owes an observation for each share of them,
// and until that many more have come nobody does so again. Rows that would need it wait, with their projections, until the
// debt is paid, or until the clock is patience further, whichever is first. What comes in order is judged on arrival all
// the same, and sees the rows that wait. So n observations cost O(n) whatever their order, and what is found is the same,
// somewhat later.
//
// What is left is that a row is put between others, which moves those behind it: 40 bytes each, a hundredth of a look.
//
// Debt and waiting rows are entries of the window: no restart makes a difference.

const (
	crowdedAbove = 256 // rows
	rowShare     = 64  // rows gone through, for each observation
	shares       = 64  // of the time that a row is kept: the clock makes a window be gone through so often, at most

	debtItem  = "d"
	debtBytes = 1 + 1 + 1 + 1 + 2*binary.MaxVarintLen64 + 1
)

// debt is what a crowded window owes.
type debt struct {
	owed  int   // observations that have to come before its rows are gone through again
	due   int64 // the clock at which waiting rows are judged even so; never if none waits
	stale bool  // sequences: a row has come out of order since; the sweep would have to begin anew
}

var noDebt = debt{due: never}

func (d debt) encode() []byte {
	b := binary.AppendUvarint([]byte{1}, uint64(d.owed))
	b = binary.AppendVarint(b, d.due)
	if d.stale {
		return append(b, 1)
	}
	return append(b, 0)
}

func decodeDebt(value string) (debt, error) {
	if len(value) == 0 || value[0] != 1 {
		return noDebt, fmt.Errorf("%w: debt of another format", ErrEntry)
	}
	d := decoder{rest: value[1:]}
	x := debt{int(d.uvarint()), d.varint(), d.byte() == 1}
	if d.bad || d.rest != "" || x == noDebt || x.owed < 0 {
		return noDebt, fmt.Errorf("%w: debt", ErrEntry)
	}
	return x, nil
}

func (w *Window) setDebt(d debt) {
	if d != w.debt {
		w.debt = d
		w.touch(debtItem)
	}
}

// pay takes an observation into account.
func (w *Window) pay() {
	if d := w.debt; d.owed > 0 {
		d.owed--
		w.setDebt(d)
	}
}

// waiting reports whether rows wait to be judged.
func (w *Window) waiting() bool { return w.debt.due != never && len(w.trigs) > 0 }

// firstWaiting is the time of the first row that waits, from which on nothing is settled.
func (w *Window) firstWaiting() int64 {
	k, _ := parseItem(w.trigs[0].item[1:])
	return k.time
}

// unsettled is a watermark, or how far everything is settled if that is less.
func (w *Window) unsettled(watermark int64) int64 {
	if w.waiting() {
		return min(watermark, w.firstWaiting())
	}
	return watermark
}

func (w *Window) crowded() bool { return len(w.rows) > w.dict.crowdedAbove() }

func (d *Dictionary) crowdedAbove() int {
	if d.crowd > 0 {
		return d.crowd
	}
	return crowdedAbove
}

// share is the number of rows that an observation pays for.
func (d *Dictionary) share() int {
	if d.crowd > 0 {
		return 1
	}
	return rowShare
}

// patience is how long a row waits at most.
func (s *Spec) patience(d *Dictionary) time.Duration {
	if d.crowd > 0 {
		return s.Length
	}
	return min((s.Length+s.Lateness)/shares+1, time.Minute)
}

// cause is a row that may bring about completions.
type cause struct {
	rowKey
	eventID string
	trigger func() string
}

// hold makes the row of c wait.
func (w *Window) hold(s *Spec, c cause, clock int64) {
	item := string(triggerItem) + c.item()
	i, found := w.findTrigger(item)
	if found {
		return // its row has been thinned out meanwhile, and this is a copy
	}
	t := trigger{item, c.trigger()}
	w.trigs = slices.Insert(w.trigs, i, t)
	w.bytes += t.size()
	w.touch(t.item)
	d := w.debt
	if clock == NoClock {
		d.due = math.MinInt64 // at the first
	} else {
		d.due = min(d.due, addSaturated(clock, int64(s.patience(w.dict))))
	}
	w.setDebt(d)
}

// release hands out the rows that wait, in order, and lets go of them.
func (w *Window) release() (held []cause) {
	for _, t := range w.trigs {
		k, _ := parseItem(t.item[1:])
		held = append(held, cause{k, k.id.String(), func() string { return t.text }})
		w.bytes -= t.size()
		w.touch(t.item)
	}
	w.trigs = nil
	return held
}

// arrived judges c, the row just inserted at i.
func (s *Spec) arrived(w *Window, i int, c cause, updates bool, watermark, clock int64) []Firing {
	inOrder := i == len(w.rows)-1
	anew := !inOrder
	if s.Kind == Sequence {
		if !inOrder {
			w.seq = nil
			if d := w.debt; w.crowded() {
				d.stale = true
				w.setDebt(d)
			}
		}
		anew = anew || w.debt.stale
		if w.ends(s) < c.time { // it completes nothing; the sweep takes it when something may
			return nil
		}
	}
	to := c.time
	if !inOrder {
		to = min(addSaturated(c.time, int64(s.Length)), w.rows[len(w.rows)-1].time)
	}
	switch crowded := w.crowded(); {
	case !inOrder && (!updates || crowded) && w.covering(c.time, to) != nil:
		if w.rows[i].late() {
			w.outlast(w.covering(c.time, to), w.rows[i].mark)
		}
		return nil // all that it could complete lies in an episode that has been announced, and is told with the next revision
	case !anew || !crowded:
		return s.complete(w, []cause{c}, to, updates, w.unsettled(watermark), c.eventID)
	case w.debt.owed == 0:
		return s.goThrough(w, []cause{c}, updates, watermark, c.eventID)
	}
	w.hold(s, c, clock)
	return nil
}

// judgeWaiting judges the rows that wait, if it is time.
func (s *Spec) judgeWaiting(w *Window, clock, watermark int64) []Firing {
	if !w.waiting() || w.debt.owed > 0 && (clock == NoClock || clock < w.debt.due) {
		return nil
	}
	return s.goThrough(w, w.release(), false, watermark, "")
}

// goThrough judges causes, which are in order, at a cost of all rows from the first on.
func (s *Spec) goThrough(w *Window, causes []cause, updates bool, watermark int64, hand string) []Firing {
	w.setDebt(noDebt)
	if w.crowded() {
		lo, _ := w.firstAtOrAfter(subSaturated(causes[0].time, s.Length))
		w.setDebt(debt{owed: (len(w.rows) - lo) / w.dict.share(), due: never})
	}
	return s.complete(w, causes, w.rows[len(w.rows)-1].time, updates, watermark, hand)
}

// ends is the time of the last row of the step that a sequence ends with; none if there is no such row.
func (w *Window) ends(s *Spec) int64 {
	last := s.lastStep()
	if !w.end.known {
		w.end.at, w.end.known = none, true
		for i := len(w.rows) - 1; i >= 0; i-- {
			w.dict.steps++
			if int(w.rows[i].step) == last {
				w.end.at = w.rows[i].time
				break
			}
		}
	}
	return w.end.at
}

// endRow is what ends tells, once it has been asked.
type endRow struct {
	at    int64
	known bool
}
