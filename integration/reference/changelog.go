package reference

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/rules/engine"
	"oktastream/state"
)

// changelog is what compaction leaves of a changelog topic.
type changelog map[int32]*taskLog

type taskLog struct {
	entries    map[string][]byte // without the checkpoint
	checkpoint state.Checkpoint
	known      bool // there is one
}

func compact(records []*kgo.Record) (changelog, error) {
	log := changelog{}
	slices.SortStableFunc(records, func(a, b *kgo.Record) int { return cmp.Compare(a.Offset, b.Offset) })
	for _, r := range records {
		t := log[r.Partition]
		if t == nil {
			t = &taskLog{entries: map[string][]byte{}}
			log[r.Partition] = t
		}
		switch {
		case string(r.Key) == string(state.CheckpointKey):
			cp, err := state.DecodeCheckpoint(r.Value)
			if err != nil {
				return nil, fmt.Errorf("%s/%d offset %d: %w", r.Topic, r.Partition, r.Offset, err)
			}
			t.checkpoint, t.known = cp, true
		case r.Value == nil:
			delete(t.entries, string(r.Key))
		default:
			t.entries[string(r.Key)] = r.Value
		}
	}
	return log, nil
}

// read returns the records of the repartition topic that the tasks have read, and complains of observations among the
// others.
func (l changelog) read(records []*kgo.Record) (read []*kgo.Record, complaints []string) {
	for _, r := range records {
		if t := l[r.Partition]; t != nil && r.Offset < t.checkpoint.Input {
			read = append(read, r)
			continue
		}
		if m, err := engine.DecodeMessage(r.Value); err != nil || m.Observation != nil {
			complaints = append(complaints, fmt.Sprintf("task %d: the record at offset %d was not read: %s", r.Partition, r.Offset, clip(string(r.Value))))
		}
	}
	return read, complaints
}

// compare wants the changelog to hold the windows of the tasks and nothing else.
func (l changelog) compare(want map[int32]Task) []string {
	var d []string
	for _, p := range sortedKeys(l) {
		add := func(format string, args ...any) {
			d = append(d, fmt.Sprintf("task %d: ", p)+fmt.Sprintf(format, args...))
		}
		got := l[p]
		if !got.known {
			add("no checkpoint")
		} else if !bytes.Equal(got.checkpoint.Engine, want[p].Engine) {
			add("clocks in the checkpoint differ: want %x, got %x", want[p].Engine, got.checkpoint.Engine)
		}
		for _, k := range sortedKeys(want[p].Entries) {
			if v, ok := got.entries[k]; !ok {
				add("the changelog lacks %q", k)
			} else if !bytes.Equal(v, want[p].Entries[k]) {
				add("the changelog differs at %q: want %q, got %q", k, want[p].Entries[k], v)
			}
		}
		for _, k := range sortedKeys(got.entries) {
			if _, ok := want[p].Entries[k]; !ok {
				add("the changelog holds %q, which the task does not: %q", k, got.entries[k])
			}
		}
	}
	return d
}
