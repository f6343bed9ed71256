package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/goccy/go-json"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/processor"
	"oktastream/processor/embedded"
	"oktastream/processor/encoding"
	"oktastream/processor/feed"
	"oktastream/rules"
	"oktastream/rules/alert"
)

const (
	demoEvents   = 20_000
	demoDuration = 30 * time.Second
	demoGroup    = "oktastream-demo"
	demoInput    = "okta.system-log"
	demoAlerts   = "okta.alerts"
	demoQuiet    = 1500 * time.Millisecond // without an alert: the end
)

func newDemo() *cobra.Command {
	var seed uint64
	var events int
	var format string
	var pace time.Duration
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See it work: in-process Kafka, a synthetic working day, alerts as they come",
		Long: "demo starts an in-process broker, plays a working day of a synthetic organisation into it in half a minute, with\n" +
			"attacks hidden in it, runs the processor, prints alerts as they come, and ends with a summary.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if format != "text" {
				if _, err := checkFormat(format); err != nil {
					return err
				}
			}
			if events < 1 || pace < 0 {
				return fail(exitUsage, errors.New("events and pace must be positive"))
			}
			set, err := (&ruleSource{}).loadSet(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			d := demo{set: set, seed: seed, events: events, pace: pace, format: format, out: cmd.OutOrStdout(), notes: cmd.ErrOrStderr(), colour: isTerminal(cmd.OutOrStdout())}
			if err := d.run(cmd.Context()); err != nil && !errors.Is(err, context.Canceled) {
				return fail(exitUsage, err)
			}
			return nil
		},
	}
	cmd.Flags().Uint64Var(&seed, "seed", 1, "the same seed gives the same events")
	cmd.Flags().IntVar(&events, "events", demoEvents, "number of events")
	cmd.Flags().DurationVar(&pace, "pace", demoDuration, "time over which the day is played; 0 is as fast as it goes")
	cmd.Flags().StringVarP(&format, "output", "o", "text", "text, native or ecs")
	return cmd
}

// demo is one demonstration.
type demo struct {
	set    *rules.Set
	seed   uint64
	events int
	pace   time.Duration
	format string
	out    io.Writer
	notes  io.Writer
	colour bool
}

