package processor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// logWriter writes transactions into partition 0 of topic log.
type logWriter struct {
	t  *testing.T
	cl *kgo.Client
}

func (w logWriter) open(kv ...string) {
	w.t.Helper()
	if err := w.cl.BeginTransaction(); err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(kv); i += 2 {
		r := &kgo.Record{Topic: "log", Key: []byte(kv[i]), Value: []byte(kv[i+1])}
		if kv[i+1] == "" {
			r.Value = nil
		}
		if err := w.cl.ProduceSync(context.Background(), r).FirstErr(); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w logWriter) close(commit bool) {
	w.t.Helper()
	if err := w.cl.EndTransaction(context.Background(), kgo.TransactionEndTry(commit)); err != nil {
		w.t.Fatal(err)
	}
}

func (w logWriter) commit(kv ...string) { w.open(kv...); w.close(true) }
func (w logWriter) abort(kv ...string)  { w.open(kv...); w.close(false) }

// replayed runs a restore and returns the table that results.
func replayed(t *testing.T, r *restorer, p *progress) (map[string]string, error) {
	t.Helper()
	got := map[string]string{}
	err := r.run(context.Background(), 0, func(k, v []byte) error {
		if v == nil {
			delete(got, string(k))
		} else {
			got[string(k)] = string(v)
		}
		return nil
	}, p)
	return got, err
}

func TestRestoreEqualsLog(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	if err := c.CreateTopic("log", 1, map[string]string{"cleanup.policy": "compact"}); err != nil {
		t.Fatal(err)
	}
	w := logWriter{t, newClient(t, c, kgo.TransactionalID("w"), kgo.RecordPartitioner(kgo.ManualPartitioner()))}
	r := &restorer{client: newClient(t, c), topic: "log", stall: 5 * time.Second}
	check := func(step string, want map[string]string) {
		t.Helper()
		p := new(progress)
		got, err := replayed(t, r, p)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", step, err, diff)
		}
		if left, done, total := p.remaining(); left != 0 || done != total {
			t.Errorf("%s: %d left, %d of %d done", step, left, done, total)
		}
	}
	check("empty", map[string]string{})
	w.commit("a", "1", "b", "1")
	check("a commit", map[string]string{"a": "1", "b": "1"})
	w.abort("a", "2", "c", "2")
	check("an aborted tail", map[string]string{"a": "1", "b": "1"})
	w.commit("b", "")
	w.commit("d", "3", "a", "3")
	w.abort("d", "4")
	check("tombstone and another aborted tail", map[string]string{"a": "3", "d": "3"})
	c.Compact()
	check("after compaction", map[string]string{"a": "3", "d": "3"})
	w.commit("e", "5")
	var to kadm.Offsets
	to.Add(kadm.Offset{Topic: "log", Partition: 0, At: 13})
	if _, err := kadm.NewClient(r.client).DeleteRecords(context.Background(), to); err != nil {
		t.Fatal(err)
	}
	check("after retention", map[string]string{"e": "5"})
}

// A transaction that is open when the partition is assigned may still commit: the restore waits for it.
func TestRestoreWaitsForOpenTransaction(t *testing.T) {
	t.Parallel()
	for name, commit := range map[string]bool{"commit": true, "abort": false} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			if err := c.CreateTopic("log", 1, nil); err != nil {
				t.Fatal(err)
			}
			w := logWriter{t, newClient(t, c, kgo.TransactionalID("w"), kgo.RecordPartitioner(kgo.ManualPartitioner()))}
			w.commit("a", "1")
			w.open("a", "2")
			r := &restorer{client: newClient(t, c), topic: "log", stall: 10 * time.Second}
			p := new(progress)
			type result struct {
				table map[string]string
				err   error
			}
			done := make(chan result, 1)
			go func() {
				table, err := replayed(t, r, p)
				done <- result{table, err}
			}()
			eventually(t, 5*time.Second, "all but the open transaction is read", func() bool { left, _, _ := p.remaining(); return left == 1 })
			select {
			case got := <-done:
				t.Fatalf("ended before the transaction did: %v", got)
			case <-time.After(300 * time.Millisecond):
			}
			w.close(commit)
			want := map[string]string{"a": "1"}
			if commit {
				want["a"] = "2"
			}
			if got := <-done; got.err != nil || !cmp.Equal(got.table, want) {
				t.Errorf("got %v, %v; want %v", got.table, got.err, want)
			}
		})
	}
}

