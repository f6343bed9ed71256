//go:build synctests

package processor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"oktastream/rules/engine"
)

// ends is a row after which a running process must stop and say why: what it meets would only get worse by going on.
type ends struct {
	name string
	do   func(w *world, p *process)
	want error
	text []string
}

func (r ends) run(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		p := w.start("a", nil)
		w.ready(p)
		w.feed(40)
		w.settle()
		r.do(w, p)
		w.feed(40)
		err := w.ended(p)
		if err == nil || !errors.Is(err, r.want) {
			t.Fatalf("Run: %v; want %v", err, r.want)
		}
		for _, text := range r.text {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("Run: %v\nwhich does not say %q", err, text)
			}
		}
	})
}

// A right that goes while a process works.
func TestFaultDenied(t *testing.T) {
	denied := func(f kfake.Fault) func(*world, *process) {
		return func(w *world, _ *process) {
			f.Count = -1
			w.c.Fault(f)
		}
	}
	for _, r := range []ends{
		{name: "EndTxn", want: kerr.TransactionalIDAuthorizationFailed, text: []string{"WRITE on transactional id g-a-"},
			do: denied(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.TransactionalIDAuthorizationFailed})},
		{name: "TxnOffsetCommit", want: kerr.GroupAuthorizationFailed, text: []string{"READ on group g"},
			do: denied(kfake.Fault{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.GroupAuthorizationFailed})},
		{name: "Produce", want: kerr.TopicAuthorizationFailed, text: []string{"produce to g-repartition/", "WRITE"},
			do: denied(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "g-repartition", Err: kerr.TopicAuthorizationFailed})},
		// Not a right, but it ends alike: asking the topic again what it takes has not helped.
		{name: "Produce, too large for a limit that cannot be read", want: kerr.MessageTooLarge, text: []string{"g-repartition takes less than it did"},
			do: denied(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "g-repartition", Err: kerr.MessageTooLarge})},
		{name: "Fetch", want: kerr.TopicAuthorizationFailed, text: []string{"READ on topic okta.system-log"},
			do: denied(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: inputTopic, Err: kerr.TopicAuthorizationFailed})},
	} {
		t.Run(r.name, r.run)
	}
}

// Topics that are not what they were, or not only ours.
func TestFaultMisuse(t *testing.T) {
	for _, r := range []ends{
		{name: "partitions are added to the repartition topic", want: errForeign, text: []string{"had 2 partitions", "has been given more", "another group.id"},
			do: func(w *world, _ *process) {
				if _, err := w.adm.CreatePartitions(context.Background(), 1, "g-repartition"); err != nil {
					w.t.Error(err)
				}
				w.cl.ForceMetadataRefresh()
				time.Sleep(6 * time.Minute) // the client looks again after five minutes
			}},
		{name: "another installation writes to the repartition topic", want: errForeign, text: []string{`written by group "other", and this is "g"`, "its own repartition"},
			do: func(w *world, _ *process) {
				w.start("b", func(c *Config) { c.Group, c.Repartition, c.Stages = "other", "g-repartition", Ingest })
			}},
		{name: "a record was routed by another number of partitions", want: errForeign, text: []string{"g-repartition/", " offset ", "belongs into partition", "of 2"},
			do: func(w *world, _ *process) {
				o := &engine.Observation{Class: "actor", Key: "u1", ID: "x", Event: []byte("{}")}
				right := partitionOf(o.RoutingKey(), 2)
				if err := w.cl.ProduceSync(context.Background(), &kgo.Record{Topic: "g-repartition", Partition: 1 - right, Key: o.RoutingKey(),
					Value: engine.Message{Observation: o}.Encode()}).FirstErr(); err != nil {
					w.t.Error(err)
				}
			}},
	} {
		t.Run(r.name, r.run)
	}
	t.Run("partitions are added to the input topic", func(t *testing.T) {
		fault{strike: func(w *world, _ *process) func() bool {
			if _, err := w.adm.CreatePartitions(context.Background(), 1, inputTopic); err != nil {
				w.t.Error(err)
			}
			time.Sleep(6 * time.Minute)
			w.inputs++
			w.feed(9)
			return nil
		}}.run(t)
	})
}

