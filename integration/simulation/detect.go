package simulation

import (
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/state"
)

// detector is one member of the detect group.
type detector struct {
	w         *world
	tasks     map[int32]*task
	txn       *txn
	forwarded []alert.Alert
	told      map[said]int64
}

type task struct {
	engine    *engine.Task
	at, saved int64
	touched   bool
}

func (w *world) newDetector() *detector {
	return &detector{w: w, tasks: map[int32]*task{}, told: map[said]int64{}}
}

var errDisagree = errors.New("the restored checkpoint and the group's offset disagree")

// assign restores a task from the changelog.
func (d *detector) assign(p int32) error {
	w := d.w
	if w.rng.IntN(2) == 0 {
		w.changelog[p].compact()
		w.counts.Compacted++
	}
	t := &task{engine: engine.NewTask(w.set, w.options.Engine), at: w.detected[p], saved: w.detected[p]}
	for _, r := range w.changelog[p].all() {
		if err := t.engine.Restore(r.Key, r.Value); err != nil {
			return fmt.Errorf("restore of task %d: %w", p, err)
		}
	}
	if cp, ok := t.engine.Checkpoint(); ok != (t.at > 0) || cp.Input != t.at {
		return fmt.Errorf("task %d: %w: %d and %d", p, errDisagree, cp.Input, t.at)
	}
	w.counts.Restores++
	d.tasks[p] = t
	return nil
}

// step handles some messages inside a transaction, which it begins if there is none.
func (d *detector) step() error {
	w := d.w
	if d.txn == nil {
		d.txn = &txn{}
	}
	for _, p := range sortedKeys(d.tasks) {
		if w.rng.IntN(4) == 0 {
			continue
		}
		t := d.tasks[p]
		records, next := w.repartition[p].read(t.at, 1+w.rng.IntN(80))
		if next == t.at {
			continue
		}
		t.at = next
		if !t.touched {
			t.touched = true
			t.engine.Begin()
		}
		for _, r := range records {
			m, err := engine.DecodeMessage(r.Value)
			if err != nil {
				return err
			}
			m.Limit = engine.LimitAt(r.Timestamp.UnixNano(), w.options.Skew)
			var out engine.Output
			if err := t.engine.Handle(m, &out); err != nil {
				return fmt.Errorf("task %d offset %d: %w", p, r.Offset, err)
			}
			d.forwarded = append(d.forwarded, out.Forwarded...)
			if err := w.produce(d.txn, &out); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish ends the transaction, if there is one, with the clocks of the levels of rules and the changelog.
func (d *detector) finish(f fate) error {
	if d.txn == nil {
		return nil
	}
	w := d.w
	if !d.behind() || w.rng.IntN(2) == 0 {
		d.announce()
	}
	for _, p := range sortedKeys(d.tasks) {
		t := d.tasks[p]
		if !t.touched {
			continue
		}
		for _, c := range t.engine.Changes(state.Checkpoint{Input: t.at, Partitions: int32(len(w.repartition)), RuleSet: w.set.Fingerprint()}) {
			w.changelog[p].append(d.txn, &kgo.Record{Key: c.Key, Value: c.Value})
		}
	}
	d.txn.end(f)
	d.txn = nil
	for _, p := range sortedKeys(d.tasks) {
		t := d.tasks[p]
		switch {
		case !t.touched:
		case f == committed:
			if err := t.engine.Commit(); err != nil {
				return fmt.Errorf("task %d: %w", p, err)
			}
			t.saved, w.detected[p] = t.at, t.at
		default:
			t.engine.Rollback()
			t.at = t.saved
		}
		t.touched = false
	}
	if f == committed {
		w.forwarded = append(w.forwarded, d.forwarded...)
		for k, at := range d.told {
			w.said[k] = at
		}
	}
	d.forwarded = nil
	clear(d.told)
	w.ended(f)
	return nil
}

// announce tells of every task how far it has come, for rules over alerts, if there is news.
func (d *detector) announce() {
	for level := 1; level < d.w.set.Levels(); level++ {
		var sources []engine.SourceClock
		news := false
		for _, p := range sortedKeys(d.tasks) {
			if at, ok := d.tasks[p].engine.Clock(level - 1); ok {
				sources = append(sources, engine.SourceClock{Partition: p, Max: at})
				if k := (said{level, p}); d.w.said[k] < at {
					d.told[k], news = at, true
				}
			}
		}
		if news {
			d.w.announce(d.txn, engine.LevelClocks(level, sources, int32(len(d.w.repartition))))
		}
	}
}

// hasNews reports whether announce would say something.
func (d *detector) hasNews() bool {
	for p, t := range d.tasks {
		for level := 1; level < d.w.set.Levels(); level++ {
			if at, ok := t.engine.Clock(level - 1); ok && d.w.said[said{level, p}] < at {
				return true
			}
		}
	}
	return false
}

// behind reports whether there is something to read.
func (d *detector) behind() bool {
	for p, t := range d.tasks {
		if _, next := d.w.repartition[p].read(t.at, 1); next > t.at {
			return true
		}
	}
	return false
}