// A transaction that hangs is named, after the longest time that one may take; here in the time of a bubble.
func TestRestoreStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network kfake.VirtualNetwork
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(9092), kfake.ListenFn(network.Listen), kfake.SeedTopics(1, "log"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		client := func(opts ...kgo.Opt) *kgo.Client {
			cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers("localhost:9092"), kgo.Dialer(network.DialContext))...)
			if err != nil {
				t.Fatal(err)
			}
			return cl
		}
		hanging := client(kgo.TransactionalID("w"), kgo.TransactionTimeout(10*time.Minute))
		defer hanging.Close()
		logWriter{t, hanging}.open("a", "1")
		reader := client()
		defer reader.Close()
		r := &restorer{client: reader, topic: "log", stall: 45 * time.Second}
		began := time.Now()
		_, err = replayed(t, r, new(progress))
		if took := time.Since(began); !errors.Is(err, errStalled) || !strings.Contains(err.Error(), "transaction has been open") || took < 45*time.Second || took > time.Minute {
			t.Errorf("after %v: %v", took, err)
		}
		// With the usual time-out the broker aborts it, and the restore ends.
		r.stall = 20 * time.Minute
		if got, err := replayed(t, r, new(progress)); err != nil || len(got) != 0 {
			t.Errorf("got %v, %v", got, err)
		}
	})
}

func TestRestoreErrors(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	if err := c.CreateTopic("log", 1, nil); err != nil {
		t.Fatal(err)
	}
	w := logWriter{t, newClient(t, c, kgo.TransactionalID("w"), kgo.RecordPartitioner(kgo.ManualPartitioner()))}
	w.commit("a", "1")
	r := &restorer{client: newClient(t, c), topic: "log", stall: time.Second}
	bad := errors.New("not understood")
	err := r.run(context.Background(), 0, func(_, _ []byte) error { return bad }, new(progress))
	if !errors.Is(err, bad) || !isPermanent(err) || !strings.Contains(err.Error(), "log/0 offset 0") {
		t.Errorf("an entry that cannot be applied: %v", err)
	}
	if err := r.run(context.Background(), 7, nil, new(progress)); err == nil {
		t.Error("a partition that does not exist")
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.open("a", "2")
	time.AfterFunc(100*time.Millisecond, cancel)
	if err := r.run(ctx, 0, func(_, _ []byte) error { return nil }, new(progress)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// group, checkpoint and log are made to disagree in every way.
func TestDetectAgreement(t *testing.T) {
	t.Parallel()
	type setup func(t *testing.T, c *kfake.Cluster, adm *kadm.Client, e *engines, edit *func(*Config))
	var offsetOf = func(t *testing.T, adm *kadm.Client) int64 {
		have, err := stableOffsets(context.Background(), adm, "g-detect")
		if err != nil {
			t.Fatal(err)
		}
		return have["g-repartition"][0]
	}
	commit := func(t *testing.T, adm *kadm.Client, at int64) {
		var to kadm.Offsets
		to.Add(kadm.Offset{Topic: "g-repartition", Partition: 0, At: at, LeaderEpoch: -1})
		if err := adm.CommitAllOffsets(context.Background(), "g-detect", to); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		prepare setup
		want    error // nil: it goes on, and counts on
		text    string
	}{
		"nothing has changed": {prepare: func(*testing.T, *kfake.Cluster, *kadm.Client, *engines, *func(*Config)) {}},
		"offsets have expired": {prepare: func(t *testing.T, _ *kfake.Cluster, adm *kadm.Client, _ *engines, _ *func(*Config)) {
			if _, err := adm.DeleteGroups(context.Background(), "g-detect"); err != nil {
				t.Fatal(err)
			}
		}},
		"offsets were set back": {want: errDisagree, text: "Set the offset to", prepare: func(t *testing.T, _ *kfake.Cluster, adm *kadm.Client, _ *engines, _ *func(*Config)) {
			commit(t, adm, offsetOf(t, adm)-3)
		}},
		"the changelog is of another group": {want: errForeign, text: `written by group "g-detect"`, prepare: func(t *testing.T, _ *kfake.Cluster, _ *kadm.Client, _ *engines, edit *func(*Config)) {
			*edit = func(c *Config) { c.Group, c.Changelog, c.Repartition = "other", "g-changelog", "g-repartition" }
		}},
		"partitions have been added": {want: errForeign, text: "had 1 partitions", prepare: func(t *testing.T, c *kfake.Cluster, adm *kadm.Client, _ *engines, _ *func(*Config)) {
			if _, err := adm.CreatePartitions(context.Background(), 1, "g-repartition", "g-changelog"); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			createInput(t, c, 1)
			cl := newClient(t, c, kgo.RecordPartitioner(kgo.ManualPartitioner()))
			adm := kadm.NewClient(cl)
			one := func(c *Config) { c.Partitions = 1 }
			feed(t, cl, 0, 7, 1, 1)
			p := start(t, c, counting(), one)
			wantExactly(t, c, adm, 7, 1, 20*time.Second)
			p.stop(t)
			e, edit := counting(), one
			test.prepare(t, c, adm, &e, &edit)
			feed(t, cl, 7, 4, 1, 1)
			p = start(t, c, e, edit)
			if test.want == nil {
				wantExactly(t, c, adm, 11, 1, 20*time.Second)
				p.stop(t)
				return
			}
			select {
			case err := <-p.done:
				if !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.text) {
					t.Errorf("Run: %v; want %v", err, test.want)
				}
			case <-time.After(20 * time.Second):
				t.Fatal("Run goes on")
			}
		})
	}
}
