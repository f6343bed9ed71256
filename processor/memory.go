package processor

import (
	"math"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// AutoBudget is the StateBudget that follows from the memory this process may use.
const AutoBudget = -1

// budgetShare: the windows of all tasks together may hold a third of the memory. The collector lets the heap grow to about
// twice what lives, and the clients and batches need the rest.
const budgetShare = 3

// minBudget keeps tasks useful where memory is small or partitions are many.
const minBudget = 8 << 20

// memoryLimit is how much memory this process may use, and who says so.
func memoryLimit() (bytes uint64, source string) {
	cgroup, err := memlimit.FromCgroup()
	if err != nil {
		cgroup = 0
	}
	system, err := memlimit.FromSystem()
	if err != nil {
		system = 0
	}
	runtime := debug.SetMemoryLimit(-1)
	if runtime == math.MaxInt64 {
		runtime = 0
	}
	return smallestLimit(uint64(runtime), cgroup, system)
}

// smallestLimit is the smallest of the limits that there are; 0 is none.
func smallestLimit(runtime, cgroup, system uint64) (bytes uint64, source string) {
	for _, l := range []struct {
		bytes  uint64
		source string
	}{{runtime, "GOMEMLIMIT"}, {cgroup, "cgroup"}, {system, "physical memory"}} {
		if l.bytes > 0 && (bytes == 0 || l.bytes < bytes) {
			bytes, source = l.bytes, l.source
		}
	}
	return bytes, source
}

// taskBudget is what one of so many tasks may hold. It is reckoned as if this process owned all of them, since that is what
// it comes to when the others die; and so a task has the same budget wherever there is the same memory. 0 is without limit.
func taskBudget(memory uint64, tasks int32) int {
	if memory == 0 {
		return 0
	}
	return int(min(max(memory/budgetShare/uint64(max(tasks, 1)), minBudget), math.MaxInt))
}
