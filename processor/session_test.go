package processor

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// testSession is a session on topic in (one partition), which writes to topic out.
func testSession(t *testing.T, c *kfake.Cluster, txn string, edit func(*sessionOptions)) *session {
	t.Helper()
	o := sessionOptions{
		client: append(fast(c), kgo.SessionTimeout(2*time.Second), kgo.HeartbeatInterval(50*time.Millisecond),
			kgo.RebalanceTimeout(1500*time.Millisecond), kgo.TransactionTimeout(4*time.Second)),
		group: "g", topics: []string{"in"}, txnID: txn, start: kgo.NewOffset().AtStart(), recover: true,
		end: 4 * time.Second, escape: 300 * time.Millisecond, log: testLog(t),
	}
	if edit != nil {
		edit(&o)
	}
	s, err := newSession(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func inOut(t *testing.T, c *kfake.Cluster, partitions int32) *kgo.Client {
	t.Helper()
	for _, topic := range []string{"in", "out"} {
		if err := c.CreateTopic(topic, partitions, nil); err != nil {
			t.Fatal(err)
		}
	}
	return newClient(t, c, kgo.RecordPartitioner(kgo.ManualPartitioner()))
}

func send(t *testing.T, cl *kgo.Client, topic string, partition int32, values ...string) {
	t.Helper()
	for _, v := range values {
		if err := cl.ProduceSync(context.Background(), &kgo.Record{Topic: topic, Partition: partition, Value: []byte(v)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// next polls until records come, and clears what sticks.
func next(t *testing.T, s *session) []*kgo.Record {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		fetches, err := s.poll(context.Background(), 100*time.Millisecond, 100)
		if err != nil {
			t.Fatal(err)
		}
		_, sticky := s.drain()
		if sticky {
			if err := s.clear(); err != nil {
				t.Fatal(err)
			}
		} else if rs := fetches.Records(); len(rs) > 0 {
			return rs
		}
		s.release()
	}
	t.Fatal("no records")
	return nil
}

func copyAll(s *session, rs []*kgo.Record) {
	for _, r := range rs {
		if !r.Attrs.IsControl() {
			s.produce(context.Background(), &kgo.Record{Topic: "out", Partition: r.Partition, Value: r.Value})
		}
	}
}

func values(rs []*kgo.Record) []string {
	var out []string
	for _, r := range rs {
		out = append(out, string(r.Value))
	}
	return out
}

func wantValues(t *testing.T, rs []*kgo.Record, want ...string) {
	t.Helper()
	if got := values(rs); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSessionCommitsAndAborts(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	cl := inOut(t, c, 1)
	send(t, cl, "in", 0, "a", "b")
	s := testSession(t, c, "x", nil)
	defer s.close()

	rs := next(t, s)
	if err := s.begin(); err != nil {
		t.Fatal(err)
	}
	copyAll(s, rs)
	if out, _, err := s.end(false); out != aborted || err != nil {
		t.Fatalf("end(false) = %v, %v", out, err)
	}
	s.release()
	// Before the first commit an abort rewinds to where the log began.
	rs = next(t, s)
	wantValues(t, rs, "a", "b")
	if at, fresh, ok := s.position("in", 0); at != 0 || !fresh || !ok {
		t.Errorf("position = %d, %v, %v; want 0, fresh", at, fresh, ok)
	}
	if err := s.begin(); err != nil {
		t.Fatal(err)
	}
	copyAll(s, rs)
	if out, _, err := s.end(true); out != committed || err != nil {
		t.Fatalf("end(true) = %v, %v", out, err)
	}
	if at, fresh, ok := s.position("in", 0); at != 2 || fresh || !ok {
		t.Errorf("position = %d, %v, %v; want 2, not fresh", at, fresh, ok)
	}
	s.release()
	wantValues(t, readAll(t, c, "out"), "a", "b")
}

// A produce that failed must not be committed around, although the client would.
func TestSessionAbortsWhenProduceFails(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	cl := inOut(t, c, 1)
	send(t, cl, "in", 0, "a")
	s := testSession(t, c, "x", nil)
	defer s.close()
	rs := next(t, s)
	if err := s.begin(); err != nil {
		t.Fatal(err)
	}
	copyAll(s, rs)
	s.produce(context.Background(), &kgo.Record{Topic: "out", Partition: 77, Value: []byte("nowhere")})
	out, cause, err := s.end(true)
	if out != aborted || cause == nil || err != nil {
		t.Fatalf("end = %v, %v, %v; want aborted with a cause", out, cause, err)
	}
	s.release()
	wantValues(t, readAll(t, c, "out"))
	wantValues(t, next(t, s), "a")
}

// lieOnEnd applies the next EndTxn that commits, through raw, and then answers with UNKNOWN_SERVER_ERROR. txn restricts it
// to one transactional id, if it is not empty. It returns whether that has happened.
func lieOnEnd(t *testing.T, c *kfake.Cluster, raw *kgo.Client, txn string) func() bool {
	t.Helper()
	var busy atomic.Bool
	c.ControlKey(int16(kmsg.EndTxn), func(req kmsg.Request) (kmsg.Response, error, bool) {
		end := *req.(*kmsg.EndTxnRequest)
		if !end.Commit || txn != "" && end.TransactionalID != txn || !busy.CompareAndSwap(false, true) {
			c.KeepControl()
			return nil, nil, false // among others the request of raw
		}
		var applied error
		c.SleepControl(func() {
			var resp *kmsg.EndTxnResponse
			resp, applied = end.RequestWith(context.Background(), raw)
			if applied == nil {
				applied = kerr.ErrorForCode(resp.ErrorCode)
			}
		})
		if applied != nil {
			t.Logf("EndTxn behind the client's back: %v", applied)
		}
		resp := req.ResponseKind().(*kmsg.EndTxnResponse)
		resp.ErrorCode = kerr.UnknownServerError.Code
		return resp, nil, true
	})
	return busy.Load
}

// The broker commits and says that something went wrong. The client takes that for an abort and rewinds; the session must
// find out.
func TestSessionResolvesUnknownOutcome(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	cl := inOut(t, c, 1)
	send(t, cl, "in", 0, "a", "b", "c")
	s := testSession(t, c, "x", nil)
	defer s.close()
	rs := next(t, s)
	if err := s.begin(); err != nil {
		t.Fatal(err)
	}
	copyAll(s, rs)
	lieOnEnd(t, c, newClient(t, c), "")
	out, cause, err := s.end(true)
	if out != committed || err != nil {
		t.Fatalf("end = %v, cause %v, %v; want committed", out, cause, err)
	}
	s.release()
	send(t, cl, "in", 0, "d")
	rs = next(t, s)
	wantValues(t, rs, "d")
	if err := s.begin(); err != nil {
		t.Fatal(err)
	}
	copyAll(s, rs)
	if out, _, err := s.end(true); out != committed || err != nil {
		t.Fatalf("end = %v, %v", out, err)
	}
	s.release()
	wantValues(t, readAll(t, c, "out"), "a", "b", "c", "d")
}

// Faults at the end of a transaction that the client reports as "not committed", and that are no more than that.
func TestSessionAbortableFaults(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]kfake.Fault{
		"offset commit: illegal generation":   {Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.IllegalGeneration, Count: 1},
		"offset commit: unknown server error": {Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.UnknownServerError, Count: 1},
		"end: transaction abortable":          {Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.TransactionAbortable, Count: 1},
		"end: unknown, not applied":           {Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.UnknownServerError, Count: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			cl := inOut(t, c, 1)
			send(t, cl, "in", 0, "a")
			s := testSession(t, c, "x", nil)
			defer s.close()
			rs := next(t, s)
			if err := s.begin(); err != nil {
				t.Fatal(err)
			}
			copyAll(s, rs)
			c.Fault(f)
			if out, _, err := s.end(true); out != aborted || err != nil {
				t.Fatalf("end = %v, %v; want aborted", out, err)
			}
			s.release()
			rs = next(t, s)
			wantValues(t, rs, "a")
			if err := s.begin(); err != nil {
				t.Fatal(err)
			}
			copyAll(s, rs)
			if out, _, err := s.end(true); out != committed || err != nil {
				t.Fatalf("second end = %v, %v", out, err)
			}
			s.release()
			wantValues(t, readAll(t, c, "out"), "a")
		})
	}
}

// An answer that says the producer is fenced is an error: the session is over.
func TestSessionFenced(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	cl := inOut(t, c, 1)
	send(t, cl, "in", 0, "a")
	s := testSession(t, c, "x", nil)
	defer s.close()
	rs := next(t, s)
	if err := s.begin(); err != nil {
		t.Fatal(err)
	}
	copyAll(s, rs)
	if err := s.client().Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	other := testSession(t, c, "x", func(o *sessionOptions) { o.group = "other" })
	defer other.close()
	if err := other.fence(context.Background()); err != nil {
		t.Fatal(err)
	}
	if out, cause, err := s.end(true); err == nil {
		t.Fatalf("end = %v, %v, nil; want an error", out, cause)
	}
	wantValues(t, readAll(t, c, "out"))
}

// A member that is thrown out between poll and End: End would wait for a heartbeat that nobody sends and for a callback
// that waits for release. The escape lets it go.
func TestSessionThrownOutDoesNotHang(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	cl := inOut(t, c, 1)
	send(t, cl, "in", 0, "a")
	s := testSession(t, c, "x", nil)
	defer s.close()
	rs := next(t, s)
	if err := s.begin(); err != nil {
		t.Fatal(err)
	}
	copyAll(s, rs)
	h := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.UnknownMemberID, Count: 1})
	if err := h.Wait(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	out, _, err := s.end(true)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("end took %v", took)
	}
	if out != aborted || err != nil {
		t.Fatalf("end = %v, %v; want aborted", out, err)
	}
	s.release()
	rs = next(t, s)
	wantValues(t, rs, "a")
}

// The escape is there for a behaviour of franz-go. When this test fails, End no longer hangs by itself, and the escape and
// its deadline may go.
func TestFranzGoHangsWithoutEscape(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	cl := inOut(t, c, 1)
	send(t, cl, "in", 0, "a")
	s := testSession(t, c, "x", func(o *sessionOptions) { o.escape, o.end = time.Hour, 1500*time.Millisecond })
	defer s.close()
	rs := next(t, s)
	if err := s.begin(); err != nil {
		t.Fatal(err)
	}
	copyAll(s, rs)
	h := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.UnknownMemberID, Count: 1})
	if err := h.Wait(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	out, _, err := s.end(true)
	if took := time.Since(began); took < 1500*time.Millisecond {
		t.Errorf("end took %v and said %v, %v; it was to hang until its deadline", took, out, err)
	}
}

// An ordinary rebalance between poll and End does not cost the transaction.
func TestSessionCommitsWhileRebalanceWaits(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	cl := inOut(t, c, 2)
	send(t, cl, "in", 0, "a")
	send(t, cl, "in", 1, "b")
	var callbacks atomic.Int32
	s := testSession(t, c, "x", func(o *sessionOptions) {
		o.onCallback = func(k assignmentKind) {
			if k != assigned {
				callbacks.Add(1)
			}
		}
	})
	defer s.close()
	rs := next(t, s)
	if err := s.begin(); err != nil {
		t.Fatal(err)
	}
	copyAll(s, rs)
	second := testSession(t, c, "y", nil)
	defer second.close()
	eventually(t, 5*time.Second, "the rebalance waits", s.hurried)
	if out, cause, err := s.end(true); out != committed || err != nil {
		t.Fatalf("end = %v, %v, %v; want committed", out, cause, err)
	}
	s.release()
	eventually(t, 10*time.Second, "a partition is given up", func() bool {
		_, err := s.poll(context.Background(), 20*time.Millisecond, 1)
		s.release()
		return err == nil && callbacks.Load() > 0
	})
}

// After a revocation outside of a transaction the client aborts the next commit, unless the flag is cleared first.
func TestSessionClearsStickyRevocation(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	cl := inOut(t, c, 2)
	s := testSession(t, c, "x", nil)
	defer s.close()
	idle := func(s *session) {
		if _, err := s.poll(context.Background(), 20*time.Millisecond, 10); err != nil {
			t.Fatal(err)
		}
		s.release()
	}
	owned := func() int { return len(s.client().CommittedOffsets()["in"]) }
	eventually(t, 10*time.Second, "both partitions are owned", func() bool { idle(s); return owned() == 2 })
	second := testSession(t, c, "y", nil)
	defer second.close()
	sticky := func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.sticky
	}
	eventually(t, 10*time.Second, "one partition is revoked", func() bool { idle(s); idle(second); return sticky() })
	eventually(t, 10*time.Second, "the group has settled", func() bool {
		idle(s)
		idle(second)
		g := c.GroupInfo("g")
		return g.State == "Stable" && owned() == 1 && len(second.client().CommittedOffsets()["in"]) == 1
	})
	for p := range s.client().CommittedOffsets()["in"] {
		send(t, cl, "in", p, "a")
	}
	if !sticky() {
		t.Fatal("the flag has gone by itself")
	}
	rs := next(t, s) // clears
	if err := s.begin(); err != nil {
		t.Fatal(err)
	}
	copyAll(s, rs)
	if out, cause, err := s.end(true); out != committed || err != nil {
		t.Fatalf("end = %v, %v, %v; want committed at the first try", out, cause, err)
	}
	s.release()
	wantValues(t, readAll(t, c, "out"), "a")
}

