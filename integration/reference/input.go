package reference

import (
	"fmt"
	"strings"
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
	Skew   time.Duration // how far an event may lie in the future of its reading; see event.Meta
	// Now is the wall clock when the run was over, 0 if unknown: it has read nothing later.
	Now int64
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

// Input evaluates the records of the input topics, each for itself: the first half of detection has no memory. What reading
// them took for the time of an event that says none, or an impossible one, arrivals knows.
func Input(set *rules.Set, o Options, records []*kgo.Record, arrivals Arrivals) Result {
	var res Result
	reader := NewReader(set, o)
	reader.Now = arrivals.Now(o)
	for _, r := range records {
		found, _ := reader.Read(r)
		res.Alerts = append(res.Alerts, found.Alerts...)
		res.Observations = append(res.Observations, found.Observations...)
		res.Rejected = append(res.Rejected, found.Rejected...)
	}
	return res
}

// Reader evaluates single records of the input. One goroutine may use it.
type Reader struct {
	// Now is the wall clock at the reading of the event with an id. NewReader sets it to Options.Now.
	Now func(at event.Origin, id string) int64

	options Options
	ingest  *engine.Ingest
	decoder *event.Decoder
}

// NewReader returns a Reader for set.
func NewReader(set *rules.Set, o Options) *Reader {
	return &Reader{func(event.Origin, string) int64 { return o.Now }, o, engine.NewIngest(set, o.Engine), event.NewDecoder(set.Fields())}
}

// Read evaluates one record. latest is the highest event time in it that says how far its source has come, in Unix
// nanoseconds; 0 if none does.
func (r *Reader) Read(rec *kgo.Record) (res Result, latest int64) {
	var out engine.Output
	res.Rejected = r.Events(rec, func(ev *event.Event) {
		latest = max(latest, ev.Progress())
		r.ingest.Process(ev, &out)
	})
	res.Alerts, res.Observations = out.Alerts, out.Observations
	return res, latest
}

// Events decodes one record, and returns what is no event. An event is valid until take returns.
func (r *Reader) Events(rec *kgo.Record, take func(*event.Event)) (rejected []Place) {
	found := envelope.Unwrap(rec.Value)
	single := len(found.Events)+len(found.Rejected) == 1
	reject := func(index int32) {
		p := Place{rec.Topic, rec.Partition, rec.Offset, int(index)}
		if single {
			p.Element = -1
		}
		rejected = append(rejected, p)
	}
	for _, x := range found.Rejected {
		reject(x.Index)
	}
	for _, f := range found.Events {
		origin := event.Origin{Topic: rec.Topic, Partition: rec.Partition, Offset: rec.Offset, Index: f.Index}
		meta := event.Meta{
			Origin: origin, Timestamp: rec.Timestamp.UnixNano(), Appended: rec.Attrs.TimestampType() == 1, Skew: r.options.Skew, Envelope: f.Envelope,
		}
		ev, err := r.decoder.Decode(f.JSON, meta)
		if err == nil {
			meta.Now = r.Now(origin, strings.Clone(ev.ID()))
			ev, err = r.decoder.Decode(f.JSON, meta)
		}
		if err != nil {
			reject(f.Index)
			continue
		}
		take(ev)
	}
	return rejected
}
