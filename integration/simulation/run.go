package simulation

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"oktastream/integration/reference"
	"oktastream/integration/workload"
	"oktastream/rules"
	"oktastream/rules/engine"
)

// Config of a run.
type Config struct {
	Seed uint64
	Set  *rules.Set
	Load workload.Config // its Seed is not used
	// Restless sources are called idle while events are still to come, and the state budget makes tasks give up windows:
	// what is late or forgotten then is the run's own choice, so that only the reference with the same order can be compared.
	Restless bool
	Budget   int // bytes of windows per task; 0 is without limit
	// EpisodesDiffer leaves out the comparison of alerts by episode, see oracle.ByEpisode for what it cannot follow. Episodes
	// that rules over alerts have seen are compared all the same.
	EpisodesDiffer bool
}

// Run lets the events of a workload go through a few processes that fail in every way the seed can think of, and returns
// what differs from the references. An error means that the run could not be brought to its end.
func Run(c Config) (differences []string, counts Counts, err error) {
	rng := rand.New(rand.NewPCG(c.Seed, 0x73696d))
	c.Load.Seed = c.Seed
	inputs, tasks := 1+rng.IntN(5), 1+rng.IntN(6)
	w := &world{
		rng: rng, set: c.Set, restless: c.Restless,
		options: reference.Options{Engine: engine.Options{StateBudget: c.Budget, AssumeHistory: rng.IntN(2) == 0}, Skew: 5 * time.Minute},
		input:   partitions("in", inputs), repartition: partitions("repartition", tasks), changelog: partitions("changelog", tasks),
		alerts: partitions("alerts", 1)[0], letters: partitions("dlq", 1)[0],
		read: make([]int64, inputs), detected: make([]int64, tasks), said: map[said]int64{},
		arriving: workload.Generate(c.Load),
	}
	if w.paths = []string{"", "hook", "poll"}; rng.IntN(2) == 0 {
		w.paths = w.paths[:1]
	}
	w.closing = workload.Closing(c.Load, inputs*len(w.paths))
	m := &members{w: w}
	if err := m.work(); err != nil {
		return nil, w.counts, fmt.Errorf("seed %d: %w", c.Seed, err)
	}
	w.counts.Alerts = len(w.alerts.all())
	topics := reference.Topics{Alerts: w.alerts.all(), DeadLetters: w.letters.all(), Partitions: int32(tasks)}
	for _, p := range w.input {
		topics.Input = append(topics.Input, p.all()...)
	}
	for i := range tasks {
		topics.Repartition = append(topics.Repartition, w.repartition[i].all()...)
		topics.Changelog = append(topics.Changelog, w.changelog[i].all()...)
	}
	w.options.Now = w.now.UnixNano()
	differences, err = reference.Check(c.Set, w.options, topics)
	if err == nil && !c.Restless && c.Budget == 0 {
		var more []string
		more, err = w.compareOrders(topics, !c.EpisodesDiffer)
		differences = append(differences, more...)
	}
	if err != nil {
		err = fmt.Errorf("seed %d: %w", c.Seed, err)
	}
	return differences, w.counts, err
}

// members are the processes of both groups.
type members struct {
	w       *world
	ingest  []*ingester
	detect  []*detector
	trouble int  // one step in so many is a crash, an abort or a rebalance
	over    bool // the input has been read
}

// work goes on until everything has been read and every clock has been heard.
func (m *members) work() error {
	w := m.w
	m.trouble = 2 + w.rng.IntN(30)
	if err := m.rebalance(); err != nil {
		return err
	}
	for !m.inputRead() {
		if w.rng.IntN(3) == 0 {
			w.arrive(1 + w.rng.IntN(200))
		}
		if err := m.step(len(m.ingest) + len(m.detect)); err != nil {
			return err
		}
	}
	// From here on there are no ingesters to step.
	m.over = true
	for !m.heard() {
		if err := m.step(len(m.detect)); err != nil {
			return err
		}
	}
	return nil
}

// step lets one of n members do something: of those that detect, then of those that ingest.
func (m *members) step(n int) error {
	w := m.w
	ends, crash := committed, false
	if w.rng.IntN(m.trouble) == 0 {
		switch w.rng.IntN(4) {
		case 0:
			return m.rebalance()
		case 1:
			crash, ends = true, aborted
		default:
			ends = aborted
		}
	}
	i := w.rng.IntN(n)
	if i >= len(m.detect) {
		return m.ingestStep(i-len(m.detect), crash, ends)
	}
	d := m.detect[i]
	switch {
	case crash:
		if err := d.finish(aborted); err != nil {
			return err
		}
		w.counts.Crashes++
		m.detect[i] = w.newDetector()
		return m.rebalance()
	case d.txn == nil || w.rng.IntN(2) == 0:
		return d.step()
	}
	return d.finish(ends)
}

func (m *members) ingestStep(i int, crash bool, ends fate) error {
	w := m.w
	g := m.ingest[i]
	switch {
	case crash:
		g.finish(aborted)
		w.counts.Crashes++
		m.ingest[i] = w.newIngester()
		return m.rebalance()
	case g.txn == nil || w.rng.IntN(2) == 0:
		return g.step()
	}
	g.finish(ends)
	return nil
}

// rebalance lets every member commit or abort, changes their number, and deals the partitions anew. A task that stays where
// it was keeps its state, as with a cooperative assignor.
func (m *members) rebalance() error {
	w := m.w
	w.counts.Rebalances++
	any := func() fate {
		if w.rng.IntN(2) == 0 {
			return aborted
		}
		return committed
	}
	for _, g := range m.ingest {
		g.finish(any())
		clear(g.sources)
	}
	for _, d := range m.detect {
		if err := d.finish(any()); err != nil {
			return err
		}
	}
	w.epoch++
	if !m.over {
		m.ingest = resize(m.ingest, 1+w.rng.IntN(3), w.newIngester)
	}
	m.detect = resize(m.detect, 1+w.rng.IntN(3), w.newDetector)
	for p := range w.input {
		if m.over {
			break
		}
		m.ingest[w.rng.IntN(len(m.ingest))].assign(int32(p))
	}
	for p := range w.repartition {
		if err := m.place(int32(p)); err != nil {
			return err
		}
	}
	return nil
}

// place gives a task to some member.
func (m *members) place(p int32) error {
	to := m.detect[m.w.rng.IntN(len(m.detect))]
	for _, d := range m.detect {
		if _, has := d.tasks[p]; has && (d == to || m.w.rng.IntN(2) == 0) {
			return nil
		}
		delete(d.tasks, p)
	}
	return to.assign(p)
}

func resize[T any](members []T, n int, more func() T) []T {
	for len(members) < n {
		members = append(members, more())
	}
	return slices.Clone(members[:n])
}

// ended counts an end of a transaction.
func (w *world) ended(f fate) {
	if f == committed {
		w.counts.Commits++
	} else {
		w.counts.Aborts++
	}
}

// inputRead reports whether all events have arrived and been read for good.
func (m *members) inputRead() bool {
	if len(m.w.arriving)+len(m.w.closing) > 0 {
		return false
	}
	return !slices.ContainsFunc(m.ingest, func(g *ingester) bool { return g.txn != nil || g.behind() })
}

// heard reports whether the tasks have read everything for good, and told all there is to tell of their clocks.
func (m *members) heard() bool {
	return !slices.ContainsFunc(m.detect, func(d *detector) bool { return d.txn != nil || d.behind() || d.hasNews() })
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
