package processor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"oktastream/rules/alert"
)

// wantExactly waits until the alerts are those of n events, and checks that no more come.
func wantExactly(t *testing.T, c *kfake.Cluster, adm *kadm.Client, n, actors int, within time.Duration) {
	t.Helper()
	want := wantAlerts(n, actors)
	total := func(m map[string][]int) (sum int) {
		for _, s := range m {
			sum += len(s)
		}
		return sum
	}
	var got map[string][]int
	deadline := time.Now().Add(within)
	for time.Now().Before(deadline) {
		if lag(t, adm, "g", inputTopic) == 0 {
			if got = alertsByActor(t, c); total(got) >= total(want) {
				break
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	time.Sleep(200 * time.Millisecond) // for what comes twice
	if diff := cmp.Diff(want, alertsByActor(t, c)); diff != "" {
		t.Errorf("alerts (-want +got):\n%s\nof g: %+v\nof g-detect: %+v", diff, c.GroupInfo("g"), c.GroupInfo("g-detect"))
	}
}

func TestPipelineCountsEveryEventOnce(t *testing.T) {
	t.Parallel()
	c, cl := newInput(t, 4)
	feed(t, cl, 0, 400, 7, 4)
	p := start(t, c, counting(), nil)
	wantExactly(t, c, kadm.NewClient(cl), 400, 7, 20*time.Second)
	p.stop(t)
}

// What one process has counted, the next goes on with: the fifth event of an actor may be another process's.
func TestPipelineRestart(t *testing.T) {
	t.Parallel()
	c, cl := newInput(t, 2)
	adm := kadm.NewClient(cl)
	for i := range 4 {
		p := start(t, c, counting(), nil)
		feed(t, cl, i*33, 33, 10, 2)
		wantExactly(t, c, adm, (i+1)*33, 10, 20*time.Second)
		p.stop(t)
	}
}

// A killed process leaves a transaction open and its partitions to the other.
func TestPipelineKill(t *testing.T) {
	t.Parallel()
	c, cl := newInput(t, 4)
	first := start(t, c, counting(), func(c *Config) { c.Instance = "one" })
	second := start(t, c, counting(), func(c *Config) { c.Instance = "two" })
	feed(t, cl, 0, 500, 9, 4)
	time.Sleep(300 * time.Millisecond)
	first.kill(t)
	feed(t, cl, 500, 500, 9, 4)
	wantExactly(t, c, kadm.NewClient(cl), 1000, 9, 30*time.Second)
	second.stop(t)
}

// The exactly-once property, under random rebalances, kills and broker faults. OKTASTREAM_SEED repeats a run,
// OKTASTREAM_CHAOS sets its length.
func TestPipelineChaos(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("OKTASTREAM_SEED"), 10, 64); err == nil {
		seed = s
	}
	length := 4 * time.Second
	if d, err := time.ParseDuration(os.Getenv("OKTASTREAM_CHAOS")); err == nil {
		length = d
	}
	if testing.Short() {
		length = time.Second
	}
	t.Logf("OKTASTREAM_SEED=%d OKTASTREAM_CHAOS=%v", seed, length)
	rng := rand.New(rand.NewPCG(seed, 0))

	c, cl := newInput(t, 4)
	adm := kadm.NewClient(cl)
	exorcised(t, c)
	const actors = 13
	slots := make([]*process, 2)
	begin := func(i int) {
		slots[i] = start(t, c, counting(), func(c *Config) { c.Instance = fmt.Sprint("slot", i) })
	}
	for i := range slots {
		begin(i)
	}
	fault := func(key kmsg.Key, errs ...*kerr.Error) func() {
		return func() {
			h := c.Fault(kfake.Fault{Keys: []kmsg.Key{key}, Err: errs[rng.IntN(len(errs))], Count: 1 + rng.IntN(2)})
			time.AfterFunc(time.Second, h.Remove)
		}
	}
	actions := []func(){
		func() { i := rng.IntN(len(slots)); slots[i].kill(t); begin(i) },
		func() { i := rng.IntN(len(slots)); slots[i].stop(t); begin(i) },
		fault(kmsg.TxnOffsetCommit, kerr.IllegalGeneration, kerr.UnknownServerError, kerr.CoordinatorLoadInProgress, kerr.TransactionAbortable),
		fault(kmsg.EndTxn, kerr.UnknownServerError, kerr.TransactionAbortable, kerr.CoordinatorNotAvailable, kerr.ProducerFenced),
		fault(kmsg.Produce, kerr.NotLeaderForPartition, kerr.NotEnoughReplicasAfterAppend, kerr.InvalidProducerEpoch),
		fault(kmsg.Heartbeat, kerr.UnknownMemberID, kerr.RebalanceInProgress, kerr.IllegalGeneration),
		fault(kmsg.OffsetFetch, kerr.UnstableOffsetCommit),
		fault(kmsg.InitProducerID, kerr.ConcurrentTransactions, kerr.CoordinatorNotAvailable),
		fault(kmsg.Fetch, kerr.NotLeaderForPartition, kerr.UnknownLeaderEpoch),
		func() { lieOnEnd(t, c, newClient(t, c), "") },
	}
	n := 0
	for end := time.Now().Add(length); time.Now().Before(end); {
		k := 20 + rng.IntN(200)
		feed(t, cl, n, k, actors, 4)
		n += k
		time.Sleep(time.Duration(rng.IntN(300)) * time.Millisecond)
		actions[rng.IntN(len(actions))]()
	}
	wantExactly(t, c, adm, n, actors, 40*time.Second)
	for _, p := range slots {
		p.stop(t)
	}
	for _, p := range slots {
		t.Logf("transactions %v, rebuilds %v, rebalances %v", metricValue(t, p, "oktastream_transactions_total"),
			metricValue(t, p, "oktastream_session_rebuilds_total"), metricValue(t, p, "oktastream_rebalances_total"))
	}
	if t.Failed() {
		t.Logf("repeat with OKTASTREAM_SEED=%d OKTASTREAM_CHAOS=%v", seed, length)
	}
}

// Sessions of several workers fail together when brokers do, and each new one looks at the topics first: that must work at
// the same time.
func TestPipelineSessionsBeginTogether(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	createInput(t, c, 1)
	p := start(t, c, counting(), nil)
	eventually(t, 10*time.Second, "ready", func() bool { return p.Readiness().Ready })
	found, err := p.prepare(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	p.stop(t)
	workers := []*worker{p.worker(Ingest, 0, found), p.worker(Detect, 0, found)}
	for _, w := range workers { // their first sessions take what was found
		s, st, err := w.open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		st.close()
		s.close()
	}
	var waiting atomic.Int32
	both := make(chan struct{})
	c.ControlKey(int16(kmsg.Metadata), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if waiting.Add(1) == 2 {
			close(both)
		}
		c.SleepControl(func() {
			select {
			case <-both:
			case <-time.After(10 * time.Second):
			}
		})
		return nil, nil, false
	})
	var all sync.WaitGroup
	for _, w := range workers {
		all.Go(func() {
			s, st, err := w.open(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			st.close()
			s.close()
		})
	}
	all.Wait()
	if waiting.Load() < 2 {
		t.Error("they did not begin together")
	}
}

// A topic that takes little must not bound what goes to others.
func TestPipelineLimitsByTopic(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	createInput(t, c, 1)
	if err := c.CreateTopic("g-dlq", 1, map[string]string{"max.message.bytes": "600"}); err != nil {
		t.Fatal(err)
	}
	cl := newClient(t, c, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	const size = 5000
	send(t, cl, inputTopic, 0, string(eventJSON("e", strings.Repeat("x", size), time.Unix(1700000000, 0))))
	feed(t, cl, 0, 5, 1, 1)
	p := start(t, c, counting(), nil)
	wantExactly(t, c, kadm.NewClient(cl), 5, 1, 20*time.Second)
	p.stop(t)
	if letters := readAll(t, c, "g-dlq"); len(letters) > 0 {
		t.Errorf("%d dead letters, want none; the first: %v", len(letters), headers(letters[0]))
	}
	if !slices.ContainsFunc(readAll(t, c, "g-repartition"), func(r *kgo.Record) bool { return len(r.Value) > size }) {
		t.Error("the large observation is not there")
	}
}

func TestPipelineReadiness(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	createInput(t, c, 2)
	slow := make(chan struct{})
	var held atomic.Bool
	c.ControlKey(int16(kmsg.ListOffsets), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		for _, topic := range req.(*kmsg.ListOffsetsRequest).Topics {
			if topic.Topic == "g-changelog" && held.CompareAndSwap(false, true) {
				c.SleepControl(func() { <-slow })
			}
		}
		return nil, nil, false
	})
	p := start(t, c, counting(), nil)
	if r := p.Readiness(); r.Ready {
		t.Error("ready before the first assignment")
	}
	eventually(t, 10*time.Second, "a restore waits", func() bool {
		return held.Load() && strings.Contains(fmt.Sprint(p.Readiness().Reasons), "being restored")
	})
	close(slow)
	eventually(t, 10*time.Second, "ready", func() bool { return p.Readiness().Ready })
	r := p.Readiness()
	if len(r.Tasks) != 4 || len(r.Workers) != 2 || r.Workers[0].Partitions[inputTopic] != 2 || r.Rules != 1 || r.RuleSet != "test" {
		b, _ := json.Marshal(r)
		t.Errorf("readiness %s", b)
	}
	p.stop(t)
	if r := p.Readiness(); r.Ready {
		t.Error("ready after the end")
	}
}

// A permanent error of one worker ends Run, and says which task and why.
func TestPipelineStateGone(t *testing.T) {
	t.Parallel()
	c, cl := newInput(t, 1)
	feed(t, cl, 0, 50, 3, 1)
	p := start(t, c, counting(), nil)
	wantExactly(t, c, kadm.NewClient(cl), 50, 3, 20*time.Second)
	p.stop(t)
	if _, err := kadm.NewClient(cl).DeleteTopics(context.Background(), "g-changelog"); err != nil {
		t.Fatal(err)
	}
	p = start(t, c, counting(), nil)
	select {
	case err := <-p.done:
		if !errors.Is(err, errDisagree) {
			t.Errorf("Run: %v; want errDisagree", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("Run goes on without state")
	}
}

// Input that retention took before it was read is an alert for the operator, and not only a line in a log.
func TestPipelineInputLost(t *testing.T) {
	t.Parallel()
	c, cl := newInput(t, 1)
	adm := kadm.NewClient(cl)
	feed(t, cl, 0, 20, 1, 1)
	var at, to kadm.Offsets
	at.Add(kadm.Offset{Topic: inputTopic, Partition: 0, At: 3, LeaderEpoch: -1})
	if err := adm.CommitAllOffsets(context.Background(), "g", at); err != nil {
		t.Fatal(err)
	}
	to.Add(kadm.Offset{Topic: inputTopic, Partition: 0, At: 10})
	if _, err := adm.DeleteRecords(context.Background(), to); err != nil {
		t.Fatal(err)
	}
	p := start(t, c, counting(), nil)
	var alerts []alert.Alert
	eventually(t, 20*time.Second, "an operator alert and two counts", func() bool {
		alerts = nil
		for _, r := range readAll(t, c, "okta.alerts") {
			var a alert.Alert
			if err := json.Unmarshal(r.Value, &a); err != nil {
				t.Fatal(err)
			}
			alerts = append(alerts, a)
		}
		return len(alerts) == 3
	})
	p.stop(t)
	n := 0
	for _, a := range alerts {
		if a.Kind == "operator" {
			n++
			if a.Rule.ID != operatorRule || !strings.Contains(a.Reason, "offset 3 of okta.system-log/0, and the log holds 10 to 20") {
				t.Errorf("alert %+v", a)
			}
		}
	}
	if n != 1 {
		t.Errorf("%d operator alerts", n)
	}
	if got := metricValue(t, p, "oktastream_records_lost_total"); got != 7 {
		t.Errorf("records_lost_total = %v, want 7", got)
	}
	if err := <-start(t, c, counting(), func(c *Config) { c.Reset, c.Group = "none", "new" }).done; err == nil || !strings.Contains(err.Error(), "auto.offset.reset is none") {
		t.Errorf("reset none: %v", err)
	}
}

// A process of one stage needs the topics of that stage only.
func TestPipelineOneStageEach(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	cl := newClient(t, c, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	detect := start(t, c, counting(), func(c *Config) { c.Stages = Detect })
	eventually(t, 10*time.Second, "detect is ready", func() bool { return detect.Readiness().Ready })
	createInput(t, c, 2)
	feed(t, cl, 0, 60, 4, 2)
	ingest := start(t, c, counting(), func(c *Config) { c.Stages = Ingest })
	wantExactly(t, c, kadm.NewClient(cl), 60, 4, 20*time.Second)
	ingest.stop(t)
	detect.stop(t)
}
