package reference

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/processor/envelope"
	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/rules/event"
)

// Options are the settings of the run on trial that decide what it writes.
type Options struct {
	Engine engine.Options
	Skew   time.Duration // how far an event may lie in the future of its record; see event.Meta
}

// Place names what a dead letter is about: a record, or an element of it; Element is -1 for the record as a whole.
type Place struct {
	Topic     string
	Partition int32
	Offset    int64
	Element   int
}

func (p Place) String() string {
	return fmt.Sprintf("%s/%d offset %d element %d", p.Topic, p.Partition, p.Offset, p.Element)
}

// Result is what a stage must have written.
type Result struct {
	Alerts       []alert.Alert
	Observations []engine.Observation
	Rejected     []Place
	// Tasks are the final states, by partition of the repartition topic.
	Tasks map[int32]Task
}

// Input evaluates the records of the input topics, each for itself: the first half of detection has no memory.
func Input(set *rules.Set, o Options, records []*kgo.Record) Result {
	var res Result
	ingest := engine.NewIngest(set, o.Engine)
	decoder := event.NewDecoder(set.Fields())
	for _, r := range records {
		found := envelope.Unwrap(r.Value)
		single := len(found.Events)+len(found.Rejected) == 1
		reject := func(index int32) {
			p := Place{r.Topic, r.Partition, r.Offset, int(index)}
			if single {
				p.Element = -1
			}
			res.Rejected = append(res.Rejected, p)
		}
		for _, x := range found.Rejected {
			reject(x.Index)
		}
		for _, f := range found.Events {
			ev, err := decoder.Decode(f.JSON, event.Meta{
				Origin:    event.Origin{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Index: f.Index},
				Timestamp: r.Timestamp.UnixNano(), Skew: o.Skew, Envelope: f.Envelope,
			})
			if err != nil {
				reject(f.Index)
				continue
			}
			var out engine.Output
			ingest.Process(ev, &out)
			res.Alerts = append(res.Alerts, out.Alerts...)
			res.Observations = append(res.Observations, out.Observations...)
		}
	}
	return res
}
