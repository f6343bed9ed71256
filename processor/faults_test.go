//go:build synctests

package processor

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// fault is one row of the matrix: something happens while processes work, and afterwards everything that was fed has been
// counted once, in the alerts and in the state, and the processes are ready. integration/FAULTS.md names the rows.
type fault struct {
	name   string
	opts   []kfake.Opt
	others []string // instances beside "a"
	edit   func(*Config)
	strike strike
	after  aftermath
	log    string // what some line says
}

// strike lets the fault happen to process p. It returns nil, or a function that tells when it has happened: until then
// the processes are fed.
type strike func(w *world, p *process) (struck func() bool)

// aftermath is what a fault costs process a.
type aftermath uint8

const (
	anything aftermath = iota // it depends on the moment
	nothing                   // the client tries again, and nobody notices
	batch                     // a transaction is aborted and its records are read again
	rebuild                   // the session is given up, and a new one restores the tasks
)

func (f fault) run(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		p := w.start("a", f.edit)
		all := []*process{p}
		for _, name := range f.others {
			all = append(all, w.start(name, f.edit))
		}
		for _, p := range all {
			w.ready(p)
		}
		w.feed(33)
		time.Sleep(2 * time.Second)
		struck := f.strike(w, p)
		pause := 200 * time.Millisecond
		w.within(2*time.Hour, "the fault has struck", func() bool {
			w.feed(9)
			time.Sleep(pause)
			pause = min(2*pause, 10*time.Second)
			return struck == nil || struck()
		})
		w.feed(51)
		w.settle()
		for _, p := range w.runs {
			if p.stopped {
				continue
			}
			w.ready(p)
		}
		if f.log != "" && !w.log.has(f.log) {
			w.t.Errorf("no line says %q", f.log)
		}
		f.after.check(w.t, p)
		for _, p := range w.runs {
			if !p.stopped {
				p.stop(w.t)
			}
		}
	}, f.opts...)
}

func (a aftermath) check(t *testing.T, p *process) {
	t.Helper()
	var aborted, unknown float64
	for labels, n := range metricSeries(t, p, "oktastream_transactions_total") {
		switch labels["result"] {
		case "aborted":
			aborted += n
		case "unknown":
			unknown += n
		}
	}
	rebuilt := metricValue(t, p, "oktastream_session_rebuilds_total")
	ok := true
	switch a {
	case nothing:
		ok = aborted+unknown+rebuilt == 0
	case batch:
		ok = aborted > 0 && rebuilt == 0
	case rebuild:
		ok = rebuilt > 0
	}
	if !ok {
		t.Errorf("%v transactions aborted, %v of unknown outcome, %v sessions given up", aborted, unknown, rebuilt)
	}
}

// answers makes the broker answer so many requests with an error.
func answers(count int, f kfake.Fault) strike {
	return func(w *world, _ *process) func() bool {
		f := f
		f.Count = count
		h := w.c.Fault(f)
		return func() bool { return int(h.Hits()) >= count }
	}
}

// liesAtEnd makes the broker commit and answer that something went wrong.
func liesAtEnd(txn string) strike {
	return func(w *world, _ *process) func() bool {
		raw := w.client()
		happened := lieOnEnd(w.t, w.c, raw, txn)
		w.t.Cleanup(raw.Close)
		return happened
	}
}

// bothStages runs rows against the transactional id and the group of each stage.
func bothStages(t *testing.T, rows func(txn, group string) []fault) {
	for _, st := range []string{"ingest", "detect"} {
		group := "g"
		if st == "detect" {
			group = "g-detect"
		}
		for _, f := range rows("g-a-"+st+"-0", group) {
			t.Run(st+"/"+f.name, f.run)
		}
	}
}

