package engine

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktastream/rules/event"
	"oktastream/rules/window"
)

// What versions wrote that knew no organisations and paths.
const (
	oldObservation = "4f116163746f722e616c7465726e61746549640d61646140782e6578616d706c6503752d31027231aab4aed5be94b98631050f6f6b74612e73797374656d2d6c6f670654027b226576656e7454797065223a226661696c227d"
	oldClocks      = "43000e0302696e008080d0dfbd94b986310002696e0280e098d8d48eb9863101056f746865720000000202696e04056f7468657202"
	oldLevelClocks = "4301000106007461736b73028080d0dfbd94b98631000106007461736b7304"
	oldProgress    = "0102ffffffffffffffffff01000e0302696e008080d0dfbd94b986310002696e0280e098d8d48eb9863101056f746865720000000202696e04056f74686572028080d0dfbd94b9863101000206007461736b73008280d0dfbd94b986310006007461736b73028080d0dfbd94b98631000106007461736b730401027231a0f63b0110010203000000000000000000000000008080d0dfbd94b98631"
	// poisonedProgress stands in 2036: its clock, its sources, the hour of an operator alert and the beginning of a history.
	poisonedProgress = "01018080f8f2fb98f1f239000e0202696e008080f8f2fb98f1f2390002696e028080f8f2fb98f1f239010102696e0401027231dedd460110010203000000000000000000000000008080f8f2fb98f1f239"
)

func fromHex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Messages and checkpoints of earlier versions are read, and are what this version writes where there are no
// organisations: processes of both may work side by side.
func TestGoldenMessages(t *testing.T) {
	const at = 1767225600000000000
	o := &Observation{Class: "actor.alternateId", Key: "ada@x.example", Event: []byte(`{"eventType":"fail"}`), From: "r1", ID: "u-1",
		Time: 1767225600123456789, Flags: event.TimeMissing | event.IDMissing,
		Origin: event.Origin{Topic: "okta.system-log", Partition: 3, Offset: 42, Index: 1}}
	c := &Clocks{Epoch: 7, Partitions: map[string]int32{"in": 2, "other": 1}, Sources: []SourceClock{
		{Topic: "in", Partition: 0, Max: at}, {Topic: "in", Partition: 1, Max: 1767225500000000000, Idle: true}, {Topic: "other"}}}
	for text, want := range map[string]Message{
		oldObservation: {Observation: o},
		oldClocks:      {Clocks: c},
		oldLevelClocks: LevelClocks(1, []SourceClock{{Partition: 1, Max: at}}, 2),
	} {
		got, err := DecodeMessage(fromHex(t, text))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if again := hex.EncodeToString(want.Encode()); again != text {
			t.Errorf("written as %s, and was %s", again, text)
		}
	}
	p, err := decodeProgress(fromHex(t, oldProgress), 2)
	if err != nil {
		t.Fatal(err)
	}
	if p.clock(0) != window.NoClock || p.clock(1) != at || p.evicted["r1"] != 490896 || p.since[[16]byte{1, 2, 3}] != at {
		t.Errorf("%+v", p)
	}
	if again := hex.EncodeToString(p.encode()); again != oldProgress {
		t.Errorf("written as %s, and was %s", again, oldProgress)
	}
}

