package processor

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Headers of the records that carry clocks. Every ingest worker writes one to every task each second, so they tell at
// little cost who else writes to the topic that the tasks read.
const (
	headerGroup = "oktastream-group"   // group.id of the writer
	headerRules = "oktastream-ruleset" // fingerprint of its rules
)

// stamp is what a writer says of itself.
func stamp(group, ruleSet string) []kgo.RecordHeader {
	return []kgo.RecordHeader{{Key: headerGroup, Value: []byte(group)}, {Key: headerRules, Value: []byte(ruleSet)}}
}

// belongs returns errForeign, permanently, for a record of the repartition topic that another installation wrote, or that
// was routed by another number of partitions: either way windows would see events that are not theirs, and lack events
// that are.
func (d *detectStage) belongs(r *kgo.Record) error {
	if len(r.Key) > 0 {
		if want := partitionOf(r.Key, d.count); want != r.Partition {
			return permanent(fmt.Errorf("%w: %s/%d offset %d belongs into partition %d of %d: it was routed by another number of partitions, so keys are split. "+
				"Stop all processes, recreate %s and %s with one number of partitions, or begin without state under another group.id",
				errForeign, r.Topic, r.Partition, r.Offset, want, d.count, d.topic, d.changelog))
		}
		return nil
	}
	for _, h := range r.Headers {
		switch {
		case h.Key == headerGroup && string(h.Value) != d.installation:
			return permanent(fmt.Errorf("%w: %s/%d offset %d was written by group %q, and this is %q: two installations share the topic. Give each its own repartition and changelog topics",
				errForeign, r.Topic, r.Partition, r.Offset, h.Value, d.installation))
		case h.Key == headerRules:
			d.otherRules(string(h.Value))
		}
	}
	return nil
}

// otherRulesEvery is how often a process says that others run other rules: a rollout takes longer than a second.
const otherRulesEvery = time.Minute

// otherRules notes that an ingest worker runs other rules: their observations come here, and what only one of the two
// knows is not detected. That is normal while a rollout lasts, and a mistake when it stays.
func (d *detectStage) otherRules(theirs string) {
	if theirs == d.ruleSet {
		return
	}
	d.tally.add(d.metrics.otherRules, 1)
	if now := time.Now(); now.Sub(d.warned) >= otherRulesEvery {
		d.warned = now
		d.log.Warn("an ingest worker runs other rules than this process; rules that only one of them has do not fire until the rollout is complete",
			"its_ruleset", theirs, "ruleset", d.ruleSet)
	}
}
