package processor

import (
	"math"
	"runtime/debug"
	"testing"
)

func TestTaskBudget(t *testing.T) {
	for _, c := range []struct {
		memory uint64
		tasks  int32
		want   int
	}{
		{3 << 30, 4, 256 << 20},
		{3 << 30, 1, 1 << 30},
		{3 << 30, 0, 1 << 30},
		{300 << 20, 100, minBudget},
		{0, 4, 0},
	} {
		if got := taskBudget(c.memory, c.tasks); got != c.want {
			t.Errorf("%d bytes for %d tasks: %d, want %d", c.memory, c.tasks, got, c.want)
		}
	}
	if got := taskBudget(math.MaxUint64, 1); got <= 0 {
		t.Errorf("a huge memory gives %d", got)
	}
}

func TestMemoryLimit(t *testing.T) {
	for _, c := range []struct {
		runtime, cgroup, system uint64
		bytes                   uint64
		source                  string
	}{
		{0, 0, 8, 8, "physical memory"}, {0, 2, 8, 2, "cgroup"}, {4, 2, 8, 2, "cgroup"}, {1, 2, 8, 1, "GOMEMLIMIT"}, {0, 16, 8, 8, "physical memory"}, {},
	} {
		if bytes, source := smallestLimit(c.runtime, c.cgroup, c.system); bytes != c.bytes || source != c.source {
			t.Errorf("smallestLimit(%d, %d, %d) = %d, %q", c.runtime, c.cgroup, c.system, bytes, source)
		}
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 20))
	if bytes, source := memoryLimit(); bytes != 1<<20 || source != "GOMEMLIMIT" {
		t.Errorf("memoryLimit() = %d, %q; want what GOMEMLIMIT says", bytes, source)
	}
}
