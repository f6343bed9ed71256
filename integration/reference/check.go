package reference

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/integration/oracle"
	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
)

// Topics are what a run has read and written, as a read_committed consumer sees it.
type Topics struct {
	Input, Repartition, Alerts, Changelog, DeadLetters []*kgo.Record
	Partitions                                         int32 // of the repartition topic
}

// Check compares what a run has written with what it must have written for what it read, and returns the differences in
// words, none for agreement: alerts with all they say, observations and their partition, final windows and clocks of every
// task, dead letters. The run must have read everything, but for the clocks that it announced last.
func Check(set *rules.Set, o Options, t Topics) ([]string, error) {
	states, err := compact(t.Changelog)
	if err != nil {
		return nil, err
	}
	arrivals, err := ArrivalsOf(t.Repartition, t.Alerts)
	if err != nil {
		return nil, err
	}
	first := Input(set, o, t.Input, arrivals)
	read, d := states.read(t.Repartition)
	second, err := Tasks(set, o, read)
	if err != nil {
		return nil, err
	}
	alerts, err := compareAlerts(append(first.Alerts, second.Alerts...), t.Alerts)
	if err != nil {
		return nil, err
	}
	d = append(d, alerts...)
	d = append(d, compareObservations(append(first.Observations, second.Observations...), t.Repartition, t.Partitions)...)
	d = append(d, states.compare(second.Tasks)...)
	return append(d, compareRejected(first.Rejected, t.DeadLetters)...), nil
}

func compareAlerts(want []alert.Alert, records []*kgo.Record) ([]string, error) {
	var ws, gs []oracle.Alert
	for i := range want {
		value, err := alert.Marshal(&want[i])
		if err != nil {
			return nil, err
		}
		a, err := oracle.Parse(value)
		if err != nil {
			return nil, err
		}
		ws = append(ws, a)
	}
	for _, r := range records {
		a, err := oracle.Parse(r.Value)
		if err != nil {
			return nil, fmt.Errorf("%s/%d offset %d: %w", r.Topic, r.Partition, r.Offset, err)
		}
		gs = append(gs, a)
	}
	if d := oracle.ByRecord(ws, gs); !d.None() {
		return []string{"alerts: " + d.String()}, nil
	}
	return nil, nil
}

// compareObservations wants each observation once, in the partition of its key.
func compareObservations(want []engine.Observation, records []*kgo.Record, partitions int32) []string {
	type observation struct {
		partition  int32
		key, value string
	}
	left := map[observation]int{}
	partitioner := kgo.StickyKeyPartitioner(nil).ForTopic("")
	for i := range want {
		key := want[i].RoutingKey()
		p := partitioner.Partition(&kgo.Record{Key: key}, int(partitions))
		left[observation{int32(p), string(key), string(engine.Message{Observation: &want[i]}.Encode())}]++
	}
	for _, r := range records {
		if m, err := engine.DecodeMessage(r.Value); err == nil && m.Observation != nil {
			left[observation{r.Partition, string(r.Key), string(r.Value)}]--
		}
	}
	var d []string
	for _, o := range slices.SortedFunc(maps.Keys(left), func(a, b observation) int {
		return cmp.Or(cmp.Compare(a.partition, b.partition), cmp.Compare(a.value, b.value))
	}) {
		if n := left[o]; n != 0 {
			d = append(d, fmt.Sprintf("observations: partition %d, key %q: %s: %s", o.partition, o.key, times(n), clip(o.value)))
		}
	}
	return d
}

// times says of something how often it is missing (n above 0) or too much.
func times(n int) string {
	if n > 0 {
		return fmt.Sprintf("missing %d times", n)
	}
	return fmt.Sprintf("%d times too often", -n)
}

func clip(s string) string {
	if len(s) > 300 {
		return fmt.Sprintf("%.300q…", s)
	}
	return strconv.Quote(s)
}

// compareRejected wants a dead letter for everything that is no event, as often as it came, and none else.
func compareRejected(want []Place, letters []*kgo.Record) []string {
	left := map[Place]int{}
	for _, p := range want {
		left[p]++
	}
	for _, r := range letters {
		p := Place{Element: -1}
		for _, h := range r.Headers {
			n, _ := strconv.ParseInt(string(h.Value), 10, 64)
			switch name, _ := strings.CutPrefix(h.Key, "__oktastream.errors."); name {
			case "topic":
				p.Topic = string(h.Value)
			case "partition":
				p.Partition = int32(n)
			case "offset":
				p.Offset = n
			case "element":
				p.Element = int(n)
			}
		}
		left[p]--
	}
	var d []string
	for p, n := range left {
		if n != 0 {
			d = append(d, fmt.Sprintf("dead letters: %v: %s", p, times(n)))
		}
	}
	slices.Sort(d)
	return d
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
