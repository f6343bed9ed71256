package window

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"sort"
	"strings"
	"time"
)

// Head says whose window it is. It is written once, so that a window read back from a changelog can be told even when
// its rule is gone.
type Head struct {
	Rule  [16]byte // state identity of the rule
	Group []string // values of the group key, in the rule's order
	// How long content matters, copied from the Spec, so that a window expires also without its rule.
	Length, Lateness, Quiet time.Duration
	// AtClose as in Spec: rows wait for the window to close.
	AtClose bool
	// Settle as in Spec: episodes wait for their start to settle.
	Settle bool
	// Every as in Spec: the window is judged at ticks.
	Every time.Duration
	// Deferred: completions become known up to Length after their time, see Spec.Deferred.
	Deferred bool
	// Thinned: rows have been dropped because they repeated others, see Spec.thin.
	Thinned bool
}

// Window is the state of one (rule, group key): the observations that can still take part in an interval, sorted by
// time, and the episodes that are not over. It implements state.Window. One goroutine owns it.
type Window struct {
	dict  *Dictionary
	head  Head
	known bool // head is set
	rows  []row
	eps   []episode // sorted by start, not overlapping
	trigs []trigger // AtClose and Every: projections kept for the alerts to come

	judged int64 // Every: the highest tick that has been judged, noTick before the first

	pace pace // sequences that wait: see decide.go

	dirty []string // items changed since Clone, with repetitions
	view  *sliding // derived from rows; nil when it must be rebuilt
	seq   *sweep   // likewise, for sequences
	bytes int      // of Size, without head and tick

	headBytes int // of the group key in Size
}

const (
	headItem    = "h"
	episodeItem = 'e'
	triggerItem = 't' // followed by the item of the row
)

// New returns an empty window without a head that belongs to no store.
func New() *Window { return new(Dictionary).New() }

// Head returns the head; ok is false for a window that has none, because it is new or its entry was lost.
func (w *Window) Head() (h Head, ok bool) { return w.head, w.known }

// SetHead makes w the window of a rule and group. It changes nothing if the head is the same.
func (w *Window) SetHead(h Head) {
	h.Thinned = w.head.Thinned
	if w.known && w.head.equal(h) {
		return
	}
	h.Group = slices.Clone(h.Group)
	for i := range h.Group {
		h.Group[i] = strings.Clone(h.Group[i])
	}
	w.head, w.known = h, true
	w.measureHead()
	w.touch(headItem)
}

func (h Head) equal(o Head) bool {
	return h.Rule == o.Rule && h.Length == o.Length && h.Lateness == o.Lateness && h.Quiet == o.Quiet &&
		h.AtClose == o.AtClose && h.Every == o.Every && h.Deferred == o.Deferred && h.Settle == o.Settle && h.Thinned == o.Thinned && slices.Equal(h.Group, o.Group)
}

func (w *Window) touch(item string) { w.dirty = append(w.dirty, item) }

// Clone returns a copy that shares only what is never written again: encoded rows and stored triggers.
func (w *Window) Clone() *Window {
	c := *w
	c.rows = slices.Clone(w.rows)
	c.eps = slices.Clone(w.eps)
	c.trigs = slices.Clone(w.trigs)
	c.dirty, c.view, c.seq = nil, nil, nil
	if c.Empty() { // its head has no entry, see Entries: what comes next must write it
		c.head, c.known, c.judged, c.headBytes, c.pace = Head{}, false, noTick, 0, noPace
	}
	return &c
}

// Committed drops what only an open transaction needs.
func (w *Window) Committed() { w.dirty, w.view, w.seq = nil, nil, nil }

// Empty reports whether nothing is left that could still matter.
func (w *Window) Empty() bool { return len(w.rows) == 0 && len(w.eps) == 0 }

// Due is the clock value at which the window wants to be advanced: when an episode that waits for its predecessor to
// end can be decided, or when all content has expired.
//
// Rows that expire one by one are dropped by the next observation; only the last row's expiry needs a timer, so a busy
// window costs no timer work per row.
func (w *Window) Due() int64 {
	due, expiry := int64(math.MaxInt64), int64(math.MinInt64)
	if n := len(w.rows); n > 0 && w.head.Every > 0 {
		due = after(w.nextTick(), 0, w.head.Lateness) // the last tick that sees a row also drops it
	} else if n > 0 {
		expiry = after(w.rows[n-1].time, w.head.Length, w.head.Lateness)
		if w.head.AtClose {
			due = after(w.rows[0].time, w.head.Length, w.head.Lateness)
		}
	}
	for i := range w.eps {
		e := &w.eps[i]
		wait := w.head.Lateness
		if w.head.Deferred {
			wait += w.head.Length
		}
		end := after(e.end, w.head.Quiet, wait)
		over := end
		if w.head.AtClose { // see forget
			over = after(e.end, w.head.Quiet+w.head.Length, w.head.Lateness)
		}
		expiry = max(expiry, over)
		if w.head.Settle && !e.pending() && !e.settled {
			due = min(due, after(e.start, 0, wait))
		}
		if e.pending() || i+1 < len(w.eps) && w.eps[i+1].pending() {
			due = min(due, end)
		}
	}
	if w.pace.next != never {
		due = min(due, after(w.pace.next, 0, w.head.Lateness))
	}
	if expiry != math.MinInt64 {
		due = min(due, expiry)
	}
	return due
}

