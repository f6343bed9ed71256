package processor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// stage is what a worker does with records. The worker calls it from one goroutine, begin to commit or rollback
// strictly nested, and only while rebalances are held back.
type stage interface {
	// reconcile takes in changes of assignment, oldest first, and whatever has finished in the background. A
	// permanent error ends the process, another one the session.
	reconcile(ctx context.Context, changes []assignment, now time.Time) error
	// due reports whether there is something to produce without input.
	due(now time.Time) bool
	begin(now time.Time)
	// process handles one record, whose memory is used again after that. errAbort asks for the batch again.
	process(r *kgo.Record, out *transaction) error
	// finish produces what goes at the end of the transaction.
	finish(out *transaction, now time.Time) error
	commit(now time.Time) error
	rollback()
	// close ends background work and waits for it.
	close()
}

// errAbort: the transaction must be aborted and its records read again; nothing is wrong with the session.
var errAbort = errors.New("the batch has to be read again")

// limits of one transaction.
type limits struct {
	interval time.Duration // from the first record to the end of the transaction
	tick     time.Duration // the longest wait for a record
	records  int
	bytes    int
}

const (
	// pollRecords is how many records one poll takes: between polls the limits are looked at.
	pollRecords = 1000
	// abortsInRow is how many transactions may fail one after the other before the session is given up.
	abortsInRow = 8
	minBackoff  = 100 * time.Millisecond
	maxBackoff  = 10 * time.Second
)

// worker runs one stage over one session after the other, in one goroutine.
type worker struct {
	name    string
	open    func(context.Context) (*session, stage, error)
	limits  limits
	stride  *stride
	sizes   map[string]int // largest record per output topic, in bytes
	metrics *metrics
	status  *status
	log     *slog.Logger

	// beat is when the loop last came by, Unix nanoseconds. Liveness looks at it.
	beat    atomic.Int64
	aborts  int
	backoff time.Duration
	// outgrown: a broker has found a record too large, and the next session asks what topics take.
	outgrown bool
}

// run works until ctx ends or an error comes that a new session would meet again. When ctx ends, the current batch is
// finished and committed.
func (w *worker) run(ctx context.Context) error {
	w.backoff = minBackoff
	for {
		err := w.live(ctx)
		switch {
		case ctx.Err() != nil && !isPermanent(err):
			if err != nil {
				w.log.Warn("stopped with an error", "err", err)
			}
			return nil
		case isPermanent(err):
			return fmt.Errorf("%s: %w", w.name, err)
		}
		w.metrics.rebuilds.WithLabelValues(w.name).Inc()
		w.log.Error("the session failed; starting a new one", "err", err, "after", w.backoff)
		if !w.sleep(ctx, w.backoff) {
			return nil
		}
		w.backoff = min(2*w.backoff, maxBackoff)
	}
}

// sleep waits, far shorter than what liveness takes for standing still, and reports whether ctx is still alive.
func (w *worker) sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	w.beat.Store(time.Now().UnixNano())
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// live is the life of one session.
func (w *worker) live(ctx context.Context) error {
	w.beat.Store(time.Now().UnixNano())
	w.aborts = 0
	s, st, err := w.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	defer st.close()
	defer w.status.left(w)
	if err := s.fence(ctx); err != nil {
		return err
	}
	defer w.watchLag(ctx, s)()
	for ctx.Err() == nil {
		wait, err := w.iterate(ctx, s, st)
		if err != nil {
			return s.replaced(err)
		}
		if wait > 0 && !w.sleep(ctx, wait) {
			return nil
		}
	}
	return nil
}

// iterate is one poll and one transaction, or none if there is nothing to do. wait asks for a pause.
func (w *worker) iterate(ctx context.Context, s *session, st stage) (wait time.Duration, err error) {
	fetches, err := s.poll(ctx, w.limits.tick, w.stride.limit)
	defer s.release()
	now := time.Now()
	w.beat.Store(now.UnixNano())
	if err != nil {
		return 0, err
	}
	changes, sticky := s.drain()
	for _, c := range changes {
		w.status.assignment(w, c)
	}
	if err := st.reconcile(ctx, changes, now); err != nil {
		return 0, err
	}
	if sticky {
		return 0, s.clear()
	}
	if fetches.NumRecords() == 0 && !st.due(now) {
		return 0, nil
	}
	return w.transact(ctx, s, st, fetches)
}

