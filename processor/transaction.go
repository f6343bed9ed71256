package processor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// errTooLarge: a record is larger than its topic takes. The broker would refuse it each time it is tried.
var errTooLarge = errors.New("record too large")

// refused explains what a broker will answer again and again for this record: a right that is missing, or a size that the
// topic has not allowed since it was asked, or that this user may not ask for. A new session asks again for the size.
// Before Kafka 4.0 partitions are added to a transaction together, and when one is denied the client fails the records of
// all.
func refused(err error, topic string) error {
	if errors.Is(err, kerr.MessageTooLarge) {
		return fmt.Errorf("%w; topic %s takes less than it did, or less than max.request.size, and its settings could not be read", err, topic)
	}
	return lacks(err, "WRITE", "topic "+topic+", or on another that the transaction writes to")
}

// recordOverhead bounds what a batch of one record has beside key, value and headers: a batch header of 61 bytes, and
// varints.
const recordOverhead = 128

// transaction is what a stage produces into.
type transaction struct {
	ctx    context.Context
	cancel context.CancelFunc
	wait   *time.Timer // cancels ctx when no broker takes records; it runs inside produce only
	s      *session
	sizes  map[string]int
	bytes  int // produced so far
}

func newTransaction(s *session, sizes map[string]int) *transaction {
	// Not the worker's context, so that a shutdown does not break the last transaction. Producing must end some time, when
	// the client's buffer is full and no broker takes the records; but what a stage does in between is no waiting, and a
	// deadline from the begin on would count it. Flushing has a deadline of its own.
	ctx, cancel := context.WithCancel(context.Background())
	t := &transaction{ctx: ctx, cancel: cancel, wait: time.AfterFunc(s.opts.end, cancel), s: s, sizes: sizes}
	t.wait.Stop()
	return t
}

// fits returns errTooLarge for a record that its topic will not take.
func (t *transaction) fits(r *kgo.Record) error {
	if limit, size := t.sizes[r.Topic], recordSize(r); limit > 0 && size > limit {
		return fmt.Errorf("%w: %d bytes, topic %s takes %d", errTooLarge, size, r.Topic, limit)
	}
	return nil
}

// produce adds a record. It fails only with errTooLarge; what the broker refuses shows at the end of the transaction.
func (t *transaction) produce(r *kgo.Record) error {
	if err := t.fits(r); err != nil {
		return err
	}
	t.bytes += recordSize(r)
	t.wait.Reset(t.s.opts.end)
	t.s.produce(t.ctx, r)
	t.wait.Stop()
	return nil
}

func recordSize(r *kgo.Record) int {
	n := recordOverhead + len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += len(h.Key) + len(h.Value) + 10
	}
	return n
}
