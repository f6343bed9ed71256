package engine

import (
	"cmp"
	"slices"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/state"
)

// Local is both halves in one process, without Kafka: what files, rule tests and explanations run on. Events are
// processed in the order in which they are given, as the one partition of one source.
type Local struct {
	set    *rules.Set
	opts   Options
	ingest *Ingest
	task   *Task
	max    int64             // the source's clock
	log    map[string][]byte // changelog, compacted
	open   int               // messages in the open transaction
	routed Output
	next   int64
}

// commitEvery bounds the overlay; the answer does not depend on it.
const commitEvery = 1000

// localSource names the only source, and end is a clock beyond all events.
const (
	localSource = "local"
	end         = int64(1) << 62
)

// NewLocal returns an engine without state.
func NewLocal(set *rules.Set, opts Options) *Local {
	return &Local{set: set, opts: opts, ingest: NewIngest(set, opts), task: NewTask(set, opts), log: map[string][]byte{}}
}

// NewDecoder returns a decoder for events that go to Process.
func (l *Local) NewDecoder() *event.Decoder { return event.NewDecoder(l.set.Fields()) }

// Process evaluates ev and appends alerts to out. The clock follows the highest event time seen.
func (l *Local) Process(ev *event.Event, out *Output) error {
	l.routed = Output{}
	at, clamped := ev.Time(), ev.Flags()&(event.TimeClamped|event.TimeMissing) != 0
	l.ingest.Process(ev, &l.routed)
	out.Alerts = append(out.Alerts, l.routed.Alerts...)
	out.Forwarded = append(out.Forwarded, l.routed.Forwarded...)
	if !clamped {
		if err := l.Advance(at, out); err != nil {
			return err
		}
	}
	for i := range l.routed.Observations {
		if err := l.handle(Message{Observation: &l.routed.Observations[i]}, out); err != nil {
			return err
		}
	}
	return nil
}

// Advance moves the clock up to at, Unix nanoseconds of event time. A clock never goes back.
func (l *Local) Advance(at int64, out *Output) error {
	if at <= l.max {
		return nil
	}
	l.max = at
	return l.handle(Message{Clocks: &Clocks{Sources: []SourceClock{{Topic: localSource, Max: at}},
		Partitions: map[string]int32{localSource: 1}}}, out)
}

// Close ends the input: every window closes, and what waited for the clock is decided.
func (l *Local) Close(out *Output) error {
	if err := l.Advance(end, out); err != nil {
		return err
	}
	return l.commit()
}

// Restart throws the task away and restores a new one from the changelog, as after a crash behind a commit.
func (l *Local) Restart() error {
	if err := l.commit(); err != nil {
		return err
	}
	task := NewTask(l.set, l.opts)
	for _, key := range sortedKeys(l.log) {
		if err := task.Restore([]byte(key), l.log[key]); err != nil {
			return err
		}
	}
	l.task = task
	return nil
}

// Task gives access to the state, for explanations and tests.
func (l *Local) Task() *Task { return l.task }

// Stats returns the counts of both halves since the last call. Matched counts each event once, as the first half sees it.
func (l *Local) Stats() Stats {
	s := l.ingest.TakeStats()
	s.Add(l.task.TakeStats())
	return s
}

func (l *Local) handle(m Message, out *Output) error {
	if l.open == 0 {
		l.task.Begin()
	}
	l.open++
	begin := len(out.Observations)
	if err := l.task.Handle(m, out); err != nil {
		return err
	}
	// Alerts that are observations of other rules come back, and then the clocks of the levels above, as they do over
	// the repartition topic.
	forwarded := slices.Clone(out.Observations[begin:])
	out.Observations = out.Observations[:begin]
	for i := range forwarded {
		if err := l.handle(Message{Observation: &forwarded[i]}, out); err != nil {
			return err
		}
	}
	if m.Clocks != nil && m.Clocks.Level+1 < l.task.Levels() {
		if now, ok := l.task.Clock(m.Clocks.Level); ok {
			if err := l.handle(LevelClocks(m.Clocks.Level+1, []SourceClock{{Max: now}}, 1), out); err != nil {
				return err
			}
		}
	}
	if l.open >= commitEvery {
		return l.commit()
	}
	return nil
}

func (l *Local) commit() error {
	if l.open == 0 {
		return nil
	}
	l.next += int64(l.open)
	l.open = 0
	for _, c := range l.task.Changes(state.Checkpoint{Input: l.next, Partitions: 1, RuleSet: l.set.Fingerprint()}) {
		if c.Value == nil {
			delete(l.log, string(c.Key))
		} else {
			l.log[string(c.Key)] = c.Value
		}
	}
	return l.task.Commit()
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, cmp.Compare[string])
	return keys
}
