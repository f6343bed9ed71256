package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/goccy/go-json"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/processor"
	"oktastream/processor/feed"
	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/lang"
	"oktastream/rules/pack"
)

// interval is the commit interval of the latency run.
const interval = 100 * time.Millisecond

// serveProcessor runs the rules of the pack against a broker until standard input ends. It says when it is ready.
func serveProcessor(ctx context.Context, addr string) error {
	set, diags := rules.NewSet(lang.LoadFS(pack.FS, ".").Rules)
	if len(diags) > 0 {
		return fmt.Errorf("pack: %v", diags)
	}
	p, err := processor.New(processor.Config{
		Client: []kgo.Opt{kgo.SeedBrokers(addr)}, Group: "latency", Instance: "bench", Input: []string{input}, Alerts: alerts,
		CreateTopics: true, CommitInterval: interval, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}, set)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	running := make(chan error, 1)
	go func() { running <- p.Run(ctx) }()
	for !p.Readiness().Ready {
		select {
		case err := <-running:
			return fmt.Errorf("the processor stopped: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, os.Stdin)
	cancel()
	return errors.Join(err, <-running)
}

// sending is an event of the latency run.
type sending struct {
	id   string
	json []byte
}

// latency plays events at a steady rate and measures, for each alert, the time from producing the event that completed it
// to reading the committed alert. Broker and product are processes of their own; the events are made beforehand, and sent
// as a forwarder would, with a linger.
func latency(ctx context.Context, t *table, rate, seconds int) error {
	n := rate * seconds
	events := make([]sending, 0, n)
	for item := range feed.New(feed.Options{Seed: 2, Events: n, Campaigns: max(n/2000, 1), Duration: 24 * time.Hour}) {
		var e struct {
			UUID string `json:"uuid"`
		}
		if err := json.Unmarshal(item.JSON, &e); err != nil {
			return err
		}
		events = append(events, sending{e.UUID, item.JSON})
	}
	b, err := startBroker(4, 0)
	if err != nil {
		return err
	}
	defer b.close()
	product, _, err := startSelf("-process", b.addr)
	if err != nil {
		return fmt.Errorf("the processor did not start: %w", err)
	}
	w := &watch{sent: map[string]time.Time{}}
	if err := errors.Join(w.play(ctx, b.addr, events, rate), product.close()); err != nil {
		return err
	}
	name := "p99 in ms from producing an event to reading its committed alert, commit interval 100 ms, "
	for _, k := range []struct {
		name   string
		target float64
		ds     []time.Duration
	}{{"stateless", ms(interval) + 25, w.stateless}, {"stateful", 2*ms(interval) + 50, w.stateful}} {
		t.add(atMost(fmt.Sprintf("%s%s, %d events/s", name, k.name, rate), ms(percentile(k.ds, 99)), k.target, 1,
			fmt.Sprintf("%d alerts in %d s, p50 %.1f ms; broker, load and reader on the same cores", len(k.ds), seconds, ms(percentile(k.ds, 50)))))
	}
	t.add(row{What: fmt.Sprintf("CPU of both stages at %d events/s, µs an event", rate), Value: micros(product.used()) / float64(n), Rounds: 1,
		Note: "rules of the pack with their observations and alerts, small transactions; start and end included"})
	return nil
}

// linger is how long the load waits for a batch to fill. It counts.
const linger = 5 * time.Millisecond

// play sends events at a rate and reads alerts until those of the last events must be there.
func (w *watch) play(ctx context.Context, addr string, events []sending, rate int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reader, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ConsumeTopics(alerts), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return err
	}
	defer reader.Close()
	var reading sync.WaitGroup
	defer reading.Wait()
	defer cancel()
	reading.Go(func() {
		for ctx.Err() == nil {
			reader.PollFetches(ctx).EachRecord(w.read)
		}
	})
	producer, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.DefaultProduceTopic(input), kgo.ProducerLinger(linger),
		kgo.ProducerBatchCompression(kgo.Lz4Compression()))
	if err != nil {
		return err
	}
	defer producer.Close()
	burst := max(rate/1000, 1) // a timer for each event would be most of the load
	start := time.Now()
	for i, e := range events {
		if i%burst == 0 {
			time.Sleep(time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(rate))))
		}
		w.note(e.id)
		producer.Produce(ctx, &kgo.Record{Value: e.json}, nil)
	}
	if err := producer.Flush(ctx); err != nil {
		return err
	}
	time.Sleep(2 * time.Second)
	return nil
}

// watch pairs events with alerts.
type watch struct {
	mu                  sync.Mutex
	sent                map[string]time.Time
	stateless, stateful []time.Duration
}

func (w *watch) note(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent[id] = time.Now()
}

func (w *watch) read(r *kgo.Record) {
	now := time.Now()
	var a alert.Alert
	if json.Unmarshal(r.Value, &a) != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var latest time.Time
	for _, id := range a.Evidence.EventIDs {
		if t := w.sent[id]; t.After(latest) {
			latest = t
		}
	}
	switch {
	case latest.IsZero():
	case a.Episode == nil:
		w.stateless = append(w.stateless, now.Sub(latest))
	default:
		w.stateful = append(w.stateful, now.Sub(latest))
	}
}

func percentile(ds []time.Duration, p int) time.Duration {
	if len(ds) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(ds))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
