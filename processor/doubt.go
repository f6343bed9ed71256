package processor

import (
	"log/slog"
	"math"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/rules/event"
)

// Headers of input records that tell sources apart which share a partition.
const (
	headerOrg  = "okta_org"
	headerPath = "okta_path"
)

// names holds what headers have said, so that a record costs no memory for saying it again.
type names map[string]string

const (
	maxNames = 1000
	maxName  = 200 // bytes
)

// source is where a record comes from. last is the source of the record before.
func (n names) source(r *kgo.Record, last source) source {
	s := source{topic: r.Topic, partition: r.Partition}
	for i := range r.Headers {
		switch h := &r.Headers[i]; h.Key {
		case headerOrg:
			s.org = n.text(h.Value, last.org)
		case headerPath:
			s.path = n.text(h.Value, last.path)
		}
	}
	return s
}

func (n names) text(value []byte, last string) string {
	if string(value) == last {
		return last
	}
	if text, ok := n[string(value)]; ok {
		return text
	}
	text := strings.ToValidUTF8(string(value[:min(len(value), maxName)]), "\ufffd")
	if len(n) >= maxNames {
		clear(n)
	}
	n[string(value)] = text
	return text
}

// stampOf is the record's time, 0 where nanoseconds cannot hold it.
func stampOf(r *kgo.Record) int64 {
	if ms := r.Timestamp.UnixMilli(); ms > math.MaxInt64/1_000_000 || ms < math.MinInt64/1_000_000 {
		return 0
	}
	return r.Timestamp.UnixNano()
}

// doubts counts events whose time is not believed, and says so: without a word a detection would be looked for at a time at
// which nothing happened. It also looks after clocks that stand still while records come.
type doubts struct {
	metrics *metrics
	log     *slog.Logger
	patient time.Duration // how long a clock may stand still
	open    map[source]*doubt
	told    map[source]*doubt // since the last warning
	warned  map[warning]time.Time
}

type doubt struct {
	future, unreadable int
	example            string // id of one of them
}

// warning is a kind of warning about a source.
type warning struct {
	source source
	kind   string
}

// warnEvery is how often the same is said of a source.
const warnEvery = time.Minute

func newDoubts(m *metrics, log *slog.Logger, patient time.Duration) *doubts {
	return &doubts{metrics: m, log: log, patient: patient, open: map[source]*doubt{}, told: map[source]*doubt{}, warned: map[warning]time.Time{}}
}

func (d *doubts) begin() { clear(d.open) }

func (d *doubts) rollback() { clear(d.open) }

// note takes down an event whose time was assumed.
func (d *doubts) note(s source, ev *event.Event) {
	o := d.open[s]
	if o == nil {
		o = &doubt{}
		d.open[s] = o
	}
	if ev.Flags()&event.TimeClamped != 0 {
		o.future++
	} else {
		o.unreadable++
	}
	if o.example == "" {
		o.example = strings.Clone(ev.ID())
	}
}

// commit counts what the transaction has met, and warns.
func (d *doubts) commit(c *clocks, now time.Time) {
	for s, o := range d.open {
		count := func(reason string, n int) {
			if n > 0 {
				d.metrics.assumed.WithLabelValues(s.topic, label(s.partition), s.org, s.path, reason).Add(float64(n))
			}
		}
		count("future", o.future)
		count("unreadable", o.unreadable)
		t := d.told[s]
		if t == nil {
			t = &doubt{}
			d.told[s] = t
		}
		t.future, t.unreadable, t.example = t.future+o.future, t.unreadable+o.unreadable, o.example
	}
	clear(d.open)
	for s, t := range d.told {
		if !d.due(warning{s, "assumed"}, now) {
			continue
		}
		delete(d.told, s)
		d.log.Warn("times of events are not believed: those in the future, beyond skew, count at their arrival; those that cannot be read, at the record's time; neither moves the clock",
			append(s.attrs(), "future", t.future, "unreadable", t.unreadable, "example", t.example)...)
	}
	for s, st := range c.sources {
		stalled := st.stalled()
		d.metrics.stalled.WithLabelValues(s.topic, label(s.partition), s.org, s.path).Set(stalled.Seconds())
		if stalled >= d.patient && now.Sub(st.last) < d.patient && d.due(warning{s, "stalled"}, now) {
			d.log.Warn("the clock of a source stands still although records come: none of them holds an event that is newer and whose time can be believed",
				append(s.attrs(), "since", st.moved.UTC().Format(time.RFC3339), "idle", st.idle)...)
		}
	}
	for w, at := range d.warned {
		if now.Sub(at) >= warnEvery {
			delete(d.warned, w)
		}
	}
}

// due reports whether a warning may be given, and takes it for given.
func (d *doubts) due(w warning, now time.Time) bool {
	if at, ok := d.warned[w]; ok && now.Sub(at) < warnEvery {
		return false
	}
	d.warned[w] = now
	return true
}

// attrs name the source in a log line.
func (s source) attrs() []any {
	attrs := []any{"topic", s.topic, "partition", s.partition}
	if s.org != "" {
		attrs = append(attrs, "org", s.org)
	}
	if s.path != "" {
		attrs = append(attrs, "path", s.path)
	}
	return attrs
}
