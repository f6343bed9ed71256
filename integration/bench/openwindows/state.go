package main

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"oktastream/processor"
	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
	"oktastream/state"
)

// stateBench prints what open windows cost: memory, collector, updates, a second rule, restoring. The load is sessions,
// of which half have shown one device and half two, under a rule that waits for the third within an hour.
func stateBench(args []string) error {
	flags := flag.NewFlagSet("state", flag.ExitOnError)
	windows := flags.Int("windows", 1_000_000, "open windows")
	further := flags.Bool("further", true, "compare with several rules over the same grouping")
	naive := flags.Bool("naive", true, "compare with a map of maps")
	restore := flags.Bool("restore", true, "restore them from the changelog, which is kept in memory")
	profile := flags.String("cpuprofile", "", "write a CPU profile of the updates")
	if err := flags.Parse(args); err != nil {
		return err
	}
	fmt.Printf("%s, GOMAXPROCS %d, %d windows\n\n", runtime.Version(), runtime.GOMAXPROCS(0), *windows)
	if err := residentState(*windows, *naive, *restore, *profile); err != nil {
		return err
	}
	if !*further {
		return nil
	}
	return secondRule(min(*windows, 100_000))
}

// devices is a rule over sessions that show several devices; n tells apart rules that differ in what cannot matter here.
func devices(n, threshold int) rules.Rule {
	types := &match.Pred{Path: event.MustPath("eventType"), Op: match.Equal, Fold: true, Literals: []string{"policy.evaluate_sign_on", fmt.Sprint("other", n)}}
	return rules.Rule{ID: fmt.Sprint("devices", n), Name: fmt.Sprint("devices", n), Title: "Devices of a session",
		Meta: rules.Meta{Severity: alert.High, Risk: 73},
		Stateful: &rules.Stateful{GroupBy: []string{"actor", "session"},
			Window: window.Spec{Kind: window.Distinct, Length: time.Hour, Lateness: 5 * time.Minute, Quiet: time.Hour, Episode: 24 * time.Hour,
				Distinct: []window.Column{{Name: "dtHash", Threshold: threshold}}},
			Inputs: []rules.Input{{Name: "any", Where: types,
				Group:   []event.Path{event.MustPath("actor.alternateId"), event.MustPath("authenticationContext.externalSessionId")},
				Columns: []event.Path{event.MustPath("debugContext.debugData.dtHash")}}}}}
}

func deviceRules(count, threshold int) (*rules.Set, error) {
	var list []rules.Rule
	for n := range count {
		list = append(list, devices(n, threshold))
	}
	set, diags := rules.NewSet(list)
	if len(diags) > 0 {
		return nil, fmt.Errorf("rules: %v", diags)
	}
	return set, nil
}

// sighting is one event: a session shows a device.
type sighting struct{ session, device, n int }

func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

func (s sighting) actor() string { return fmt.Sprintf("first.last%06d@example.com", s.session/2) }

func (s sighting) id() string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
	b := []byte("102")
	for i := range 22 {
		b = append(b, digits[mix(uint64(s.session)<<8|uint64(i))%64])
	}
	return string(b)
}

func (s sighting) hash() string {
	b := make([]byte, 0, 32)
	for i := range uint64(4) {
		b = binary.BigEndian.AppendUint64(b, mix(uint64(s.session)<<20|uint64(s.device)<<4|i))
	}
	return fmt.Sprintf("%x", b)
}

func (s sighting) uuid() string {
	a, b := mix(uint64(s.n)), mix(^uint64(s.n))
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
}

var began = time.Date(2026, 8, 14, 9, 0, 0, 0, time.UTC)

func (s sighting) observation() engine.Observation {
	hash := s.hash()
	return engine.Observation{Class: "actor.alternateId", Key: s.actor(), ID: s.uuid(), Time: began.UnixNano() + int64(s.n%1_500_000)*2e6,
		Origin: event.Origin{Topic: input, Partition: int32(s.n % 4), Offset: int64(s.n / 4)},
		Event: fmt.Appendf(nil, `{"eventType":"policy.evaluate_sign_on","actor":{"alternateId":%q},"authenticationContext":{"externalSessionId":%q},`+
			`"client":{"ipAddress":"203.0.%d.%d"},"outcome":{"result":"ALLOW"},"debugContext":{"debugData":{"dtHash":%q}}}`,
			s.actor(), s.id(), s.session>>8&0xff, s.session&0xff, hash)}
}

