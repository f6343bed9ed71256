//go:build !noembedded

package embedded

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, o Options) *Broker {
	t.Helper()
	b, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func client(t *testing.T, b *Broker, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(b.Addr())}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestTopicsAndRetention(t *testing.T) {
	b := start(t, Options{Partitions: 3, Topics: []Topic{
		{Name: "in"},
		{Name: "out", Partitions: 1, Config: map[string]string{"retention.ms": "1000"}},
		{Name: "log", Config: map[string]string{"cleanup.policy": "compact"}},
	}})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	adm := kadm.NewClient(client(t, b))
	topics, err := adm.ListTopics(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"in": 3, "out": 1, "log": 3} {
		if got := len(topics[name].Partitions); got != want {
			t.Errorf("%s has %d partitions, want %d", name, got, want)
		}
	}
	configs, err := adm.DescribeTopicConfigs(ctx, "in", "out", "log")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]string{ // retention.bytes, retention.ms
		"in":  {strconv.Itoa(DefaultRetentionBytes), "-1"},
		"out": {"-1", "1000"},
		"log": {"-1", "-1"},
	} {
		rc, err := configs.On(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got [2]string
		for _, c := range rc.Configs {
			switch c.Key {
			case "retention.bytes":
				got[0] = c.MaybeValue()
			case "retention.ms":
				got[1] = c.MaybeValue()
			}
		}
		if got != want {
			t.Errorf("%s: retention bytes, ms = %v, want %v", name, got, want)
		}
	}
}

func TestTransactionalProduceConsume(t *testing.T) {
	b := start(t, Options{Topics: []Topic{{Name: "in"}}})
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()

	p := client(t, b, kgo.TransactionalID("t"), kgo.DefaultProduceTopic("in"))
	txn := func(value string, commit kgo.TransactionEndTry) {
		t.Helper()
		if err := p.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		// An old timestamp must not make the record expire.
		r := &kgo.Record{Key: []byte("k"), Value: []byte(value), Timestamp: time.Unix(1_000_000_000, 0)}
		if err := p.ProduceSync(ctx, r).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := p.EndTransaction(ctx, commit); err != nil {
			t.Fatal(err)
		}
	}
	txn("one", kgo.TryCommit)
	txn("aborted", kgo.TryAbort)
	txn("two", kgo.TryCommit)
	b.cluster.ApplyRetention()

	c := client(t, b, kgo.ConsumeTopics("in"), kgo.ConsumerGroup("g"),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	var got []string
	for len(got) < 2 {
		fs := c.PollFetches(ctx)
		if err := fs.Err(); err != nil {
			t.Fatal(err)
		}
		fs.EachRecord(func(r *kgo.Record) { got = append(got, string(r.Value)) })
	}
	if strings.Join(got, " ") != "one two" {
		t.Errorf("consumed %q", got)
	}
}

func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	b, err := Start(Options{Port: port})
	if err == nil {
		b.Close()
		t.Fatal("no error")
	}
	for _, want := range []string{strconv.Itoa(port), "in use", "bootstrap.servers"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not mention %q", err, want)
		}
	}
}

func TestFixedPortAndBanner(t *testing.T) {
	first := start(t, Options{})
	_, text, err := net.SplitHostPort(first.Addr())
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	first.Close() // harmless
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	b := start(t, Options{Port: port})
	if want := "127.0.0.1:" + text; b.Addr() != want {
		t.Errorf("Addr = %s, want %s", b.Addr(), want)
	}
	for _, want := range []string{"in-process", "memory", "NOT DURABLE", "Any Kafka client", b.Addr()} {
		if !strings.Contains(b.Banner(), want) {
			t.Errorf("banner lacks %q:\n%s", want, b.Banner())
		}
	}
}

func TestBadOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"port":      {Port: 70000},
		"negative":  {Port: -1},
		"partition": {Partitions: -1},
		"duplicate": {Topics: []Topic{{Name: "in"}, {Name: "in"}}},
	} {
		if b, err := Start(o); err == nil {
			b.Close()
			t.Errorf("%s: no error", name)
		}
	}
}
