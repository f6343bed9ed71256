package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"oktastream/rules/engine"
	"oktastream/state"
)

func heapBytes() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// forcedGC is the shortest of several forced collections, and how long the world stood still in that: others of this
// machine's processes can only lengthen it.
func forcedGC() (whole, pause time.Duration) {
	for i := range 9 {
		before := time.Now()
		runtime.GC()
		took := time.Since(before)
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if i == 0 || took < whole {
			whole, pause = took, time.Duration(m.PauseNs[(m.NumGC+255)%256])
		}
	}
	return whole, pause
}

// resident is what the kernel says of the memory of a process, in bytes: now, and at most so far.
func resident(pid int) (now, most int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(text)) {
		var kb int
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kb); err == nil {
			now = kb << 10
		}
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kb); err == nil {
			most = kb << 10
		}
	}
	return now, most
}

// footprint prints where the memory of a task is.
func footprint(task *engine.Task, windows int) {
	var sum state.Footprint
	for _, f := range task.Footprint() {
		sum.Packed += f.Packed
		sum.Labels += f.Labels
		sum.Lost += f.Lost
		sum.Free += f.Free
		sum.Records += f.Records
		sum.Chains += f.Chains
		sum.Hints += f.Hints
	}
	each := func(n int) float64 { return float64(n) / float64(windows) }
	row("… packed; owner and length; rest of the cell; free in the arena", "%.1f, %.1f, %.1f, %.1f B", each(sum.Packed), each(sum.Labels), each(sum.Lost), each(sum.Free))
	row("… records; chains; hints of when they are due", "%.1f, %.1f, %.1f B", each(sum.Records), each(sum.Chains), each(sum.Hints))
}