// feeder plays sightings to a task in transactions of a thousand, and adds up the CPU time of nothing else.
type feeder struct {
	task    *engine.Task
	class   string
	keep    bool // the changelog
	log     []state.Change
	used    time.Duration
	alerts  int
	batches int64
}

func newFeeder(set *rules.Set) *feeder {
	return &feeder{task: engine.NewTask(set, engine.Options{}), class: set.Classes()[0].Name}
}

func (f *feeder) play(n int, at func(i int) sighting) error {
	const batch = 1000
	obs := make([]engine.Observation, 0, batch)
	var out engine.Output
	for i := 0; i < n; {
		obs = obs[:0]
		for ; i < n && len(obs) < batch; i++ {
			obs = append(obs, at(i).observation())
			obs[len(obs)-1].Class = f.class
		}
		before := cpu()
		f.task.Begin()
		for j := range obs {
			if err := f.task.Handle(engine.Message{Observation: &obs[j]}, &out); err != nil {
				return err
			}
		}
		f.batches++
		changes := f.task.Changes(state.Checkpoint{Input: f.batches * batch})
		if err := f.task.Commit(); err != nil {
			return err
		}
		f.used += cpu() - before
		f.alerts += len(out.Alerts)
		out.Alerts = out.Alerts[:0]
		if f.keep {
			f.log = append(f.log, changes...)
		}
	}
	return nil
}

func (f *feeder) perUpdate(n int) float64 {
	d := float64(f.used.Nanoseconds()) / float64(n)
	f.used = 0
	return d
}

func row(name, format string, values ...any) {
	fmt.Printf("%-62s %s\n", name, fmt.Sprintf(format, values...))
}

func residentState(windows int, naive, restore bool, profile string) error {
	set, err := deviceRules(1, 3)
	if err != nil {
		return err
	}
	ctx, stopPacing := context.WithCancel(context.Background())
	defer stopPacing()
	go processor.PaceCollector(ctx)
	base := heapBytes()
	empty, _ := forcedGC()
	f := newFeeder(set)
	// Every second session has shown two devices.
	first := func(i int) sighting { return sighting{session: i, device: 0, n: i} }
	second := func(i int) sighting { return sighting{session: 2 * i, device: 1, n: windows + i} }
	updates := min(windows, 1_000_000)
	again := func(i int) sighting {
		return sighting{session: int(mix(uint64(i)) % uint64(windows)), device: 0, n: 2*windows + i}
	}
	third := func(i int) sighting {
		return sighting{session: int(mix(uint64(i)) % uint64(windows)), device: 2, n: 4*windows + i}
	}
	f.keep = restore
	if err := f.play(windows, first); err != nil {
		return err
	}
	if err := f.play(windows/2, second); err != nil {
		return err
	}
	log := f.log
	f.log, f.keep = nil, false
	logBytes := 0
	if restore {
		for _, c := range log {
			logBytes += cap(c.Key) + cap(c.Value) // one allocation, and at least as much
		}
	}
	row("opening a window or adding to it, CPU per observation", "%.2f µs", f.perUpdate(windows*3/2)/1e3)
	var perWindow float64
	if !restore {
		perWindow = float64(heapBytes()-base) / float64(windows)
		row("resident bytes per open window, everything included", "%.0f B", perWindow)
		row("… as the budget counts them", "%.0f B", float64(f.task.Bytes())/float64(windows))
		footprint(f.task, windows)
		whole, pause := forcedGC()
		row("forced GC; of which the world stands still", "%.1f ms; %.2f ms (%.1f ms before)", ms(whole), ms(pause), ms(empty))
	}
	if restore {
		if err := restoreState(set, f.task, log); err != nil {
			return err
		}
		return nil
	}
	stop, err := profileTo(profile)
	if err != nil {
		return err
	}
	if err := f.play(updates, again); err != nil {
		return err
	}
	stop()
	ours := f.perUpdate(updates)
	row("update of a random window, CPU per observation", "%.2f µs", ours/1e3)
	_, most := resident(os.Getpid())
	row("resident memory of the process at most", "%d MiB", most>>20)
	if err := f.play(updates, third); err != nil {
		return err
	}
	f.used = 0
	if !naive {
		return nil
	}
	// The map of maps keeps the hashes and their times, no evidence; it is the exact replay as well.
	before := heapBytes()
	m := map[string]map[string]int64{}
	fired := map[string]bool{}
	var used time.Duration
	play := func(n int, at func(int) sighting) {
		const batch = 1000
		type seen struct{ key, hash string }
		obs := make([]seen, 0, batch)
		for i := 0; i < n; {
			obs = obs[:0]
			for ; i < n && len(obs) < batch; i++ {
				s := at(i)
				obs = append(obs, seen{s.actor() + "|" + s.id(), s.hash()})
			}
			began := cpu()
			for _, o := range obs {
				hashes := m[o.key]
				if hashes == nil {
					hashes = map[string]int64{}
					m[o.key] = hashes
				}
				hashes[o.hash] = int64(i)
				if len(hashes) >= 3 {
					fired[o.key] = true
				}
			}
			used += cpu() - began
		}
	}
	play(windows, first)
	play(windows/2, second)
	theirs := float64(heapBytes()-before) / float64(windows)
	used = 0
	play(updates, again)
	row("map of maps with hash and time only: bytes per key", "%.0f B, %.1f× ours", theirs, theirs/perWindow)
	row("… update, CPU", "%.2f µs, %.2f× ours", float64(used.Nanoseconds())/float64(updates)/1e3, float64(used.Nanoseconds())/float64(updates)/ours)
	whole, _ := forcedGC()
	row("… forced GC", "%.0f ms", ms(whole))
	play(updates, third)
	row("alerts lost or invented against the map of maps", "%d of %d", f.alerts-len(fired), len(fired))
	if f.alerts != len(fired) {
		return fmt.Errorf("%d alerts, the exact replay gives %d", f.alerts, len(fired))
	}
	runtime.KeepAlive(f)
	return nil
}

