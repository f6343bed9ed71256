package processor

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"oktastream/rules/engine"
	"oktastream/rules/event"
)

// TestLateSource: a source all of whose events are late is named once a minute, and one that has timely ones is not.
func TestLateSource(t *testing.T) {
	var said bytes.Buffer
	log := slog.New(slog.NewTextHandler(&said, nil))
	l := lateSources{lateness: 5 * time.Minute}
	now, clock := time.Unix(1000, 0), int64(time.Hour)
	see := func(partition int32, behind time.Duration) {
		l.see(&engine.Observation{Time: clock - int64(behind), Origin: event.Origin{Topic: "in", Partition: partition}}, clock)
	}
	l.tell(log, now)
	round := func(want ...string) {
		t.Helper()
		said.Reset()
		see(1, 7*time.Minute)
		see(1, 30*time.Minute)
		see(2, 7*time.Minute)
		see(2, time.Second)
		see(3, 5*time.Minute)
		l.tell(log, now.Add(lateSourcesEvery-1))
		if said.Len() > 0 {
			t.Errorf("said before a minute is over: %s", &said)
		}
		now = now.Add(lateSourcesEvery)
		l.tell(log, now)
		if n := strings.Count(said.String(), "level=WARN"); n != 1 {
			t.Errorf("%d warnings: %s", n, &said)
		}
		for _, w := range want {
			if !strings.Contains(said.String(), w) {
				t.Errorf("%q is not in: %s", w, &said)
			}
		}
	}
	round("partition=1", "events=2", "behind=30m0s")
	round("partition=1", "events=2")
	said.Reset()
	now = now.Add(lateSourcesEvery)
	if l.tell(log, now); said.Len() > 0 {
		t.Errorf("a source that has sent nothing is called late: %s", &said)
	}
}
