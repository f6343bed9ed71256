package engine

import (
	"maps"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/window"
)

// A rule of Kind FirstSeen knows only what has come since it runs. A task therefore remembers from when on it has seen all
// that concerns the rule: the clock of the rule's level when it first had both a clock and the rule. That instant is a
// function of the messages handled, like all of the task's progress, and is kept with it in the checkpoint; under another
// state identity, or after a time without the rule, it begins anew. Until a whole history has gone by since then, the
// rule keeps silent, see window.FirstSeen.

// learners lists the rules that have a history.
func learners(set *rules.Set) []int {
	var list []int
	for i, r := range set.Rules() {
		if r.Stateful != nil && r.Stateful.Window.Kind == window.FirstSeen {
			list = append(list, i)
		}
	}
	return list
}

// learn notes since when the histories count that have begun now.
func (t *Task) learn() {
	if len(t.now.since) == len(t.learners) {
		return
	}
	for _, i := range t.learners {
		id := t.set.StateID(i)
		clock := t.now.clock(t.set.Level(i))
		if _, known := t.now.since[id]; !known && clock != window.NoClock {
			t.now.since[id] = clock
		}
	}
}

// since is from when on the history of a rule counts for an observation at a time: 0 is always.
func (t *Task) since(rule int, at int64) int64 {
	if t.opts.AssumeHistory || t.set.Rules()[rule].Stateful.AssumeHistory {
		return 0
	}
	if since, known := t.now.since[t.set.StateID(rule)]; known {
		return since
	}
	return at // before the task has a clock nothing is known to be complete
}

// forgetHistories drops what belongs to rules that are not run, so that they begin anew should they come back.
func (t *Task) forgetHistories(p *progress) {
	ours := map[[16]byte]bool{}
	for _, i := range t.learners {
		ours[t.set.StateID(i)] = true
	}
	maps.DeleteFunc(p.since, func(id [16]byte, _ int64) bool { return !ours[id] })
}

// History tells since when the history of a rule counts; ok is false while it does not.
func (t *Task) History(rule int) (since time.Time, ok bool) {
	p := &t.committed
	if t.txns != nil {
		p = &t.now
	}
	at, ok := p.since[t.set.StateID(rule)]
	return instant(at), ok
}

// history tells with an alert about a first sight what it was not seen in.
func (t *Task) history(rule int, a *alert.Alert) {
	spec := &t.set.Rules()[rule].Stateful.Window
	if spec.Kind != window.FirstSeen {
		return
	}
	if since := t.since(rule, 0); since != 0 {
		detail(a, "history_since", instant(since).Format(time.RFC3339Nano))
		return
	}
	detail(a, "history_since", "the first event")
	a.Notes = append(a.Notes, "the history was taken to be complete from the first event on")
}
