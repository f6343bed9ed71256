package feed

import (
	"container/heap"
	"iter"
	"time"
)

// jitter is how far neighbours are out of order in a healthy feed.
const jitter = 400 * time.Millisecond

// deliver passes events on, some of them late or twice as o asks. An event is never delivered when one that is more than
// o.Disorder younger has been delivered before.
func deliver(o Options, events iter.Seq[Item], yield func(Item) bool) {
	r := newRandom(o.Seed, streamDelivery)
	var q queue
	n := 0
	push := func(it Item, delay time.Duration) {
		heap.Push(&q, pending{item: it, due: it.At.Add(delay), n: n})
		n++
	}
	for it := range events {
		for q.Len() > 0 && q[0].due.Before(it.At) {
			if !yield(heap.Pop(&q).(pending).item) {
				return
			}
		}
		push(it, r.delay(o.Disorder))
		if o.Duplicates > 0 && r.IntN(1000) < o.Duplicates {
			push(it, r.delay(o.Disorder))
		}
	}
	for q.Len() > 0 {
		if !yield(heap.Pop(&q).(pending).item) {
			return
		}
	}
}

// delay is at most limit: most events are punctual, a fifth is a little late, one in fifty by anything up to limit.
func (r random) delay(limit time.Duration) time.Duration {
	if limit == 0 {
		return 0
	}
	switch k := r.IntN(100); {
	case k < 20:
		return time.Duration(r.Int64N(int64(min(limit, jitter)) + 1))
	case k < 22:
		return time.Duration(r.Int64N(int64(limit) + 1))
	}
	return 0
}
