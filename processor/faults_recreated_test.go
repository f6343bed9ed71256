//go:build synctests

package processor

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// recreate deletes a topic and creates it again, with the same partitions. Kafka removes a group's offsets with the topic,
// unless their coordinator is away at that moment; other brokers never do. keep is the group that keeps them, if any does.
func (w *world) recreate(topic, keep string) {
	w.t.Helper()
	ctx := context.Background()
	var kept kadm.OffsetResponses
	if keep != "" {
		var err error
		if kept, err = w.adm.FetchOffsets(ctx, keep); err != nil {
			w.t.Fatal(err)
		}
	}
	if _, err := w.adm.DeleteTopics(ctx, topic); err != nil {
		w.t.Fatal(err)
	}
	time.Sleep(10 * time.Second) // for what clients know of topics
	if _, err := w.adm.CreateTopic(ctx, worldPartitions, -1, nil, topic); err != nil {
		w.t.Fatal(err)
	}
	w.cl.PurgeTopicsFromClient(topic)
	time.Sleep(10 * time.Second)
	if keep == "" {
		return
	}
	if err := w.adm.CommitAllOffsets(ctx, keep, kept.Offsets()); err != nil {
		w.t.Fatal(err)
	}
}

// grow lets the ingest stage alone write to the repartition topic, beyond where the detect stage stood before.
func (w *world) grow() {
	w.t.Helper()
	w.feed(300)
	ingest := w.start("ingest", func(c *Config) { c.Stages = Ingest })
	w.eventually("ingested", func() bool { return lag(w.t, w.adm, "g", inputTopic) == 0 })
	ingest.stop(w.t)
}

// A topic that was deleted and created again between two runs, and has grown beyond where the group stood: at that offset
// lies something else.
func TestFaultRecreated(t *testing.T) {
	for _, r := range []refusal{
		{name: "the observations", spoil: func(w *world) {
			w.recreate("g-repartition", "g-detect")
			w.grow()
		}, want: errInputLost, text: []string{"g-repartition/", "group g-detect stood at", "before the topic was deleted"}},
		{name: "the observations, and the group's offsets with them", spoil: func(w *world) {
			w.recreate("g-repartition", "")
			w.grow()
		}, want: errInputLost, text: []string{"the checkpoint of task", "before the topic was deleted", "delete the changelog"}},
		{name: "the input, where nothing may be skipped", spoil: func(w *world) {
			w.recreate(inputTopic, "g")
			w.feed(100)
		}, edit: func(c *Config) { c.Reset = "none" }, want: errInputLost, text: []string{inputTopic, "before the topic was deleted"}},
	} {
		t.Run(r.name, r.run)
	}
	for name, byHand := range map[string]bool{"the input": false, "the input, and an operator has set the offsets": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				p := w.start("a", nil)
				w.ready(p)
				w.feed(40)
				w.settle()
				p.stop(t)
				w.recreate(inputTopic, "g")
				w.feed(100)
				if w.notices = worldPartitions; byHand {
					w.notices = 0
					var to kadm.Offsets
					for p := range int32(worldPartitions) {
						to.AddOffset(inputTopic, p, 0, -1)
					}
					if err := w.adm.CommitAllOffsets(context.Background(), "g", to); err != nil {
						t.Fatal(err)
					}
				}
				p = w.start("b", nil)
				w.settle()
				w.ready(p)
				if got := metricValue(t, p, "oktastream_records_lost_total"); got != 0 {
					t.Errorf("%v records are said to be lost, which nobody can know", got)
				}
				p.stop(t)
			})
		})
	}
}
