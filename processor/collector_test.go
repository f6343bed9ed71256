package processor

import (
	"context"
	"runtime"
	gauges "runtime/metrics"
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	for _, c := range []struct {
		live, scannable uint64
		want            int
	}{
		{0, 0, 100},
		{10 << 20, 1 << 20, 100},
		{64 << 20, 1 << 20, 100},
		{128 << 20, 1 << 20, 50},
		{2560 << 20, 8 << 20, 2},
		{2560 << 20, 256 << 20, 10},
		{1 << 40, 0, 1},
		{1 << 30, 1 << 30, 100},
	} {
		if got := pace(c.live, c.scannable); got != c.want {
			t.Errorf("a heap of %d with pointers in %d may grow by %d percent, want %d", c.live, c.scannable, got, c.want)
		}
	}
}

// TestPaceCollector holds much memory without pointers.
func TestPaceCollector(t *testing.T) {
	percent := func() uint64 {
		s := []gauges.Sample{{Name: "/gc/gogc:percent"}}
		gauges.Read(s)
		return s[0].Value.Uint64()
	}
	if percent() != gogc {
		t.Skip("GOGC is set")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		PaceCollector(ctx)
		close(ended)
	}()
	windows := make([]byte, 512<<20) // never touched
	for deadline := time.Now().Add(30 * time.Second); percent() > 50; {
		if time.Now().After(deadline) {
			t.Fatalf("the heap may grow by %d percent", percent())
		}
		runtime.GC()
		time.Sleep(50 * time.Millisecond)
	}
	runtime.KeepAlive(windows)
	cancel()
	<-ended
	if percent() != gogc {
		t.Errorf("afterwards the heap may grow by %d percent", percent())
	}
}
