package processor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// offsets is a position per partition.
type offsets map[string]map[int32]kgo.EpochOffset

// assignment is one change of what the group gives this session. It is queued by the client's callbacks and acted upon
// by the worker, so that tasks are touched by one goroutine.
type assignment struct {
	kind  assignmentKind
	parts map[string][]int32
}

type assignmentKind uint8

const (
	assigned assignmentKind = iota
	revoked
	lost
)

func (k assignmentKind) String() string { return [...]string{"assigned", "revoked", "lost"}[k] }

// outcome is what became of a transaction.
type outcome uint8

const (
	aborted outcome = iota
	committed
)

func (o outcome) String() string { return [...]string{"aborted", "committed"}[o] }

var (
	// errOutcome: the broker's offsets are neither those before nor those after a transaction whose end is unknown.
	errOutcome = errors.New("the outcome of a transaction cannot be told")
	// errInputLost: the group's position is no longer in the log.
	errInputLost = errors.New("the group's offset is not in the log any more")
)

// sessionOptions configure newSession.
type sessionOptions struct {
	client   []kgo.Opt // how to reach the cluster, and client settings
	group    string
	topics   []string
	txnID    string // stable per worker: a restart aborts at once what its predecessor left open
	instance string // static membership, empty for none
	leave    bool   // leave the group on close although the membership is static

	start      kgo.Offset    // where a partition without committed offset begins: start or end of the log
	startNone  bool          // refuse to begin without committed offset
	recover    bool          // an offset that fell out of the log continues at the start, loudly; otherwise it is an error
	pause      bool          // new partitions are paused until the worker resumes them
	end        time.Duration // deadline of End, of the flush before it and of finding out what became of it
	escape     time.Duration // how long a batch may hold back a rebalance
	onRecover  func(loss)
	onCallback func(assignmentKind)
	log        *slog.Logger
}

// session guards one kgo.GroupTransactSession: it knows when the session's sticky flags must be cleared, finds out what
// became of a transaction when the client cannot tell, and never lets a position come from nowhere.
//
// Rebalances are held back from a poll that returned until release. That alone would hang when the group throws the
// member out in between, since End then waits for a heartbeat that nobody sends and a callback that waits for release;
// so a rebalance that has waited for the escape time goes ahead, and the transaction aborts.
//
// All methods are for the worker's goroutine. The callbacks run elsewhere and only write what mu guards.
type session struct {
	kgo  *kgo.GroupTransactSession
	adm  *kadm.Client
	made chan struct{} // closed when kgo and adm are set: the client's callbacks may come before
	opts sessionOptions

	mu      sync.Mutex
	queue   []assignment
	sticky  bool                      // a revoked or lost callback since the last End: the next commit would abort
	missing map[string]map[int32]bool // assigned partitions for which the group had no offset

	batch  atomic.Uint64 // counts releases, so that a late escape spares the next batch
	hurry  atomic.Bool   // a rebalance waits for this batch
	before offsets       // committed positions at Begin
	fail   atomic.Pointer[error]
}

// newSession joins the group. The caller must close the session.
func newSession(o sessionOptions) (*session, error) {
	s := &session{opts: o, made: make(chan struct{}), missing: make(map[string]map[int32]bool)}
	opts := append([]kgo.Opt{}, o.client...)
	opts = append(opts,
		kgo.ConsumerGroup(o.group),
		kgo.ConsumeTopics(o.topics...),
		kgo.TransactionalID(o.txnID),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsCallbackBlocked(s.blocked),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		// Control records make the position reach the end of the log behind a transaction's marker.
		kgo.KeepControlRecords(),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		// adjust turns "no offset" into an exact one, so nothing ever starts or resets elsewhere in silence.
		kgo.ConsumeStartOffset(o.start),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.AdjustFetchOffsetsFn(s.adjust),
		kgo.OnPartitionsAssigned(func(_ context.Context, cl *kgo.Client, m map[string][]int32) {
			if o.pause && len(m) > 0 {
				cl.PauseFetchPartitions(m)
			}
			s.enqueue(assigned, m)
		}),
		kgo.OnPartitionsRevoked(func(_ context.Context, cl *kgo.Client, m map[string][]int32) {
			s.gone(cl, revoked, m)
		}),
		kgo.OnPartitionsLost(func(_ context.Context, cl *kgo.Client, m map[string][]int32) {
			s.gone(cl, lost, m)
		}),
	)
	if o.instance != "" {
		opts = append(opts, kgo.InstanceID(o.instance))
	}
	g, err := kgo.NewGroupTransactSession(opts...)
	if err != nil {
		return nil, fmt.Errorf("kafka client: %w", err)
	}
	s.kgo, s.adm = g, kadm.NewClient(g.Client())
	close(s.made)
	return s, nil
}

