package simulation

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/integration/reference"
	"oktastream/integration/workload"
	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
)

// world is everything that outlives a process.
type world struct {
	rng     *rand.Rand
	set     *rules.Set
	options reference.Options

	input, repartition, changelog []*partition
	alerts, letters               *partition

	read     []int64 // committed offsets of the ingest group, by input partition
	detected []int64 // … of the detect group, by partition of the repartition topic
	epoch    int64   // generation of the ingest group
	said     map[said]int64

	now      time.Time        // the wall clock: when the last record was written
	paths    []string         // of the senders, in the records' headers; "" is without
	arriving []workload.Event // that have not been written yet
	closing  []workload.Event // one for each input partition and path, behind everything
	restless bool             // sources may be called idle while events are still to come

	forwarded []alert.Alert // of committed transactions
	counts    Counts
}

// said is what the tasks have told of their clocks, for rules over alerts.
type said struct {
	level     int
	partition int32
}

// Counts say what a run went through.
type Counts struct {
	Events, Alerts                  int
	Commits, Aborts, Crashes        int
	Rebalances, Restores, Compacted int
}

// Add adds o to c.
func (c *Counts) Add(o Counts) {
	c.Events += o.Events
	c.Alerts += o.Alerts
	c.Commits += o.Commits
	c.Aborts += o.Aborts
	c.Crashes += o.Crashes
	c.Rebalances += o.Rebalances
	c.Restores += o.Restores
	c.Compacted += o.Compacted
}

// arrive writes the next n records to the input, each to any partition.
func (w *world) arrive(n int) {
	for _, e := range w.arriving[:min(n, len(w.arriving))] {
		w.write(w.input[w.rng.IntN(len(w.input))], w.paths[w.rng.IntN(len(w.paths))], e)
	}
	w.arriving = w.arriving[min(n, len(w.arriving)):]
	if len(w.arriving) > 0 {
		return
	}
	for i, p := range w.input {
		if w.read[i] < int64(len(p.entries)) {
			return // what is read behind them may count as late as they are, and nothing would close its windows
		}
	}
	for i, e := range w.closing {
		w.write(w.input[i/len(w.paths)], w.paths[i%len(w.paths)], e)
	}
	w.closing = nil
}

func (w *world) write(p *partition, path string, e workload.Event) {
	if e.Arrival.After(w.now) {
		w.now = e.Arrival
	}
	r := &kgo.Record{Key: []byte(e.ID), Value: e.Value, Timestamp: e.Stamp(e.Arrival)}
	if path != "" {
		r.Headers = []kgo.RecordHeader{{Key: "okta_path", Value: []byte(path)}}
	}
	p.append(nil, r)
	w.counts.Events++
}

// produce writes what a stage yields.
func (w *world) produce(t *txn, out *engine.Output) error {
	for i := range out.Alerts {
		value, err := alert.Marshal(&out.Alerts[i])
		if err != nil {
			return err
		}
		w.alerts.append(t, &kgo.Record{Key: []byte(out.Alerts[i].ID), Value: value})
	}
	for i := range out.Observations {
		o := &out.Observations[i]
		key := o.RoutingKey()
		w.repartition[route(key, len(w.repartition))].append(t, &kgo.Record{Key: key, Timestamp: w.now, Value: engine.Message{Observation: o}.Encode()})
	}
	return nil
}

// announce writes clocks to every partition.
func (w *world) announce(t *txn, m engine.Message) {
	value := m.Encode()
	for _, p := range w.repartition {
		p.append(t, &kgo.Record{Timestamp: w.now, Value: value})
	}
}

var partitioner = kgo.StickyKeyPartitioner(nil).ForTopic("")

func route(key []byte, partitions int) int {
	return partitioner.Partition(&kgo.Record{Key: key}, partitions)
}

// letter writes a dead letter, of which only the place matters here.
func (w *world) letter(t *txn, p reference.Place) {
	header := func(name string, value any) kgo.RecordHeader {
		return kgo.RecordHeader{Key: "__oktastream.errors." + name, Value: fmt.Append(nil, value)}
	}
	hs := []kgo.RecordHeader{header("topic", p.Topic), header("partition", p.Partition), header("offset", p.Offset)}
	if p.Element >= 0 {
		hs = append(hs, header("element", p.Element))
	}
	w.letters.append(t, &kgo.Record{Headers: hs})
}
