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
	count  = flag.Int("events", 2000, "events of one round, without a broker")
	rounds = flag.Int("rounds", 15, "rounds, without a broker")
	fed    = flag.Int("kafka-events", 50_000, "events of one round with a broker")
	turns  = flag.Int("kafka-rounds", 7, "rounds with a broker")
	only   = flag.String("only", "", "parts to run, comma-separated: public, thousand, kafka; empty for all")
	result = flag.String("json", "", "file to write the rows to")
	asked  = flag.String("role", "", "be this process of a part with a broker, until standard input ends")
	addr   = flag.String("addr", "", "address of the broker, for -role")
	group  = flag.String("group", "", "consumer group, for -role")
)

func main() {
	flag.Parse()
	log.SetFlags(0)
	if err := run(context.Background()); err != nil {
		log.Println("peers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if *asked != "" {
		return serve(ctx, *asked)
	}
	events := corpus.New(*count, 1)
	t := &table{}
	for _, part := range []struct {
		name string
		run  func() error
	}{
		{"public", func() error { return publicPart(t, events) }},
		{"thousand", func() error { return thousandPart(t, events) }},
		{"kafka", func() error { return kafkaPart(ctx, t) }},
	} {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), part.name) {
			continue
		}
		if err := part.run(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	fmt.Printf("\nEvents of %d bytes on average.\n", corpus.Size(events))
	if *result != "" {
		return t.write(*result)
	}
	return nil
}