// after is the first clock value at which something at t is over, for good: an event may still arrive until the clock
// is more than lateness past it. It saturates instead of wrapping.
func after(t int64, keep, lateness time.Duration) int64 {
	d := int64(keep) + int64(lateness) + 1
	if t > math.MaxInt64-d {
		return math.MaxInt64
	}
	return t + d
}

// Entries yields head, episodes and rows in ascending order of item.
func (w *Window) Entries() iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		for e := range w.episodesByItem() {
			if !yield(e.item(), e.encode()) {
				return
			}
		}
		if w.known && !w.Empty() && !yield([]byte(headItem), w.head.encode()) {
			return
		}
		if w.judged != noTick && !w.Empty() && !yield([]byte(tickItem), encodeTick(w.judged)) {
			return
		}
		if w.pace != noPace && !w.Empty() && !yield([]byte(paceItem), w.pace.encode()) {
			return
		}
		for _, r := range w.rows {
			if !yield(r.item(), []byte(r.enc)) {
				return
			}
		}
		for _, t := range w.trigs {
			if !yield([]byte(t.item), []byte(t.text)) {
				return
			}
		}
	}
}

// rest yields what is neither head nor row, in any order, also of a window of which only a part has been applied.
func (w *Window) rest() iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		for i := range w.eps {
			if !yield(w.eps[i].item(), w.eps[i].encode()) {
				return
			}
		}
		if w.judged != noTick && !yield([]byte(tickItem), encodeTick(w.judged)) {
			return
		}
		if w.pace != noPace && !yield([]byte(paceItem), w.pace.encode()) {
			return
		}
		for _, t := range w.trigs {
			if !yield([]byte(t.item), []byte(t.text)) {
				return
			}
		}
	}
}

// episodesByItem yields the episodes in the order of their items, which is not that of their starts once an episode has
// begun before one that was known already.
func (w *Window) episodesByItem() iter.Seq[*episode] {
	return func(yield func(*episode) bool) {
		order := make([]*episode, len(w.eps))
		for i := range w.eps {
			order[i] = &w.eps[i]
		}
		slices.SortFunc(order, func(a, b *episode) int { return cmp.Compare(a.seq, b.seq) })
		for _, e := range order {
			if !yield(e) {
				return
			}
		}
	}
}

// Changes yields each item touched since Clone or Unpack with its value now, nil if it is gone.
func (w *Window) Changes() iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		slices.Sort(w.dirty)
		w.dirty = slices.Compact(w.dirty)
		for _, item := range w.dirty {
			if !yield([]byte(item), w.lookup(item)) {
				return
			}
		}
		if !w.Empty() {
			return
		}
		// An empty window leaves no entry behind, so its head and tick go too, whether or not they were touched.
		if _, touched := slices.BinarySearch(w.dirty, headItem); w.known && !touched && !yield([]byte(headItem), nil) {
			return
		}
		if _, touched := slices.BinarySearch(w.dirty, tickItem); w.judged != noTick && !touched && !yield([]byte(tickItem), nil) {
			return
		}
		if _, touched := slices.BinarySearch(w.dirty, paceItem); w.pace != noPace && !touched {
			yield([]byte(paceItem), nil)
		}
	}
}

func (w *Window) lookup(item string) []byte {
	switch {
	case item == headItem:
		if w.known && !w.Empty() {
			return w.head.encode()
		}
	case item == tickItem:
		if w.judged != noTick && !w.Empty() {
			return encodeTick(w.judged)
		}
	case item == paceItem:
		if w.pace != noPace && !w.Empty() {
			return w.pace.encode()
		}
	case item[0] == episodeItem:
		for i := range w.eps {
			if string(w.eps[i].item()) == item {
				return w.eps[i].encode()
			}
		}
	case item[0] == rowItem:
		if i, ok := w.findRow(item); ok {
			return []byte(w.rows[i].enc)
		}
	case item[0] == triggerItem:
		if i, ok := w.findTrigger(item); ok {
			return []byte(w.trigs[i].text)
		}
	}
	return nil
}

// findRow returns the place of the row with this item, or where it would stand.
func (w *Window) findRow(item string) (int, bool) {
	i := sort.Search(len(w.rows), func(i int) bool { return string(w.rows[i].item()) >= item })
	return i, i < len(w.rows) && string(w.rows[i].item()) == item
}