func (s *session) client() *kgo.Client { return s.kgo.Client() }

// fence takes over the transactional id: whatever a predecessor left open is aborted now, and not when it times out.
func (s *session) fence(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.opts.end)
	defer cancel()
	if _, _, err := s.client().ProducerID(ctx); err != nil {
		return fmt.Errorf("transactional id %q: %w", s.opts.txnID, err)
	}
	return nil
}

func (s *session) enqueue(kind assignmentKind, m map[string][]int32) {
	s.mu.Lock()
	s.queue = append(s.queue, assignment{kind, m})
	s.mu.Unlock()
	if s.opts.onCallback != nil && len(m) > 0 {
		s.opts.onCallback(kind)
	}
}

// gone runs at the end of every cooperative session too, with nothing to revoke; that is no revocation.
func (s *session) gone(cl *kgo.Client, kind assignmentKind, m map[string][]int32) {
	if kind == revoked && len(m) == 0 {
		return
	}
	cl.ResumeFetchPartitions(m) // a pause would outlive the assignment
	s.mu.Lock()
	s.sticky = true
	for t, ps := range m {
		for _, p := range ps {
			delete(s.missing[t], p)
		}
	}
	s.mu.Unlock()
	s.enqueue(kind, m)
}

// blocked runs, in a goroutine of its own, when a rebalance has to wait for the current batch.
func (s *session) blocked(ctx context.Context, cl *kgo.Client) {
	batch := s.batch.Load()
	s.hurry.Store(true)
	t := time.NewTimer(s.opts.escape)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
		return
	}
	if s.batch.Load() == batch {
		s.opts.log.Warn("a rebalance goes ahead of the batch that held it back", "waited", s.opts.escape)
		cl.AllowRebalance()
	}
}

// adjust runs after the group's offsets are fetched and before a partition is consumed. It replaces "no offset" by
// where the log begins or ends now, so that an abort before the first commit rewinds to that and not to offset 0, and
// it notices a position that the log has lost.
func (s *session) adjust(ctx context.Context, fetched map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	<-s.made
	topics := make([]string, 0, len(fetched))
	for t := range fetched {
		topics = append(topics, t)
	}
	starts, err := s.adm.ListStartOffsets(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("list start offsets: %w", err)
	}
	ends, err := s.adm.ListEndOffsets(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("list end offsets: %w", err)
	}
	for t, parts := range fetched {
		for p, o := range parts {
			start, ok1 := starts.Lookup(t, p)
			end, ok2 := ends.Lookup(t, p)
			if err := errors.Join(start.Err, end.Err); err != nil || !ok1 || !ok2 {
				return nil, fmt.Errorf("no start or end offset for %s/%d: %w", t, p, errOr(err, kerr.UnknownTopicOrPartition))
			}
			at := o.EpochOffset().Offset
			switch {
			case at < 0:
				if s.opts.startNone {
					return nil, permanent(fmt.Errorf("group %s has no offset for %s/%d, and auto.offset.reset is none", s.opts.group, t, p))
				}
				at = start.Offset
				if s.opts.start.EpochOffset().Offset == kgo.NewOffset().AtEnd().EpochOffset().Offset {
					at = end.Offset
				}
				parts[p] = kgo.NewOffset().At(at)
				s.markMissing(t, p)
			case at < start.Offset || at > end.Offset:
				if !s.opts.recover {
					return nil, permanent(fmt.Errorf("%s/%d: %w: group %s stands at %d, the log holds %d to %d; records were lost "+
						"(retention too short, or the topic was recreated). Lengthen retention; to go on without them, reset the group's offsets and "+
						"delete its changelog", t, p, errInputLost, s.opts.group, at, start.Offset, end.Offset))
				}
				s.opts.log.Error("records were lost before they were read", "topic", t, "partition", p, "offset", at,
					"log_start", start.Offset, "log_end", end.Offset, "err", errInputLost)
				if s.opts.onRecover != nil {
					s.opts.onRecover(loss{t, p, at, start.Offset, end.Offset})
				}
				parts[p] = kgo.NewOffset().At(start.Offset)
			}
		}
	}
	return fetched, nil
}

