package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"

	"oktastream/integration/bench/corpus"
)

var (
	rounds  = flag.Int("rounds", 15, "rounds of every rotation")
	count   = flag.Int("events", 100_000, "events that one contender reads in one round, with a broker")
	rate    = flag.Int("rate", 10_000, "events a second of the latency run")
	seconds = flag.Int("seconds", 20, "length of the latency run")
	only    = flag.String("only", "", "parts to run, comma-separated: decode, rules, pipeline, latency, footprint, scaling; empty for all")
	result  = flag.String("json", "", "file to write the rows to")
	version = flag.String("version", "", "what is being measured, for the heading; default the revision of the build")
	profile = flag.String("profile", "", "file to write a CPU profile of the pipeline's ingest stage to, and nothing else")
	asked   = flag.Int("broker", 0, "be a broker whose input has so many partitions, until standard input ends")
	task    = flag.String("fixed", "", "do one fixed work with so many events as -events says, for counting its instructions")
	address = flag.String("process", "", "be the product at the broker of this address, until standard input ends")
)

func main() {
	flag.Parse()
	log.SetFlags(0)
	if err := run(context.Background()); err != nil {
		log.Println("bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	switch {
	case *asked > 0:
		return serveBroker(ctx, *asked, *count)
	case *task != "":
		return fixedWork(*task, *count)
	case *address != "":
		return serveProcessor(ctx, *address)
	case *profile != "":
		return profiled(ctx, *profile, *count)
	}
	few := corpus.New(2500, 1)
	t := &table{out: os.Stdout}
	about := machine()
	t.head(about)
	for _, part := range []struct {
		name string
		run  func() error
	}{
		{"decode", func() error { return decoding(t, few, *rounds) }},
		{"rules", func() error { return evaluation(t, few, *rounds) }},
		{"pipeline", func() error { return pipeline(ctx, t, *count, *rounds) }},
		{"latency", func() error { return latency(ctx, t, *rate, *seconds) }},
		{"footprint", func() error { return footprint(ctx, t) }},
		{"scaling", func() error { return scaling(ctx, t, few, *rounds) }},
	} {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), part.name) {
			continue
		}
		if err := part.run(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	fmt.Printf("\nEvents of %d bytes on average. A ratio is the median over the rounds.\n", corpus.Size(few))
	if *result != "" {
		return t.write(*result, about)
	}
	return nil
}
