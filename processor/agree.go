package processor

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"

	"oktastream/state"
)

var (
	// errDisagree: the changelog's checkpoint and the group's offset name different positions.
	errDisagree = errors.New("state and offsets disagree")
	// errForeign: the changelog was written under other circumstances.
	errForeign = errors.New("the changelog does not belong to this configuration")
)

// agree returns the input offset at which a restored task goes on. at is where the client stands; fresh means that the
// group has no offset.
func (d *detectStage) agree(ctx context.Context, t *task, at int64, fresh bool) (int64, error) {
	cp, ok := t.engine.Checkpoint()
	if !ok {
		if fresh {
			return at, nil
		}
		return 0, permanent(fmt.Errorf("%w: group %s stands at %d of %s/%d, and %s/%d holds no checkpoint: the state is gone (topic deleted or recreated, or too short a retention). "+
			"To start without state, delete the offsets of the group", errDisagree, d.group, at, d.topic, t.partition, d.changelog, t.partition))
	}
	switch {
	case cp.Partitions != d.count:
		return 0, permanent(fmt.Errorf("%w: %s/%d was written when %s had %d partitions, and now it has %d: keys are routed elsewhere. "+
			"Recreate the topic with %d partitions, or begin without state under another group.id", errForeign, d.changelog, t.partition, d.topic, cp.Partitions, d.count, cp.Partitions))
	case cp.Group != d.group:
		return 0, permanent(fmt.Errorf("%w: %s/%d was written by group %q, and this is %q. Name another changelog topic, or the old group",
			errForeign, d.changelog, t.partition, cp.Group, d.group))
	case cp.Format > stateFormat:
		return 0, permanent(fmt.Errorf("%w: %s/%d has format %d, written by a newer version; this one reads up to %d",
			errForeign, d.changelog, t.partition, cp.Format, stateFormat))
	}
	if cp.RuleSet != d.ruleSet {
		d.log.Info("the rules have changed since the checkpoint", "partition", t.partition, "was", cp.RuleSet, "is", d.ruleSet)
	}
	switch {
	case fresh:
		return cp.Input, d.follow(ctx, t, cp)
	case cp.Input == at:
		return at, nil
	}
	return 0, d.confirm(ctx, t, cp.Input, at)
}

// follow seeks to the checkpoint when the group's offsets have expired and the changelog has survived.
func (d *detectStage) follow(ctx context.Context, t *task, cp state.Checkpoint) error {
	starts, err1 := d.s.adm.ListStartOffsets(ctx, d.topic)
	ends, err2 := d.s.adm.ListEndOffsets(ctx, d.topic)
	start, ok1 := starts.Lookup(d.topic, t.partition)
	end, ok2 := ends.Lookup(d.topic, t.partition)
	if err := errors.Join(err1, err2, start.Err, end.Err); err != nil || !ok1 || !ok2 {
		return fmt.Errorf("list offsets of %s/%d: %w", d.topic, t.partition, errOr(err, kerr.UnknownTopicOrPartition))
	}
	l := loss{d.topic, t.partition, cp.Input, start.Offset, end.Offset, recreated(cp.Topic, d.s.id(d.topic, t.partition))}
	if l.recreated || l.at < l.start || l.at > l.end {
		return permanent(fmt.Errorf("%w: the checkpoint of task %d %v (topic recreated, or too short a retention). "+
			"To start without state, delete the changelog", errInputLost, t.partition, l))
	}
	d.log.Warn("the group has no offset; following the checkpoint", "partition", t.partition, "offset", cp.Input)
	d.s.seek(offsets{d.topic: {t.partition: {Epoch: -1, Offset: cp.Input}}})
	return nil
}

// confirm tells a disagreement that stays from one that comes of a member that was thrown out and does not know yet.
func (d *detectStage) confirm(ctx context.Context, t *task, checkpoint, at int64) error {
	err := fmt.Errorf("%w: the checkpoint in %s/%d is at %d of %s/%d, and group %s is at %d", errDisagree, d.changelog, t.partition, checkpoint,
		d.topic, t.partition, d.group, at)
	ctx, cancel := context.WithTimeout(ctx, d.s.opts.end)
	defer cancel()
	have, ferr := stableOffsets(ctx, d.s.adm, d.group)
	if ferr != nil {
		return errors.Join(err, ferr)
	}
	if now, ok := have[d.topic][t.partition]; !ok || now != at {
		return err // another member has moved on: a new session will see the present
	}
	return permanent(fmt.Errorf("%w. Offsets were reset, or the changelog was changed, by someone else. Set the offset to %d to go on where the state stands, "+
		"or delete the changelog and the offsets to start without state", err, checkpoint))
}
