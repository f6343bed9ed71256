package reference

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/rules/engine"
	"oktastream/rules/event"
)

// Arrivals are the times that a run has taken for those of events that say none, or one that lies in the future. They are
// those of the first reading that was committed, which nothing but the run itself can know. That all it has written of one
// event goes by one time, and that none of it lies in the future, is what the comparison finds out.
type Arrivals map[arrival]int64

// arrival is an event and where it was read. A topic that was made anew has other events at the same places.
type arrival struct {
	at event.Origin
	id string
}

// ArrivalsOf finds the times in what the run has written: observations, and alerts about single events.
func ArrivalsOf(repartition, alerts []*kgo.Record) (Arrivals, error) {
	a := Arrivals{}
	for _, r := range alerts {
		var single struct {
			Kind     string
			Episode  *struct{}
			Evidence struct {
				Events []struct {
					ID        string
					Topic     string
					Partition int32
					Offset    int64
					Index     int32
					Published time.Time
				}
			}
		}
		if err := json.Unmarshal(r.Value, &single); err != nil {
			return nil, fmt.Errorf("%s/%d offset %d: %w", r.Topic, r.Partition, r.Offset, err)
		}
		if single.Kind == "operator" || single.Episode != nil {
			continue
		}
		for _, e := range single.Evidence.Events {
			a[arrival{event.Origin{Topic: e.Topic, Partition: e.Partition, Offset: e.Offset, Index: e.Index}, e.ID}] = e.Published.UnixNano()
		}
	}
	for _, r := range repartition {
		if m, err := engine.DecodeMessage(r.Value); err == nil && m.Observation != nil && m.Observation.From == "" &&
			m.Observation.Flags&(event.TimeMissing|event.TimeClamped) != 0 {
			a[arrival{m.Observation.Origin, m.Observation.ID}] = m.Observation.Time
		}
	}
	return a, nil
}

// Now is when an event was read: at the time that the run gives it if that was possible then, else at the latest when the
// run was over.
func (a Arrivals) Now(o Options) func(event.Origin, string) int64 {
	return func(origin event.Origin, id string) int64 {
		if at, ok := a[arrival{origin, id}]; ok && event.Plausible(at, o.Now, o.Skew) {
			return at
		}
		return o.Now
	}
}
