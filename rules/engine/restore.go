package engine

import (
	"slices"

	"oktastream/state"
)

// Restore applies one record of the changelog, in the order of the log; a nil value is a tombstone. An error means that
// the state cannot be trusted, and the task must not be used.
func (t *Task) Restore(key, value []byte) error {
	if slices.Equal(key, state.CheckpointKey) {
		return t.restoreCheckpoint(key, value)
	}
	level := state.LevelOf(key)
	if level >= len(t.stores) {
		return nil // of rules over alerts that are no more
	}
	return t.stores[level].Apply(key, value)
}

func (t *Task) restoreCheckpoint(key, value []byte) error {
	if err := t.stores[0].Apply(key, value); err != nil {
		return err
	}
	levels := len(t.stores)
	cp, ok := t.stores[0].Checkpoint()
	if !ok {
		t.checkpoint, t.restored, t.committed = state.Checkpoint{}, false, newProgress(levels)
		return nil
	}
	p, err := decodeProgress(cp.Engine, levels)
	if err != nil {
		return err
	}
	t.forgetHistories(&p)
	t.checkpoint, t.restored, t.committed = cp, true, p
	return nil
}

// Checkpoint returns the last committed or restored checkpoint; ok is false for a task without a past.
func (t *Task) Checkpoint() (cp state.Checkpoint, ok bool) { return t.checkpoint, t.restored }
