//go:build synctests

package processor

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/integration/kafkatest"
	"oktastream/integration/reference"
	"oktastream/integration/workload"
	"oktastream/rules"
	"oktastream/rules/engine"
	"oktastream/rules/lang"
	"oktastream/state"
)

// trial is a run of the real engine over generated events, with the shipped rules and those that use every operator.
// OKTASTREAM_SEED repeats its events.
type trial struct {
	set     *rules.Set
	engines engines
	seed    uint64
	start   time.Time // of the first event
	round   int
	events  []workload.Event // that have not been fed yet
	taken   int
}

func newTrial(t testing.TB) *trial {
	t.Helper()
	tr := &trial{set: everyRule(t), seed: rand.Uint64() >> 32, start: time.Now().Add(-60 * day)}
	if s, err := strconv.ParseUint(os.Getenv("OKTASTREAM_SEED"), 10, 64); err == nil {
		tr.seed = s
	}
	t.Logf("OKTASTREAM_SEED=%d", tr.seed)
	var err error
	if tr.engines, err = evaluating(Config{}, tr.set); err != nil {
		t.Fatal(err)
	}
	task := tr.engines.task
	tr.engines.task = func() detector { return &tallied{detector: task(), counts: map[string]uint32{}} }
	return tr
}

var ruleFiles = sync.OnceValues(func() (*rules.Set, error) {
	root, err := kafkatest.Root()
	if err != nil {
		return nil, err
	}
	res := lang.Load([]string{filepath.Join(root, "rules", "pack"), filepath.Join(root, "integration", "suite", "rules")})
	set, problems := rules.NewSet(res.Rules)
	for _, p := range append(res.Diagnostics, problems...) {
		if p.Level == rules.Error {
			return nil, p
		}
	}
	return set, nil
})

func everyRule(t testing.TB) *rules.Set {
	t.Helper()
	set, err := ruleFiles()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// take returns the next n records of the input, spread over its partitions. The events go on for ever: every hundred or
// so are a few hours of an organisation with something of every kind.
func (tr *trial) take(n, partitions int) []*kgo.Record {
	const span = 5 * time.Hour
	for len(tr.events) < n {
		tr.events = append(tr.events, workload.Generate(workload.Config{
			Seed: tr.seed + uint64(tr.round), Suffix: fmt.Sprintf("-r%d", tr.round), Start: tr.start.Add(time.Duration(tr.round) * span), Span: span,
			Events: 30, Users: 5, Hijacked: 2, NearMiss: 2, Takeovers: 1, Campaigns: 1, Late: 1, Future: 2, Ahead: 1, Wrong: 5, Hostile: 4, Twice: 10,
		})...)
		tr.round++
	}
	var rs []*kgo.Record
	for _, e := range tr.events[:n] {
		r := &kgo.Record{Topic: inputTopic, Partition: int32(tr.taken % partitions), Value: e.Value, Timestamp: e.Stamp(e.Arrival).Truncate(time.Millisecond)}
		if path := [...]string{"", "hook", "poll"}[tr.taken/partitions%3]; path != "" {
			r.Headers = []kgo.RecordHeader{{Key: headerPath, Value: []byte(path)}}
		}
		rs = append(rs, r)
		tr.taken++
	}
	tr.events = tr.events[n:]
	return rs
}

// judge compares what a run has written with what package reference says of it. What was read must be of one moment.
func (tr *trial) judge(t testing.TB, topics reference.Topics) {
	t.Helper()
	want, got := map[string]uint32{}, map[string]uint32{}
	for _, r := range topics.Repartition {
		if m, err := engine.DecodeMessage(r.Value); err == nil && m.Observation != nil {
			want[string(r.Key)]++
		}
	}
	topics.Changelog = slices.DeleteFunc(slices.Clone(topics.Changelog), func(r *kgo.Record) bool {
		if len(r.Key) == 0 || r.Key[0] != tallyKey {
			return false
		}
		got[string(r.Key[1:])] = binary.BigEndian.Uint32(r.Value)
		return true
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("how often the tasks have handled observations, by key (-want +got):\n%s", diff)
	}
	differences, err := reference.Check(tr.set, reference.Options{Skew: Config{}.withDefaults().Skew, Now: time.Now().UnixNano()}, topics)
	if err != nil {
		t.Error(err)
	}
	for i, d := range differences {
		if i == 10 {
			t.Errorf("and %d more", len(differences)-i)
			break
		}
		t.Error(d)
	}
}

// tallied is a task that counts by key what it handles, and keeps that in the changelog. Windows take an event in once,
// however often it comes; this takes in what comes.
type tallied struct {
	detector
	counts, open map[string]uint32
}

// tallyKey begins the keys of counts; no key of package state begins with it.
const tallyKey = '#'

func (c *tallied) Restore(key, value []byte) error {
	if len(key) == 0 || key[0] != tallyKey {
		return c.detector.Restore(key, value)
	}
	if len(value) != 4 {
		return fmt.Errorf("count of %d bytes", len(value))
	}
	c.counts[string(key[1:])] = binary.BigEndian.Uint32(value)
	return nil
}

func (c *tallied) Begin() {
	c.detector.Begin()
	c.open = map[string]uint32{}
}

func (c *tallied) Handle(m engine.Message, out *engine.Output) error {
	if m.Observation != nil {
		c.open[string(m.Observation.RoutingKey())]++
	}
	return c.detector.Handle(m, out)
}

func (c *tallied) Changes(cp state.Checkpoint) (changes []state.Change) {
	for k, n := range c.open {
		changes = append(changes, state.Change{Key: append([]byte{tallyKey}, k...), Value: binary.BigEndian.AppendUint32(nil, c.counts[k]+n)})
	}
	return append(changes, c.detector.Changes(cp)...)
}

func (c *tallied) Commit() error {
	for k, n := range c.open {
		c.counts[k] += n
	}
	c.open = nil
	return c.detector.Commit()
}

func (c *tallied) Rollback() {
	c.open = nil
	c.detector.Rollback()
}
