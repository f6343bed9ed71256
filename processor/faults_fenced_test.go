//go:build synctests

package processor

import (
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A member whose group.instance.id another process has taken ends and says so, whichever request tells it: joining again
// would throw the other one out. What it had open is aborted; the next process of that name goes on where it stood.
func TestFaultFencedInstance(t *testing.T) {
	for _, group := range []string{"g", "g-detect"} {
		for name, key := range map[string]kmsg.Key{"heartbeat": kmsg.Heartbeat, "TxnOffsetCommit": kmsg.TxnOffsetCommit} {
			t.Run(group+" "+name, func(t *testing.T) {
				t.Parallel()
				inWorld(t, func(w *world) {
					p := w.start("a", nil)
					w.ready(p)
					w.feed(33)
					time.Sleep(2 * time.Second)
					struck := answers(1, kfake.Fault{Keys: []kmsg.Key{key}, Err: kerr.FencedInstanceID, Group: group})(w, p)
					w.within(2*time.Hour, "the fault has struck", func() bool {
						w.feed(9)
						time.Sleep(time.Second)
						return struck()
					})
					if err := w.ended(p); !errors.Is(err, kerr.FencedInstanceID) {
						t.Fatalf("Run: %v; want %v", err, kerr.FencedInstanceID)
					}
					p.stopped = true
					w.feed(40)
					next := w.start("a", nil)
					w.settle()
					w.ready(next)
					next.stop(t)
				})
			})
		}
	}
}
