package rules

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Rules may observe the alerts of other rules, see Input.From and Input.Alerts. The level of a rule is the length of the
// longest chain of rules with windows below it: 0 for rules over events and over alerts about single events. Each level has a clock of its own in a task, because alerts of the level
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
			Hint: "name a rule of the same rule set"})
		s.rules = slices.Delete(s.rules, i, i+1)
	}
	diags = append(diags, s.feed()...)
	s.level = make([]int, len(s.rules))
	for i := range s.level {
		s.level[i] = -1
	}
	for i := range s.rules {
		s.rise(i)
	}
	for i, d := range s.dependents {
		if s.rules[i].Stateful != nil && len(d) > 0 {
			st := *s.rules[i].Stateful
			st.Window.Settle = true
			s.rules[i].Stateful = &st
		}
	}
	s.wait()
	return diags
}

// feed finds out whose alerts each input observes. References lead to no circle, broken has seen to that; rules that would
// observe each other because they observe the alerts of all do not, neither of them.
func (s *Set) feed() []Diagnostic {
	type feed struct {
		from   int
		to     Entry
		chosen bool // by name
	}
	var feeds []feed
	for i := range s.rules {
		st := s.rules[i].Stateful
		if st == nil {
			continue
		}
		for j := range st.Inputs {
			switch in := &st.Inputs[j]; {
			case in.From != "":
				feeds = append(feeds, feed{s.find(in.From), Entry{i, j}, true})
			case in.Alerts != NoAlerts:
				for k := range s.rules {
					r := &s.rules[k]
					if k != i && can(in.Where, r.sample(), r.Indicators == nil) != no {
						feeds = append(feeds, feed{k, Entry{i, j}, false})
					}
				}
			}
		}
	}
	next := make([][]int, len(s.rules))
	for _, f := range feeds {
		next[f.from] = append(next[f.from], f.to.Rule)
	}
	reached := map[int]map[int]bool{} // rule → rules that observe its alerts, at first or second hand
	reach := func(from int) map[int]bool {
		if reached[from] == nil {
			seen := map[int]bool{}
			for todo := []int{from}; len(todo) > 0; todo = todo[1:] {
				for _, k := range next[todo[0]] {
					if !seen[k] {
						seen[k] = true
						todo = append(todo, k)
					}
				}
			}
			reached[from] = seen
		}
		return reached[from]
	}
	var diags []Diagnostic
	s.dependents = make([][]Entry, len(s.rules))
	for _, f := range feeds {
		if !f.chosen && reach(f.to.Rule)[f.from] {
			r := &s.rules[f.to.Rule]
			diags = append(diags, Diagnostic{File: r.File, Pos: r.Pos, Level: Note, Code: "OKS0605", Rule: r.Name,
				Message: fmt.Sprintf("the rule does not observe the alerts of %q, which observes its own", s.rules[f.from].Name),
				Hint:    "name the rules whose alerts it is about, or exclude that one"})
			continue
		}
		s.dependents[f.from] = append(s.dependents[f.from], f.to)
	}
	for i := range s.dependents {
		slices.SortFunc(s.dependents[i], func(a, b Entry) int { return cmp.Or(a.Rule-b.Rule, a.Input-b.Input) })
	}
	s.feeders = make([][]int, len(s.rules))
	for k, d := range s.dependents {
		for _, e := range d {
			if !slices.Contains(s.feeders[e.Rule], k) {
				s.feeders[e.Rule] = append(s.feeders[e.Rule], k)
			}
		}
	}
	return diags
}

// Feeders lists the rules whose alerts rule i observes, in ascending order. The slice must not be changed.
func (s *Set) Feeders(i int) []int { return s.feeders[i] }

// rise finds the level of rule i. Alerts about single events come with the events, so they raise nothing.
func (s *Set) rise(i int) int {
	if s.level[i] < 0 {
		s.level[i] = 0
		level := 0
		for _, k := range s.feeders[i] {
			if s.rules[k].Stateful != nil {
				level = max(level, s.rise(k)+1)
			}
		}
		s.level[i] = level
	}
	return s.level[i]
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
			if s.find(in.From) < 0 {
				return i, "OKS0603", fmt.Sprintf("there is no rule %q to take alerts from", in.From)
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

// depth is -1 if following the names in rule i comes back to a rule on the path.
func (s *Set) depth(i int, path []int) int {
	if slices.Contains(path, i) {
		return -1
	}
	if st := s.rules[i].Stateful; st != nil {
		for _, in := range st.Inputs {
			if in.From == "" {
				continue
			}
			if k := s.find(in.From); k >= 0 && s.depth(k, append(path, i)) < 0 { // a missing one is reported by broken
				return -1
			}
		}
	}
	return 0
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
		for _, k := range s.feeders[i] {
			if feeder := s.rules[k].Stateful; feeder != nil {
				w := feeder.Window
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
