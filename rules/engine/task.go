package engine

import (
	"crypto/sha256"
	"encoding/binary"
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

	decoder *event.Decoder
	held    *event.Decoder // for projections that waited in a window
	matcher *match.Matcher
	hits    []int
	met     []rules.Entry
	byID    map[string]int // rule id → rule
	forward forwarder
	build   builder
	stats   Stats

	learners []int // rules with a history

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
		decoder: event.NewDecoder(set.Fields()), held: event.NewDecoder(set.Fields()),
		matcher: set.Index().NewMatcher(), stats: make(Stats, len(set.Rules())),
		byID:      map[string]int{},
		build:     builder{set: set, opts: opts},
		committed: newProgress(set.Levels()), learners: learners(set),
	}
	t.forward = newForwarder(set, t.stats)
	for range set.Levels() {
		t.stores = append(t.stores, state.New(func(state.ID) *window.Window { return t.dict.New() }))
	}
	for i, r := range set.Rules() {
		t.byID[r.ID] = i
		if r.Stateful != nil {
			t.byState[set.StateID(i)] = i
		}
	}
	for i, c := range set.Classes() {
		t.class[c.Name] = i
	}
	return t
}

// Restore applies one record of the changelog, in the order of the log; a nil value is a tombstone. An error means that
// the state cannot be trusted, and the task must not be used.
func (t *Task) Restore(key, value []byte) error {
	if slices.Equal(key, state.CheckpointKey) {
		return t.restoreCheckpoint(key, value)
	}
	level := state.LevelOf(key)
	if level >= len(t.stores) {
		return nil // of rules over alerts that are no more
	}
	return t.stores[level].Apply(key, value)
}

func (t *Task) restoreCheckpoint(key, value []byte) error {
	if err := t.stores[0].Apply(key, value); err != nil {
		return err
	}
	levels := len(t.stores)
	cp, ok := t.stores[0].Checkpoint()
	if !ok {
		t.checkpoint, t.restored, t.committed = state.Checkpoint{}, false, newProgress(levels)
		return nil
	}
	p, err := decodeProgress(cp.Engine, levels)
	if err != nil {
		return err
	}
	t.forgetHistories(&p)
	t.checkpoint, t.restored, t.committed = cp, true, p
	return nil
}

