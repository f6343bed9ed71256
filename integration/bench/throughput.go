package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/goccy/go-json"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/processor"
	"oktastream/processor/envelope"
	"oktastream/rules"
	"oktastream/rules/event"
)

// contender consumes the whole input topic, n events.
type contender struct {
	name string
	run  func(ctx context.Context, addr string, n, round int) error
}

// throughput compares the processor with consumers that do less and with one that does the naive thing.
func throughput(ctx context.Context, set *rules.Set, events, rounds int) error {
	b, n, bytes, err := broker(ctx, events)
	if err != nil {
		return err
	}
	defer b.Close()
	contenders := []contender{
		{"count records", func(ctx context.Context, addr string, n, _ int) error { return consume(ctx, addr, n, nil) }},
		{"decode into the engine's event", func(ctx context.Context, addr string, n, _ int) error {
			d := event.NewDecoder(set.Fields())
			return consume(ctx, addr, n, func(r *kgo.Record) error {
				for _, f := range envelope.Unwrap(r.Value).Events {
					ev, err := d.Decode(f.JSON, event.Meta{})
					if err != nil {
						return err
					}
					_ = ev.Type()
				}
				return nil
			})
		}},
		{"decode into a map", func(ctx context.Context, addr string, n, _ int) error {
			return consume(ctx, addr, n, func(r *kgo.Record) error {
				var m map[string]any
				return json.Unmarshal(r.Value, &m)
			})
		}},
		{"processor, both stages, exactly once", func(ctx context.Context, addr string, n, round int) error {
			return process(ctx, addr, set, n, round)
		}},
	}
	wall, used := make([][]time.Duration, len(contenders)), make([][]time.Duration, len(contenders))
	for round := range rounds {
		for i, c := range contenders {
			began, before := time.Now(), cpu()
			if err := c.run(ctx, b.Addr(), n, round); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			wall[i], used[i] = append(wall[i], time.Since(began)), append(used[i], cpu()-before)
		}
	}
	fmt.Printf("\n%d events of %d bytes on average, %d rounds, medians\n\n", n, bytes/n, rounds)
	fmt.Printf("%-40s %12s %14s %22s\n", "", "events/s", "CPU µs/event", "CPU / count records")
	for i, c := range contenders {
		var ratios []float64
		for r := range rounds {
			ratios = append(ratios, float64(used[i][r])/float64(used[0][r]))
		}
		fmt.Printf("%-40s %12.0f %14.2f %21.2f×\n", c.name, float64(n)/median(wall[i]).Seconds(),
			median(used[i]).Seconds()*1e6/float64(n), median(ratios))
	}
	return nil
}

// consume reads n records and hands each to use.
func consume(ctx context.Context, addr string, n int, use func(*kgo.Record) error) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ConsumeTopics(input), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return err
	}
	defer cl.Close()
	for n > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		n -= fetches.NumRecords()
		if use == nil {
			continue
		}
		var failed error
		fetches.EachRecord(func(r *kgo.Record) {
			if err := use(r); err != nil {
				failed = err
			}
		})
		if failed != nil {
			return failed
		}
	}
	return nil
}

// process runs the processor in a group of its own until the ingest stage has committed the end of the input and the
// detect stage has followed.
func process(ctx context.Context, addr string, set *rules.Set, n, round int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cfg := processor.Config{
		Client: []kgo.Opt{kgo.SeedBrokers(addr)}, Group: fmt.Sprintf("bench-%d", round), Instance: "bench", Input: []string{input}, Alerts: alerts,
		CreateTopics: true, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	running := make(chan error, 1)
	go func() { running <- processor.Run(ctx, cfg, set) }()
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr))
	if err != nil {
		return err
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	for {
		select {
		case err := <-running:
			return fmt.Errorf("the processor stopped: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
		offsets, err := adm.FetchOffsetsForTopics(ctx, cfg.Group, input)
		if err != nil {
			continue
		}
		done := int64(0)
		offsets.Each(func(o kadm.OffsetResponse) { done += max(o.At, 0) })
		if done >= int64(n) {
			break
		}
	}
	cancel()
	return <-running
}
