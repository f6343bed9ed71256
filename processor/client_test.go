package processor

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// These tests hold what the session relies on in the Kafka client, so that a newer client that differs is noticed here.

// seekable is a fresh session that owns the one partition of topic in, which holds the values. Whoever calls closes it.
func seekable(t *testing.T, values ...string) (*kfake.Cluster, *session) {
	t.Helper()
	c := newCluster(t)
	send(t, inOut(t, c, 1), "in", 0, values...)
	s := testSession(t, c, "x", nil)
	eventually(t, 10*time.Second, "a position", func() bool {
		_, err := s.poll(context.Background(), 20*time.Millisecond, 1)
		_, _, ok := s.position("in", 0)
		if !ok {
			s.release()
		}
		return err == nil && ok
	})
	return c, s
}

// A seek is what an abort rewinds to; the client by itself goes back to where the group has its offset.
func TestSeekOutlivesAborts(t *testing.T) {
	t.Parallel()
	c, s := seekable(t, "a", "b", "c", "d")
	defer s.close()
	s.seek(offsets{"in": {0: {Epoch: -1, Offset: 2}}})
	if at, fresh, ok := s.position("in", 0); at != 2 || fresh || !ok {
		t.Errorf("position = %d, %v, %v; want 2, not fresh", at, fresh, ok)
	}
	s.release()
	for range 2 {
		rs := next(t, s)
		wantValues(t, rs, "c", "d")
		copyAll(t, s, rs)
		finish(t, s, false, aborted)
		s.release()
	}
	rs := next(t, s)
	wantValues(t, rs, "c", "d")
	if err := s.clear(); err != nil { // as after a revocation outside of a transaction
		t.Fatal(err)
	}
	s.release()
	copies(t, s, "c", "d")
	wantValues(t, readAll(t, c, "out"), "c", "d")
}

// A partition that was sought and not read is committed with the next transaction: the group has an offset from then on.
func TestSeekIsCommitted(t *testing.T) {
	t.Parallel()
	c, s := seekable(t, "a", "b", "c")
	defer s.close()
	s.seek(offsets{"in": {0: {Epoch: -1, Offset: 2}}})
	copyAll(t, s, nil)
	finish(t, s, true, committed)
	s.release()
	have, err := stableOffsets(context.Background(), s.adm, "g")
	if err != nil || have["in"][0] != 2 {
		t.Fatalf("the group stands at %v, %v; want 2", have, err)
	}
	copies(t, s, "c")
	wantValues(t, readAll(t, c, "out"), "c")
}

// After a commit that the client has taken for an abort, a real abort must not go back behind it.
func TestResolvedOutcomeOutlivesAnAbort(t *testing.T) {
	t.Parallel()
	c, cl, s := copying(t, nil, "a", "b")
	lieOnEnd(t, c, newClient(t, c), "")
	finishLied(t, s)
	send(t, cl, "in", 0, "c")
	rs := next(t, s)
	wantValues(t, rs, "c")
	copyAll(t, s, rs)
	finish(t, s, false, aborted)
	s.release()
	copies(t, s, "c")
	wantValues(t, readAll(t, c, "out"), "a", "b", "c")
}

func finishLied(t *testing.T, s *session) {
	t.Helper()
	if out, cause, err := s.end(true); out != committed || err != nil {
		t.Fatalf("end = %v, cause %v, %v; want committed", out, cause, err)
	}
	s.release()
}

// A position that is set while the client still asks the group for its offsets wins over them.
func TestSetOffsetsWhileOffsetsAreFetched(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	send(t, inOut(t, c, 1), "in", 0, "a", "b", "c")
	var cl *kgo.Client
	made := make(chan struct{})
	cl = newClient(t, c, kgo.ConsumerGroup("g"), kgo.ConsumeTopics("in"), kgo.DisableAutoCommit(), kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()),
		kgo.AdjustFetchOffsetsFn(func(_ context.Context, o map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
			<-made
			cl.SetOffsets(offsets{"in": {0: {Epoch: -1, Offset: 2}}})
			return o, nil
		}))
	close(made)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	wantValues(t, cl.PollRecords(ctx, 10).Records(), "c")
}

