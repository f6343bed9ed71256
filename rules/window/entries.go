package window

import (
	"errors"
	"fmt"
	"slices"
)

// The entries of a window: one for the head and for each episode, row and kept projection, and what the clock has
// decided. Their items begin with a letter each.
const (
	headItem    = "h"
	episodeItem = 'e'
	triggerItem = 't' // followed by the item of the row
)

// Entries yields head, episodes and rows in ascending order of item. The slices are valid until yield returns.
func (w *Window) Entries(yield func(item, value []byte) bool) {
	if w.Empty() {
		return
	}
	if w.contents == nil && w.fold.begun {
		w.fold.entries(w.dict, yield)
		return
	}
	w.unfold()
	items := append(make([]string, 0, len(w.eps)+4), debtItem)
	for i := range w.eps {
		items = append(items, w.eps[i].item())
	}
	slices.Sort(items) // not that of their starts once an episode has begun before one that was known already
	b := make([]byte, 0, 512)
	for _, item := range append(items, headItem, tickItem, paceItem) {
		var ok bool
		b = append(b[:0], item...)
		if b, ok = w.appendValue(b, item); ok && !yield(b[:len(item):len(item)], b[len(item):]) {
			return
		}
	}
	for _, r := range w.rows {
		b = r.appendItem(b[:0])
		n := len(b)
		if b = w.dict.appendValue(b, r); !yield(b[:n:n], b[n:]) {
			return
		}
	}
	for _, t := range w.trigs {
		if !yield([]byte(t.item), []byte(t.text)) {
			return
		}
	}
}

// Changes yields each item touched since Clone or Unpack with its value now, nil if it is gone. The slices are valid until
// yield returns, which must not ask another window of the same Dictionary for its changes.
func (w *Window) Changes(yield func(item, value []byte) bool) {
	if w.contents == nil && !w.Empty() {
		w.fold.changes(w.dict, yield)
		return
	}
	w.unfold()
	if w.Empty() { // it leaves no entry behind: what goes with the content is gone, touched or not
		if w.known {
			w.touch(headItem)
		}
		if w.judged != noTick {
			w.touch(tickItem)
		}
		if w.pace != noPace {
			w.touch(paceItem)
		}
		if w.debt != noDebt {
			w.touch(debtItem)
		}
	}
	slices.Sort(w.dirty)
	w.dirty = slices.Compact(w.dirty)
	for _, item := range w.dirty {
		b, ok := w.appendValue(append(w.dict.changes[:0], item...), item)
		w.dict.changes = b
		value := b[len(item):]
		if !ok {
			value = nil
		}
		if !yield(b[:len(item):len(item)], value) {
			return
		}
	}
}

// appendValue appends the value of an item; ok is false if there is no such entry.
func (w *Window) appendValue(b []byte, item string) (_ []byte, ok bool) {
	switch {
	case w.Empty(): // what is left of it is nothing to keep
	case item == headItem:
		if w.known {
			return append(b, w.head.encode()...), true
		}
	case item == tickItem:
		if w.judged != noTick {
			return append(b, encodeTick(w.judged)...), true
		}
	case item == paceItem:
		if w.pace != noPace {
			return append(b, w.pace.encode()...), true
		}
	case item == debtItem:
		if w.debt != noDebt {
			return append(b, w.debt.encode()...), true
		}
	case item[0] == episodeItem:
		if i := w.findEpisode(item); i >= 0 {
			return append(b, w.eps[i].encode()...), true
		}
	case item[0] == rowItem:
		if i, found := w.findRow(item); found {
			return w.dict.appendValue(b, w.rows[i]), true
		}
	case item[0] == triggerItem:
		if i, found := w.findTrigger(item); found {
			return append(b, w.trigs[i].text...), true
		}
	}
	return b, false
}

func (w *Window) findEpisode(item string) int {
	return slices.IndexFunc(w.eps, func(e episode) bool { return e.item() == item })
}

// findRow returns the place of the row with this item, or where it would stand.
func (w *Window) findRow(item string) (int, bool) {
	k, ok := parseItem(item)
	if !ok {
		return 0, false
	}
	return w.place(k)
}

// ErrEntry is wrapped by every error of Apply.
var ErrEntry = errors.New("window entry cannot be read")

// Apply installs one entry from the changelog; a nil value removes it.
func (w *Window) Apply(item, value []byte) error {
	w.unfold()
	if value == nil {
		return w.remove(string(item))
	}
	return w.install(string(item), string(value))
}

// remove removes the entry of an item, if there is one.
func (w *Window) remove(item string) error {
	w.view, w.seq, w.end, w.alikes = nil, nil, endRow{}, nil
	switch {
	case item == headItem:
		w.head, w.known, w.group, w.shape = Head{}, false, "", noShape
	case item == tickItem:
		w.judged = noTick
	case item == paceItem:
		w.pace = noPace
	case item == debtItem:
		w.debt = noDebt
	case item == "":
		return fmt.Errorf("%w: no item", ErrEntry)
	case item[0] == episodeItem:
		if i := w.findEpisode(item); i >= 0 {
			w.bytes -= w.eps[i].size()
			w.eps = slices.Delete(w.eps, i, i+1)
		}
	case item[0] == rowItem:
		if i, found := w.findRow(item); found {
			w.marks.forget(w.rows[i])
			w.bytes -= w.rows[i].size()
			w.rows = slices.Delete(w.rows, i, i+1)
		}
	case item[0] == triggerItem:
		if i, found := w.findTrigger(item); found {
			w.bytes -= w.trigs[i].size()
			w.trigs = slices.Delete(w.trigs, i, i+1)
		}
	default:
		return fmt.Errorf("%w: kind %q is not known to this version", ErrEntry, item[0])
	}
	return nil
}

// install makes value that of an item. It keeps parts of both.
func (w *Window) install(item, value string) (err error) {
	if err := w.remove(item); err != nil {
		return err
	}
	switch {
	case item == headItem:
		h, err := decodeHead(value)
		if err != nil {
			return err
		}
		w.assume(h)
	case item == tickItem:
		w.judged, err = decodeTick(value)
	case item == paceItem:
		w.pace, err = decodePace(value)
	case item == debtItem:
		w.debt, err = decodeDebt(value)
	case item[0] == episodeItem:
		e, err := decodeEpisode(item, value)
		if err != nil {
			return err
		}
		i, _ := slices.BinarySearchFunc(w.eps, e, compareEpisodes)
		w.eps = slices.Insert(w.eps, i, e)
		w.bytes += e.size()
	case item[0] == rowItem:
		r, err := w.dict.parseRow(item, value)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrEntry, err)
		}
		i, _ := w.findRow(item)
		w.put(i, r)
	case item[0] == triggerItem:
		i, _ := w.findTrigger(item)
		t := trigger{item, value}
		w.trigs = slices.Insert(w.trigs, i, t)
		w.bytes += t.size()
	}
	return err
}