// What two clusters, or an operator between two starts, can have done.
func TestFaultRestartRefused(t *testing.T) {
	for _, r := range []refusal{
		{name: "partitions were added to the repartition topic alone", spoil: func(w *world) {
			if _, err := w.adm.CreatePartitions(context.Background(), 1, "g-repartition"); err != nil {
				w.t.Error(err)
			}
		}, text: []string{"g-repartition has 3 partitions and g-changelog has 2", "a changelog that holds state must keep its number"}},
		{name: "partitions were added to the repartition topic and the changelog", spoil: func(w *world) {
			if _, err := w.adm.CreatePartitions(context.Background(), 1, "g-repartition", "g-changelog"); err != nil {
				w.t.Error(err)
			}
		}, want: errForeign, text: []string{"had 2 partitions, and now it has 3", "another group.id"}},
		{name: "the group was renamed, and not its topics", spoil: func(*world) {},
			edit: func(c *Config) { c.Group, c.Repartition, c.Changelog = "h", "g-repartition", "g-changelog" },
			want: errForeign, text: []string{`written by group "g-detect", and this is "h-detect"`}},
		{name: "the changelog deletes by size", spoil: func(w *world) {
			set := []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.bytes", Value: kadm.StringPtr("1000000")}}
			if _, err := w.adm.AlterTopicConfigs(context.Background(), set, "g-changelog"); err != nil {
				w.t.Error(err)
			}
		}, text: []string{"g-changelog has retention.bytes=1000000", "set -1"}},
	} {
		t.Run(r.name, r.run)
	}
}

// A group without offsets says what it takes itself for.
func TestFaultForgotten(t *testing.T) {
	t.Run("renamed", func(t *testing.T) {
		t.Parallel()
		inWorld(t, func(w *world) {
			p := w.start("a", nil)
			w.feed(40)
			w.settle()
			p.stop(t)
			p = w.start("a", func(c *Config) { c.Group, c.Alerts = "h", "alerts.h" })
			w.ready(p)
			w.eventually("a line", func() bool { return w.log.has("the group is new: no offsets and no state. If it was renamed") })
		})
	})
	t.Run("the input offsets have expired", func(t *testing.T) {
		t.Parallel()
		inWorld(t, func(w *world) {
			p := w.start("a", nil)
			w.feed(40)
			w.settle()
			p.stop(t)
			if _, err := w.adm.DeleteGroups(context.Background(), "g"); err != nil {
				t.Fatal(err)
			}
			p = w.start("a", nil)
			w.ready(p)
			w.eventually("a line", func() bool { return w.log.has("they have expired or were deleted") })
		})
	})
}

// A changelog that forgets before the rules do is made to last when it is created, and told of when it is found.
func TestFaultShortMemory(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		long := func(c *Config) { c.memory = 90 * day }
		p := w.start("a", long)
		w.ready(p)
		p.stop(t)
		const line = "the changelog forgets before the rules do"
		p = w.start("a", long)
		w.ready(p)
		p.stop(t)
		if w.log.has(line) {
			t.Error("the changelog that was created is too short")
		}
		set := []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.ms", Value: kadm.StringPtr("86400000")}}
		if _, err := w.adm.AlterTopicConfigs(context.Background(), set, "g-changelog"); err != nil {
			t.Fatal(err)
		}
		p = w.start("a", long)
		w.ready(p)
		p.stop(t)
		if !w.log.has(line) {
			t.Error("no line says that the changelog is too short")
		}
	})
}

// During a rollout two processes run different rules.
func TestFaultRulesDiffer(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		old := w.start("a", nil)
		w.ready(old)
		w.trial.engines.ruleSet = "edited"
		w.feed(40)
		young := w.start("b", nil)
		w.eventually("both have seen the other's rules", func() bool {
			w.feed(7)
			return metricValue(t, old, "oktastream_ruleset_mismatches_total")+metricValue(t, young, "oktastream_ruleset_mismatches_total") > 0
		})
		if !w.log.has("an ingest worker runs other rules than this process") {
			t.Error("no line says so")
		}
		old.stop(t)
		w.feed(40)
		w.settle()
		before := metricValue(t, young, "oktastream_ruleset_mismatches_total")
		time.Sleep(10 * time.Second)
		if after := metricValue(t, young, "oktastream_ruleset_mismatches_total"); after != before {
			t.Errorf("mismatches go on after the rollout: %v, then %v", before, after)
		}
	})
}

// The broker takes smaller records than it did at the start: a new session looks at the topic again.
func TestFaultSmallerRecords(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		p := w.start("a", nil)
		w.ready(p)
		w.feed(40)
		w.settle()
		set := []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "max.message.bytes", Value: kadm.StringPtr("20000")}}
		if _, err := w.adm.AlterTopicConfigs(context.Background(), set, "g-dlq"); err != nil {
			t.Fatal(err)
		}
		// Not compressible, since brokers measure batches as they come.
		junk := make([]byte, 60000)
		for i, x := 0, uint32(1); i < len(junk); i++ {
			x = x*1664525 + 1013904223
			junk[i] = byte(x >> 24)
		}
		w.put(&kgo.Record{Topic: inputTopic, Value: junk})
		w.feed(40)
		w.settle()
		letters := slices.DeleteFunc(w.read("g-dlq"), func(r *kgo.Record) bool { return headers(r)["truncated"] != "60000" })
		if len(letters) != 1 || len(letters[0].Value) > 20000 {
			t.Errorf("%d dead letters", len(letters))
		}
		rebuild.check(t, p)
		if !w.log.has("MESSAGE_TOO_LARGE") {
			t.Error("no line says why")
		}
	})
}
