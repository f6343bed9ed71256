package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/processor/embedded"
	"oktastream/processor/feed"
	"oktastream/rules"
	"oktastream/rules/lang"
	"oktastream/rules/pack"
)

const (
	input  = "okta.system-log"
	alerts = "okta.alerts"
)

func main() {
	events := flag.Int("events", 100_000, "events per throughput round")
	rounds := flag.Int("rounds", 5, "throughput rounds")
	rate := flag.Int("rate", 1000, "events per second of the latency run")
	seconds := flag.Int("seconds", 20, "length of the latency run")
	flag.Parse()
	log.SetFlags(0)
	if err := run(context.Background(), *events, *rounds, *rate, *seconds); err != nil {
		log.Println("bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, events, rounds, rate, seconds int) error {
	set, diags := rules.NewSet(lang.LoadFS(pack.FS, ".").Rules)
	if len(diags) > 0 {
		return fmt.Errorf("pack: %v", diags)
	}
	fmt.Printf("%s, GOMAXPROCS %d; in-process broker, all in one process; %d rules of the pack\n",
		runtime.Version(), runtime.GOMAXPROCS(0), len(set.Rules()))
	if err := throughput(ctx, set, events, rounds); err != nil {
		return err
	}
	return latency(ctx, set, rate, seconds)
}

// broker starts a broker with the input topic filled by events, and returns their number and bytes.
func broker(ctx context.Context, events int) (b *embedded.Broker, n int, bytes int, err error) {
	b, err = embedded.Start(embedded.Options{Topics: []embedded.Topic{
		{Name: input, Partitions: 4, Config: map[string]string{"retention.bytes": "-1"}}, {Name: alerts}}})
	if err != nil {
		return nil, 0, 0, err
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.Addr()), kgo.DefaultProduceTopic(input), kgo.ProducerBatchCompression(kgo.Lz4Compression()))
	if err != nil {
		b.Close()
		return nil, 0, 0, err
	}
	defer cl.Close()
	var failed error
	for item := range feed.New(feed.Options{Seed: 1, Events: events, Duration: 24 * time.Hour}) {
		n++
		bytes += len(item.JSON)
		cl.Produce(ctx, &kgo.Record{Value: item.JSON}, func(_ *kgo.Record, err error) {
			if err != nil {
				failed = err
			}
		})
	}
	if err := cl.Flush(ctx); err != nil || failed != nil {
		b.Close()
		return nil, 0, 0, fmt.Errorf("fill: %v, %v", err, failed)
	}
	return b, n, bytes, nil
}

// cpu is the CPU time of this process so far.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median[T int | float64 | time.Duration](xs []T) T {
	xs = slices.Clone(xs)
	slices.Sort(xs)
	if len(xs) == 0 {
		var zero T
		return zero
	}
	return xs[len(xs)/2]
}