// Sources of organisations and paths survive the wire and the checkpoint.
func TestNamedSourcesRoundTrip(t *testing.T) {
	c := &Clocks{Epoch: 7, Partitions: map[string]int32{"in": 1}, Sources: []SourceClock{
		{Topic: "in", Max: 5, Unsettled: true}, {Topic: "in", Org: "a.okta.com", Path: "hook", Max: 7}, {Topic: "in", Org: "a.okta.com", Path: "poll", Max: 6, Idle: true}}}
	got, err := DecodeMessage(Message{Clocks: c}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, got.Clocks); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	p := newProgress(1)
	p.books[0].update(c, 0)
	q, err := decodeProgress(p.encode(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p.books[0].clocks(), q.books[0].clocks()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for n := range len(p.encode()) {
		if _, err := decodeProgress(p.encode()[:n], 1); err == nil && n > 0 {
			t.Errorf("cut to %d bytes it is read", n)
		}
	}
}

// Two paths over one partition: the clock follows the one that is behind, until it falls silent; and a worker that has just
// got the partition does not run ahead of a path that it has not met yet.
func TestClockOfPaths(t *testing.T) {
	b := newClockBook()
	whole := func(at int64, idle, unsettled bool) SourceClock {
		return SourceClock{Topic: "in", Max: at, Idle: idle, Unsettled: unsettled}
	}
	path := func(name string, at int64, idle bool) SourceClock {
		return SourceClock{Topic: "in", Path: name, Max: at, Idle: idle}
	}
	step := func(what string, epoch, want int64, sources ...SourceClock) {
		t.Helper()
		b.update(&Clocks{Epoch: epoch, Sources: sources, Partitions: map[string]int32{"in": 1}}, 0)
		if b.now != want {
			t.Errorf("%s: clock %d, want %d", what, b.now, want)
		}
	}
	step("nothing has come yet", 1, window.NoClock, whole(0, false, true))
	step("one path has begun", 1, 500, whole(0, false, true), path("hook", 500, false))
	step("another is behind", 1, 500, whole(0, false, false), path("hook", 900, false), path("poll", 200, false))
	step("it catches up", 1, 800, whole(0, false, false), path("hook", 900, false), path("poll", 800, false))
	step("it falls silent", 1, 950, whole(0, false, false), path("hook", 950, false), path("poll", 810, true))
	step("it is back", 1, 960, whole(0, false, false), path("hook", 990, false), path("poll", 960, false))
	step("the group forms anew, and one path has not been met", 2, 960, whole(0, false, true), path("hook", 1500, false))
	step("it would have been met by now", 2, 1500, whole(0, false, false), path("hook", 1500, false))
	if len(b.sources) != 2 {
		t.Errorf("%d sources are kept", len(b.sources))
	}
	step("it begins again, behind", 2, 1500, whole(0, false, false), path("hook", 1600, false), path("poll", 970, false))
	step("events without a path hold like any other", 2, 1500, whole(970, false, false), path("hook", 1700, false), path("poll", 1650, false))
	step("until they end", 2, 1650, whole(980, true, false), path("hook", 1700, false), path("poll", 1650, false))
}

// A checkpoint of an earlier version that stands in 2036 is healed by the first message, whichever it is, with an alert; and
// what was learnt by that clock goes with it.
func TestPoisonedCheckpointHeals(t *testing.T) {
	const hour = int64(time.Hour)
	limit := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).UnixNano()
	for name, c := range map[string]struct {
		m    Message
		want int64
	}{
		"by an observation":                          {Message{Observation: &Observation{Class: "x", Event: []byte("{}"), Time: limit - hour}, Limit: limit}, window.NoClock},
		"by one partition":                           {Message{Clocks: &Clocks{Sources: []SourceClock{{Topic: "in", Max: limit - hour}}}, Limit: limit}, window.NoClock},
		"by all partitions":                          {Message{Clocks: &Clocks{Sources: []SourceClock{{Topic: "in", Max: limit - hour}, {Topic: "in", Partition: 1, Max: limit - 2*hour}}}, Limit: limit}, limit - 2*hour},
		"by a worker that is of the earlier version": {Message{Clocks: &Clocks{Sources: []SourceClock{{Topic: "in", Max: limit - hour}, {Topic: "in", Partition: 1, Max: limit + 1}}}, Limit: limit}, limit - hour},
	} {
		task := NewTask(goldenRules(t), Options{Org: "example"})
		p, err := decodeProgress(fromHex(t, poisonedProgress), 1)
		if err != nil {
			t.Fatal(err)
		}
		task.committed = p
		for range 2 { // what is rolled back is done again
			task.Begin()
			var out Output
			if err := task.Handle(c.m, &out); err != nil {
				t.Fatal(err)
			}
			if now, _ := task.Clock(0); now != c.want {
				t.Errorf("%s: the clock is %d, want %d", name, now, c.want)
			}
			if len(out.Alerts) != 1 || out.Alerts[0].Kind != "operator" || out.Alerts[0].Rule.ID != healedRule {
				t.Errorf("%s: alerts %+v", name, out.Alerts)
			}
			if len(task.now.since) != 0 || len(task.now.evicted) != 0 {
				t.Errorf("%s: %v and %v stay", name, task.now.since, task.now.evicted)
			}
			out = Output{}
			if err := task.Handle(c.m, &out); err != nil || len(out.Alerts) != 0 {
				t.Errorf("%s, again: %v, %v", name, out.Alerts, err)
			}
		}
	}
}

// Whatever sources say, and however often workers change, the clock never passes the limit of its messages; it never goes
// back but by healing, and not even then as long as no source has said anything impossible.
func TestClockWithinLimit(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 7))
		wrong := rng.IntN(2) == 0
		b := newClockBook()
		limit, epoch := int64(1_000_000), int64(1)
		for range 200 {
			limit += rng.Int64N(1000)
			if rng.IntN(10) == 0 {
				epoch++
			}
			c := &Clocks{Epoch: epoch, Partitions: map[string]int32{"in": 2}}
			part := rng.Int32N(2)
			c.Sources = append(c.Sources, SourceClock{Topic: "in", Partition: part, Max: limit - rng.Int64N(5000), Unsettled: rng.IntN(3) == 0})
			for _, path := range []string{"hook", "poll"} {
				s := SourceClock{Topic: "in", Partition: part, Path: path, Max: limit - rng.Int64N(100_000), Idle: rng.IntN(4) == 0}
				if wrong && rng.IntN(5) == 0 {
					s.Max = limit + 1 + rng.Int64N(1<<50)
				}
				if rng.IntN(3) > 0 {
					c.Sources = append(c.Sources, s)
				}
			}
			before := b.now
			// An earlier version believed anything.
			believed := int64(0)
			if !wrong || rng.IntN(4) > 0 {
				believed = limit
			}
			if believed > 0 && b.heal(limit) {
				if !wrong {
					t.Fatalf("seed %d: healed from %d at %d", seed, before, limit)
				}
				before = window.NoClock
			}
			moved := b.update(c, believed)
			if believed > 0 && b.now > limit || b.now < before || moved != (b.now > before) && before != window.NoClock {
				t.Fatalf("seed %d: clock %d after %d, limit %d", seed, b.now, before, limit)
			}
			p, err := decodeProgress((&progress{books: []clockBook{b}}).encode(), 1)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(fmt.Sprint(b.clocks()), fmt.Sprint(p.books[0].clocks())); diff != "" {
				t.Fatal(diff)
			}
		}
	}
}