// Offsets that the log has lost: the input continues at the start and counts what is missing, a task must not.
func TestSessionOffsetLost(t *testing.T) {
	t.Parallel()
	for name, recover := range map[string]bool{"input": true, "task": false} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			cl := inOut(t, c, 1)
			send(t, cl, "in", 0, "a", "b", "c", "d")
			adm := kadm.NewClient(cl)
			var at kadm.Offsets
			at.Add(kadm.Offset{Topic: "in", Partition: 0, At: 1, LeaderEpoch: -1})
			if err := adm.CommitAllOffsets(context.Background(), "g", at); err != nil {
				t.Fatal(err)
			}
			var to kadm.Offsets
			to.Add(kadm.Offset{Topic: "in", Partition: 0, At: 3})
			if _, err := adm.DeleteRecords(context.Background(), to); err != nil {
				t.Fatal(err)
			}
			var lost atomic.Int64
			s := testSession(t, c, "x", func(o *sessionOptions) {
				o.recover = recover
				o.onRecover = func(l loss) { lost.Add(l.records()) }
			})
			defer s.close()
			if recover {
				wantValues(t, next(t, s), "d")
				if lost.Load() != 2 {
					t.Errorf("%d offsets reported lost, want 2", lost.Load())
				}
				return
			}
			var err error
			eventually(t, 10*time.Second, "an error", func() bool {
				_, err = s.poll(context.Background(), 50*time.Millisecond, 10)
				s.release()
				return err != nil
			})
			if !errors.Is(err, errInputLost) || !isPermanent(err) {
				t.Errorf("error %v; want errInputLost, permanent", err)
			}
		})
	}
}

// A static member that is told to leave makes room at once, and not when its session times out.
func TestSessionStaticLeave(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	inOut(t, c, 1)
	owns := func(s *session) func() bool {
		return func() bool {
			_, err := s.poll(context.Background(), 20*time.Millisecond, 10)
			s.release()
			return err == nil && len(s.client().CommittedOffsets()["in"]) == 1
		}
	}
	static := func(id string) func(*sessionOptions) {
		return func(o *sessionOptions) { o.instance, o.leave = id, true }
	}
	first := testSession(t, c, "x", static("one"))
	eventually(t, 10*time.Second, "the first owns the partition", owns(first))
	first.close()
	second := testSession(t, c, "y", static("two"))
	defer second.close()
	began := time.Now()
	eventually(t, 10*time.Second, "the second owns the partition", owns(second))
	if took := time.Since(began); took > 1500*time.Millisecond {
		t.Errorf("took %v; the session time-out is 2s", took)
	}
}
