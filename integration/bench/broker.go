package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/integration/bench/corpus"
	"oktastream/processor/embedded"
)

const (
	input  = "okta.system-log"
	alerts = "okta.alerts"
)

// brokerProcess is a broker in a process of its own, so that its work is not counted as that of a contender.
type brokerProcess struct {
	*child
	addr string
}

// startBroker runs this program again as a broker whose input topic has so many partitions and holds n invented events.
func startBroker(partitions, n int) (*brokerProcess, error) {
	b, addr, err := startSelf("-broker", strconv.Itoa(partitions), "-events", strconv.Itoa(n))
	if err != nil {
		return nil, fmt.Errorf("the broker did not start: %w", err)
	}
	return &brokerProcess{child: b, addr: addr}, nil
}

// serveBroker is a broker until standard input ends. It prints its address once it holds n events.
func serveBroker(ctx context.Context, partitions, n int) error {
	b, err := embedded.Start(embedded.Options{Topics: []embedded.Topic{
		{Name: input, Partitions: partitions, Config: map[string]string{"retention.bytes": "-1"}}, {Name: alerts}}})
	if err != nil {
		return err
	}
	defer b.Close()
	if n > 0 {
		if err := fill(ctx, b.Addr(), corpus.New(n, 1)); err != nil {
			return err
		}
	}
	fmt.Println(b.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func fill(ctx context.Context, addr string, events [][]byte) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.DefaultProduceTopic(input), kgo.ProducerBatchCompression(kgo.Lz4Compression()))
	if err != nil {
		return err
	}
	defer cl.Close()
	var failed error
	for _, e := range events {
		cl.Produce(ctx, &kgo.Record{Value: e}, func(_ *kgo.Record, err error) {
			if err != nil {
				failed = err
			}
		})
	}
	if err := cl.Flush(ctx); err != nil {
		return err
	}
	return failed
}
