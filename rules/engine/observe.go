package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
	"oktastream/state"
)

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
	t.reads.next()
	last := -1
	var applied [][]string // group keys of rule last that this event has been counted in
	for _, e := range t.entries(o, ev) {
		if e.Input < 0 || t.set.ClassOf(e.Rule) != class {
			continue
		}
		if e.Rule != last {
			last, applied = e.Rule, applied[:0]
		}
		once := !t.reads.inputs[e.Rule][e.Input].alone && t.set.Rules()[e.Rule].Stateful.Window.Steps == 0
		g := t.groups(e, class, o.Key, ev)
		for n := range g.count {
			group := g.combination(n)
			if once {
				if slices.ContainsFunc(applied, func(g []string) bool { return slices.Equal(g, group) }) {
					continue
				}
				applied = append(applied, slices.Clone(group))
			}
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

// groups are the group keys of the event under input e that are routed by key.
func (t *Task) groups(e rules.Entry, class int, key string, ev *event.Event) *grouping {
	in := &t.reads.inputs[e.Rule][e.Input]
	g := &t.reads.groupings[in.grouping]
	if g.event != t.reads.event {
		g.event = t.reads.event
		g.read(in.group, t.set.Rules()[e.Rule].Stateful, t.set.Classes()[class].Member[e.Rule], key, ev)
	}
	t.stats[e.Rule].Overflow += g.overflow
	return g
}

// apply adds the event to one window.
func (t *Task) apply(e rules.Entry, group []string, o *Observation, ev *event.Event, out *Output) {
	rule := &t.set.Rules()[e.Rule]
	spec := &rule.Stateful.Window
	ob := t.reads.see(e, o, ev)
	if ob.Since = 0; spec.Kind == window.FirstSeen {
		ob.Since = t.since(e.Rule, o.Time)
	}
	level := t.set.Level(e.Rule)
	id, w := t.touch(level, t.head(e.Rule, group))
	status, fired := spec.Observe(w, ob, func() string { return string(Message{Observation: o}.Encode()) },
		rule.Stateful.Updates, t.now.clock(level))
	t.txns[level].Touched(id)
	st := &t.stats[e.Rule]
	switch status {
	case window.Closed:
		st.Late++
		st.Unusable++
	case window.Duplicate:
		st.Duplicate++
	case window.Missing:
		st.Missing++
	case window.Counted, window.Late:
		if status == window.Late {
			st.Late++
		}
		if len(fired) == 0 && w.Open(o.Time) {
			st.Held++
		}
	}
	t.fire(e.Rule, group, fired, ev, out)
	t.evict(o.Time, out)
}

func (t *Task) head(rule int, group []string) window.Head {
	h := t.heads[rule]
	h.Group = group
	return h
}

// touch opens the window of a group. Its ID is a hash of identity and group key. Should two group keys ever meet in one
// hash, the second moves on: which one is first is settled by the order of the messages, and stays so because windows
// keep their group key.
func (t *Task) touch(level int, head window.Head) (state.ID, *window.Window) {
	b := append(t.hashed[:0], head.Rule[:]...)
	for _, g := range head.Group {
		b = binary.AppendUvarint(b, uint64(len(g)))
		b = append(b, g...)
	}
	b = append(b, 0)
	t.hashed = b
	for salt := 0; ; salt++ {
		b[len(b)-1] = byte(salt)
		sum := sha256.Sum256(b)
		id := state.ID(sum[:16])
		id.SetLevel(level)
		w := t.txns[level].Touch(id)
		if w.Claim(head) {
			return id, w
		}
		if salt == 255 {
			w.SetHead(head)
			return id, w
		}
	}
}