func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

func (s *session) markMissing(topic string, partition int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.missing[topic] == nil {
		s.missing[topic] = make(map[int32]bool)
	}
	s.missing[topic][partition] = true
}

// position is where the client will read, or has read, a partition from, as the group has it: ok is false while that
// is not known yet. fresh means that the group had no offset.
func (s *session) position(topic string, partition int32) (at int64, fresh, ok bool) {
	o, ok := s.client().CommittedOffsets()[topic][partition]
	s.mu.Lock()
	defer s.mu.Unlock()
	return o.Offset, s.missing[topic][partition], ok
}

// poll waits up to wait for records. Whatever it returns, rebalances are held back until release. The error is nil for
// a poll that found nothing; any other means that the session must be thrown away.
func (s *session) poll(ctx context.Context, wait time.Duration, limit int) (kgo.Fetches, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	fetches := s.kgo.PollRecords(ctx, limit)
	var errs []error
	fetches.EachError(func(topic string, partition int32, err error) {
		var group *kgo.ErrGroupSession
		switch {
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		case errors.As(err, &group):
			// The lost callback tells the worker; the client joins again by itself.
			if isPermanent(err) {
				errs = append(errs, err)
			} else {
				s.opts.log.Warn("left the group", "group", s.opts.group, "err", err)
			}
		default:
			// Data loss is among these: the client goes on after it, at another offset, and state must not.
			errs = append(errs, fmt.Errorf("fetch %s/%d: %w", topic, partition, err))
		}
	})
	return fetches, errors.Join(errs...)
}

// drain returns the changes of assignment since the last call, oldest first, and whether clear must be called before
// the next Begin.
func (s *session) drain() (changes []assignment, sticky bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changes, s.queue = s.queue, nil
	return changes, s.sticky
}

// clear resets what a revocation outside of a transaction left behind, which would abort the next commit and hide later
// revocations. What was polled is read again.
func (s *session) clear() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.opts.end)
	defer cancel()
	s.unstick()
	if _, err := s.kgo.End(ctx, kgo.TryAbort); err != nil {
		return fmt.Errorf("clear: %w", err)
	}
	return nil
}

// unstick comes before End and not after it: a callback in between then costs one needless clear, and not a commit that
// aborts for no visible reason.
func (s *session) unstick() {
	s.mu.Lock()
	s.sticky = false
	s.mu.Unlock()
}

// begin starts a transaction.
func (s *session) begin() error {
	s.before = s.client().CommittedOffsets()
	s.fail.Store(nil)
	if err := s.kgo.Begin(); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	return nil
}

// produce adds a record to the transaction. A failure shows at end.
func (s *session) produce(ctx context.Context, r *kgo.Record) {
	s.kgo.Produce(ctx, r, func(r *kgo.Record, err error) {
		if err != nil {
			err = fmt.Errorf("produce to %s/%d: %w", r.Topic, r.Partition, err)
			s.fail.CompareAndSwap(nil, &err)
		}
	})
}

