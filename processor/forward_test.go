package processor

import (
	"testing"

	"oktastream/rules/engine"
)

// The clock of a level is told when it has moved, also when it was taken back, and not again when it stands.
func TestLevelsTellEveryMove(t *testing.T) {
	l := newLevels()
	for _, step := range []struct {
		clock int64
		told  bool
	}{{100, true}, {100, false}, {200, true}, {150, true}, {150, false}, {160, true}} {
		l.begin()
		if _, told := l.message(1, []engine.SourceClock{{Partition: 3, Max: step.clock}}, 4); told != step.told {
			t.Errorf("clock %d: told %v, want %v", step.clock, told, step.told)
		}
		l.commit()
	}
}
