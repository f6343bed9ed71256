package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/pprof"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/processor"
	"oktastream/processor/encoding"
	"oktastream/rules"
	"oktastream/rules/engine"
	"oktastream/rules/event"
)

// short is how many events a contender reads to measure what it does once, see contender.less.
const short = 10_000

// feeds are two brokers of the same events, one of which has few of them.
type feeds struct {
	n        int
	all, few *brokerProcess
	ending   map[string][]float64 // by contender: shares of time, see process
}

func startFeeds(n int) (*feeds, error) {
	all, err := startBroker(8, short+n)
	if err != nil {
		return nil, err
	}
	few, err := startBroker(8, short)
	if err != nil {
		return nil, errors.Join(err, all.close())
	}
	return &feeds{n: n, all: all, few: few, ending: map[string][]float64{}}, nil
}

func (f *feeds) close() error { return errors.Join(f.all.close(), f.few.close()) }

// reader is a contender that reads all there is. What it takes for the first events, and to begin and end, is subtracted.
func (f *feeds) reader(name string, read func(addr string, n, round int) error) contender {
	return contender{name,
		func(round int) (int, error) { return short + f.n, read(f.all.addr, short+f.n, round) },
		func(round int) (int, error) { return short, read(f.few.addr, short, round) },
	}
}

// consumer hands each record to what makes returns.
func (f *feeds) consumer(ctx context.Context, name string, makes func() func(*kgo.Record) error) contender {
	return f.reader(name, func(addr string, n, _ int) error { return consume(ctx, addr, n, makes()) })
}

// stages are those of the product, with so many workers each.
func (f *feeds) stages(ctx context.Context, name string, set *rules.Set, stages processor.Stage, workers int) contender {
	run := func(addr string, n, round int) (float64, error) {
		return process(ctx, addr, set, n, processor.Config{Group: fmt.Sprintf("%s-%d", name, round), Stages: stages, Workers: workers})
	}
	return contender{name,
		func(round int) (int, error) {
			ending, err := run(f.all.addr, short+f.n, round)
			f.ending[name] = append(f.ending[name], ending)
			return short + f.n, err
		},
		func(round int) (int, error) {
			_, err := run(f.few.addr, short, round)
			return short, err
		},
	}
}

// pipeline compares the ingest stage with consumers that do less, with brokers in other processes.
func pipeline(ctx context.Context, t *table, n, rounds int) error {
	f, err := startFeeds(n)
	if err != nil {
		return err
	}
	defer f.close()
	us := func(ts timings) float64 { return micros(median(ts.cpu)) }

	few, err := ruleSet(100, true)
	if err != nil {
		return err
	}
	ts, err := rotate(rounds,
		f.consumer(ctx, "count", func() func(*kgo.Record) error { return func(*kgo.Record) error { return nil } }),
		f.consumer(ctx, "decode-100", func() func(*kgo.Record) error { return decoder(few) }),
		f.stages(ctx, "ingest-100", few, processor.Ingest, 1),
		f.stages(ctx, "ingest-100-2", few, processor.Ingest, 2),
		f.reader("at-least-once", func(addr string, n, round int) error { return atLeastOnce(ctx, addr, few, n, round) }),
		f.stages(ctx, "both-100", few, processor.Both, 1),
	)
	if err != nil {
		return err
	}
	count, decode, ingested, two, lax, both := ts[0], ts[1], ts[2], ts[3], ts[4], ts[5]
	t.add(
		atLeast("CPU of a consumer that fetches and decodes, over the whole ingest stage (100 rules, one window, transactions)", ratio(decode, ingested), 0.80, rounds,
			fmt.Sprintf("%.2f and %.2f µs an event", us(decode), us(ingested))),
		atMost("CPU of the whole ingest stage over a consumer that counts records", ratio(ingested, count), 3.3, rounds,
			fmt.Sprintf("%.2f and %.2f µs an event", us(ingested), us(count))),
		atLeast("exactly once over at least once, 5,000 records a transaction", ratio(lax, ingested), 0.90, rounds,
			fmt.Sprintf("CPU at least once %.2f µs an event, exactly once %.2f", us(lax), us(ingested))),
		row{What: "share of its time in which one ingest worker ends transactions", Value: median(f.ending["ingest-100"]), Rounds: rounds,
			Note: fmt.Sprintf("what decoding meanwhile could gain; two workers do that: %.2f times the events/s of one, broker on the same cores", ratios(ingested.wall, two.wall))},
		row{What: "CPU an event, two ingest workers over one, with a broker", Value: ratio(two, ingested), Rounds: rounds,
			Note: fmt.Sprintf("%.2f and %.2f µs; 1 if they share nothing", us(two), us(ingested))},
		row{What: "CPU of both stages in one process over a consumer that counts records", Value: ratio(both, count), Rounds: rounds,
			Note: fmt.Sprintf("%.2f µs an event, %.0f events/s with the broker on the same cores", us(both), float64(time.Second)/float64(median(both.wall)))},
	)

	// Not before: what the collector has to look at grows with it.
	many, err := ruleSet(10_000, true)
	if err != nil {
		return err
	}
	ten, err := ruleSet(10, true)
	if err != nil {
		return err
	}
	ts, err = rotate(rounds,
		f.consumer(ctx, "decode-10000", func() func(*kgo.Record) error { return decoder(many) }),
		f.stages(ctx, "ingest-10000", many, processor.Ingest, 1),
		f.stages(ctx, "ingest-10", ten, processor.Ingest, 1),
	)
	if err != nil {
		return err
	}
	t.add(atMost("CPU of the whole ingest stage, 10,000 rules over 10", ratio(ts[1], ts[2]), 1.2, rounds,
		fmt.Sprintf("%.2f and %.2f µs an event", us(ts[1]), us(ts[2]))))
	t.add(atLeast("CPU of a consumer that fetches and decodes, over the whole ingest stage, with 10,000 rules", ratio(ts[0], ts[1]), 0.65, rounds,
		fmt.Sprintf("%.2f and %.2f µs an event", us(ts[0]), us(ts[1]))))
	return nil
}

