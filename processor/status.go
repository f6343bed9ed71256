package processor

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"
)

// status is what /readyz and /healthz tell. Workers write it, requests read it.
type status struct {
	mu      sync.Mutex
	rules   int
	ruleSet string
	workers []*worker
	owned   map[*worker]map[source]bool // a worker is present once it has been told its partitions, if only that it has none
	tasks   map[taskKey]*taskStatus
	// waits says of owned partitions why nothing is read from them although there is something.
	waits map[source]string
}

type taskKey struct {
	stage     *detectStage
	partition int32
}

type taskStatus struct {
	progress *progress
	running  bool
}

func newStatus(rules int, ruleSet string) *status {
	return &status{rules: rules, ruleSet: ruleSet, owned: make(map[*worker]map[source]bool), tasks: make(map[taskKey]*taskStatus),
		waits: make(map[source]string)}
}

func (s *status) start(workers []*worker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.workers = workers
}

func (s *status) restoring(d *detectStage, partition int32, p *progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tasks[taskKey{d, partition}] = &taskStatus{progress: p}
}

func (s *status) running(d *detectStage, partition int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.tasks[taskKey{d, partition}]; t != nil {
		t.running = true
	}
}

func (s *status) gone(d *detectStage, partition int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tasks, taskKey{d, partition})
}

// assignment notes what the group has given a worker, also if that is nothing. A worker that the group has lost, or that
// can reach no broker to tell it that it is there, has been given nothing until it has joined again.
func (s *status) assignment(w *worker, change assignment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if change.kind == lost {
		delete(s.owned, w)
		return
	}
	if s.owned[w] == nil {
		s.owned[w] = make(map[source]bool)
	}
	for t, ps := range change.parts {
		for _, p := range ps {
			if change.kind == assigned {
				s.owned[w][source{topic: t, partition: p}] = true
			} else {
				delete(s.owned[w], source{topic: t, partition: p})
			}
		}
	}
}

// left: the worker has no session.
func (s *status) left(w *worker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.owned, w)
}

// partitions are those that the worker owns.
func (s *status) partitions(w *worker) map[source]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.owned[w])
}

// ifOwned runs f if the worker owns the partition, and only then: what f sets would stay after the partition has gone.
func (s *status) ifOwned(w *worker, src source, f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owned[w][src] {
		f()
	}
}

// held notes why nothing is read from a partition, or with an empty text that it is.
func (s *status) held(w *worker, src source, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why == "" || !s.owned[w][src] {
		delete(s.waits, src)
	} else {
		s.waits[src] = why
	}
}

// Readiness is the body of /readyz.
type Readiness struct {
	Ready   bool     `json:"ready"`
	Reasons []string `json:"reasons,omitempty"` // why not
	// Warnings are what is wrong around a process that is ready: it can do nothing about it, nor could another.
	Warnings []string          `json:"warnings,omitempty"`
	Rules    int               `json:"rules"`
	RuleSet  string            `json:"ruleset"`
	Workers  []WorkerReadiness `json:"workers"`
	Tasks    []TaskReadiness   `json:"tasks"`
}

// WorkerReadiness is one worker's part of Readiness.
type WorkerReadiness struct {
	Name       string         `json:"name"`
	Assigned   bool           `json:"assigned"` // it has been told its partitions, which may be none
	Partitions map[string]int `json:"partitions,omitempty"`
}

// TaskReadiness is one task's part of Readiness. Done and Total count changelog offsets; Total is 0 until the end of the
// changelog is known, and for an empty changelog.
type TaskReadiness struct {
	Partition int32 `json:"partition"`
	Restored  bool  `json:"restored"`
	Done      int64 `json:"done"`
	Total     int64 `json:"total"`
}

func (s *status) readiness() Readiness {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := Readiness{Ready: true, Rules: s.rules, RuleSet: s.ruleSet, Workers: []WorkerReadiness{}, Tasks: []TaskReadiness{}}
	not := func(why string) {
		r.Ready = false
		r.Reasons = append(r.Reasons, why)
	}
	for _, w := range s.workers {
		parts, ok := s.owned[w]
		counts := make(map[string]int)
		for p := range parts {
			counts[p.topic]++
		}
		r.Workers = append(r.Workers, WorkerReadiness{Name: w.name, Assigned: ok, Partitions: counts})
		if !ok {
			not("worker " + w.name + " waits for its assignment")
		}
	}
	if len(s.workers) == 0 {
		not("no worker has been started")
	}
	for k, t := range s.tasks {
		_, done, total := t.progress.remaining()
		r.Tasks = append(r.Tasks, TaskReadiness{Partition: k.partition, Restored: t.running, Done: done, Total: total})
	}
	slices.SortFunc(r.Tasks, func(a, b TaskReadiness) int { return cmp.Compare(a.Partition, b.Partition) })
	for _, t := range r.Tasks {
		if !t.Restored {
			not("task " + label(t.Partition) + " is being restored")
		}
	}
	for _, src := range slices.SortedFunc(maps.Keys(s.waits), bySource) {
		r.Warnings = append(r.Warnings, s.waits[src])
	}
	return r
}

func bySource(a, b source) int {
	return cmp.Or(cmp.Compare(a.topic, b.topic), cmp.Compare(a.partition, b.partition))
}

// stuckAfter is how long a worker's loop may take to come by: longer than a transaction may take to end.
const stuckAfter = 2 * time.Minute

// stuck names the workers whose loops do not advance. A lost broker, a rebalance or a restore does not stop a loop.
func (s *status) stuck(now time.Time) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, w := range s.workers {
		if now.Sub(time.Unix(0, w.beat.Load())) > stuckAfter {
			names = append(names, w.name)
		}
	}
	return names
}
