package processor

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/processor/envelope"
	invented "oktastream/processor/feed"
	"oktastream/rules"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/lang"
	"oktastream/rules/pack"
	"oktastream/state"
)

// lent calls fn with a copy of b, and overwrites the copy afterwards if reused says so: as the memory of a record is that
// has been processed.
func lent(b []byte, reused bool, fn func([]byte)) {
	b = slices.Clone(b)
	fn(b)
	if reused {
		for i := range b {
			b[i] = 'X'
		}
	}
}

// What the rules of the pack make of a day, in both stages, does not change when the memory of each record is used for
// others as soon as it has been processed.
func TestNothingKeptRefersToItsRecord(t *testing.T) {
	set, diags := rules.NewSet(lang.LoadFS(pack.FS, ".").Rules)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	run := func(reused bool) (alerts, changes []string) {
		var u envelope.Unwrapper
		g, d, task := engine.NewIngest(set, engine.Options{}), event.NewDecoder(set.Fields()), engine.NewTask(set, engine.Options{AssumeHistory: true})
		var out, late engine.Output
		task.Begin()
		handle := func(m engine.Message) {
			lent(m.Encode(), reused, func(b []byte) {
				m, err := engine.DecodeMessage(b)
				if err == nil {
					err = task.Handle(m, &late)
				}
				if err != nil {
					t.Fatal(err)
				}
			})
		}
		newest := int64(0)
		for item := range invented.New(invented.Options{Seed: 3, Events: 3000, Campaigns: 12, Duration: 24 * time.Hour}) {
			lent(item.JSON, reused, func(value []byte) {
				for _, f := range u.Unwrap(value).Events {
					ev, err := d.Decode(f.JSON, event.Meta{Origin: event.Origin{Topic: "in"}})
					if err != nil {
						t.Fatal(err)
					}
					newest = max(newest, ev.Time())
					g.Process(ev, &out)
				}
			})
			for i := range out.Observations {
				handle(engine.Message{Observation: &out.Observations[i]})
			}
			out.Observations = out.Observations[:0]
			handle(engine.Message{Clocks: &engine.Clocks{Sources: []engine.SourceClock{{Topic: "in", Max: newest}}, Partitions: map[string]int32{"in": 1}}})
		}
		for _, a := range slices.Concat(out.Alerts, late.Alerts) {
			text, err := json.Marshal(a)
			if err != nil {
				t.Fatal(err)
			}
			alerts = append(alerts, string(text))
		}
		for _, c := range task.Changes(state.Checkpoint{}) {
			changes = append(changes, string(c.Key)+"="+string(c.Value))
		}
		return alerts, changes
	}
	alerts, changes := run(false)
	if len(alerts) == 0 || len(changes) < 10 {
		t.Fatalf("%d alerts and %d changes: the test tests nothing", len(alerts), len(changes))
	}
	reusedAlerts, reusedChanges := run(true)
	if !slices.Equal(alerts, reusedAlerts) {
		t.Error("alerts have changed with the records' memory")
	}
	if !slices.Equal(changes, reusedChanges) {
		t.Error("state has changed with the records' memory")
	}
}

// A dead letter is sent after the memory of its record has been used for others.
func TestDeadLetterOwnsItsMemory(t *testing.T) {
	memory := []byte("key value header")
	r := owned(&kgo.Record{Key: memory[:3], Value: memory[4:9], Headers: []kgo.RecordHeader{{Key: "h", Value: memory[10:]}}})
	clear(memory)
	if string(r.Key) != "key" || string(r.Value) != "value" || string(r.Headers[0].Value) != "header" {
		t.Errorf("the record has become %s %s %s", r.Key, r.Value, r.Headers[0].Value)
	}
	if r := owned(&kgo.Record{}); r.Key != nil || r.Value != nil {
		t.Errorf("nothing has become %q, %q", r.Key, r.Value)
	}
}
