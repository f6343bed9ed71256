package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/integration/bench/corpus"
	"oktastream/processor/embedded"
)

const (
	input      = "okta.system-log"            // without keys
	bySession  = "okta.system-log.by-session" // the same events, keyed as goka places keys
	partitions = 8
)

// job is one way to read all events and to write what is found to a topic. Every round has a process and a group of its
// own for it, and what is compared is that process's CPU time from before it connects until it has left its group: the
// process has read its rules by then, and nothing but events has followed.
type job struct {
	name, role string
	// inputs are the topics that must have been read to their ends, by which group. They are looked at one after the
	// other, for the second has no end before the first is read.
	inputs func(group string) []reading
}

type reading struct{ group, topic string }

func one(group string) []reading { return []reading{{group, input}} }

// kafkaPart compares consumers of Kafka.
func kafkaPart(ctx context.Context, t *table) error {
	b, err := spawn(ctx, "broker", "", "")
	if err != nil {
		return err
	}
	defer b.end()
	if err := fill(ctx, b.line, corpus.New(*fed, 1)); err != nil {
		return err
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.line))
	if err != nil {
		return err
	}
	defer cl.Close()
	through := func(topic, second string) func(string) []reading {
		return func(g string) []reading { return []reading{{g, input}, {g + second, g + topic}} }
	}
	for _, part := range []struct {
		about  string
		target float64
		jobs   []job
	}{
		{"sessions that begin through a proxy, from Kafka to Kafka", 5, []job{
			{"oktastream, exactly once", "ours-stateless", one},
			{"goka v1.1.14, at least once, encoding/json", "goka-stateless", one},
			{"goka v1.1.14, at least once, goccy/go-json", "goka-stateless-fast", one},
		}},
		{"sessions with three devices in nine minutes, from Kafka to Kafka", 8, []job{
			{"oktastream, exactly once", "ours-stateful", through("-repartition", "-detect")},
			{"goka v1.1.14, at least once, LevelDB, encoding/json", "goka-stateful", through("-loop", "")},
			{"goka v1.1.14, at least once, LevelDB, goccy/go-json", "goka-stateful-fast", through("-loop", "")},
			{"goka v1.1.14, at least once, LevelDB, goccy/go-json, sessions as keys of the input", "goka-by-session", func(g string) []reading {
				return []reading{{g, bySession}}
			}},
		}},
	} {
		ts := make([]timings, len(part.jobs))
		for round := range *turns {
			for i, j := range part.jobs {
				used, found, err := j.run(ctx, kadm.NewClient(cl), b.line, fmt.Sprintf("%s-%d", j.role, round))
				if err != nil {
					return fmt.Errorf("%s: %w", j.name, err)
				}
				if round > 0 && found != ts[i].found {
					return fmt.Errorf("%s: found %d, then %d", j.name, ts[i].found, found)
				}
				ts[i].name, ts[i].found = j.name, found
				ts[i].cpu = append(ts[i].cpu, used/time.Duration(*fed))
			}
		}
		if err := t.add(part.about, part.target, *fed, ts); err != nil {
			return err
		}
	}
	return nil
}

// run has a process do the job, and counts what it has found.
func (j job) run(ctx context.Context, adm *kadm.Client, broker, group string) (time.Duration, int, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if _, err := adm.CreateTopic(ctx, partitions, 1, nil, group+"-alerts"); err != nil {
		return 0, 0, err
	}
	p, err := spawn(ctx, j.role, broker, group)
	if err != nil {
		return 0, 0, err
	}
	for _, r := range j.inputs(group) {
		if err := await(ctx, adm, broker, r); err != nil {
			return 0, 0, errors.Join(err, p.end())
		}
	}
	if err := p.end(); err != nil {
		return 0, 0, err
	}
	var used time.Duration
	if err := json.Unmarshal(p.rest, &used); err != nil {
		return 0, 0, fmt.Errorf("the process said %q: %w", p.rest, err)
	}
	found := 0
	err = read(ctx, broker, group+"-alerts", func(*kgo.Record) { found++ })
	return used, found, err
}

