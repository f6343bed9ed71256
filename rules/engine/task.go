package engine

import (
	"errors"
	"fmt"
	"slices"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
	"oktastream/state"
)

// Task is the second half of detection for one partition of the repartition topic: its windows, its clock, and the
// evaluation of stateful rules. One goroutine owns it.
//
// Between Begin and Commit or Rollback it works on an overlay: Rollback leaves no trace. What Handle yields depends only
// on the messages handled, in their order, not on where transactions begin and end.
type Task struct {
	set     *rules.Set
	opts    Options
	stores  []*state.Store[*window.Window] // by level of rules: each level has a clock, and timers that follow it
	byState map[[16]byte]int               // state identity → rule
	class   map[string]int                 // class name → class
	dict    window.Dictionary              // shared by all windows

	heads []window.Head // by rule, without the group key

	decoder *event.Decoder
	held    *event.Decoder // for projections that waited in a window
	matcher *match.Matcher
	reads   reader
	byID    map[string]int // rule id → rule
	forward forwarder
	build   builder
	stats   Stats

	learners []int // rules with a history

	// Scratch of one observation.
	hits   []int
	met    []rules.Entry
	hashed []byte

	committed  progress
	now        progress // of the open transaction
	checkpoint state.Checkpoint
	next       state.Checkpoint
	restored   bool                         // a checkpoint was read or committed
	txns       []*state.Txn[*window.Window] // by level; nil outside a transaction
}

// NewTask returns a task without state.
func NewTask(set *rules.Set, opts Options) *Task {
	t := &Task{
		set: set, opts: opts,
		byState: map[[16]byte]int{}, class: map[string]int{},
		held: event.NewDecoder(set.Fields()), reads: newReader(set), heads: make([]window.Head, len(set.Rules())),
		matcher: set.Index().NewMatcher(), stats: make(Stats, len(set.Rules())),
		byID:      map[string]int{},
		build:     newBuilder(set, opts),
		committed: newProgress(set.Levels()), learners: learners(set),
	}
	t.decoder = event.NewDecoder(t.reads.fields)
	t.forward = newForwarder(set, t.stats)
	for range set.Levels() {
		t.stores = append(t.stores, state.New(func(state.ID) *window.Window { return t.dict.New() }))
	}
	for i, r := range set.Rules() {
		t.byID[r.ID] = i
		if r.Stateful != nil {
			t.byState[set.StateID(i)] = i
			spec := &r.Stateful.Window
			t.heads[i] = window.Head{Rule: set.StateID(i), Length: spec.Length, Lateness: spec.Lateness, Quiet: spec.Quiet,
				AtClose: spec.AtClose, Every: spec.Every, Deferred: spec.Deferred(), Settle: spec.Settle}
		}
	}
	for i, c := range set.Classes() {
		t.class[c.Name] = i
	}
	return t
}

// Begin opens a transaction. An open one is rolled back.
func (t *Task) Begin() {
	t.Rollback()
	for _, s := range t.stores {
		t.txns = append(t.txns, s.Begin())
	}
	t.now = t.committed.clone()
}

// Handle processes one message inside the open transaction and appends alerts to out. An error means that the message
// cannot be understood; it has changed nothing. Nothing in out refers to m.
func (t *Task) Handle(m Message, out *Output) error {
	if t.txns == nil {
		return errors.New("engine: Handle outside a transaction")
	}
	// A message that makes one level's memory run over may cost another level a window, and what that level spares must not be
	// what an earlier message of the transaction has touched: another transaction would have begun behind it.
	for _, txn := range t.txns {
		txn.Release()
	}
	t.heal(m.Limit, out)
	t.learn()
	switch {
	case m.Clocks != nil:
		level := m.Clocks.Level
		if level < len(t.stores) && t.now.books[level].update(m.Clocks, m.Limit) {
			t.learn()
			t.advance(level, out)
		}
		return nil
	case m.Observation != nil:
		return t.observe(m.Observation, out)
	}
	return fmt.Errorf("%w: neither observation nor clocks", ErrMessage)
}

// advance gives every window of a level whose time has come its turn.
func (t *Task) advance(level int, out *Output) {
	txn, clock := t.txns[level], t.now.clock(level)
	for {
		id, ok := txn.NextDue(clock)
		if !ok {
			return
		}
		w := txn.Touch(id)
		head, ok := w.Head()
		rule, alive := t.byState[head.Rule]
		if !ok || !alive { // the rule is gone, or means something else now: its windows end with their content
			txn.Delete(id)
			continue
		}
		spec := &t.set.Rules()[rule].Stateful.Window
		w.SetHead(t.head(rule, head.Group)) // the rule's lateness may have been edited
		fired := spec.Advance(w, clock)
		txn.Touched(id)
		t.fire(rule, head.Group, fired, nil, out)
	}
}

// Changes returns the records for the changelog that bring it from the last commit to here, the checkpoint last. Its
// Engine part is filled in; the rest is the caller's.
func (t *Task) Changes(next state.Checkpoint) []state.Change {
	next.Engine = t.now.encode()
	t.next = next
	var changes []state.Change
	for _, txn := range t.txns {
		changes = append(changes, txn.Changes()...)
	}
	return append(changes, state.Change{Key: state.CheckpointKey, Value: next.Encode()})
}

// Commit makes the open transaction's writes the state. The caller has made sure that their changes are in the changelog.
// Changes must have been called.
func (t *Task) Commit() error {
	if t.txns == nil {
		return errors.New("engine: Commit outside a transaction")
	}
	var errs []error
	for _, txn := range t.txns {
		errs = append(errs, txn.Commit())
	}
	t.txns = nil
	if err := errors.Join(errs...); err != nil {
		return err
	}
	t.committed, t.checkpoint, t.restored = t.now, t.next, true
	t.now = progress{}
	return nil
}

// Rollback drops the open transaction, if there is one.
func (t *Task) Rollback() {
	for _, txn := range t.txns {
		txn.Rollback()
	}
	t.txns, t.now = nil, progress{}
}

// TakeStats returns the counts since the last call. A caller that rolls back throws them away.
func (t *Task) TakeStats() Stats {
	s := slices.Clone(t.stats)
	clear(t.stats)
	return s
}

// Levels is the number of clocks that the task keeps, see rules.Set.Levels.
func (t *Task) Levels() int { return len(t.stores) }

// Clock is the clock of a level in Unix nanoseconds of event time, in the open transaction or else as committed; ok is
// false until every source of that level has been heard of.
func (t *Task) Clock(level int) (now int64, ok bool) {
	p := &t.committed
	if t.txns != nil {
		p = &t.now
	}
	return p.clock(level), p.clock(level) != window.NoClock
}

// Windows is the number of committed windows.
func (t *Task) Windows() int {
	n := 0
	for _, s := range t.stores {
		n += s.Windows()
	}
	return n
}

// Bytes is the approximate memory that the committed windows hold.
func (t *Task) Bytes() int {
	n := 0
	for _, s := range t.stores {
		n += s.Bytes()
	}
	return n
}

// Footprint says where the memory of the committed windows is, store by store. It looks at every window.
func (t *Task) Footprint() []state.Footprint {
	var list []state.Footprint
	for _, s := range t.stores {
		list = append(list, s.Footprint())
	}
	return list
}