// Answers at the end of a transaction. What the client tries again comes twice at most, here and below: it looks for another
// leader every five seconds, and a transaction lasts fifteen.
func TestFaultEnd(t *testing.T) {
	bothStages(t, func(txn, _ string) []fault {
		on := func(key kmsg.Key, err *kerr.Error, count int) strike {
			return answers(count, kfake.Fault{Keys: []kmsg.Key{key}, Err: err, TxnID: txn})
		}
		return []fault{
			{name: "EndTxn coordinator not available", strike: on(kmsg.EndTxn, kerr.CoordinatorNotAvailable, 1), after: nothing},
			{name: "EndTxn not coordinator", strike: on(kmsg.EndTxn, kerr.NotCoordinator, 2), after: nothing},
			{name: "EndTxn concurrent transactions", strike: on(kmsg.EndTxn, kerr.ConcurrentTransactions, 2), after: nothing},
			// The client wants to abort, and sends nothing: the transaction stays open.
			{name: "EndTxn transaction abortable", strike: on(kmsg.EndTxn, kerr.TransactionAbortable, 1), after: rebuild, log: "outcome of a transaction cannot be told"},
			{name: "EndTxn unknown server error, not applied", strike: on(kmsg.EndTxn, kerr.UnknownServerError, 1), after: batch},
			{name: "EndTxn unknown server error, applied", strike: liesAtEnd(txn), after: nothing},
			{name: "EndTxn request timed out, applied", strike: on(kmsg.EndTxn, kerr.RequestTimedOut, 1), after: rebuild},
			{name: "EndTxn producer fenced", strike: on(kmsg.EndTxn, kerr.ProducerFenced, 1), after: rebuild, log: "perhaps by a process with the same instance"},
			{name: "EndTxn invalid producer epoch", strike: on(kmsg.EndTxn, kerr.InvalidProducerEpoch, 1), after: rebuild, log: "perhaps by a process with the same instance"},
			{name: "EndTxn invalid txn state", strike: on(kmsg.EndTxn, kerr.InvalidTxnState, 1), after: rebuild},
			{name: "TxnOffsetCommit illegal generation", strike: on(kmsg.TxnOffsetCommit, kerr.IllegalGeneration, 1), after: batch},
			{name: "TxnOffsetCommit unknown member", strike: on(kmsg.TxnOffsetCommit, kerr.UnknownMemberID, 1), after: batch},
			{name: "TxnOffsetCommit rebalance in progress", strike: on(kmsg.TxnOffsetCommit, kerr.RebalanceInProgress, 1), after: batch},
			{name: "TxnOffsetCommit unknown server error", strike: on(kmsg.TxnOffsetCommit, kerr.UnknownServerError, 1), after: batch},
			{name: "TxnOffsetCommit coordinator load in progress", strike: on(kmsg.TxnOffsetCommit, kerr.CoordinatorLoadInProgress, 2), after: nothing},
			{name: "TxnOffsetCommit not coordinator", strike: on(kmsg.TxnOffsetCommit, kerr.NotCoordinator, 2), after: nothing},
			{name: "TxnOffsetCommit invalid producer epoch", strike: on(kmsg.TxnOffsetCommit, kerr.InvalidProducerEpoch, 1), after: rebuild},
			{name: "TxnOffsetCommit request timed out, applied", strike: on(kmsg.TxnOffsetCommit, kerr.RequestTimedOut, 1), after: rebuild},
			{name: "TxnOffsetCommit refused again and again", strike: on(kmsg.TxnOffsetCommit, kerr.IllegalGeneration, abortsInRow), after: rebuild, log: "8 transactions aborted in a row"},
		}
	})
}

// Answers to records that are produced in a transaction.
func TestFaultProduce(t *testing.T) {
	for _, topic := range []string{"g-repartition", "g-changelog", "okta.alerts"} {
		on := func(err *kerr.Error, count int) strike {
			return answers(count, kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: err, Topic: topic})
		}
		for _, f := range []fault{
			{name: "not enough replicas after append", strike: on(kerr.NotEnoughReplicasAfterAppend, 1), after: nothing},
			{name: "not enough replicas", strike: on(kerr.NotEnoughReplicas, 3)},
			{name: "not enough replicas for a minute", strike: forAMinute(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas, Topic: topic}),
				after: rebuild, log: "records of " + topic},
			{name: "not leader for partition", strike: on(kerr.NotLeaderForPartition, 2), after: nothing},
			{name: "request timed out, applied", strike: on(kerr.RequestTimedOut, 1), after: nothing},
			{name: "message too large", strike: on(kerr.MessageTooLarge, 1), after: rebuild, log: "produce to " + topic},
			{name: "record list too large", strike: on(kerr.RecordListTooLarge, 1), after: batch},
			{name: "invalid record", strike: on(kerr.InvalidRecord, 1), after: batch},
			{name: "policy violation", strike: on(kerr.PolicyViolation, 1), after: batch},
			{name: "invalid producer epoch", strike: on(kerr.InvalidProducerEpoch, 1), after: batch},
			{name: "producer fenced", strike: on(kerr.ProducerFenced, 1), after: batch},
			{name: "unknown producer id", strike: on(kerr.UnknownProducerID, 1), after: batch},
			{name: "out of order sequence number", strike: on(kerr.OutOfOrderSequenceNumber, 1), after: batch},
			{name: "invalid txn state", strike: on(kerr.InvalidTxnState, 1), after: batch},
			{name: "transaction abortable", strike: on(kerr.TransactionAbortable, 1), after: batch},
			{name: "unknown server error", strike: on(kerr.UnknownServerError, 1), after: batch},
			{name: "corrupt message", strike: on(kerr.CorruptMessage, 1), after: batch},
			{name: "kafka storage error", strike: on(kerr.KafkaStorageError, 2), after: nothing},
			{name: "unknown topic or partition", strike: on(kerr.UnknownTopicOrPartition, 2), after: nothing},
		} {
			t.Run(topic+"/"+f.name, f.run)
		}
	}
}

// forAMinute keeps a fault up for so long.
func forAMinute(f kfake.Fault) strike {
	return func(w *world, _ *process) func() bool {
		f := f
		f.Count = -1
		h := w.c.Fault(f)
		began := time.Now()
		return func() bool {
			if time.Since(began) < time.Minute {
				return false
			}
			h.Remove()
			return h.Hits() > 0
		}
	}
}