func (d *demo) run(ctx context.Context) error {
	broker, err := embedded.Start(embedded.Options{Topics: []embedded.Topic{{Name: demoInput}, {Name: demoAlerts}}})
	if err != nil {
		return err
	}
	defer broker.Close()
	fmt.Fprintf(d.notes, "in-process Kafka on %s (in memory, gone at the end); %d events of a synthetic working day, seed %d\n", broker.Addr(), d.events, d.seed)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cfg := processor.Config{
		Client: []kgo.Opt{kgo.SeedBrokers(broker.Addr())}, Group: demoGroup, Instance: "demo", Input: []string{demoInput}, Alerts: demoAlerts,
		CreateTopics: true, Version: buildVersion(), Logger: slog.New(slog.NewTextHandler(d.notes, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	running := make(chan error, 1)
	go func() { running <- processor.Run(ctx, cfg, d.set) }()

	show := &display{demo: d, sent: map[string]time.Time{}, byRule: map[string]int{}, begun: time.Now()}
	reader, err := kgo.NewClient(kgo.SeedBrokers(broker.Addr()), kgo.ConsumeTopics(demoAlerts),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(100*time.Millisecond))
	if err != nil {
		return err
	}
	defer reader.Close()
	producer, err := kgo.NewClient(kgo.SeedBrokers(broker.Addr()), kgo.DefaultProduceTopic(demoInput))
	if err != nil {
		return err
	}
	defer producer.Close()

	start := time.Now()
	fed := make(chan error, 1)
	go func() { fed <- d.feed(ctx, producer, show) }()
	lastAlert := start
	for fed != nil || time.Since(lastAlert) < demoQuiet {
		poll, stop := context.WithTimeout(ctx, 100*time.Millisecond)
		fetches := reader.PollFetches(poll)
		stop()
		var bad error
		fetches.EachRecord(func(r *kgo.Record) {
			bad = errors.Join(bad, show.alert(r.Value))
			lastAlert = time.Now()
		})
		if bad != nil {
			return bad
		}
		select {
		case err := <-running:
			return fmt.Errorf("the processor stopped: %w", err)
		case err := <-fed:
			if err != nil {
				return err
			}
			fed, lastAlert = nil, time.Now()
		case <-ctx.Done():
			<-running
			return ctx.Err()
		default:
		}
		if fed == nil && time.Since(lastAlert) >= demoQuiet {
			if lagging(ctx, producer) {
				lastAlert = time.Now()
			}
		}
	}
	show.summary(time.Since(start))
	cancel()
	return <-running
}

// feed plays the day at the pace asked for.
func (d *demo) feed(ctx context.Context, producer *kgo.Client, show *display) error {
	start, n := time.Now(), 0
	var failed error
	for item := range feed.New(feed.Options{Seed: d.seed, Events: d.events, Disorder: 2 * time.Second, Duplicates: 2}) {
		due := start.Add(d.pace * time.Duration(n) / time.Duration(d.events))
		if wait := time.Until(due); wait > time.Millisecond {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		show.note(item.JSON)
		producer.Produce(ctx, &kgo.Record{Value: item.JSON}, func(_ *kgo.Record, err error) {
			if err != nil && failed == nil {
				failed = err
			}
		})
		n++
	}
	return errors.Join(producer.Flush(ctx), failed)
}

// lagging reports whether the ingest stage has input left. What follows it is two commits behind at most, which demoQuiet
// covers many times over.
// A group that does not exist yet has everything before it.
func lagging(ctx context.Context, client *kgo.Client) bool {
	lags, err := kadm.NewClient(client).Lag(ctx, demoGroup)
	if err != nil {
		return true
	}
	lag := lags[demoGroup]
	return lag.Error() != nil || lag.Lag.Total() > 0
}

// display prints alerts and adds up what the summary says.
type display struct {
	*demo
	mu      sync.Mutex
	sent    map[string]time.Time // event id → when it was produced
	events  int
	byRule  map[string]int
	alerts  int
	latency []time.Duration
	first   time.Duration
	begun   time.Time
}

// note remembers when an event was produced. Duplicates keep the first time.
func (d *display) note(event []byte) {
	var e struct {
		UUID string `json:"uuid"`
	}
	if json.Unmarshal(event, &e) != nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events++
	if _, again := d.sent[e.UUID]; !again {
		d.sent[e.UUID] = time.Now()
	}
}

// alert prints one record of the alerts topic, which is in the native format.
func (d *display) alert(record []byte) error {
	now := time.Now()
	var a alert.Alert
	if err := json.Unmarshal(record, &a); err != nil {
		return fmt.Errorf("alert cannot be read: %w", err)
	}
	d.mu.Lock()
	if d.alerts == 0 {
		d.first = now.Sub(d.begun)
	}
	d.alerts++
	d.byRule[a.Rule.Name]++
	var latest time.Time
	for _, id := range a.Evidence.EventIDs {
		if at := d.sent[id]; at.After(latest) {
			latest = at
		}
	}
	if !latest.IsZero() {
		d.latency = append(d.latency, now.Sub(latest))
	}
	d.mu.Unlock()
	var line []byte
	if d.format == "text" {
		line = []byte(encoding.Text(&a, d.colour))
	} else {
		var err error
		if line, err = encoding.Encode(&a, d.format); err != nil {
			return err
		}
	}
	_, err := d.out.Write(append(line, '\n'))
	return err
}

func (d *display) summary(took time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fmt.Fprintf(d.notes, "\n%s in %.1f s, %s of %s, the first after %.1f s\n",
		rules.Counted(d.events, "event"), took.Seconds(), rules.Counted(d.alerts, "alert"), rules.Counted(len(d.byRule), "rule"), d.first.Seconds())
	if n := len(d.latency); n > 0 {
		slices.Sort(d.latency)
		fmt.Fprintf(d.notes, "event produced to alert read: median %d ms, 99th percentile %d ms\n",
			d.latency[n/2].Milliseconds(), d.latency[n*99/100].Milliseconds())
	}
	for _, name := range slices.Sorted(maps.Keys(d.byRule)) {
		fmt.Fprintf(d.notes, "  %5d  %s\n", d.byRule[name], name)
	}
}

// isTerminal tells whether colours make sense.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
