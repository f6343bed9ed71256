package feed

import (
	"container/heap"
	"iter"
	"time"
)

// DefaultStart lies inside the validity of the published indicators of the 2023 campaign, so that they are not stale.
var DefaultStart = time.Date(2023, time.August, 8, 7, 0, 0, 0, time.UTC)

const (
	DefaultEvents   = 20_000
	DefaultDuration = 10 * time.Hour
	DefaultUsers    = 200
	// minDuration keeps the campaigns apart from each other.
	minDuration = time.Hour
	minUsers    = 20
)

// Options shape a feed. The zero Options are a usable default.
type Options struct {
	Seed     uint64
	Start    time.Time     // event time of the beginning; zero is DefaultStart
	Duration time.Duration // event time that the feed covers; 0 is DefaultDuration, less than an hour is an hour
	// Events is the number of different events, 0 is DefaultEvents; it is raised to what the campaigns need.
	Events int
	Users  int // 0 is DefaultUsers, less than 20 is 20; administrators come on top
	// Campaigns is how often each campaign and near miss takes place; 0 is once.
	Campaigns int
	// Disorder is how far behind the latest event time an event may be delivered; 0 delivers in order of event time.
	Disorder time.Duration
	// Duplicates is how many of a thousand events are delivered twice, with equal bytes.
	Duplicates int
}

// Item is one delivery.
type Item struct {
	At    time.Time // the event's published time, UTC
	JSON  []byte    // one LogEvent; the consumer may keep it
	Label string    // the campaign or near miss that the event belongs to, empty for everyday traffic
}

// New returns the deliveries of a feed. Each iteration yields the same ones. Items come in order of event time, unless
// Disorder asks for something else; equal options give equal bytes.
func New(o Options) iter.Seq[Item] {
	o = o.withDefaults()
	return func(yield func(Item) bool) {
		deliver(o, generate(o), yield)
	}
}

func (o Options) withDefaults() Options {
	if o.Start.IsZero() {
		o.Start = DefaultStart
	}
	o.Start = o.Start.UTC().Truncate(time.Millisecond)
	if o.Duration == 0 {
		o.Duration = DefaultDuration
	}
	o.Duration = max(o.Duration, minDuration)
	if o.Events <= 0 {
		o.Events = DefaultEvents
	}
	if o.Users <= 0 {
		o.Users = DefaultUsers
	}
	o.Users = max(o.Users, minUsers)
	o.Campaigns = max(o.Campaigns, 1)
	o.Disorder = max(o.Disorder, 0)
	o.Duplicates = min(max(o.Duplicates, 0), 1000)
	return o
}

// generate yields the different events in order of event time. Campaigns are laid out first; everyday activities then
// take place at the pace that brings the number of events to o.Events at the end of the day.
func generate(o Options) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		w := newWorld(o)
		w.layCampaigns()
		everyday := max(o.Events-w.queue.Len(), 0)
		for done := 0; done < everyday; {
			now := w.when(done, everyday)
			for w.queue.Len() > 0 && w.queue[0].item.At.Before(now) {
				if !yield(heap.Pop(&w.queue).(pending).item) {
					return
				}
			}
			before := w.pushed
			w.left = everyday - done
			w.everyday(now)
			done += w.pushed - before
		}
		for w.queue.Len() > 0 {
			if !yield(heap.Pop(&w.queue).(pending).item) {
				return
			}
		}
	}
}

// pace is how many of a hundred events fall into each tenth of the day: people arrive, have lunch, and leave.
var pace = [10]int64{6, 11, 13, 12, 9, 6, 10, 12, 11, 10}

// when is the event time at which n of total events have taken place.
func (w *world) when(n, total int) time.Time {
	const scale = 1 << 20
	at := int64(n) * 100 * scale / int64(total)
	tenth := int64(w.o.Duration) / int64(len(pace))
	for i, p := range pace {
		if at < p*scale || i == len(pace)-1 {
			return w.o.Start.Add(time.Duration(int64(i)*tenth + tenth/(p*scale)*at)).Truncate(time.Millisecond)
		}
		at -= p * scale
	}
	return w.o.Start
}

// pending is an event that has been decided on and waits for its turn.
type pending struct {
	item Item
	due  time.Time
	n    int // order of creation, which decides between equal times
}

// queue is a heap by due time.
type queue []pending

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if !q[i].due.Equal(q[j].due) {
		return q[i].due.Before(q[j].due)
	}
	return q[i].n < q[j].n
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(pending)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	p := (*q)[last]
	(*q)[last] = pending{}
	*q = (*q)[:last]
	return p
}
