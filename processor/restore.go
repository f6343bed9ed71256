package processor

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

var (
	// errTruncated: the changelog ends before where it ended when the partition was assigned.
	errTruncated = errors.New("the changelog has been truncated")
	// errStalled: the changelog does not become readable.
	errStalled = errors.New("the restore makes no progress")
)

// progress of one restore, in changelog offsets. It may be read while the restore runs.
type progress struct {
	start, at, target atomic.Int64
	known             atomic.Bool
}

// remaining is how many offsets are still to be read, and done and total how many there were to read; all are 0 before
// the target is known.
func (p *progress) remaining() (remaining, done, total int64) {
	if !p.known.Load() {
		return 0, 0, 0
	}
	start, at, target := p.start.Load(), p.at.Load(), p.target.Load()
	return max(0, target-at), max(0, at-start), max(0, target-start)
}

// restorer reads changelog partitions by manual fetches. A consumer would not do: it never shows that its position has
// passed a transaction's marker or an aborted tail.
type restorer struct {
	client *kgo.Client
	topic  string
	stall  time.Duration // the longest time without progress
}

// run hands key and value of every committed record of the partition to apply, as read does. An error of apply is
// permanent.
func (r *restorer) run(ctx context.Context, partition int32, apply func(key, value []byte) error, p *progress) error {
	return r.read(ctx, partition, func(rec *kgo.Record) error {
		if err := apply(rec.Key, rec.Value); err != nil {
			return permanent(fmt.Errorf("%s/%d offset %d cannot be restored: %w", r.topic, partition, rec.Offset, err))
		}
		return nil
	}, p)
}

// read hands every committed record of the partition to apply, in order, up to the end that the log has now, committed
// or not: a transaction that is open now may still commit, and whoever opened it has written its records. Reading waits
// for it to be decided.
func (r *restorer) read(ctx context.Context, partition int32, apply func(*kgo.Record) error, p *progress) error {
	start, target, err := r.bounds(ctx, partition)
	if err != nil {
		return err
	}
	p.start.Store(start)
	p.at.Store(start)
	p.target.Store(target)
	p.known.Store(true)
	var from *replica
	var failed error // the last fetch
	at, moved := start, time.Now()
	for at < target {
		if from == nil {
			if from, err = r.leader(ctx, partition); err != nil {
				return err
			}
		}
		part, next, err := r.fetch(ctx, from, partition, at)
		failed = err
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, kerr.OffsetOutOfRange):
			// Retention or compaction may move the start; what is gone is older than what stays.
			first, last, err := r.bounds(ctx, partition)
			switch {
			case err != nil:
				return err
			case last < target:
				return fmt.Errorf("%w: %s/%d ends at %d, and ended at %d when it was assigned", errTruncated, r.topic, partition, last, target)
			case first > at:
				next = first
			}
		case retriable(err):
			from, next = nil, at
			pause(ctx, 50*time.Millisecond)
		case err != nil:
			return fmt.Errorf("fetch %s/%d: %w", r.topic, partition, err)
		}
		for _, rec := range part.Records {
			if rec.Offset >= target {
				break
			}
			if err := apply(rec); err != nil {
				return err
			}
			p.at.Store(rec.Offset) // a fetch holds thousands of records
		}
		if next > at {
			at, moved = next, time.Now()
			p.at.Store(min(at, target))
			continue
		}
		if err == nil {
			pause(ctx, 10*time.Millisecond) // a broker should wait before it answers with nothing, and need not
		}
		if waited := time.Since(moved); waited > r.stall {
			return fmt.Errorf("%w: %s/%d stands at %d of %d for %v; the log ends at %d and is stable up to %d: %s", errStalled, r.topic, partition,
				at, target, waited.Round(time.Second), part.HighWatermark, part.LastStableOffset, diagnose(at, target, part, failed))
		}
	}
	return nil
}

func diagnose(at, target int64, part kgo.FetchPartition, failed error) string {
	switch {
	case failed != nil:
		return failed.Error()
	case part.HighWatermark < target:
		return "it has been truncated"
	case part.LastStableOffset <= at:
		return "a transaction has been open for longer than it may; see kafka-transactions.sh find-hanging"
	}
	return "the broker returns nothing, although there is something to read"
}