// transact processes what was polled and what arrives until a limit is reached, in one transaction.
func (w *worker) transact(ctx context.Context, s *session, st stage, fetches kgo.Fetches) (wait time.Duration, err error) {
	start := time.Now()
	if err := s.begin(); err != nil {
		return 0, err
	}
	out := newTransaction(s, w.sizes)
	defer out.cancel()
	st.begin(start)
	records, cause := w.fill(ctx, s, st, out, fetches, start)
	w.paced(records)
	if cause == nil {
		cause = st.finish(out, time.Now())
	}
	if cause != nil && !errors.Is(cause, errAbort) {
		st.rollback()
		if isPermanent(cause) {
			// Nobody will take over the transactional id, and readers would wait for the time-out.
			_, _, _ = s.end(false)
		}
		return 0, cause
	}
	ending := time.Now()
	result, why, err := s.end(cause == nil)
	if err != nil {
		st.rollback()
		w.metrics.transactions.WithLabelValues(w.name, "unknown").Inc()
		return 0, err
	}
	w.metrics.transactions.WithLabelValues(w.name, result.String()).Inc()
	now := time.Now()
	if result == committed {
		w.metrics.commit.WithLabelValues(w.name).Observe(now.Sub(ending).Seconds())
		w.aborts, w.backoff, w.outgrown = 0, minBackoff, false
		return 0, st.commit(now)
	}
	st.rollback()
	w.aborts++
	level := slog.LevelInfo // a rebalance may cost one
	if w.aborts > 1 {
		level = slog.LevelWarn
	}
	w.log.Log(ctx, level, "transaction aborted", "cause", errOr(cause, why), "in_row", w.aborts)
	switch cause := errOr(cause, why); {
	case isPermanent(cause):
		return 0, cause
	case errors.Is(cause, kerr.MessageTooLarge) && w.outgrown:
		return 0, permanent(cause) // looking again has not helped
	case errors.Is(cause, kerr.MessageTooLarge):
		w.outgrown = true
		return 0, cause
	}
	if w.aborts >= abortsInRow {
		return 0, fmt.Errorf("%d transactions aborted in a row, the last because: %w", w.aborts, errOr(cause, why))
	}
	return time.Duration(w.aborts-1) * minBackoff, nil
}

// paced takes in how long the handling of a batch took, and says when polls are cut short, and when no longer.
func (w *worker) paced(records int) {
	was := w.stride.limit
	if !w.stride.end(records) {
		return
	}
	w.metrics.pollLimit.WithLabelValues(w.name).Set(float64(w.stride.limit))
	switch now := w.stride.limit; {
	case now < was:
		w.metrics.slow.WithLabelValues(w.name).Inc()
		w.log.Warn("handling a batch takes too long; polls take fewer records", "records", records, "took", w.stride.spent.Round(time.Millisecond),
			"budget", w.stride.budget, "poll_records", now, "was", was)
	case now == w.stride.most:
		w.log.Info("batches are handled in time again", "poll_records", now)
	}
}

// fill processes fetches and polls for more while the transaction may still grow. It returns how many records it handled.
func (w *worker) fill(ctx context.Context, s *session, st stage, out *transaction, fetches kgo.Fetches, start time.Time) (records int, err error) {
	bytes := 0
	w.stride.begin()
	for {
		w.count(fetches)
		w.stride.start()
		for it := fetches.RecordIter(); err == nil && !it.Done(); {
			if records > 0 && w.stride.exceeded() {
				err = errSlow
				break
			}
			r := it.Next()
			records++
			bytes += len(r.Key) + len(r.Value)
			if err = st.process(r, out); err == nil {
				r.Recycle()
			}
		}
		w.stride.stop()
		left := w.limits.interval - time.Since(start)
		switch {
		case err != nil:
			return records, err
		case records == 0, left <= 0, records >= w.limits.records, max(bytes, out.bytes) >= w.limits.bytes, s.hurried(), w.stride.eased(), ctx.Err() != nil:
			return records, nil
		}
		if fetches, err = s.poll(ctx, left, w.stride.limit); err != nil {
			return records, err
		}
	}
}

// count notes what was read, without transaction markers, and how far it is from the end.
func (w *worker) count(fetches kgo.Fetches) {
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if len(p.Records) == 0 {
			return
		}
		n, bytes := 0, 0
		for _, r := range p.Records {
			if !r.Attrs.IsControl() {
				n++
				bytes += len(r.Key) + len(r.Value)
			}
		}
		part := label(p.Partition)
		w.metrics.records.WithLabelValues(p.Topic, part).Add(float64(n))
		w.metrics.bytes.WithLabelValues(p.Topic, part).Add(float64(bytes))
		w.metrics.setLag(source{topic: p.Topic, partition: p.Partition}, p.HighWatermark-p.Records[len(p.Records)-1].Offset-1)
	})
}
