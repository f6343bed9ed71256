package ghosts

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Exorcise takes members out of the groups of an in-process broker whose processes have been killed, until ctx ends. after is
// well above the session time-out of the processes under test: a broker has thrown dead members out by then.
//
// kfake v0.0.0-20260918054303 may lose the session timer of a member that dies while its group rebalances: the member then
// stays in the stable group for ever, and its partitions are read by nobody. It shows as two members of one client id,
// because the process that was started in the killed one's place has its name. Apache Kafka has not been seen to do so.
// A member that is taken out by mistake joins again.
func Exorcise(ctx context.Context, t testing.TB, cl *kgo.Client, after time.Duration) {
	adm := kadm.NewClient(cl)
	seen := map[string]time.Time{} // member id → when it was seen first
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
		groups, err := adm.DescribeGroups(ctx)
		if err != nil {
			continue // it is being closed, or busy; the next round asks again
		}
		for _, g := range groups.Sorted() {
			newest := map[string]kadm.DescribedGroupMember{} // client id → member
			for _, m := range g.Members {
				if seen[m.MemberID].IsZero() {
					seen[m.MemberID] = time.Now()
				}
				if o, ok := newest[m.ClientID]; !ok || seen[m.MemberID].After(seen[o.MemberID]) {
					newest[m.ClientID] = m
				}
			}
			for _, m := range g.Members {
				heir := newest[m.ClientID]
				if heir.MemberID == m.MemberID || time.Since(seen[heir.MemberID]) < after {
					continue
				}
				req := kmsg.NewPtrLeaveGroupRequest()
				req.Group = g.Group
				leaving := kmsg.NewLeaveGroupRequestMember()
				leaving.MemberID = m.MemberID
				req.Members = append(req.Members, leaving)
				if _, err := req.RequestWith(ctx, cl); err == nil {
					t.Logf("the in-process broker kept the dead member %s of %s", m.MemberID, g.Group)
				}
			}
		}
	}
}