// An abort comes through, and the session stays usable, while the coordinator is not done with the transaction before.
func TestAbortWhileThePriorTransactionEnds(t *testing.T) {
	t.Parallel()
	for name, version := range map[string]*kversion.Versions{"with AddPartitionsToTxn": kversion.V3_5_0(), "without": kversion.Stable()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, kfake.MaxVersions(version))
			cl := inOut(t, c, 1)
			send(t, cl, "in", 0, "a")
			s := testSession(t, c, "x", nil)
			defer s.close()
			copies(t, s, "a")
			send(t, cl, "in", 0, "b")
			rs := next(t, s)
			busy := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.AddPartitionsToTxn, kmsg.Produce}, Topic: "out", Err: kerr.ConcurrentTransactions, Count: -1})
			copyAll(t, s, rs)
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			if err := busy.Wait(ctx, 1); err != nil {
				t.Fatal(err)
			}
			if err := s.client().AbortBufferedRecords(ctx); err != nil {
				t.Fatal(err)
			}
			finish(t, s, false, aborted)
			busy.Remove()
			s.release()
			copies(t, s, "b")
			wantValues(t, readAll(t, c, "out"), "a", "b")
		})
	}
}

// A transaction's marker that a later leader has written, behind records of the one before, is no lost data.
func TestMarkerOfALaterLeader(t *testing.T) {
	t.Parallel()
	for name, commit := range map[string]kgo.TransactionEndTry{"committed": kgo.TryCommit, "aborted": kgo.TryAbort} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			c := newCluster(t, kfake.NumBrokers(2))
			cl := inOut(t, c, 1)
			send(t, cl, "in", 0, "a")
			s := testSession(t, c, "x", nil)
			defer s.close()
			txn := newClient(t, c, kgo.TransactionalID("w"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
			if err := txn.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			send(t, txn, "in", 0, "b")
			move := func() {
				if err := c.MoveTopicPartition("in", 0, 1-c.LeaderFor("in", 0)); err != nil {
					t.Fatal(err)
				}
			}
			move()
			if err := txn.EndTransaction(ctx, commit); err != nil {
				t.Fatal(err)
			}
			want := []string{"a", "b"}
			if commit == kgo.TryAbort {
				want = want[:1]
			}
			var got []string
			for end := false; !end; {
				for _, r := range next(t, s) {
					if end = r.Attrs.IsControl(); !end {
						got = append(got, string(r.Value))
					}
				}
				s.release()
			}
			move()
			send(t, cl, "in", 0, "c")
			rs := next(t, s) // fails on lost data
			s.release()
			if got = append(got, values(rs)...); len(got) != len(want)+1 {
				t.Errorf("got %v, want %v and c", got, want)
			}
		})
	}
}

// Closing does not wait for a group that goes on rebalancing.
func TestCloseInARebalance(t *testing.T) {
	t.Parallel()
	c, s := seekable(t, "a")
	s.release()
	turmoil := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.SyncGroup, kmsg.Heartbeat}, Group: "g", Err: kerr.RebalanceInProgress, Count: -1, TopLevel: true})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for polling := true; polling; { // the group's session goes on while rebalances are let through
		if _, err := s.poll(ctx, 20*time.Millisecond, 1); err != nil {
			t.Fatal(err)
		}
		s.release()
		polling = turmoil.Hits() < 3
		if ctx.Err() != nil {
			t.Fatal("no rebalance")
		}
	}
	closed := make(chan struct{})
	go func() { s.close(); close(closed) }()
	t.Cleanup(func() { turmoil.Remove(); <-closed })
	select {
	case <-closed:
	case <-time.After(20 * time.Second):
		t.Fatal("close hangs")
	}
}
