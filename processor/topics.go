package processor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// topics is what the cluster says about the group's topics.
type topics struct {
	partitions map[string]int32 // of every topic
	sizes      map[string]int   // largest record per output topic, in bytes
}

// batch is the largest batch of records that a topic takes, and for no topic the largest of all. One for all topics will
// not do: what fits its own topic would be refused because another takes less.
func (t topics) batch(topic string) int32 {
	n, ok := t.sizes[topic]
	for _, other := range t.sizes {
		if !ok {
			n = max(n, other)
		}
	}
	return int32(min(max(n, minBatch), maxBatch))
}

// The client sends no batches of other sizes.
const minBatch, maxBatch = 512, 1 << 30

// day is the unit in which retention is given.
const day = 24 * time.Hour

// own are the settings of the topics that CreateTopics makes.
//
// The changelog is deleted by age as well as compacted, so that a renamed group's or a removed rule's entries go away.
// The age counts from when an entry was written, and is far above the longest window; the checkpoint is written all the
// time. Tombstones stay longer than the slowest restore.
func own(c Config, topic string) map[string]string {
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	switch topic {
	case c.Changelog:
		return map[string]string{"cleanup.policy": "compact,delete", "retention.ms": ms(max(30*day, c.memory+day)), "retention.bytes": "-1", "delete.retention.ms": ms(day),
			"min.cleanable.dirty.ratio": "0.1", "segment.ms": ms(6 * time.Hour)}
	case c.Repartition:
		return map[string]string{"cleanup.policy": "delete", "retention.ms": ms(2 * day)}
	case c.Alerts, c.DeadLetters:
		return map[string]string{"cleanup.policy": "delete", "retention.ms": ms(14 * day)}
	}
	return nil
}

// prepareTopics creates missing topics where c asks for it, and checks that all fit together. A mismatch is permanent:
// state that was routed by one number of partitions is wrong under another.
func prepareTopics(ctx context.Context, cl *kgo.Client, c Config) (topics, error) {
	if err := checkRights(ctx, cl, c); err != nil {
		return topics{}, err
	}
	adm := kadm.NewClient(cl)
	var missing []string
	all := c.needs()
	within := hearsay
	if c.CreateTopics {
		within = 0 // a topic that is there is not made again
	}
	details, err := known(ctx, adm, all, within)
	if err != nil {
		return topics{}, err
	}
	for _, t := range all {
		if details[t] == 0 {
			missing = append(missing, t)
		}
	}
	if len(missing) > 0 && !c.CreateTopics {
		return topics{}, permanent(fmt.Errorf("topics that do not exist, or that this user may not describe: %s; create them, or run with create.topics (--create-topics)",
			strings.Join(missing, ", ")))
	}
	for _, t := range missing {
		if err := create(ctx, adm, c, t, details); err != nil {
			return topics{}, err
		}
	}
	if len(missing) > 0 {
		if details, err = known(ctx, adm, all, creation); err == nil && len(details) < len(all) {
			err = errors.New("created topics do not appear")
		}
		if err != nil {
			return topics{}, err
		}
	}
	found := topics{partitions: details, sizes: make(map[string]int)}
	if n, m := details[c.Repartition], details[c.Changelog]; n != m && c.Stages&Detect != 0 {
		return topics{}, permanent(fmt.Errorf("topic %s has %d partitions and %s has %d: a task keeps its state in the changelog partition of the same number. "+
			"Delete the one that holds nothing and create it again with as many partitions; a changelog that holds state must keep its number",
			c.Repartition, n, c.Changelog, m))
	}
	for _, t := range c.outputs() {
		found.sizes[t] = c.MaxRequestSize
	}
	return found, checkSettings(ctx, adm, c, found)
}

// outputs are the topics that the stages of c write to, and that the detect stage reads.
func (c *Config) outputs() []string {
	out := []string{c.Alerts, c.Repartition, c.DeadLetters}
	if c.Stages&Detect != 0 {
		out = append(out, c.Changelog)
	}
	return out
}

// needs are all topics that the stages of c touch. A process of one stage need not be allowed the other's.
func (c *Config) needs() []string {
	out := c.outputs()
	if c.Stages&Ingest != 0 {
		out = append(out, c.Input...)
	}
	return out
}

