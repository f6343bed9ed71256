package processor

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/state"
)

// counterEvery is how many observations of a key make one alert.
const counterEvery = 5

// counter is a detector that counts observations by key.
type counter struct {
	counts, dirty map[string]uint32
	checkpoint    state.Checkpoint
	next          state.Checkpoint
	has           bool
	open          bool
	onHandle      func(engine.Message)
}

func newCounter() *counter { return &counter{counts: map[string]uint32{}} }

func (c *counter) Restore(key, value []byte) error {
	if string(key) == string(state.CheckpointKey) {
		cp, err := state.DecodeCheckpoint(value)
		c.checkpoint, c.has = cp, err == nil
		return err
	}
	if len(value) != 4 {
		return fmt.Errorf("count of %d bytes", len(value))
	}
	c.counts[string(key)] = binary.BigEndian.Uint32(value)
	return nil
}

func (c *counter) Checkpoint() (state.Checkpoint, bool) { return c.checkpoint, c.has }

func (c *counter) Begin() {
	if c.open {
		panic("Begin inside a transaction")
	}
	c.open, c.dirty = true, map[string]uint32{}
}

func (c *counter) Handle(m engine.Message, out *engine.Output) error {
	if c.onHandle != nil {
		c.onHandle(m)
	}
	if m.Observation == nil {
		return nil
	}
	k := "w" + m.Observation.Key
	n, ok := c.dirty[k]
	if !ok {
		n = c.counts[k]
	}
	n++
	c.dirty[k] = n
	if n%counterEvery == 0 {
		out.Alerts = append(out.Alerts, alert.Alert{Schema: alert.Schema, ID: fmt.Sprintf("%s-%d", m.Observation.Key, n), Revision: 1, Status: alert.Create,
			Kind: "detection", Severity: alert.Low, Count: int(n), Time: time.Unix(0, m.Observation.Time), Rule: alert.Rule{ID: "count"},
			Group: alert.Group{{Name: "actor", Value: m.Observation.Key}}})
	}
	return nil
}

func (c *counter) Changes(cp state.Checkpoint) []state.Change {
	var out []state.Change
	for k, n := range c.dirty {
		out = append(out, state.Change{Key: []byte(k), Value: binary.BigEndian.AppendUint32(nil, n)})
	}
	c.next = cp
	return append(out, state.Change{Key: state.CheckpointKey, Value: cp.Encode()})
}

func (c *counter) Commit() error {
	for k, n := range c.dirty {
		c.counts[k] = n
	}
	c.open, c.checkpoint, c.has = false, c.next, true
	return nil
}

func (c *counter) Rollback()               { c.open, c.dirty = false, nil }
func (c *counter) TakeStats() engine.Stats { return engine.Stats{{}} }
func (c *counter) Clock(int) (int64, bool) { return 0, false }
func (c *counter) Levels() int             { return 1 }
func (c *counter) Windows() int            { return len(c.counts) }
func (c *counter) Bytes() int              { return 4 * len(c.counts) }

// byActor is an ingester that observes every event by its actor.
type byActor struct{ onProcess func(*event.Event) }

func (b byActor) Process(ev *event.Event, out *engine.Output) {
	if b.onProcess != nil {
		b.onProcess(ev)
	}
	for _, v := range ev.Lookup(event.MustPath("actor.alternateId")) {
		out.Observations = append(out.Observations, engine.Observation{Class: "actor", Key: string([]byte(v.Text)), Event: []byte("{}"),
			ID: string([]byte(ev.ID())), Time: ev.Time(), Flags: ev.Flags(), Origin: ev.Origin()})
	}
}

func (byActor) TakeStats() engine.Stats { return engine.Stats{{}} }

// bare takes a record for one LogEvent, or for an array of them in which a string is no event.
func bare(value []byte, dst []element) []element {
	var page []json.RawMessage
	if json.Unmarshal(value, &page) != nil {
		return append(dst, element{raw: value, envelope: "bare", kind: "bare"})
	}
	for i, raw := range page {
		e := element{raw: raw, index: i, envelope: "array", kind: "array"}
		if raw[0] == '"' {
			e.reason, e.err = "shape", errors.New("a string is no event")
		}
		dst = append(dst, e)
	}
	return dst
}

func counting() engines {
	return engines{
		ruleIDs: []string{"count"}, ruleSet: "test", unwrap: func() func([]byte, []element) []element { return bare },
		decoder: func() eventDecoder { return event.NewDecoder(event.NewFields()) },
		ingest:  func() ingester { return byActor{} },
		task:    func() detector { return newCounter() },
	}
}

// alertsByActor returns the counts in the alerts of each actor.
func alertsByActor(t testing.TB, c *kfake.Cluster) map[string][]int {
	t.Helper()
	return alertsOf(t, readAll(t, c, "okta.alerts"))
}

func alertsOf(t testing.TB, records []*kgo.Record) map[string][]int {
	t.Helper()
	got := make(map[string][]int)
	for _, r := range records {
		var a alert.Alert
		if err := json.Unmarshal(r.Value, &a); err != nil {
			t.Fatalf("alert %s: %v", r.Value, err)
		}
		if a.Kind == "operator" {
			continue
		}
		var actor string
		var n int
		if _, err := fmt.Sscanf(a.ID, "u%d", &n); err == nil {
			actor = a.ID[:slices.Index([]byte(a.ID), '-')]
		}
		got[actor] = append(got[actor], a.Count)
	}
	for _, counts := range got {
		slices.Sort(counts) // alerts of one actor are spread over the partitions by alert id
	}
	return got
}

// wantAlerts are the alerts of n events fed by feed.
func wantAlerts(n, actors int) map[string][]int {
	totals := make(map[string]int)
	for i := range n {
		totals[fmt.Sprint("u", i%actors)]++
	}
	return wantCounts(totals)
}

// wantCounts are the alerts of actors with so many events each.
func wantCounts(totals map[string]int) map[string][]int {
	want := make(map[string][]int)
	for actor, total := range totals {
		for k := counterEvery; k <= total; k += counterEvery {
			want[actor] = append(want[actor], k)
		}
	}
	return want
}
