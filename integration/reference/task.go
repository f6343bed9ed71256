package reference

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/rules"
	"oktastream/rules/engine"
	"oktastream/state"
)

// Task is the state of one partition after all its records.
type Task struct {
	Entries map[string][]byte // changelog key → value, without the checkpoint
	Engine  []byte            // the engine's part of the checkpoint
}

// Tasks feeds the records of the repartition topic to one task per partition, in the order of their offsets, in one
// transaction that commits at the end. An error means that a record cannot be read: the run on trial wrote it.
func Tasks(set *rules.Set, o Options, records []*kgo.Record) (Result, error) {
	res := Result{Tasks: map[int32]Task{}}
	byPartition := map[int32][]*kgo.Record{}
	for _, r := range records {
		byPartition[r.Partition] = append(byPartition[r.Partition], r)
	}
	for _, p := range sortedKeys(byPartition) {
		rs := byPartition[p]
		slices.SortFunc(rs, func(a, b *kgo.Record) int { return cmp.Compare(a.Offset, b.Offset) })
		t, err := res.replay(engine.NewTask(set, o.Engine), o, rs)
		if err != nil {
			return res, fmt.Errorf("partition %d: %w", p, err)
		}
		res.Tasks[p] = t
	}
	return res, nil
}

func (res *Result) replay(task *engine.Task, o Options, rs []*kgo.Record) (Task, error) {
	t := Task{Entries: map[string][]byte{}}
	task.Begin()
	for _, r := range rs {
		m, err := engine.DecodeMessage(r.Value)
		if err != nil {
			return t, fmt.Errorf("offset %d: %w", r.Offset, err)
		}
		m.Limit = engine.LimitAt(r.Timestamp.UnixNano(), o.Skew)
		var out engine.Output
		if err := task.Handle(m, &out); err != nil {
			return t, fmt.Errorf("offset %d: %w", r.Offset, err)
		}
		res.Alerts = append(res.Alerts, out.Alerts...)
		res.Observations = append(res.Observations, out.Observations...)
	}
	for _, c := range task.Changes(state.Checkpoint{}) {
		switch {
		case string(c.Key) == string(state.CheckpointKey):
			cp, err := state.DecodeCheckpoint(c.Value)
			if err != nil {
				return t, err
			}
			t.Engine = cp.Engine
		case c.Value != nil:
			t.Entries[string(c.Key)] = c.Value
		}
	}
	return t, task.Commit()
}
