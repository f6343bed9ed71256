package processor

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"oktastream/rules/engine"
)

// Rules over alerts of other rules: their observations are written by detect workers, into the topic that they read, and
// each level of such rules has a clock that the tasks of the level below drive. Everything happens in the transaction of
// the alert itself, so an alert is forwarded as often as it is published: once.

// levels announces how far the tasks of one worker have come, for the levels of rules above 0.
type levels struct {
	said    map[levelTask]int64 // what was announced
	pending map[levelTask]int64 // what the open transaction announces
	last    time.Time           // when
	opened  time.Time
}

type levelTask struct {
	level     int
	partition int32
}

// levelsEvery is the shortest time between two announcements: each costs a record for every partition.
const levelsEvery = time.Second

func newLevels() *levels { return &levels{said: map[levelTask]int64{}} }

// message returns what a level has to say; ok is false if nothing has changed. sources are the tasks' clocks of the level
// below. A clock that was taken back, because it had run ahead, is news as well.
func (l *levels) message(level int, sources []engine.SourceClock, partitions int32) (m engine.Message, ok bool) {
	for _, s := range sources {
		if k := (levelTask{level, s.Partition}); l.said[k] != s.Max {
			l.pending[k], ok = s.Max, true
		}
	}
	return engine.LevelClocks(level, sources, partitions), ok
}

func (l *levels) begin() { l.pending = map[levelTask]int64{} }

func (l *levels) commit() {
	maps.Copy(l.said, l.pending)
	if len(l.pending) > 0 {
		l.last = l.opened
	}
}

// forget makes the next announcement name the partition again, when this worker gets it back.
func (l *levels) forget(partition int32) {
	maps.DeleteFunc(l.said, func(k levelTask, _ int64) bool { return k.partition == partition })
}

// announce writes the clocks of the levels, behind everything that the transaction forwards.
func (d *detectStage) announce(out *transaction, now time.Time) error {
	d.levels.opened = now
	if now.Sub(d.levels.last) < levelsEvery {
		return nil
	}
	byLevel := map[int][]engine.SourceClock{}
	for p, t := range d.tasks {
		if !t.running {
			continue
		}
		for level := 1; level < t.engine.Levels(); level++ {
			if at, ok := t.engine.Clock(level - 1); ok {
				byLevel[level] = append(byLevel[level], engine.SourceClock{Partition: p, Max: at})
			}
		}
	}
	for _, level := range slices.Sorted(maps.Keys(byLevel)) {
		sources := byLevel[level]
		slices.SortFunc(sources, func(a, b engine.SourceClock) int { return cmp.Compare(a.Partition, b.Partition) })
		m, ok := d.levels.message(level, sources, d.count)
		if !ok {
			continue
		}
		if err := d.router.clocks(out, m); err != nil {
			return err
		}
	}
	return nil
}
