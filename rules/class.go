package rules

import (
	"maps"
	"slices"
	"strings"

	"oktastream/rules/event"
)

// Class is one way of routing observations: by the value of one member of the group key. Every rule that groups by that
// member, alone or among others, can live in the class, because equal group keys then meet in one partition. Rules
// that group by nothing form a class without a member, with one key for the whole organisation.
type Class struct {
	Name  string // names the routing member by the paths it is read from
	Rules []int
	// Member is, by rule, the position of the routing member in the rule's GroupBy; -1 for rules that group by nothing.
	Member map[int]int
}

// Classes returns the classes sorted by name. The slice must not be changed.
func (s *Set) Classes() []Class { return s.classes }

// ClassOf returns the index of rule i's class, -1 if the rule is stateless.
func (s *Set) ClassOf(i int) int { return s.classOf[i] }

// classify gives every stateful rule a class. An event is routed once for each class that it concerns, so fewer classes
// mean fewer copies: greedily, the member that the most rules share is taken first.
func (s *Set) classify() {
	s.classOf = make([]int, len(s.rules))
	left := map[int][]string{} // rule → names of its members
	for i := range s.rules {
		s.classOf[i] = -1
		if st := s.rules[i].Stateful; st != nil {
			left[i] = members(st)
		}
	}
	for len(left) > 0 {
		votes := map[string]int{}
		for _, names := range left {
			for _, n := range names {
				votes[n]++
			}
		}
		best := ""
		for _, n := range slices.Sorted(maps.Keys(votes)) {
			if best == "" || votes[n] > votes[best] {
				best = n
			}
		}
		c := Class{Name: best, Member: map[int]int{}}
		for _, i := range slices.Sorted(maps.Keys(left)) {
			if m := slices.Index(left[i], best); m >= 0 {
				c.Rules = append(c.Rules, i)
				if len(s.rules[i].Stateful.GroupBy) == 0 {
					m = -1
				}
				c.Member[i] = m
				delete(left, i)
			}
		}
		s.classes = append(s.classes, c)
	}
	slices.SortFunc(s.classes, func(a, b Class) int { return strings.Compare(a.Name, b.Name) })
	for ci, c := range s.classes {
		for _, i := range c.Rules {
			s.classOf[i] = ci
		}
	}
}

// members names each member of a rule's group key by the paths that its inputs read it from: two rules may share a
// class only if they mean the same values.
func members(st *Stateful) []string {
	if len(st.GroupBy) == 0 {
		return []string{"-"}
	}
	names := make([]string, len(st.GroupBy))
	for m := range st.GroupBy {
		var paths []string
		for i := range st.Inputs {
			paths = append(paths, st.Inputs[i].Group[m].String())
		}
		slices.Sort(paths)
		names[m] = strings.Join(slices.Compact(paths), ",")
	}
	return names
}

// ClassPaths lists what an observation of class c has to carry: every path that one of its rules reads.
func (s *Set) ClassPaths(c int) []event.Path {
	var paths []event.Path
	seen := map[string]bool{}
	add := func(ps ...event.Path) {
		for _, p := range ps {
			if p != (event.Path{}) && !seen[p.String()] {
				seen[p.String()] = true
				paths = append(paths, p)
			}
		}
	}
	for _, i := range s.classes[c].Rules {
		add(s.rules[i].paths()...)
	}
	slices.SortFunc(paths, func(a, b event.Path) int { return strings.Compare(a.String(), b.String()) })
	return paths
}
