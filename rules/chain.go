package rules

import (
	"fmt"
	"slices"
	"time"
)

// Rules may observe the alerts of other rules, see Input.From. The level of a rule is the length of the longest chain
// below it: 0 for rules over events alone. Each level has a clock of its own in a task, because alerts of the level
// below come later than the events that caused them.

// Level is the level of rule i.
func (s *Set) Level(i int) int { return s.level[i] }

// Levels is one more than the highest level.
func (s *Set) Levels() int {
	n := 1
	for _, l := range s.level {
		n = max(n, l+1)
	}
	return n
}

// Dependents lists the inputs that observe the alerts of rule i. The slice must not be changed.
func (s *Set) Dependents(i int) []Entry { return s.dependents[i] }

// link resolves references between sorted rules. Rules that refer to what is not there, or to themselves, are taken out
// and reported; so are those that refer to them.
func (s *Set) link() []Diagnostic {
	var diags []Diagnostic
	for {
		i, code, message := s.broken()
		if i < 0 {
			break
		}
		r := &s.rules[i]
		diags = append(diags, Diagnostic{File: r.File, Pos: r.Pos, Level: Error, Code: code, Rule: r.Name, Message: message,
			Hint: "name a stateful rule of the same rule set"})
		s.rules = slices.Delete(s.rules, i, i+1)
	}
	s.level = make([]int, len(s.rules))
	s.dependents = make([][]Entry, len(s.rules))
	for i := range s.rules {
		s.level[i] = s.depth(i, nil)
		if st := s.rules[i].Stateful; st != nil {
			for j := range st.Inputs {
				if from := st.Inputs[j].From; from != "" {
					k := s.find(from)
					s.dependents[k] = append(s.dependents[k], Entry{Rule: i, Input: j})
				}
			}
		}
	}
	for i, d := range s.dependents {
		if len(d) > 0 {
			st := *s.rules[i].Stateful
			st.Window.Settle = true
			s.rules[i].Stateful = &st
		}
	}
	s.wait()
	return diags
}

// broken finds a rule that cannot be linked.
func (s *Set) broken() (rule int, code, message string) {
	for i := range s.rules {
		if s.rules[i].Stateful == nil {
			continue
		}
		for _, in := range s.rules[i].Stateful.Inputs {
			if in.From == "" {
				continue
			}
			if k := s.find(in.From); k < 0 || s.rules[k].Stateful == nil {
				return i, "OKS0603", fmt.Sprintf("there is no stateful rule %q to take alerts from", in.From)
			}
		}
		if s.depth(i, nil) < 0 {
			return i, "OKS0604", fmt.Sprintf("rule %q takes alerts from itself, by way of others or directly", s.rules[i].Name)
		}
	}
	return -1, "", ""
}

func (s *Set) find(name string) int {
	return slices.IndexFunc(s.rules, func(r Rule) bool { return r.Name == name })
}

// depth is the level of rule i, -1 if following its references comes back to a rule on the path.
func (s *Set) depth(i int, path []int) int {
	if slices.Contains(path, i) {
		return -1
	}
	level := 0
	if st := s.rules[i].Stateful; st != nil {
		for _, in := range st.Inputs {
			if in.From == "" {
				continue
			}
			k := s.find(in.From)
			if k < 0 {
				continue // reported by broken
			}
			d := s.depth(k, append(path, i))
			if d < 0 {
				return -1
			}
			level = max(level, d+1)
		}
	}
	return level
}

// wait raises the lateness of rules over alerts by how far an alert may lie behind the clock of its level: its
// completion is at most Lateness behind when an event brings it about, and at most Quiet more when it had to wait for
// the end of the episode before it, or for its window to close; and Length more if it had to wait for what must not come.
func (s *Set) wait() {
	order := make([]int, len(s.rules))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return s.level[a] - s.level[b] })
	for _, i := range order {
		if s.level[i] == 0 {
			continue
		}
		st := *s.rules[i].Stateful
		var delay time.Duration
		for _, in := range st.Inputs {
			if in.From != "" {
				w := s.rules[s.find(in.From)].Stateful.Window
				d := w.Lateness + w.Quiet
				if w.Deferred() {
					d += w.Length
				}
				delay = max(delay, d)
			}
		}
		st.Window.Lateness += delay
		st.Window.Episode = max(st.Window.Episode, 2*(st.Window.Quiet+st.Window.Lateness))
		s.rules[i].Stateful = &st
	}
}