// ErrEntry is wrapped by every error of Apply.
var ErrEntry = errors.New("window entry cannot be read")

// Apply installs one entry from the changelog; a nil value removes it.
func (w *Window) Apply(item, value []byte) error {
	w.view, w.seq = nil, nil
	if len(item) == 0 {
		return fmt.Errorf("%w: no item", ErrEntry)
	}
	switch {
	case string(item) == headItem:
		if value == nil {
			w.head, w.known = Head{}, false
			w.measureHead()
			return nil
		}
		h, err := decodeHead(value)
		if err != nil {
			return err
		}
		w.head, w.known = h, true
		w.measureHead()
	case string(item) == tickItem:
		if value == nil {
			w.judged = noTick
			return nil
		}
		t, err := decodeTick(value)
		if err != nil {
			return err
		}
		w.judged = t
	case string(item) == paceItem:
		if value == nil {
			w.pace = noPace
			return nil
		}
		p, err := decodePace(value)
		if err != nil {
			return err
		}
		w.pace = p
	case item[0] == episodeItem:
		i := slices.IndexFunc(w.eps, func(e episode) bool { return string(e.item()) == string(item) })
		if i >= 0 {
			w.bytes -= w.eps[i].size()
			w.eps = slices.Delete(w.eps, i, i+1)
		}
		if value == nil {
			return nil
		}
		e, err := decodeEpisode(item, value)
		if err != nil {
			return err
		}
		i, _ = slices.BinarySearchFunc(w.eps, e, compareEpisodes)
		w.eps = slices.Insert(w.eps, i, e)
		w.bytes += e.size()
	case item[0] == rowItem:
		i, found := w.findRow(string(item))
		if found {
			w.bytes -= w.rows[i].size()
			w.rows = slices.Delete(w.rows, i, i+1)
		}
		if value == nil {
			return nil
		}
		r, err := parseRow(item, string(value))
		if err != nil {
			return fmt.Errorf("%w: %w", ErrEntry, err)
		}
		r = w.dict.measure(r)
		w.rows = slices.Insert(w.rows, i, r)
		w.bytes += r.size()
	case item[0] == triggerItem:
		i, found := w.findTrigger(string(item))
		if found {
			w.bytes -= w.trigs[i].size()
			w.trigs = slices.Delete(w.trigs, i, i+1)
		}
		if value == nil {
			return nil
		}
		t := trigger{string(item), string(value)}
		w.trigs = slices.Insert(w.trigs, i, t)
		w.bytes += t.size()
	default:
		return fmt.Errorf("%w: kind %q is not known to this version", ErrEntry, item[0])
	}
	return nil
}

const (
	headFormat  = 1
	flagThinned = 1 << 0
	flagAtClose = 1 << 1
	flagSettle  = 1 << 2
	flagEvery   = 1 << 3
	flagDefer   = 1 << 4
)

func (h Head) encode() []byte { return putList(h.appendShape(nil), h.Group) }

// appendShape appends all but the group key.
func (h Head) appendShape(b []byte) []byte {
	var flags byte
	if h.Thinned {
		flags |= flagThinned
	}
	if h.AtClose {
		flags |= flagAtClose
	}
	if h.Settle {
		flags |= flagSettle
	}
	if h.Every > 0 {
		flags |= flagEvery
	}
	if h.Deferred {
		flags |= flagDefer
	}
	b = append(append(b, headFormat, flags), h.Rule[:]...)
	b = binary.AppendVarint(b, int64(h.Length))
	b = binary.AppendVarint(b, int64(h.Lateness))
	b = binary.AppendVarint(b, int64(h.Quiet))
	if h.Every > 0 {
		b = binary.AppendVarint(b, int64(h.Every))
	}
	return b
}

func decodeHead(value []byte) (Head, error) {
	var h Head
	if len(value) < 18 || value[0] != headFormat || value[1]&^(flagThinned|flagAtClose|flagSettle|flagEvery|flagDefer) != 0 {
		return h, fmt.Errorf("%w: head of another format", ErrEntry)
	}
	h.Thinned, h.AtClose, h.Settle = value[1]&flagThinned != 0, value[1]&flagAtClose != 0, value[1]&flagSettle != 0
	h.Deferred = value[1]&flagDefer != 0
	copy(h.Rule[:], value[2:])
	d := decoder{rest: string(value[18:])}
	h.Length, h.Lateness, h.Quiet = time.Duration(d.varint()), time.Duration(d.varint()), time.Duration(d.varint())
	if value[1]&flagEvery != 0 {
		h.Every = time.Duration(d.varint())
		d.bad = d.bad || h.Every <= 0
	}
	h.Group = d.list()
	if d.bad || d.rest != "" || h.Length < 0 || h.Lateness < 0 || h.Quiet < 0 {
		return h, fmt.Errorf("%w: head", ErrEntry)
	}
	return h, nil
}
