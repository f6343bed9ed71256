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

// copyAll begins a transaction and writes the records to topic out.
func copyAll(t *testing.T, s *session, rs []*kgo.Record) {
	t.Helper()
	if err := s.begin(); err != nil {
		t.Fatal(err)
	}
	for _, r := range rs {
		if !r.Attrs.IsControl() {
			s.produce(context.Background(), &kgo.Record{Topic: "out", Partition: r.Partition, Value: r.Value})
		}
	}
}

// copying is a session that has read the values from topic in, of one partition, and written them to topic out: its
// transaction is open. cl writes more.
func copying(t *testing.T, edit func(*sessionOptions), values ...string) (c *kfake.Cluster, cl *kgo.Client, s *session) {
	t.Helper()
	c = newCluster(t)
	cl = inOut(t, c, 1)
	send(t, cl, "in", 0, values...)
	s = testSession(t, c, "x", edit)
	t.Cleanup(s.close)
	copyAll(t, s, next(t, s))
	return c, cl, s
}

// copies reads what must be these values, and copies them in a transaction.
func copies(t *testing.T, s *session, want ...string) {
	t.Helper()
	rs := next(t, s)
	wantValues(t, rs, want...)
	copyAll(t, s, rs)
	finish(t, s, true, committed)
	s.release()
}

// finish ends the transaction, at the first try.
func finish(t *testing.T, s *session, commit bool, want outcome) {
	t.Helper()
	if out, cause, err := s.end(commit); out != want || err != nil {
		t.Fatalf("end(%v) = %v, %v, %v; want %v", commit, out, cause, err, want)
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
	c, _, s := copying(t, nil, "a", "b")
	finish(t, s, false, aborted)
	s.release()
	// Before the first commit an abort rewinds to where the log began.
	rs := next(t, s)
	wantValues(t, rs, "a", "b")
	if at, fresh, ok := s.position("in", 0); at != 0 || !fresh || !ok {
		t.Errorf("position = %d, %v, %v; want 0, fresh", at, fresh, ok)
	}
	copyAll(t, s, rs)
	finish(t, s, true, committed)
	if at, fresh, ok := s.position("in", 0); at != 2 || fresh || !ok {
		t.Errorf("position = %d, %v, %v; want 2, not fresh", at, fresh, ok)
	}
	s.release()
	wantValues(t, readAll(t, c, "out"), "a", "b")
}

// A produce that failed must not be committed around, although the client would.
func TestSessionAbortsWhenProduceFails(t *testing.T) {
	t.Parallel()
	c, _, s := copying(t, nil, "a")
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
	c, cl, s := copying(t, nil, "a", "b", "c")
	lieOnEnd(t, c, newClient(t, c), "")
	out, cause, err := s.end(true)
	if out != committed || err != nil {
		t.Fatalf("end = %v, cause %v, %v; want committed", out, cause, err)
	}
	s.release()
	send(t, cl, "in", 0, "d")
	copies(t, s, "d")
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
			c, _, s := copying(t, nil, "a")
			c.Fault(f)
			finish(t, s, true, aborted)
			s.release()
			copies(t, s, "a")
			wantValues(t, readAll(t, c, "out"), "a")
		})
	}
}

// An answer that says the producer is fenced is an error: the session is over.
func TestSessionFenced(t *testing.T) {
	t.Parallel()
	c, _, s := copying(t, nil, "a")
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