func retriable(err error) bool {
	if err == nil {
		return false
	}
	if ke, ok := errors.AsType[*kerr.Error](err); ok {
		return ke.Retriable
	}
	// A connection that broke, or a broker that is gone.
	return true
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// bounds returns the start of the partition and its end with read_uncommitted. It retries while a broker is away, or has
// not heard of the topic.
func (r *restorer) bounds(ctx context.Context, partition int32) (start, end int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.stall)
	defer cancel()
	adm := kadm.NewClient(r.client)
	for began := time.Now(); ; {
		starts, err1 := adm.ListStartOffsets(ctx, r.topic)
		ends, err2 := adm.ListEndOffsets(ctx, r.topic)
		if err := errors.Join(err1, err2); err != nil {
			return 0, 0, fmt.Errorf("list offsets of %s: %w", r.topic, err)
		}
		first, ok1 := starts.Lookup(r.topic, partition)
		last, ok2 := ends.Lookup(r.topic, partition)
		err := errors.Join(first.Err, last.Err)
		switch {
		case err == nil && ok1 && ok2:
			return first.Offset, last.Offset, nil
		case err == nil && time.Since(began) >= hearsay: // what is wrong with the topics, a new session finds out
			return 0, 0, fmt.Errorf("topic %s has no partition %d", r.topic, partition)
		case ctx.Err() != nil:
			return 0, 0, fmt.Errorf("list offsets of %s/%d: %w", r.topic, partition, err)
		}
		pause(ctx, 50*time.Millisecond)
	}
}

// replica is where to read a partition.
type replica struct {
	broker int
	topic  kadm.TopicID
}

func (r *restorer) leader(ctx context.Context, partition int32) (*replica, error) {
	ctx, cancel := context.WithTimeout(ctx, r.stall)
	defer cancel()
	for {
		meta, err := kadm.NewClient(r.client).Metadata(ctx, r.topic)
		if err != nil {
			return nil, fmt.Errorf("metadata of %s: %w", r.topic, err)
		}
		t := meta.Topics[r.topic]
		if p, ok := t.Partitions[partition]; ok && p.Err == nil && p.Leader >= 0 {
			return &replica{int(p.Leader), t.ID}, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s/%d has no leader", r.topic, partition)
		}
		pause(ctx, 50*time.Millisecond)
	}
}

const (
	fetchWait = 500 * time.Millisecond
	// Several partitions are restored at once, and what a fetch brings takes several times its size until it is applied.
	fetchBytes = 1 << 20
)

// fetch reads from at, and returns the offset after what it has read, which counts markers and aborted records.
func (r *restorer) fetch(ctx context.Context, from *replica, partition int32, at int64) (part kgo.FetchPartition, next int64, err error) {
	req := kmsg.NewPtrFetchRequest()
	req.ReplicaID = -1
	req.MaxWaitMillis = int32(fetchWait.Milliseconds())
	req.MinBytes = 1
	req.MaxBytes = fetchBytes
	req.IsolationLevel = 1 // read_committed
	req.SessionEpoch = -1  // no session
	t := kmsg.NewFetchRequestTopic()
	t.Topic = r.topic
	t.TopicID = from.topic
	p := kmsg.NewFetchRequestTopicPartition()
	p.Partition = partition
	p.CurrentLeaderEpoch = -1
	p.FetchOffset = at
	p.PartitionMaxBytes = fetchBytes
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	got, err := r.client.Broker(from.broker).RetriableRequest(ctx, req)
	if err != nil {
		return part, at, err
	}
	resp := got.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return part, at, err
	}
	if len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
		return part, at, fmt.Errorf("the broker answers for %d topics instead of one partition", len(resp.Topics))
	}
	o := kgo.ProcessFetchPartitionOpts{Offset: at, IsolationLevel: kgo.ReadCommitted(), Topic: r.topic, Partition: partition}
	part, next = kgo.ProcessFetchPartition(o, &resp.Topics[0].Partitions[0], kgo.DefaultDecompressor(), nil)
	if part.Err != nil {
		return part, at, part.Err
	}
	return part, next, nil
}
