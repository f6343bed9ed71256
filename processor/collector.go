package processor

import (
	"context"
	"runtime/debug"
	gauges "runtime/metrics"
	"time"
)

const (
	headroom   = 64 << 20 // bytes that the heap may always grow by
	gogc       = 100      // the collector's default
	pacePeriod = time.Second
)

// PaceCollector keeps the heap from growing to twice what lives before the collector runs, where most of that is windows,
// until ctx ends. A collection costs time for what has pointers to follow, and windows have none. So the heap may grow by
// as much as has pointers, and by 64 MiB at least, but never by more than it would otherwise.
//
// The collector is the whole process's: that is why Run does not call this, and why it does nothing where GOGC is set to
// anything but 100.
func PaceCollector(ctx context.Context) {
	s := []gauges.Sample{{Name: "/gc/gogc:percent"}, {Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/heap:bytes"}}
	if gauges.Read(s); s[0].Value.Uint64() != gogc {
		return
	}
	defer debug.SetGCPercent(gogc)
	tick := time.NewTicker(pacePeriod)
	defer tick.Stop()
	for set := gogc; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		gauges.Read(s)
		// Setting it stops the world for a moment, so small changes are not worth it.
		if p := pace(s[1].Value.Uint64(), s[2].Value.Uint64()); p < set-set/8 || p > set+set/8 {
			debug.SetGCPercent(p)
			set = p
		}
	}
}

// pace is the percentage by which a heap of live bytes may grow of which so many have pointers to follow.
func pace(live, scannable uint64) int {
	return int(max(1, min(gogc, gogc*max(scannable, headroom)/max(live, 1))))
}
