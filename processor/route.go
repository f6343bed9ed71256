package processor

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/rules/engine"
)

// partitionOf is where Kafka's own producers put a record with this key: murmur2. All processes of a group must agree,
// and so must whoever reproduces the routing.
func partitionOf(key []byte, partitions int32) int32 {
	return int32(keyed.Partition(&kgo.Record{Key: key}, int(partitions)))
}

// keyed has no state for records that have a key.
var keyed = kgo.StickyKeyPartitioner(nil).ForTopic("")

// router writes messages for tasks into transactions.
type router struct {
	topic      string // repartition
	partitions int32
	stamp      []kgo.RecordHeader // of clocks
	letters    *deadLetters
	metrics    *metrics
	log        *slog.Logger
}

// observations sends each to the task of its key. One that is too large becomes a dead letter of what it came from.
func (r *router) observations(out *transaction, t tally, from deadLetter, os []engine.Observation) error {
	for i := range os {
		o := &os[i]
		key := o.RoutingKey()
		err := out.produce(&kgo.Record{Topic: r.topic, Partition: partitionOf(key, r.partitions), Key: key,
			Value: engine.Message{Observation: o}.Encode()})
		if errors.Is(err, errTooLarge) {
			r.log.Error("an observation cannot be sent; what it came from becomes a dead letter", "topic", from.record.Topic,
				"partition", from.record.Partition, "offset", from.record.Offset, "err", err)
			from.code, from.message = codeObservation, err.Error()
			err = r.letters.write(out, t, from)
		}
		if err != nil {
			return err
		}
		t.add(r.metrics.observations, 1)
	}
	return nil
}

// clocks sends m to every task: one that gets no data must see time pass all the same. It goes behind the data of the
// transaction.
func (r *router) clocks(out *transaction, m engine.Message) error {
	value := m.Encode()
	for p := range r.partitions {
		if err := out.produce(&kgo.Record{Topic: r.topic, Partition: p, Value: value, Headers: r.stamp}); err != nil {
			return permanent(fmt.Errorf("clocks of %d sources: %w", len(m.Clocks.Sources), err))
		}
	}
	return nil
}
