package window

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// episode is a stretch of completions: times at which the condition held, no two neighbours further apart than
// Spec.Quiet. Which completions exist depends only on the set of observations, so which episodes exist does too.
//
// Two episodes that have been announced can never turn out to be one. If a completion arrives near an announced
// episode, but too far to belong to it, an observation that is still allowed to arrive could bridge the gap; until the
// watermark has passed the gap the newcomer is pending: kept, not announced. See Window.settle.
type episode struct {
	seq        uint32 // names the entry; unique among the window's episodes
	start, end int64  // times of the first and the latest completion
	revision   int    // 0 while pending
	eventID    string // the event that completed the condition first, in order of arrival
	at         int64  // the completion that this event brought about
	trigger    string // while pending, or not settled: the projection of that event, for the firing to come
	settled    bool   // with Spec.Settle: the firing that says so is out
	mark       int64  // the latest watermark at which a late observation had a part in it, or noMark
}

func (e *episode) pending() bool { return e.revision == 0 }

func (e *episode) size() int { return 66 + len(e.eventID) + len(e.trigger) }

func (e *episode) item() string {
	return string(binary.BigEndian.AppendUint32([]byte{episodeItem}, e.seq))
}

func compareEpisodes(a, b episode) int {
	return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.seq, b.seq))
}