// profiled writes a CPU profile of the ingest stage at work on n events.
func profiled(ctx context.Context, file string, n int) error {
	set, err := ruleSet(100, true)
	if err != nil {
		return err
	}
	b, err := startBroker(8, n)
	if err != nil {
		return err
	}
	defer b.close()
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	_, err = process(ctx, b.addr, set, n, processor.Config{Group: "profile", Stages: processor.Ingest, Workers: 1})
	return err
}

// decoder decodes what set reads. It takes for granted that there is no envelope, which the product finds out.
func decoder(set *rules.Set) func(*kgo.Record) error {
	d := event.NewDecoder(set.Fields())
	return func(r *kgo.Record) error {
		_, err := d.Decode(r.Value, event.Meta{})
		return err
	}
}

// consume reads n records and hands each to use.
func consume(ctx context.Context, addr string, n int, use func(*kgo.Record) error) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ConsumeTopics(input), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.WithPools(new(pools)))
	if err != nil {
		return err
	}
	defer cl.Close()
	for n > 0 {
		fetches := cl.PollRecords(ctx, 1000)
		if err := fetches.Err(); err != nil {
			return err
		}
		for it := fetches.RecordIter(); !it.Done(); n-- {
			r := it.Next()
			if err := use(r); err != nil {
				return err
			}
			r.Recycle()
		}
	}
	return nil
}

// atLeastOnce is what the ingest stage does with the product's own parts, but for transactions, clocks, counts and
// envelopes: what follows from 5,000 records is produced and flushed, then their offsets are committed.
func atLeastOnce(ctx context.Context, addr string, set *rules.Set, n, round int) error {
	group := fmt.Sprintf("lax-%d", round)
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ConsumerGroup(group), kgo.ConsumeTopics(input), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.UnknownTopicRetries(1), kgo.WithPools(new(pools)))
	if err != nil {
		return err
	}
	defer cl.Close()
	var out engine.Output
	d, g := event.NewDecoder(set.Fields()), engine.NewIngest(set, engine.Options{})
	enc, err := encoding.New(encoding.Options{Format: "native", Group: group})
	if err != nil {
		return err
	}
	for pending := 0; n > 0; {
		fetches := cl.PollRecords(ctx, 1000)
		if err := fetches.Err(); err != nil {
			return err
		}
		for it := fetches.RecordIter(); !it.Done(); n, pending = n-1, pending+1 {
			r := it.Next()
			ev, err := d.Decode(r.Value, event.Meta{Timestamp: r.Timestamp.UnixNano()})
			if err != nil {
				return err
			}
			out.Alerts, out.Observations = out.Alerts[:0], out.Observations[:0]
			g.Process(ev, &out)
			for i := range out.Alerts {
				rec, err := enc.Record(&out.Alerts[i], r.Timestamp)
				if err != nil {
					return err
				}
				cl.Produce(ctx, &kgo.Record{Topic: alerts, Key: rec.Key, Value: rec.Value}, nil)
			}
			for i := range out.Observations {
				o := &out.Observations[i]
				cl.Produce(ctx, &kgo.Record{Topic: repartition, Key: o.RoutingKey(), Value: engine.Message{Observation: o}.Encode()}, nil)
			}
			r.Recycle()
		}
		if pending >= 5000 || n <= 0 {
			pending = 0
			if err := cl.Flush(ctx); err != nil {
				return err
			}
			if err := cl.CommitUncommittedOffsets(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// repartition is the topic of observations of every group here.
const repartition = "bench-repartition"

// process runs the processor in c's group until the end of the input is committed. It tells which share of the time from
// the first commit on the workers spent in ending transactions.
func process(ctx context.Context, addr string, set *rules.Set, n int, c processor.Config) (ending float64, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.Client, c.Instance, c.Input, c.Alerts, c.CreateTopics = []kgo.Opt{kgo.SeedBrokers(addr)}, "bench", []string{input}, alerts, true
	c.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	if c.Stages == processor.Ingest {
		c.Repartition = repartition
	}
	p, err := processor.New(c, set)
	if err != nil {
		return 0, err
	}
	running := make(chan error, 1)
	go func() { running <- p.Run(ctx) }()
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr))
	if err != nil {
		return 0, err
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	var began time.Time
	for {
		select {
		case err := <-running:
			return 0, fmt.Errorf("the processor stopped: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
		offsets, err := adm.FetchOffsetsForTopics(ctx, c.Group, input)
		if err != nil {
			continue
		}
		done := int64(0)
		offsets.Each(func(o kadm.OffsetResponse) { done += max(o.At, 0) })
		if done > 0 && began.IsZero() {
			began = time.Now()
		}
		if done >= int64(n) {
			break
		}
	}
	ending = commits(p).Seconds() / time.Since(began).Seconds() / float64(c.Workers)
	cancel()
	return ending, <-running
}

// commits is the time that workers have spent in ending transactions.
func commits(p *processor.Processor) (sum time.Duration) {
	families, err := p.Metrics().Gather()
	if err != nil {
		return 0
	}
	for _, f := range families {
		if f.GetName() == "oktastream_commit_duration_seconds" {
			for _, m := range f.GetMetric() {
				sum += time.Duration(m.GetHistogram().GetSampleSum() * float64(time.Second))
			}
		}
	}
	return sum
}
