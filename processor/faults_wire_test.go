//go:build synctests

package processor

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// A connection that breaks at each step of joining and of a transaction, before the broker has the request and after it
// has acted on it. What follows depends on what else is on its way at that moment; that everything is counted once does
// not.
func TestFaultDisconnect(t *testing.T) {
	before := []kfake.Opt{kfake.MaxVersions(kversion.V3_5_0())} // transactions in more steps
	for _, row := range []struct {
		key  kmsg.Key
		opts []kfake.Opt
		lead func(*world) // makes the request come
	}{
		{key: kmsg.Metadata, lead: func(w *world) { w.c.ShufflePartitionLeaders() }},
		{key: kmsg.FindCoordinator, lead: func(w *world) { w.c.RehashCoordinators() }},
		{key: kmsg.JoinGroup, lead: thrownOut},
		{key: kmsg.SyncGroup, lead: thrownOut},
		{key: kmsg.OffsetFetch, lead: thrownOut},
		{key: kmsg.ListOffsets, lead: thrownOut},
		{key: kmsg.Heartbeat},
		{key: kmsg.Fetch},
		{key: kmsg.InitProducerID, lead: fencedOnce},
		{key: kmsg.AddPartitionsToTxn, opts: before},
		{key: kmsg.Produce},
		{key: kmsg.AddOffsetsToTxn, opts: before},
		{key: kmsg.TxnOffsetCommit},
		{key: kmsg.EndTxn},
		{key: kmsg.EndTxn, opts: before},
	} {
		for _, answer := range []bool{false, true} {
			for _, times := range []int{1, 3} {
				if times > 1 && row.lead != nil {
					continue
				}
				name := row.key.Name()
				if row.opts != nil {
					name += " before Kafka 4"
				}
				name += map[bool]string{false: ", request lost", true: ", answer lost"}[answer] + map[int]string{1: "", 3: " three times"}[times]
				f := fault{name: name, opts: row.opts, strike: func(w *world, p *process) func() bool {
					b := p.net.breakAt(row.key, answer, times)
					if row.lead != nil {
						row.lead(w)
					}
					return func() bool { return p.net.hits(b) >= times }
				}}
				t.Run(f.name, f.run)
			}
		}
	}
}

// thrownOut makes every member join again.
func thrownOut(w *world) {
	for _, g := range []string{"g", "g-detect"} {
		w.c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, Group: g, Err: kerr.UnknownMemberID})
	}
}

// fencedOnce makes every worker begin a new session.
func fencedOnce(w *world) {
	for _, txn := range []string{"g-a-ingest-0", "g-a-detect-0"} {
		w.c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, TxnID: txn, Err: kerr.ProducerFenced})
	}
}
