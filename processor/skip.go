package processor

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A batch may unpack to a thousand times its size. The client refuses one that is too large, and reads its partition no
// further until it is told where. The session waits until everything before the batch has been polled, and goes on behind
// it; the stage writes a dead letter. An abort goes back before the batch, and then it is met again.

// batchBytes is how much a batch may unpack to. A zstd frame names the memory that unpacking takes, 8 MiB as a rule whatever
// is in it; the client takes one that is above the bound for broken, so the bound stays well above.
func batchBytes(record int) int { return max(4*record, 32<<20) }

// skips are batches that have been refused and not passed over yet.
type skips map[source]*kgo.ErrDecompressTooLarge

func (s *skips) add(e *kgo.ErrDecompressTooLarge) {
	if *s == nil {
		*s = make(skips)
	}
	(*s)[source{topic: e.Topic, partition: e.Partition}] = e
}

// skip goes on behind batches that nothing is left to poll before.
func (s *session) skip(fetches kgo.Fetches) {
	if len(s.skips) == 0 {
		return
	}
	before := make(map[source]bool)
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if len(p.Records) > 0 {
			before[source{topic: p.Topic, partition: p.Partition}] = true
		}
	})
	for src, e := range s.skips {
		if before[src] {
			continue
		}
		delete(s.skips, src)
		// Not as seek does: this position holds only if the dead letter is committed with it.
		s.client().SetOffsets(offsets{e.Topic: {e.Partition: {Epoch: e.Epoch, Offset: e.NextOffset}}})
		s.opts.onSkip(e)
	}
}

// skip notes a batch that the session has passed over.
func (g *ingestStage) skip(e *kgo.ErrDecompressTooLarge) {
	g.log.Warn("a batch of the input is too large when unpacked; it becomes a dead letter without its content", "topic", e.Topic, "partition", e.Partition,
		"offset", e.Offset, "next", e.NextOffset, "limit", batchBytes(g.maxRecord))
	g.skipped = append(g.skipped, e)
}

// announceSkipped writes a dead letter for each batch that was passed over.
func (g *ingestStage) announceSkipped(out *transaction, now time.Time) error {
	for _, e := range g.skipped {
		r := &kgo.Record{Topic: e.Topic, Partition: e.Partition, Offset: e.Offset, Timestamp: now}
		message := fmt.Sprintf("the batch from offset %d up to %d unpacks to more than %d bytes, which follows from max.record.bytes; none of its records has been read",
			e.Offset, e.NextOffset-1, batchBytes(g.maxRecord))
		if err := g.letters.write(out, g.tally, deadLetter{record: r, code: codeBatch, message: message, element: -1}); err != nil {
			return err
		}
	}
	return nil
}

// oversize is a dead letter for a record that is larger than may be read. The envelope has a bound of its own for what is
// packed inside.
func (g *ingestStage) oversize(r *kgo.Record, out *transaction) error {
	message := fmt.Sprintf("a record of %d bytes; max.record.bytes is %d", len(r.Value), g.maxRecord)
	return g.letters.write(out, g.tally, deadLetter{record: r, code: codeRecord, message: message, element: -1})
}
