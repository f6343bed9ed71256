package processor

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// throwOut answers the next heartbeat as if the member were unknown.
func throwOut(t *testing.T, c *kfake.Cluster) {
	t.Helper()
	h := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Err: kerr.UnknownMemberID, Count: 1})
	if err := h.Wait(context.Background(), 1); err != nil {
		t.Fatal(err)
	}
}

// A member that is thrown out between poll and End: End would wait for a heartbeat that nobody sends and for a callback
// that waits for release. The escape lets it go.
func TestSessionThrownOutDoesNotHang(t *testing.T) {
	t.Parallel()
	c, _, s := copying(t, nil, "a")
	throwOut(t, c)
	began := time.Now()
	out, _, err := s.end(true)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("end took %v", took)
	}
	if out != aborted || err != nil {
		t.Fatalf("end = %v, %v; want aborted", out, err)
	}
	s.release()
	wantValues(t, next(t, s), "a")
}

// The escape is there for a behaviour of franz-go. When this test fails, End no longer hangs by itself, and the escape and
// its deadline may go.
func TestFranzGoHangsWithoutEscape(t *testing.T) {
	t.Parallel()
	c, _, s := copying(t, func(o *sessionOptions) { o.escape, o.end = time.Hour, 1500*time.Millisecond }, "a")
	throwOut(t, c)
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
	copyAll(t, s, rs)
	second := testSession(t, c, "y", nil)
	defer second.close()
	eventually(t, 5*time.Second, "the rebalance waits", s.hurried)
	finish(t, s, true, committed)
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
	owned := func(s *session) int { return len(s.committedOffsets()["in"]) }
	eventually(t, 10*time.Second, "both partitions are owned", func() bool { idle(s); return owned(s) == 2 })
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
		return g.State == "Stable" && owned(s) == 1 && owned(second) == 1
	})
	for p := range s.committedOffsets()["in"] {
		send(t, cl, "in", p, "a")
	}
	if !sticky() {
		t.Fatal("the flag has gone by itself")
	}
	rs := next(t, s) // clears
	copyAll(t, s, rs)
	finish(t, s, true, committed)
	s.release()
	wantValues(t, readAll(t, c, "out"), "a")
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
			return err == nil && len(s.committedOffsets()["in"]) == 1
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