func (e *episode) encode() []byte {
	format := byte(episodeFormat)
	if e.mark > e.end {
		format = markedFormat
	}
	b := binary.AppendVarint([]byte{format}, e.start)
	b = binary.AppendVarint(b, e.end)
	b = binary.AppendUvarint(b, uint64(e.revision))
	b = putString(b, e.eventID)
	b = binary.AppendVarint(b, e.at)
	b = putString(b, e.trigger)
	if e.settled {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	if format == markedFormat {
		b = binary.AppendVarint(b, e.mark)
	}
	return b
}

// The formats of an episode; markedFormat has its mark behind the rest.
const (
	episodeFormat = 1
	markedFormat  = 2
)

func decodeEpisode(item, value string) (episode, error) {
	if len(item) != 5 || len(value) == 0 || value[0] != episodeFormat && value[0] != markedFormat {
		return episode{}, fmt.Errorf("%w: episode of another format", ErrEntry)
	}
	d := decoder{rest: value[1:]}
	e := episode{seq: binary.BigEndian.Uint32([]byte(item[1:])), start: d.varint(), end: d.varint(),
		revision: int(d.uvarint()), eventID: d.string(), at: d.varint(), trigger: d.string(), settled: d.byte() == 1, mark: noMark}
	if value[0] == markedFormat {
		e.mark = d.varint()
		d.bad = d.bad || e.mark <= e.end
	}
	if d.bad || d.rest != "" || e.end < e.start || e.revision < 0 {
		return episode{}, fmt.Errorf("%w: episode", ErrEntry)
	}
	return e, nil
}

// complete takes note that the condition held at t, brought about by the event eventID, and returns the sequence number
// of the episode that t belongs to and whether that episode is new.
func (w *Window) complete(s *Spec, t int64, eventID string, trigger func() string) (seq uint32, isNew bool) {
	quiet, longest := int64(s.Quiet), int64(s.Episode)
	// i is the first episode that starts after t; i-1, if there is one, starts at or before t.
	i, _ := slices.BinarySearchFunc(w.eps, t, func(e episode, t int64) int {
		if e.start <= t {
			return -1
		}
		return 1
	})
	prev, next := -1, -1
	if i > 0 && (t <= w.eps[i-1].end || within(w.eps[i-1].end, t, quiet)) && within(w.eps[i-1].start, t, longest) {
		prev = i - 1
	}
	if i < len(w.eps) && within(t, w.eps[i].start, quiet) && within(t, w.eps[i].end, longest) {
		next = i
	}
	switch {
	case prev >= 0 && next >= 0 && w.eps[next].end-w.eps[prev].start <= longest && (w.eps[prev].pending() || w.eps[next].pending()):
		return w.merge(prev, next), false
	case prev >= 0:
		e := &w.eps[prev]
		if t > e.end {
			e.end = t
			w.touch(e.item())
		}
		return e.seq, false
	case next >= 0:
		e := &w.eps[next]
		e.start = t
		w.touch(e.item())
		return e.seq, false
	}
	e := episode{seq: w.nextSeq(), start: t, end: t, eventID: eventID, at: t, trigger: trigger(), mark: noMark}
	w.eps = slices.Insert(w.eps, i, e)
	w.bytes += e.size()
	w.touch(e.item())
	return e.seq, true
}

// merge joins neighbours i and j, of which at most one has been announced; that one's identity stays.
func (w *Window) merge(i, j int) uint32 {
	keep, drop := w.eps[i], w.eps[j]
	if keep.pending() && !drop.pending() {
		keep, drop = drop, keep
	}
	keep.start, keep.end = min(keep.start, drop.start), max(keep.end, drop.end)
	keep.settled, keep.mark = keep.settled || drop.settled, max(keep.mark, drop.mark)
	w.touch(keep.item())
	w.touch(drop.item())
	w.bytes -= drop.size()
	w.eps[i] = keep
	w.eps = slices.Delete(w.eps, j, j+1)
	return keep.seq
}

func (w *Window) nextSeq() uint32 {
	var n uint32
	for i := range w.eps {
		n = max(n, w.eps[i].seq)
	}
	return n + 1
}

// confirm marks the announced episodes whose start the watermark has passed, and returns their indexes.
func (w *Window) confirm(s *Spec, watermark int64) []int {
	var confirmed []int
	for i := range w.eps {
		if e := &w.eps[i]; s.Settle && !e.pending() && !e.settled && watermark > e.start {
			e.settled = true
			w.touch(e.item())
			confirmed = append(confirmed, i)
		}
	}
	return confirmed
}

// settle announces the pending episodes that can be decided at this watermark: those whose gap to the announced
// neighbours no observation that may still arrive can bridge. It returns their indexes, in order of time.
//
// An observation with a time below the watermark is late and takes no part, so it brings about completions at or above
// the watermark only. A gap after an episode is thus closed once the watermark is past its end plus Quiet: to join what
// follows, a completion at most Quiet after that end would be needed.
func (w *Window) settle(s *Spec, watermark int64) []int {
	var announced []int
	last := -1 // latest announced episode before i
	for i := range w.eps {
		e := &w.eps[i]
		if !e.pending() {
			last = i
			continue
		}
		if last >= 0 && !closed(w.eps[last].end, s, watermark) && e.start-w.eps[last].start <= int64(s.Episode) {
			continue
		}
		// A later neighbour further away than an episode may last cannot become one with e.
		if n := w.announcedAfter(i); n >= 0 && !closed(e.end, s, watermark) && w.eps[n].end-e.start <= int64(s.Episode) {
			continue
		}
		w.bytes -= e.size()
		e.revision = 1
		w.bytes += e.size()
		w.touch(e.item())
		announced = append(announced, i)
		last = i
	}
	return announced
}

func (w *Window) announcedAfter(i int) int {
	for j := i + 1; j < len(w.eps); j++ {
		if !w.eps[j].pending() {
			return j
		}
	}
	return -1
}

func closed(end int64, s *Spec, watermark int64) bool {
	return end < math.MaxInt64-int64(s.Quiet) && watermark > end+int64(s.Quiet)
}

// episode is the one with this sequence number; there must be one.
func (w *Window) episode(seq uint32) *episode {
	return &w.eps[slices.IndexFunc(w.eps, func(e episode) bool { return e.seq == seq })]
}

// Open reports whether t lies in an episode that has been announced.
func (w *Window) Open(t int64) bool { return w.contents != nil && w.covering(t, t) != nil }
