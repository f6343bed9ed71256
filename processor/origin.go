package processor

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// errInputLost: the group's position is no longer in the log.
var errInputLost = errors.New("the group's offset is not in the log any more")

// adjust runs after the group's offsets are fetched and before a partition is consumed. It replaces "no offset" by
// where the log begins or ends now, so that an abort before the first commit rewinds to that and not to offset 0, and
// it notices a position that the log has lost, or that is of another log.
func (s *session) adjust(ctx context.Context, fetched map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	<-s.made
	topics := make([]string, 0, len(fetched))
	for t := range fetched {
		topics = append(topics, t)
	}
	starts, err := s.adm.ListStartOffsets(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("list start offsets: %w", err)
	}
	ends, err := s.adm.ListEndOffsets(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("list end offsets: %w", err)
	}
	ids, err := topicIDs(ctx, s.adm, topics)
	if err != nil {
		return nil, err
	}
	was, err := s.identified(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.noticeForgotten(ctx, fetched); err != nil {
		return nil, err
	}
	for t, parts := range fetched {
		for p, o := range parts {
			start, ok1 := starts.Lookup(t, p)
			end, ok2 := ends.Lookup(t, p)
			if err := errors.Join(start.Err, end.Err); err != nil || !ok1 || !ok2 {
				return nil, fmt.Errorf("no start or end offset for %s/%d: %w", t, p, errOr(err, kerr.UnknownTopicOrPartition))
			}
			s.setID(t, p, ids[t])
			at := o.EpochOffset().Offset
			l := loss{t, p, at, start.Offset, end.Offset, recreated(was[t][p], ids[t])}
			switch {
			case at < 0:
				if s.opts.startNone {
					return nil, permanent(fmt.Errorf("group %s has no offset for %s/%d, and auto.offset.reset is none", s.opts.group, t, p))
				}
				at = start.Offset
				if s.opts.start.EpochOffset().Offset == kgo.NewOffset().AtEnd().EpochOffset().Offset {
					at = end.Offset
				}
				parts[p] = kgo.NewOffset().At(at)
				s.startsAt(t, p, at)
			case l.recreated || at < start.Offset || at > end.Offset:
				if !s.opts.recover {
					return nil, permanent(fmt.Errorf("%w: group %s %v; records were lost (retention too short, or the topic was recreated). "+
						"Lengthen retention; to go on without them, reset the group's offsets and delete its changelog", errInputLost, s.opts.group, l))
				}
				s.opts.log.Error("records were lost before they were read; reading goes on at the start of the log", "topic", t, "partition", p, "offset", at,
					"log_start", start.Offset, "log_end", end.Offset, "recreated", l.recreated, "err", errInputLost)
				if s.opts.onRecover != nil {
					s.opts.onRecover(l)
				}
				parts[p] = kgo.NewOffset().At(start.Offset)
				s.startsAt(t, p, start.Offset)
			}
		}
	}
	return fetched, nil
}

// noticeForgotten says what it means when the group has no offset at all: that it is new, or renamed, or that its offsets
// have expired or were deleted, which the offsets of the group that follows it tell.
func (s *session) noticeForgotten(ctx context.Context, fetched map[string]map[int32]kgo.Offset) error {
	if s.opts.follower == "" {
		return nil
	}
	for _, parts := range fetched {
		for _, o := range parts {
			if o.EpochOffset().Offset >= 0 {
				return nil
			}
		}
	}
	own, err := s.adm.FetchOffsets(ctx, s.opts.group)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) || len(own) > 0 {
		return err
	}
	follower, err := s.adm.FetchOffsets(ctx, s.opts.follower)
	switch {
	case err != nil && !errors.Is(err, kerr.GroupIDNotFound):
		return err
	case len(follower) > 0:
		s.opts.log.Warn("the group has no offsets, and its detect stage has: they have expired or were deleted, unless there was never any input. "+
			"What the input topics still hold is evaluated again: alerts about single events come again under the same ids, and what is behind the clocks is late: it may complete detections once more",
			"group", s.opts.group, "detect_group", s.opts.follower)
	default:
		s.opts.log.Info("the group is new: no offsets and no state. If it was renamed, its windows are under the old group.id", "group", s.opts.group)
	}
	return nil
}

func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}
