package processor

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Without create.topics a missing topic is an error that names it, and so is a changelog that does not fit.
func TestPipelineTopicsRefused(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	createInput(t, c, 1)
	run := func(edit func(*Config)) error {
		return <-start(t, c, counting(), edit).done
	}
	err := run(func(c *Config) { c.CreateTopics = false })
	if err == nil || !strings.Contains(err.Error(), "g-changelog") || strings.Contains(err.Error(), inputTopic) {
		t.Errorf("missing topics: %v", err)
	}
	if err := c.CreateTopic("g-repartition", 3, nil); err != nil {
		t.Fatal(err)
	}
	if err := c.CreateTopic("g-changelog", 2, map[string]string{"cleanup.policy": "compact"}); err != nil {
		t.Fatal(err)
	}
	if err := run(nil); err == nil || !strings.Contains(err.Error(), "3 partitions") || !strings.Contains(err.Error(), "has 2") {
		t.Errorf("partition counts: %v", err)
	}
	if err := c.CreateTopic("log3", 3, map[string]string{"cleanup.policy": "delete"}); err != nil {
		t.Fatal(err)
	}
	if err := run(func(c *Config) { c.Changelog = "log3" }); err == nil || !strings.Contains(err.Error(), "cleanup.policy=delete") {
		t.Errorf("changelog that is not compacted: %v", err)
	}
}

// Created topics have what the changelog needs, and both internal topics the same number of partitions.
func TestPipelineCreatesTopics(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	createInput(t, c, 1)
	if err := c.CreateTopic("g-changelog", 3, map[string]string{"cleanup.policy": "compact,delete"}); err != nil {
		t.Fatal(err)
	}
	p := start(t, c, counting(), nil)
	eventually(t, 10*time.Second, "ready", func() bool { return p.Readiness().Ready })
	p.stop(t)
	counts, err := describe(context.Background(), kadm.NewClient(newClient(t, c)), []string{"g-repartition", "g-changelog", "g-dlq", "okta.alerts"})
	want := map[string]int32{"g-repartition": 3, "g-changelog": 3, "g-dlq": 4, "okta.alerts": 4}
	if err != nil || !cmp.Equal(counts, want) {
		t.Errorf("partitions %v, %v; want %v", counts, err, want)
	}
}

// Topics that somebody has just created may be unknown to the broker that is asked first. Nothing may be decided by that:
// neither that they are missing, nor what they take.
func TestPipelineTopicsUnheard(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	createInput(t, c, 1)
	for topic, settings := range map[string]map[string]string{
		"g-repartition": nil, "g-changelog": {"cleanup.policy": "compact"}, "okta.alerts": nil, "g-dlq": {"max.message.bytes": "12345"},
	} {
		if err := c.CreateTopic(topic, 1, settings); err != nil {
			t.Fatal(err)
		}
	}
	unheard := []*kfake.FaultHandle{
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Metadata}, Topic: "g-dlq", Err: kerr.UnknownTopicOrPartition, Count: 4}),
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.DescribeConfigs}, Resource: "g-dlq", Err: kerr.UnknownTopicOrPartition, Count: 4}),
	}
	cfg := testConfig(t, c, newNetwork())
	cfg.CreateTopics = false
	p, err := newProcessor(cfg, counting())
	if err != nil {
		t.Fatal(err)
	}
	found, err := p.prepare(t.Context(), "test")
	if err != nil || found.sizes["g-dlq"] != 12345 {
		t.Errorf("%v, a dead letter of at most %d bytes; want 12345", err, found.sizes["g-dlq"])
	}
	for _, h := range unheard {
		if h.Hits() != 4 {
			t.Errorf("%d of 4 answers were wrong", h.Hits())
		}
	}
}
