package processor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// outcome is what became of a transaction.
type outcome uint8

const (
	aborted outcome = iota
	committed
)

func (o outcome) String() string { return [...]string{"aborted", "committed"}[o] }

// errOutcome: the broker's offsets are neither those before nor those after a transaction whose end is unknown.
var errOutcome = errors.New("the outcome of a transaction cannot be told")

// end ends the transaction and says what became of it. Only with a nil error is the outcome known, and only then may
// the session be used again. cause says why a transaction that was to commit did not, as far as known.
func (s *session) end(commit bool) (out outcome, cause, err error) {
	// Not the worker's context: a cancelled End leaves the client in no defined state.
	ctx, cancel := context.WithTimeout(context.Background(), s.opts.end)
	defer cancel()
	if commit {
		if err := s.client().Flush(ctx); err != nil {
			return aborted, nil, s.untaken(err)
		}
		// The client would commit what succeeded.
		if p := s.fail.Load(); p != nil {
			commit, cause = false, *p
		}
	}
	after := offsets(s.client().UncommittedOffsets())
	if commit && len(after) == 0 && !s.isSticky() {
		return s.endBare(ctx)
	}
	s.unstick()
	ok, err := s.kgo.End(kgo.PreTxnCommitFnContext(ctx, s.identify), kgo.TransactionEndTry(commit))
	switch {
	case errors.Is(err, kerr.ProducerFenced), errors.Is(err, kerr.InvalidProducerEpoch):
		return aborted, cause, fmt.Errorf("end: transactional id %q was taken over, perhaps by a process with the same instance: %w", s.opts.txnID, err)
	case errors.Is(err, kerr.GroupAuthorizationFailed):
		return aborted, cause, lacks(fmt.Errorf("end: %w", err), "READ", "group "+s.opts.group)
	case errors.Is(err, kerr.TopicAuthorizationFailed): // of the topics that are read, when their offsets are committed
		return aborted, cause, lacks(fmt.Errorf("end: %w", err), "READ", "topic "+strings.Join(s.opts.topics, " or "))
	case err != nil:
		return aborted, cause, lacks(fmt.Errorf("end: %w", err), "WRITE", "transactional id "+s.opts.txnID)
	case ok:
		s.settle(after)
		return committed, nil, nil
	case !commit:
		s.rewind()
		return aborted, cause, nil
	}
	if out, err = s.resolve(after); out == aborted && err == nil {
		s.rewind()
	}
	return out, errors.New("the client reports no commit"), err
}

// endBare commits a transaction that carries no offsets. The session's own End would do the same, but takes half a second
// over it: without an answer to an offset commit it cannot tell that the broker makes the next owner of a partition wait
// for pending offsets, and so it waits itself, although there are none. An event that comes meanwhile would wait too.
// Since there are no offsets, the client has no position to rewind, whatever happens.
func (s *session) endBare(ctx context.Context) (out outcome, cause, err error) {
	if err := s.client().EndTransaction(ctx, kgo.TryCommit); err != nil {
		return aborted, nil, fmt.Errorf("end: %w", err)
	}
	return committed, nil, nil
}

// resolveWait is how long resolve waits for offsets that are pending. A broker that has ended the transaction settles
// them within milliseconds; when it has not, they stay pending until the transaction times out, and only a new session,
// which takes the transactional id over, ends it earlier.
const resolveWait = 3 * time.Second

// resolve asks the broker what became of a transaction that was to commit and, the client says, did not: an answer that
// was applied all the same looks alike. The client has rewound to the offsets before.
func (s *session) resolve(after offsets) (outcome, error) {
	ctx, cancel := context.WithTimeout(context.Background(), min(s.opts.end, resolveWait))
	defer cancel()
	have, err := stableOffsets(ctx, s.adm, s.opts.group)
	if err != nil {
		return aborted, fmt.Errorf("%w: %w", errOutcome, err)
	}
	gone := s.revokedNow()
	var yes, no int
	for t, parts := range after {
		for p, o := range parts {
			if gone[t][p] {
				continue // whoever owns it now may have moved on
			}
			at, ok := have[t][p]
			switch before, had := s.before[t][p]; {
			case ok && at == o.Offset:
				yes++
			case !ok, had && at == before.Offset:
				no++
			default:
				return aborted, fmt.Errorf("%w: group %s has %d for %s/%d, neither %d nor %d", errOutcome, s.opts.group, at, t, p,
					before.Offset, o.Offset)
			}
		}
	}
	switch {
	case yes == 0:
		return aborted, nil
	case no > 0:
		return aborted, fmt.Errorf("%w: %d partitions committed and %d not", errOutcome, yes, no)
	}
	s.settle(after)
	s.seek(after)
	return committed, nil
}

// revokedNow is what pending callbacks have taken away.
func (s *session) revokedNow() map[string]map[int32]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone := make(map[string]map[int32]bool)
	for _, c := range s.queue {
		for t, ps := range c.parts {
			for _, p := range ps {
				if gone[t] == nil {
					gone[t] = make(map[int32]bool)
				}
				// An assignment does not undo it: in between the partition was another member's.
				gone[t][p] = gone[t][p] || c.kind != assigned
			}
		}
	}
	return gone
}

// stableOffsets are a group's offsets once no transaction is pending on them. "Unstable" is no answer: it asks again
// until ctx ends.
func stableOffsets(ctx context.Context, adm *kadm.Client, group string) (map[string]map[int32]int64, error) {
	for {
		got, err := adm.FetchOffsets(kadm.RequireStable(ctx), group)
		switch {
		case errors.Is(err, kerr.GroupIDNotFound):
			return nil, nil
		case err != nil:
			return nil, lacks(fmt.Errorf("fetch offsets of group %s: %w", group, err), "READ", "group "+group)
		}
		unstable := false
		have := make(map[string]map[int32]int64)
		got.Each(func(o kadm.OffsetResponse) {
			switch {
			case errors.Is(o.Err, kerr.UnstableOffsetCommit):
				unstable = true
			case o.Err != nil:
				err = errors.Join(err, fmt.Errorf("offset of %s/%d: %w", o.Topic, o.Partition, o.Err))
			case o.At >= 0:
				if have[o.Topic] == nil {
					have[o.Topic] = make(map[int32]int64)
				}
				have[o.Topic][o.Partition] = o.At
			}
		})
		if !unstable || err != nil {
			return have, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("offsets of group %s stay unstable: %w", group, ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}
