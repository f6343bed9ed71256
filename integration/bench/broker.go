package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/processor/embedded"
)

const (
	input  = "okta.system-log"
	alerts = "okta.alerts"
)

// brokerProcess is a broker in a process of its own, so that its work is not counted as that of a contender.
type brokerProcess struct {
	addr string
	cmd  *exec.Cmd
	in   io.Closer
}

// startBroker runs this program again as a broker whose input topic has so many partitions and holds events.
func startBroker(ctx context.Context, partitions int, events [][]byte) (*brokerProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "-broker", strconv.Itoa(partitions))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	b := &brokerProcess{cmd: cmd, in: in}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(errors.New("the broker did not start"), err, b.close())
	}
	b.addr = strings.TrimSpace(line)
	if err := b.fill(ctx, events); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *brokerProcess) close() error {
	return errors.Join(b.in.Close(), b.cmd.Wait())
}

func (b *brokerProcess) fill(ctx context.Context, events [][]byte) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.addr), kgo.DefaultProduceTopic(input), kgo.ProducerBatchCompression(kgo.Lz4Compression()))
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

// serveBroker is a broker until standard input ends. It prints its address.
func serveBroker(partitions int) error {
	b, err := embedded.Start(embedded.Options{Topics: []embedded.Topic{
		{Name: input, Partitions: partitions, Config: map[string]string{"retention.bytes": "-1"}}, {Name: alerts}}})
	if err != nil {
		return err
	}
	defer b.Close()
	fmt.Println(b.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
