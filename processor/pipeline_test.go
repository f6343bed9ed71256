package processor

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// drained waits until both stages have committed everything.
func drained(t testing.TB, f func() (int64, int64), within time.Duration) {
	t.Helper()
	eventually(t, within, "both stages have caught up", func() bool {
		a, b := f()
		return a == 0 && b >= 0 && b <= 8 // clocks keep coming
	})
}

func TestPipelineCountsEveryEventOnce(t *testing.T) {
	c := newCluster(t)
	createInput(t, c, 4)
	cl := newClient(t, c, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	adm := kadm.NewClient(cl)
	const n, actors = 400, 7
	feed(t, cl, 0, n, actors, 4)
	p := start(t, c, counting(), nil)
	want := wantAlerts(n, actors)
	eventually(t, 20*time.Second, "input is committed", func() bool { return lag(t, c, adm, "g", inputTopic) == 0 })
	var got map[string][]int
	eventually(t, 20*time.Second, "alerts are complete", func() bool {
		got = alertsByActor(t, c)
		return cmp.Equal(got, want)
	})
	p.stop(t)
	if diff := cmp.Diff(want, alertsByActor(t, c)); diff != "" {
		t.Error(diff)
	}
}