// end ends the transaction and says what became of it. Only with a nil error is the outcome known, and only then may
// the session be used again. cause says why a transaction that was to commit did not, as far as known.
func (s *session) end(commit bool) (out outcome, cause, err error) {
	// Not the worker's context: a cancelled End leaves the client in no defined state.
	ctx, cancel := context.WithTimeout(context.Background(), s.opts.end)
	defer cancel()
	if commit {
		if err := s.client().Flush(ctx); err != nil {
			return aborted, nil, fmt.Errorf("flush: %w", err)
		}
		// The client would commit what succeeded.
		if p := s.fail.Load(); p != nil {
			commit, cause = false, *p
		}
	}
	after := offsets(s.client().UncommittedOffsets())
	s.unstick()
	ok, err := s.kgo.End(ctx, kgo.TransactionEndTry(commit))
	switch {
	case errors.Is(err, kerr.ProducerFenced), errors.Is(err, kerr.InvalidProducerEpoch):
		return aborted, cause, fmt.Errorf("end: transactional id %q was taken over, perhaps by a process with the same instance: %w", s.opts.txnID, err)
	case err != nil:
		return aborted, cause, fmt.Errorf("end: %w", err)
	case ok:
		s.settle(after)
		return committed, nil, nil
	case !commit:
		return aborted, cause, nil
	}
	out, err = s.resolve(after)
	return out, errors.New("the client reports no commit"), err
}

// settle notes that the group has offsets now.
func (s *session) settle(after offsets) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t, parts := range after {
		for p := range parts {
			delete(s.missing[t], p)
		}
	}
}

// resolve asks the broker what became of a transaction that was to commit and, the client says, did not: an answer that
// was applied all the same looks alike. The client has rewound to the offsets before.
func (s *session) resolve(after offsets) (outcome, error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.opts.end)
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
	s.client().SetOffsets(after)
	s.settle(after)
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
			return nil, fmt.Errorf("fetch offsets of group %s: %w", group, err)
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

// member asks the coordinator whether this session still belongs to the group's current generation. A transaction that
// carries no offsets is not fenced by the generation, so what it says must be checked.
func (s *session) member(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.opts.end)
	defer cancel()
	req := kmsg.NewPtrHeartbeatRequest()
	req.Group = s.opts.group
	req.MemberID, req.Generation = s.client().GroupMetadata()
	if s.opts.instance != "" {
		req.InstanceID = kmsg.StringPtr(s.opts.instance)
	}
	resp, err := req.RequestWith(ctx, s.client())
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(resp.ErrorCode)
}

// seek moves the position of owned partitions and makes it what an abort rewinds to.
func (s *session) seek(to offsets) { s.client().SetOffsets(to) }

// hurried reports whether a rebalance waits for this batch.
func (s *session) hurried() bool { return s.hurry.Load() }

// release lets rebalances go ahead. Tasks must not be touched from here to the return of the next poll.
func (s *session) release() {
	s.batch.Add(1)
	s.hurry.Store(false)
	s.kgo.AllowRebalance()
}

// close leaves the group and ends the client. It takes a few seconds at most, also without a broker.
func (s *session) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	s.release()
	if s.opts.instance != "" && s.opts.leave {
		// The client does not leave for a static member.
		left, err := s.adm.LeaveGroup(ctx, kadm.LeaveGroup(s.opts.group).InstanceIDs(s.opts.instance).Reason("shutdown"))
		if err == nil {
			err = left.Error()
		}
		if err != nil {
			s.opts.log.Warn("could not leave the group", "group", s.opts.group, "instance", s.opts.instance, "err", err)
		}
	}
	if err := s.client().LeaveGroupContext(ctx); err != nil {
		s.opts.log.Warn("left the group without its answer", "group", s.opts.group, "err", err)
	}
	s.client().Close()
}
