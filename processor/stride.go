package processor

import (
	"fmt"
	"sync/atomic"
	"time"
)

// A broker aborts a transaction that lasts too long, and its records are read again. When handling them is what takes so
// long, the next attempt ends in the same way, and the worker does nothing else for ever. So the handling of a batch has a
// budget of time. Beyond it the batch is given up, and a poll takes half of what was handled until then; a batch well
// within the budget doubles it again. A record alone is never given up: what follows from it is produced when it has been
// handled, and so its transaction is young.

// strideShare is the part of the transaction time-out that handling may take.
const strideShare = 3

// errSlow: handling the batch takes too long.
var errSlow = fmt.Errorf("handling takes too long: %w", errAbort)

// stride decides how many records one poll takes.
type stride struct {
	limit  int // records of the next poll
	most   int
	budget time.Duration

	timer *time.Timer
	over  atomic.Bool // the budget is spent
	began time.Time   // of the handling that goes on
	spent time.Duration
	slow  time.Time // end of the last batch that took too long
}

// calm is how many budgets must pass without a slow batch before polls grow. What is slow comes again, but not at once: a
// poll may begin with another partition, whose records go fast, and a limit that grew with them would meet it in their midst.
const calm = 4

func newStride(most int, budget time.Duration) *stride {
	s := &stride{limit: most, most: most, budget: budget}
	s.timer = time.AfterFunc(budget, func() { s.over.Store(true) })
	s.timer.Stop()
	return s
}

// begin is the begin of a batch.
func (s *stride) begin() {
	s.spent = 0
	s.over.Store(false)
}

// start and stop enclose handling: waiting for more records costs the budget nothing.
func (s *stride) start() {
	s.began = time.Now()
	s.timer.Reset(s.budget - s.spent)
}

func (s *stride) stop() {
	s.timer.Stop()
	s.spent += time.Since(s.began)
}

// exceeded reports whether the budget is spent. The timer spares asking for the time with every record; but it may have
// fired for the batch before.
func (s *stride) exceeded() bool { return s.over.Load() && s.spent+time.Since(s.began) >= s.budget }

// eased: polls take fewer records than they could. Then a transaction is one poll: its first record may be produced long
// before its last is handled.
func (s *stride) eased() bool { return s.limit < s.most }

// end is the end of a batch of so many handled records. It reports whether the limit has changed.
func (s *stride) end(records int) bool {
	was := s.limit
	switch {
	case s.spent >= s.budget:
		s.limit, s.slow = max(1, min(s.limit, records)/2), time.Now()
	case s.spent < s.budget/4 && time.Since(s.slow) >= calm*s.budget:
		s.limit = min(2*s.limit, s.most)
	}
	return s.limit != was
}