// Checkpoint returns the last committed or restored checkpoint; ok is false for a task without a past.
func (t *Task) Checkpoint() (cp state.Checkpoint, ok bool) { return t.checkpoint, t.restored }

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
	t.learn()
	switch {
	case m.Clocks != nil:
		level := m.Clocks.Level
		if level < len(t.stores) && t.now.books[level].update(m.Clocks) {
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

func (t *Task) head(rule int, group []string) window.Head {
	spec := &t.set.Rules()[rule].Stateful.Window
	return window.Head{Rule: t.set.StateID(rule), Group: group, Length: spec.Length, Lateness: spec.Lateness, Quiet: spec.Quiet,
		AtClose: spec.AtClose, Every: spec.Every, Deferred: spec.Deferred(), Settle: spec.Settle}
}

// observe evaluates the rules of the observation's class again: the process that routed it may have run other rules.
func (t *Task) observe(o *Observation, out *Output) error {
	ev, err := t.decoder.Decode(o.Event, o.meta())
	if err != nil {
		return fmt.Errorf("%w: projected event: %w", ErrMessage, err)
	}
	class, ok := t.class[o.Class]
	if !ok {
		return nil // routed by rules that this process does not have
	}
	last := -1
	var applied [][]string // group keys of rule last that this event has been counted in
	for _, e := range t.entries(o, ev) {
		if e.Input < 0 || t.set.ClassOf(e.Rule) != class {
			continue
		}
		if e.Rule != last {
			last, applied = e.Rule, applied[:0]
		}
		steps := t.set.Rules()[e.Rule].Stateful.Window.Steps > 0
		for _, group := range t.groups(e, class, o.Key, ev) {
			// Where steps do not matter, an event that meets two inputs is one observation.
			if !steps && slices.ContainsFunc(applied, func(g []string) bool { return slices.Equal(g, group) }) {
				continue
			}
			applied = append(applied, group)
			t.apply(e, group, o, ev, out)
		}
	}
	return nil
}

// entries lists the inputs that the observation meets.
func (t *Task) entries(o *Observation, ev *event.Event) []rules.Entry {
	t.met = t.met[:0]
	if o.From == "" {
		t.hits = t.matcher.Match(ev, t.hits[:0])
		for _, n := range t.hits {
			t.met = append(t.met, t.set.Entry(n))
		}
		return t.met
	}
	from, ok := t.byID[o.From]
	if !ok {
		return nil // an alert of a rule that this process does not have
	}
	for _, e := range t.set.Dependents(from) {
		if match.Eval(t.set.Rules()[e.Rule].Stateful.Inputs[e.Input].Where, ev) {
			t.met = append(t.met, e)
		}
	}
	return t.met
}

func (o *Observation) meta() event.Meta {
	return event.Meta{Origin: o.Origin, ID: o.ID, Time: o.Time, Flags: o.Flags, Envelope: "observation"}
}

// groups lists the group keys of an event under input e that are routed by key: the routing member has that value, and
// the others every combination of theirs.
func (t *Task) groups(e rules.Entry, class int, key string, ev *event.Event) [][]string {
	st := t.set.Rules()[e.Rule].Stateful
	in := &st.Inputs[e.Input]
	member := t.set.Classes()[class].Member[e.Rule]
	groups := [][]string{nil}
	for m, p := range in.Group {
		vs := members(st, ev.Lookup(p), MaxKeys)
		if m == member {
			if !slices.Contains(vs, key) {
				return nil // this copy was routed for another rule of the class
			}
			vs = []string{key}
		}
		var next [][]string
		for _, g := range groups {
			for _, v := range vs {
				next = append(next, append(slices.Clone(g), v))
			}
		}
		if len(next) > MaxKeys {
			t.stats[e.Rule].Overflow++
			next = next[:MaxKeys]
		}
		groups = next
	}
	return groups
}

// apply adds the event to one window.
func (t *Task) apply(e rules.Entry, group []string, o *Observation, ev *event.Event, out *Output) {
	rule := &t.set.Rules()[e.Rule]
	spec := &rule.Stateful.Window
	ob := window.Observation{ID: o.ID, Time: o.Time, Step: e.Input, Type: ev.Type(), Origin: o.Origin,
		IP: first(ev, pathIP), Result: first(ev, pathResult)}
	if spec.Kind == window.FirstSeen {
		ob.Since = t.since(e.Rule, o.Time)
	}
	in := &rule.Stateful.Inputs[e.Input]
	for _, p := range in.Columns {
		ob.Columns = append(ob.Columns, usable(rule.Stateful, ev.Lookup(p), MaxKeys))
	}
	if in.Join != (event.Path{}) {
		ob.Join = usable(rule.Stateful, ev.Lookup(in.Join), MaxKeys)
	}
	level := t.set.Level(e.Rule)
	txn := t.txns[level]
	id, w := t.touch(level, t.set.StateID(e.Rule), group)
	w.SetHead(t.head(e.Rule, group))
	status, fired := spec.Observe(w, ob, func() string { return string(Message{Observation: o}.Encode()) },
		rule.Stateful.Updates, t.now.clock(level))
	txn.Touched(id)
	st := &t.stats[e.Rule]
	switch status {
	case window.Late:
		st.Late++
	case window.Duplicate:
		st.Duplicate++
	case window.Missing:
		st.Missing++
	case window.Counted:
		if len(fired) == 0 && w.Open(o.Time) {
			st.Held++
		}
	}
	t.fire(e.Rule, group, fired, ev, out)
	t.evict(o.Time, out)
}

// touch opens the window of a group. Its ID is a hash of identity and group key. Should two group keys ever meet in one
// hash, the second moves on: which one is first is settled by the order of the messages, and stays so because windows
// keep their group key.
func (t *Task) touch(level int, rule [16]byte, group []string) (state.ID, *window.Window) {
	for salt := byte(0); ; salt++ {
		b := append(make([]byte, 0, 128), rule[:]...)
		for _, g := range group {
			b = binary.AppendUvarint(b, uint64(len(g)))
			b = append(b, g...)
		}
		sum := sha256.Sum256(append(b, salt))
		id := state.ID(sum[:16])
		id.SetLevel(level)
		w := t.txns[level].Touch(id)
		if h, known := w.Head(); !known || h.Rule == rule && slices.Equal(h.Group, group) || salt == 255 {
			return id, w
		}
	}
}

// fire turns firings into alerts. ev is the event at hand; a firing that was held back brings its own.
func (t *Task) fire(rule int, group []string, fired []window.Firing, ev *event.Event, out *Output) {
	for _, f := range fired {
		trigger := ev
		if f.Trigger != "" {
			if m, err := DecodeMessage([]byte(f.Trigger)); err == nil && m.Observation != nil {
				if held, err := t.held.Decode(m.Observation.Event, m.Observation.meta()); err == nil {
					trigger = held
				}
			}
		}
		a := t.build.episode(rule, group, f, trigger)
		t.history(rule, &a)
		if f.Settled {
			t.forward.alert(rule, &a, trigger, out)
			continue
		}
		if !t.set.Rules()[rule].Silent {
			out.Alerts = append(out.Alerts, a)
			t.stats[rule].Alerts++
		}
	}
}

// evict gives up windows while the budget is exceeded, and says so once an hour of event time and rule. The rule that
// holds most, at whatever level, loses its oldest window.
func (t *Task) evict(at int64, out *Output) {
	for t.opts.StateBudget > 0 {
		bytes := 0
		txn := t.txns[0]
		for _, x := range t.txns {
			bytes += x.Bytes()
			if x.Largest() > txn.Largest() {
				txn = x
			}
		}
		if bytes <= t.opts.StateBudget {
			return
		}
		id, w, ok := txn.Evict()
		if !ok {
			return
		}
		head, _ := w.Head()
		group := slices.Clone(head.Group)
		rule, alive := t.byState[head.Rule]
		txn.Delete(id)
		if !alive {
			continue
		}
		t.stats[rule].Evicted++
		hour := at / int64(3600e9)
		ruleID := t.set.Rules()[rule].ID
		if t.now.evicted[ruleID] < hour+1 {
			t.now.evicted[ruleID] = hour + 1
			out.Alerts = append(out.Alerts, t.build.evicted(rule, group, hour, at))
		}
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
