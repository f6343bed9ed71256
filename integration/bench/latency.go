package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/goccy/go-json"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/processor"
	"oktastream/processor/feed"
	"oktastream/rules"
	"oktastream/rules/alert"
)

// latency plays events at a steady rate and measures, for each alert, the time from producing the event that completed it
// to reading the committed alert.
func latency(ctx context.Context, t *table, set *rules.Set, rate, seconds int) error {
	b, err := startBroker(ctx, 4, nil)
	if err != nil {
		return err
	}
	defer b.close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	const interval = 100 * time.Millisecond
	cfg := processor.Config{
		Client: []kgo.Opt{kgo.SeedBrokers(b.addr)}, Group: "latency", Instance: "bench", Input: []string{input}, Alerts: alerts,
		CreateTopics: true, CommitInterval: interval, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	running := make(chan error, 1)
	go func() { running <- processor.Run(ctx, cfg, set) }()

	w := &watch{sent: map[string]time.Time{}}
	reader, err := kgo.NewClient(kgo.SeedBrokers(b.addr), kgo.ConsumeTopics(alerts), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return err
	}
	defer reader.Close()
	var reading sync.WaitGroup
	reading.Go(func() {
		for ctx.Err() == nil {
			reader.PollFetches(ctx).EachRecord(w.read)
		}
	})
	producer, err := kgo.NewClient(kgo.SeedBrokers(b.addr), kgo.DefaultProduceTopic(input), kgo.ProducerLinger(0))
	if err != nil {
		return err
	}
	defer producer.Close()

	// The first seconds, in which the groups form, do not count.
	n := rate * seconds
	start := time.Now().Add(3 * time.Second)
	i := 0
	for item := range feed.New(feed.Options{Seed: 2, Events: n, Campaigns: max(n/400, 1), Duration: 24 * time.Hour}) {
		if wait := time.Until(start.Add(time.Duration(i) * time.Second / time.Duration(rate))); wait > 0 {
			time.Sleep(wait)
		}
		var e struct {
			UUID string `json:"uuid"`
		}
		if err := json.Unmarshal(item.JSON, &e); err != nil {
			return err
		}
		w.note(e.UUID)
		producer.Produce(ctx, &kgo.Record{Value: item.JSON}, nil)
		i++
	}
	if err := producer.Flush(ctx); err != nil {
		return err
	}
	time.Sleep(2 * time.Second)
	cancel()
	if err := <-running; err != nil {
		return err
	}
	reading.Wait()
	name := "p99 in ms from producing an event to reading its committed alert, commit interval 100 ms, "
	for _, k := range []struct {
		name   string
		target float64
		ds     []time.Duration
	}{{"stateless", ms(interval) + 25, w.stateless}, {"stateful", 2*ms(interval) + 50, w.stateful}} {
		t.add(atMost(fmt.Sprintf("%s%s, %d events/s", name, k.name, rate), ms(percentile(k.ds, 99)), k.target, 1,
			fmt.Sprintf("%d alerts in %d s, p50 %.1f ms; broker, load and reader on the same cores", len(k.ds), seconds, ms(percentile(k.ds, 50)))))
	}
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