// describe returns the partitions of the topics that exist.
func describe(ctx context.Context, adm *kadm.Client, names []string) (map[string]int32, error) {
	got, err := adm.ListTopics(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	counts := make(map[string]int32)
	for _, t := range names {
		d, ok := got[t]
		switch {
		case !ok, errors.Is(d.Err, kerr.UnknownTopicOrPartition):
		case d.Err != nil:
			return nil, fmt.Errorf("topic %s: %w", t, d.Err)
		default:
			counts[t] = int32(len(d.Partitions))
		}
	}
	return counts, nil
}

func create(ctx context.Context, adm *kadm.Client, c Config, topic string, have map[string]int32) error {
	n := c.Partitions
	switch {
	case topic == c.Changelog && have[c.Repartition] > 0:
		n = have[c.Repartition]
	case topic == c.Repartition && have[c.Changelog] > 0:
		n = have[c.Changelog]
	}
	settings := make(map[string]*string)
	for k, v := range own(c, topic) {
		settings[k] = &v
	}
	_, err := adm.CreateTopic(ctx, n, c.Replication, settings, topic)
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) { // another process was faster
		return lacks(fmt.Errorf("create topic %s: %w", topic, err), "CREATE", "topic "+topic+" or on the cluster")
	}
	return nil
}

// hearsay is how long a broker that does not know a topic is asked again. Each broker follows the controller's log at its
// own pace, so that one may not have heard of what another has just told.
const hearsay = 5 * time.Second

// creation is how long brokers may take to make topics, which they do after they have answered.
const creation = 30 * time.Second

// known returns the partitions of the topics once a broker knows all of them, or of those that it knows when time is up.
func known(ctx context.Context, adm *kadm.Client, names []string, within time.Duration) (map[string]int32, error) {
	for began := time.Now(); ; pause(ctx, 50*time.Millisecond) {
		counts, err := describe(ctx, adm, names)
		if err == nil && len(counts) == len(names) || time.Since(began) >= within || ctx.Err() != nil {
			return counts, err
		}
	}
}

// describeSettings returns what the topics, which exist, are configured to do.
func describeSettings(ctx context.Context, adm *kadm.Client, names []string) (kadm.ResourceConfigs, error) {
	for began := time.Now(); ; pause(ctx, 50*time.Millisecond) {
		got, err := adm.DescribeTopicConfigs(ctx, names...)
		unheard := slices.ContainsFunc(got, func(c kadm.ResourceConfig) bool { return errors.Is(c.Err, kerr.UnknownTopicOrPartition) })
		if err != nil || !unheard || time.Since(began) > hearsay {
			return got, err
		}
	}
}

// checkSettings looks at what topics are configured to do. Where the user may not read that, it believes the best.
func checkSettings(ctx context.Context, adm *kadm.Client, c Config, found topics) error {
	outputs := c.outputs()
	got, err := describeSettings(ctx, adm, outputs)
	if err != nil {
		c.Logger.Warn("topic settings cannot be read, so they are not checked", "err", err)
		return nil
	}
	var errs []error
	for _, t := range outputs {
		settings, err := got.On(t, nil)
		if err != nil || settings.Err != nil {
			c.Logger.Warn("topic settings cannot be read, so they are not checked", "topic", t, "err", errOr(err, settings.Err))
			continue
		}
		deletes := slices.ContainsFunc(settings.Configs, func(s kadm.Config) bool {
			return s.Key == "cleanup.policy" && strings.Contains(s.MaybeValue(), "delete")
		})
		for _, s := range settings.Configs {
			value := s.MaybeValue()
			switch s.Key {
			case "retention.bytes":
				if n, err := strconv.ParseInt(value, 10, 64); err == nil && n >= 0 && deletes && t == c.Changelog {
					errs = append(errs, fmt.Errorf("topic %s has retention.bytes=%d: state would be deleted by size, whatever its age; set -1", t, n))
				}
			case "retention.ms":
				if n, err := strconv.ParseInt(value, 10, 64); err == nil && n >= 0 && deletes && t == c.Changelog && n < c.memory.Milliseconds() {
					c.Logger.Warn("the changelog forgets before the rules do: after a restart the beginning of long windows is missing; raise its retention.ms",
						"topic", t, "retention", time.Duration(n)*time.Millisecond, "needed", c.memory)
				}
			case "max.message.bytes":
				if n, err := strconv.Atoi(value); err == nil && n > 0 {
					found.sizes[t] = min(found.sizes[t], n)
				}
			case "cleanup.policy":
				compacted := slices.Contains(strings.Split(strings.ReplaceAll(value, " ", ""), ","), "compact")
				switch {
				case t == c.Changelog && !compacted:
					errs = append(errs, fmt.Errorf("topic %s has cleanup.policy=%s: state would be deleted by age alone; set compact or compact,delete", t, value))
				case t == c.Repartition && compacted:
					errs = append(errs, fmt.Errorf("topic %s has cleanup.policy=%s: compaction would drop observations that share a key; set delete", t, value))
				}
			}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return permanent(err)
	}
	return nil
}
