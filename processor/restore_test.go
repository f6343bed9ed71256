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
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
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

// A changelog that is cut while it is read. The in-process broker cannot let its log end earlier, so answers say so.
func TestRestoreCut(t *testing.T) {
	t.Parallel()
	begin := func(t *testing.T) (*kfake.Cluster, *restorer) {
		t.Parallel()
		c := newCluster(t)
		if err := c.CreateTopic("log", 1, nil); err != nil {
			t.Fatal(err)
		}
		w := logWriter{t, newClient(t, c, kgo.TransactionalID("w"), kgo.RecordPartitioner(kgo.ManualPartitioner()))}
		for i := range 20 {
			w.commit(fmt.Sprint("k", i), "1")
		}
		return c, &restorer{client: newClient(t, c), topic: "log", stall: time.Second}
	}
	// ends makes ListOffsets say that the log ends earlier, from its third answer on: the first two are those for which a
	// restore asks at its beginning.
	ends := func(c *kfake.Cluster, at int64) {
		asked := 0
		c.ControlKey(int16(kmsg.ListOffsets), func(req kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			if asked++; asked <= 2 {
				return nil, nil, false
			}
			r := req.(*kmsg.ListOffsetsRequest)
			resp := r.ResponseKind().(*kmsg.ListOffsetsResponse)
			for _, rt := range r.Topics {
				answer := kmsg.NewListOffsetsResponseTopic()
				answer.Topic = rt.Topic
				for _, rp := range rt.Partitions {
					p := kmsg.NewListOffsetsResponseTopicPartition()
					p.Partition, p.Offset = rp.Partition, at
					if rp.Timestamp == -2 { // the start
						p.Offset = 0
					}
					answer.Partitions = append(answer.Partitions, p)
				}
				resp.Topics = append(resp.Topics, answer)
			}
			return resp, nil, true
		})
	}
	t.Run("it ends before where it ended, and says so", func(t *testing.T) {
		c, r := begin(t)
		ends(c, 7)
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "log", Err: kerr.OffsetOutOfRange, Count: -1})
		_, err := replayed(t, r, new(progress))
		if !errors.Is(err, errTruncated) || !strings.Contains(err.Error(), "log/0 ends at 7, and ended at 40") {
			t.Errorf("%v", err)
		}
	})
	t.Run("it ends before where it ended, and has nothing to say", func(t *testing.T) {
		c, r := begin(t)
		c.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			f := req.(*kmsg.FetchRequest)
			resp := f.ResponseKind().(*kmsg.FetchResponse)
			answer := kmsg.NewFetchResponseTopic()
			answer.Topic, answer.TopicID = f.Topics[0].Topic, f.Topics[0].TopicID
			p := kmsg.NewFetchResponseTopicPartition()
			p.HighWatermark, p.LastStableOffset = 7, 7
			answer.Partitions = append(answer.Partitions, p)
			resp.Topics = append(resp.Topics, answer)
			return resp, nil, true
		})
		_, err := replayed(t, r, new(progress))
		if !errors.Is(err, errStalled) || !strings.Contains(err.Error(), "the log ends at 7 and is stable up to 7: it has been truncated") {
			t.Errorf("%v", err)
		}
	})
	// Compaction and retention move the start, too: what is gone is older than what stays.
	t.Run("it begins later than it began", func(t *testing.T) {
		c, r := begin(t)
		adm := kadm.NewClient(newClient(t, c))
		cut := false
		c.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
			c.SleepControl(func() {
				var to kadm.Offsets
				to.Add(kadm.Offset{Topic: "log", Partition: 0, At: 30, LeaderEpoch: -1})
				if _, err := adm.DeleteRecords(context.Background(), to); !cut && err != nil {
					t.Error(err)
				}
				cut = true
			})
			return nil, nil, false
		})
		got, err := replayed(t, r, new(progress))
		want := map[string]string{"k15": "1", "k16": "1", "k17": "1", "k18": "1", "k19": "1"}
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("got %v, %v; want what is left", got, err)
		}
	})
}

// A broker may not have heard of a topic that another has just created.
func TestRestoreUnheard(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	if err := c.CreateTopic("log", 1, nil); err != nil {
		t.Fatal(err)
	}
	logWriter{t, newClient(t, c, kgo.TransactionalID("w"), kgo.RecordPartitioner(kgo.ManualPartitioner()))}.commit("a", "1")
	unheard := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Metadata}, Topic: "log", Err: kerr.UnknownTopicOrPartition, Count: 3})
	got, err := replayed(t, &restorer{client: newClient(t, c), topic: "log", stall: 10 * time.Second}, new(progress))
	if diff := cmp.Diff(map[string]string{"a": "1"}, got); diff != "" || err != nil || unheard.Hits() != 3 {
		t.Errorf("%v, after %d answers (-want +got):\n%s", err, unheard.Hits(), diff)
	}
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
	r.stall = 2 * hearsay
	if err := r.run(context.Background(), 7, nil, new(progress)); err == nil || !strings.Contains(err.Error(), "no partition 7") {
		t.Errorf("a partition that does not exist: %v", err)
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
			c, cl := newInput(t, 1)
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