// restoreState makes a task out of the changelog and compares it with the one that wrote it.
func restoreState(set *rules.Set, was *engine.Task, log []state.Change) error {
	task := engine.NewTask(set, engine.Options{})
	began, before := time.Now(), cpu()
	for _, c := range log {
		if err := task.Restore(c.Key, c.Value); err != nil {
			return err
		}
	}
	windows := task.Windows()
	used := cpu() - before
	row("restoring from a changelog in memory", "%d windows, %d records, %.2f s CPU, %.2f s on the clock", windows, len(log), used.Seconds(), time.Since(began).Seconds())
	row("… CPU per record, per window", "%.2f µs, %.2f µs", used.Seconds()*1e6/float64(len(log)), used.Seconds()*1e6/float64(windows))
	if windows != was.Windows() || task.Bytes() != was.Bytes() {
		return fmt.Errorf("restored %d windows of %d bytes, there were %d of %d", windows, task.Bytes(), was.Windows(), was.Bytes())
	}
	return nil
}

// secondRule compares rules over the same events, grouping and window: what each after the first adds.
func secondRule(windows int) error {
	var costs, bytes []float64
	counts := []int{1, 2, 5}
	const rounds = 5
	feeders := make([]*feeder, len(counts))
	for i, n := range counts {
		set, err := deviceRules(n, 1000)
		if err != nil {
			return err
		}
		feeders[i] = newFeeder(set)
		if err := feeders[i].play(windows, func(i int) sighting { return sighting{session: i, n: i} }); err != nil {
			return err
		}
		bytes = append(bytes, float64(feeders[i].task.Bytes())/float64(windows))
	}
	ratios := make([][]float64, len(counts))
	for round := range rounds {
		costs = costs[:0]
		for _, f := range feeders {
			f.used = 0
			err := f.play(windows, func(i int) sighting {
				return sighting{session: int(mix(uint64(i)) % uint64(windows)), device: 1 + round, n: windows*(round+1) + i}
			})
			if err != nil {
				return err
			}
			costs = append(costs, f.perUpdate(windows))
		}
		for i, n := range counts[1:] {
			ratios[i+1] = append(ratios[i+1], (costs[i+1]/costs[0]-1)/float64(n-1))
		}
	}
	for i, n := range counts[1:] {
		row(fmt.Sprintf("%d rules over the same events: CPU of each further one / the first", n), "%.2f (%s)", median(ratios[i+1]),
			strings.Trim(fmt.Sprintf("%.2f", ratios[i+1]), "[]"))
	}
	row("… budget bytes of each further one / the first", "%.2f", (bytes[1]-bytes[0])/bytes[0])
	return nil
}

// input and alerts are topics.
const (
	input  = "okta.system-log"
	alerts = "okta.alerts"
)

// cpu is the CPU time of this process so far.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	return xs[len(xs)/2]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func main() {
	commands := map[string]func([]string) error{"state": stateBench, "live-state": liveState, "table": table}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: openwindows state | live-state | table, -h for their flags")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "openwindows:", err)
		os.Exit(1)
	}
}
