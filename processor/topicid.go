package processor

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// An offset is a position in one log. A topic that was deleted and created again is another log under the same name: at
// the old offset it holds something else, or nothing yet. Brokers give every topic an id (since Kafka 2.8), so positions
// are kept with the id of their topic: the group's in the metadata of its offsets, a task's in its checkpoint. A position
// without one is believed: an older broker or version wrote it, or an operator, who may so say that it is meant.

// topicIDs are the ids of the topics, zero where brokers give none.
func topicIDs(ctx context.Context, adm *kadm.Client, topics []string) (map[string]kadm.TopicID, error) {
	got, err := adm.ListTopics(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	ids := make(map[string]kadm.TopicID)
	for t, d := range got {
		ids[t] = d.ID
	}
	return ids, nil
}

// recreated reports whether a position of the topic with the id was is none of the topic with the id is.
func recreated(was, is kadm.TopicID) bool {
	return was != is && was != kadm.TopicID{} && is != kadm.TopicID{}
}

// idMetadata begins the metadata of an offset; the id follows, as Kafka's own tools write it.
const idMetadata = "topic-id="

// identify writes the ids into a commit of offsets. It runs while the client holds a lock, and must not wait.
func (s *session) identify(req *kmsg.TxnOffsetCommitRequest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range req.Topics {
		t := &req.Topics[i]
		for j := range t.Partitions {
			if id := s.ids[t.Topic][t.Partitions[j].Partition]; id != (kadm.TopicID{}) {
				t.Partitions[j].Metadata = kmsg.StringPtr(idMetadata + base64.RawURLEncoding.EncodeToString(id[:]))
			}
		}
	}
	return nil
}

// identified are the ids that the group's offsets were committed with.
func (s *session) identified(ctx context.Context) (map[string]map[int32]kadm.TopicID, error) {
	got, err := s.adm.FetchOffsets(ctx, s.opts.group)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		return nil, fmt.Errorf("fetch offsets of group %s: %w", s.opts.group, err)
	}
	ids := make(map[string]map[int32]kadm.TopicID)
	got.Each(func(o kadm.OffsetResponse) {
		text, ok := strings.CutPrefix(o.Metadata, idMetadata)
		if raw, err := base64.RawURLEncoding.DecodeString(text); ok && err == nil && len(raw) == len(kadm.TopicID{}) {
			if ids[o.Topic] == nil {
				ids[o.Topic] = make(map[int32]kadm.TopicID)
			}
			ids[o.Topic][o.Partition] = kadm.TopicID(raw)
		}
	})
	return ids, nil
}

// setID notes which topic a partition's position is of.
func (s *session) setID(topic string, partition int32, id kadm.TopicID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ids[topic] == nil {
		s.ids[topic] = make(map[int32]kadm.TopicID)
	}
	s.ids[topic][partition] = id
}

// id is the topic that the position of an assigned partition is of.
func (s *session) id(topic string, partition int32) kadm.TopicID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ids[topic][partition]
}
