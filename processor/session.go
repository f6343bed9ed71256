package processor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
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

// sessionOptions configure newSession.
type sessionOptions struct {
	client   []kgo.Opt // how to reach the cluster, and client settings
	group    string
	topics   []string
	txnID    string // stable per worker: a restart aborts at once what its predecessor left open
	instance string // static membership, empty for none
	leave    bool   // leave the group on close although the membership is static

	follower   string        // group of the stage behind this one, empty for none
	start      kgo.Offset    // where a partition without committed offset begins: start or end of the log
	startNone  bool          // refuse to begin without committed offset
	recover    bool          // an offset that fell out of the log continues at the start, loudly; otherwise it is an error
	pause      bool          // new partitions are paused until the worker resumes them
	end        time.Duration // deadline of End, of the flush before it and of finding out what became of it
	escape     time.Duration // how long a batch may hold back a rebalance
	onRecover  func(loss)
	onSkip     func(*kgo.ErrDecompressTooLarge) // a batch was passed over; without it, such a batch is an error
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

	mu     sync.Mutex
	queue  []assignment
	sticky bool                              // a revoked or lost callback since the last End: the next commit would abort
	stands map[string]map[int32]stand        // of assigned partitions that do not stand where the group has its offset, see stand.go
	ids    map[string]map[int32]kadm.TopicID // of assigned partitions, see topicid.go

	batch  atomic.Uint64 // counts releases, so that a late escape spares the next batch
	hurry  atomic.Bool   // a rebalance waits for this batch
	before offsets       // committed positions at Begin
	fenced bool          // another process has the static membership: it is not ours to give up
	fail   atomic.Pointer[error]
	// unacked counts by topic what was produced and has no answer. The map is the worker's, the counters are everybody's.
	unacked map[string]*atomic.Int64
	dials   dials
	skips   skips
}

// newSession joins the group. The caller must close the session.
func newSession(o sessionOptions) (*session, error) {
	s := &session{opts: o, made: make(chan struct{}), stands: make(map[string]map[int32]stand),
		ids: make(map[string]map[int32]kadm.TopicID), unacked: make(map[string]*atomic.Int64)}
	opts := append([]kgo.Opt{}, o.client...)
	opts = append(opts,
		kgo.WithHooks(&s.dials),
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
		return lacks(fmt.Errorf("transactional id %q: %w", s.opts.txnID, err), "WRITE", "transactional id "+s.opts.txnID)
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
			delete(s.stands[t], p)
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

// poll waits up to wait for records. Whatever it returns, rebalances are held back until release. The error is nil for
// a poll that found nothing; any other means that the session must be thrown away.
func (s *session) poll(ctx context.Context, wait time.Duration, limit int) (kgo.Fetches, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	fetches := s.kgo.PollRecords(ctx, limit)
	var errs []error
	fetches.EachError(func(topic string, partition int32, err error) {
		var group *kgo.ErrGroupSession
		var large *kgo.ErrDecompressTooLarge
		switch {
		case s.opts.onSkip != nil && errors.As(err, &large):
			s.skips.add(large)
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		case errors.Is(err, kerr.FencedInstanceID):
			errs = append(errs, s.takenOver(err))
		case errors.As(err, &group):
			// The lost callback tells the worker; the client joins again by itself.
			if isPermanent(err) {
				errs = append(errs, lacks(fmt.Errorf("group %s: %w", s.opts.group, err), "READ", "group "+s.opts.group))
			} else {
				s.opts.log.Warn("left the group", "group", s.opts.group, "err", err)
			}
		default:
			// Data loss is among these: the client goes on after it, at another offset, and state must not.
			errs = append(errs, lacks(fmt.Errorf("fetch %s/%d: %w", topic, partition, err), "READ", "topic "+topic))
		}
	})
	if fetches.NumRecords() < limit {
		s.skip(fetches)
	}
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
	s.rewind()
	return nil
}

// unstick comes before End and not after it: a callback in between then costs one needless clear, and not a commit that
// aborts for no visible reason.
func (s *session) unstick() {
	s.mu.Lock()
	s.sticky = false
	s.mu.Unlock()
}

func (s *session) isSticky() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sticky
}

// begin starts a transaction.
func (s *session) begin() error {
	s.before = s.committedOffsets()
	s.fail.Store(nil)
	if err := s.kgo.Begin(); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	return nil
}

// produce adds a record to the transaction. A failure shows at end.
func (s *session) produce(ctx context.Context, r *kgo.Record) {
	waiting := s.unacked[r.Topic]
	if waiting == nil {
		waiting = new(atomic.Int64)
		s.unacked[r.Topic] = waiting
	}
	waiting.Add(1)
	s.kgo.Produce(ctx, r, func(r *kgo.Record, err error) {
		waiting.Add(-1)
		if err != nil {
			err = refused(fmt.Errorf("produce to %s/%d: %w", r.Topic, r.Partition, err), r.Topic)
			s.fail.CompareAndSwap(nil, &err)
		}
	})
}

// refused names what no broker has taken: the client tries again for as long as it may, and does not say why.
func (s *session) refused() string {
	var topics []string
	for _, t := range slices.Sorted(maps.Keys(s.unacked)) {
		if n := s.unacked[t].Load(); n > 0 {
			topics = append(topics, fmt.Sprintf("%d records of %s", n, t))
		}
	}
	return strings.Join(topics, ", ")
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

// takenOver says that another process has the static membership.
func (s *session) takenOver(err error) error {
	s.fenced = true
	return fmt.Errorf("group %s: another process has joined with the group.instance.id %q and has taken over: %w", s.opts.group, s.opts.instance, err)
}

// replaced takes the error that has ended the session, and returns the one to act upon. A process that takes a static
// member's place takes over its transactional id too, and the older one may hear of that first; with a new session it
// would throw out the one that has replaced it.
func (s *session) replaced(err error) error {
	if s.opts.instance == "" || s.fenced || isPermanent(err) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), resolveWait)
	defer cancel()
	if other := s.member(ctx); errors.Is(other, kerr.FencedInstanceID) {
		return fmt.Errorf("%w; before that: %w", s.takenOver(other), err)
	}
	return err
}

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
	if s.opts.instance != "" && s.opts.leave && !s.fenced {
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
	// Close polls once more, for what is buffered, and so may hold back a goroutine of its own that leaves a group which
	// has been left already.
	s.kgo.AllowRebalance()
}