// await returns when the group has committed the end of the topic as it is now. That is behind the last record, and not
// behind the marker of its transaction.
func await(ctx context.Context, adm *kadm.Client, broker string, r reading) error {
	next := map[int32]int64{}
	if err := read(ctx, broker, r.topic, func(r *kgo.Record) { next[r.Partition] = r.Offset + 1 }); err != nil {
		return err
	}
	for {
		offsets, err := adm.FetchOffsetsForTopics(ctx, r.group, r.topic)
		behind := err != nil
		for p, end := range next {
			o, ok := offsets.Lookup(r.topic, p)
			behind = behind || !ok || o.At < end
		}
		if !behind {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("group %s has not read %s: %w", r.group, r.topic, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// read hands over what is committed in a topic.
func read(ctx context.Context, broker, topic string, use func(*kgo.Record)) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxWait(100*time.Millisecond))
	if err != nil {
		return err
	}
	defer cl.Close()
	ends, err := kadm.NewClient(cl).ListCommittedOffsets(ctx, topic)
	if err != nil {
		return err
	}
	left := map[int32]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left[o.Partition] = o.Offset
		}
	})
	for len(left) > 0 {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				use(r)
			}
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
		})
	}
	return nil
}

// fill produces the events to both inputs.
func fill(ctx context.Context, broker string, events [][]byte) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ProducerBatchCompression(kgo.Lz4Compression()),
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(gokaHasher())))
	if err != nil {
		return err
	}
	defer cl.Close()
	var failed error
	promise := func(_ *kgo.Record, err error) {
		if err != nil {
			failed = err
		}
	}
	for _, raw := range events {
		var e logEvent
		if err := json.Unmarshal(raw, &e); err != nil {
			return err
		}
		cl.Produce(ctx, &kgo.Record{Topic: input, Value: raw}, promise)
		cl.Produce(ctx, &kgo.Record{Topic: bySession, Key: []byte(e.Context.Session), Value: raw}, promise)
	}
	return errors.Join(cl.Flush(ctx), failed)
}

// process is this program in another role.
type process struct {
	cmd  *exec.Cmd
	in   io.Closer
	out  *bufio.Reader
	line string // the first that it printed
	rest []byte // what it printed until it ended
}

// spawn returns when the process has printed a line.
func spawn(ctx context.Context, role, broker, group string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(ctx, self, "-role", role, "-addr", broker, "-group", group)}
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s did not start", role), err, p.end())
	}
	p.line = strings.TrimSpace(line)
	return p, nil
}

// end lets the process end in order.
func (p *process) end() error {
	p.in.Close()
	var err error
	p.rest, err = io.ReadAll(p.out)
	return errors.Join(err, p.cmd.Wait())
}

// serve is what a spawned process does.
func serve(ctx context.Context, role string) error {
	if role == "broker" {
		return serveBroker()
	}
	do := roles[role]()
	ctx, cancel := context.WithCancel(ctx)
	fmt.Println("ready")
	go func() {
		defer cancel()
		io.Copy(io.Discard, os.Stdin)
	}()
	before := cpu()
	if err := do(ctx); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(cpu() - before)
}

// roles are the consumers by name. Each does its work until its context ends.
var roles = map[string]func() func(context.Context) error{
	"ours-stateless": oursStateless,
	"ours-stateful":  oursStateful,
	"goka-stateless": func() func(context.Context) error { return gokaStateless(standard[logEvent]()) },
	"goka-stateful": func() func(context.Context) error {
		return gokaStateful(standard[logEvent](), standard[sighting](), standard[window]())
	},
	"goka-stateless-fast": func() func(context.Context) error { return gokaStateless(fast[logEvent]()) },
	"goka-stateful-fast": func() func(context.Context) error {
		return gokaStateful(fast[logEvent](), fast[sighting](), fast[window]())
	},
	"goka-by-session": func() func(context.Context) error { return gokaBySession(fast[logEvent](), fast[window]()) },
}

func serveBroker() error {
	forever := map[string]string{"retention.bytes": "-1"}
	b, err := embedded.Start(embedded.Options{Topics: []embedded.Topic{
		{Name: input, Partitions: partitions, Config: forever}, {Name: bySession, Partitions: partitions, Config: forever}}})
	if err != nil {
		return err
	}
	defer b.Close()
	fmt.Println(b.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
