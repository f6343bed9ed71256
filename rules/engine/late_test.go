package engine

import (
	"slices"
	"strings"
	"testing"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/window"
)

// TestLateBacklog: the clock has passed a forwarder that was down; what it sends then fires once, says that it is late, and
// counts no copy, whether the process has been restarted meanwhile or not. Rules over alerts hear of it.
func TestLateBacklog(t *testing.T) {
	for _, restart := range []bool{false, true} {
		l := NewLocal(testSet(t), Options{})
		again := func() {
			t.Helper()
			if restart {
				if err := l.Restart(); err != nil {
					t.Fatal(err)
				}
			}
		}
		noise := func(at time.Duration) string {
			return strings.Replace(failed(99, "192.0.2.99", at), `"fail"`, `"noise"`, 1)
		}
		var got []alert.Alert
		count := func(events ...string) (n int) {
			t.Helper()
			for _, e := range events {
				for _, a := range feed(t, l, e) {
					if a.Rule.Name == "count" {
						n++
						got = append(got, a)
					}
				}
				again()
			}
			return n
		}
		count(noise(time.Hour))
		if n := count(failed(1, "192.0.2.1", 0), failed(2, "192.0.2.1", 5*time.Second), failed(2, "192.0.2.1", 5*time.Second)); n != 0 {
			t.Errorf("restart %v: two late events and a copy fired", restart)
		}
		if n := count(failed(3, "192.0.2.1", 10*time.Second), failed(4, "192.0.2.1", 11*time.Second), failed(3, "192.0.2.1", 10*time.Second)); n != 1 {
			t.Errorf("restart %v: %d alerts, want 1", restart, n)
		}
		if len(got) != 1 || !got[0].Late || !slices.ContainsFunc(got[0].Notes, func(n string) bool { return strings.HasPrefix(n, "3 events of it came later") }) {
			t.Fatalf("restart %v: %+v", restart, got)
		}
		// After its window's length of clock a late row is gone.
		if n := count(failed(11, "192.0.2.2", 0), failed(12, "192.0.2.2", 0), noise(time.Hour+10*time.Minute+time.Second), failed(13, "192.0.2.2", 0)); n != 0 {
			t.Errorf("restart %v: rows that are kept no more fired", restart)
		}
		if n := count(failed(21, "192.0.2.3", 59*time.Minute), failed(22, "192.0.2.3", 61*time.Minute), failed(23, "192.0.2.3", 70*time.Minute)); n != 0 {
			t.Errorf("restart %v: fired over more than the window", restart)
		}
		if n := count(failed(24, "192.0.2.3", 62*time.Minute)); n != 1 || !got[len(got)-1].Late {
			t.Errorf("restart %v: a late event among timely ones: %d alerts, %+v", restart, n, got)
		}
		stats := l.Stats()
		i := slices.IndexFunc(l.set.Rules(), func(r rules.Rule) bool { return r.Name == "count" })
		if !restart && stats[i].Late == 0 || stats[i].Unusable != 0 {
			t.Errorf("restart %v: %+v", restart, stats[i])
		}
		var out Output
		if err := l.Close(&out); err != nil || l.task.Windows() != 0 {
			t.Errorf("restart %v: %v, %d windows are left", restart, err, l.task.Windows())
		}
	}
}

// TestLateUnusable: what only a closed window could have used is counted and fires nothing.
func TestLateUnusable(t *testing.T) {
	set := edited(t, func(r *rules.Rule) {
		w := &r.Stateful.Window
		w.AtClose, w.Threshold, w.Condition = true, 0, []window.Bound{{Op: window.Below, Value: 3}}
	})
	l := NewLocal(set, Options{})
	i := slices.IndexFunc(set.Rules(), func(r rules.Rule) bool { return r.Name == "count" })
	feed(t, l, failed(1, "192.0.2.9", time.Hour), failed(2, "192.0.2.1", 0), failed(3, "192.0.2.1", 54*time.Minute))
	if s := l.Stats()[i]; s.Late != 2 || s.Unusable != 1 {
		t.Errorf("%+v, want two late, of which one is of no use", s)
	}
}

// TestLongID: an id that no record of the changelog could hold is kept as a digest, and a copy still counts once.
func TestLongID(t *testing.T) {
	l := NewLocal(testSet(t), Options{})
	long := strings.Replace(failed(1, "192.0.2.1", 0), `"f1"`, `"`+strings.Repeat("u", 900_000)+`"`, 1)
	if got := feed(t, l, long, long, failed(2, "192.0.2.1", 0), failed(3, "192.0.2.1", 0)); len(got) != 1 || got[0].Count != 3 {
		t.Errorf("%d alerts", len(got))
	}
	if err := l.commit(); err != nil {
		t.Fatal(err)
	}
	for k, v := range l.log {
		if len(k)+len(v) > 950_000 { // the projection of the event that opened the episode is the longest
			t.Errorf("an entry of %d bytes", len(k)+len(v))
		}
	}
}
