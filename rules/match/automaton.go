package match

import "slices"

// automaton finds all occurrences of many texts in one pass, after Aho and Corasick: its cost grows with the text that is
// searched, and not with the number of texts looked for.
type automaton struct {
	root   [256]int32 // from the first state, which most bytes lead back to
	states []state
	edges  []edge // of all states but the first; those of one state lie together
}

type state struct {
	edges, until int32 // into automaton.edges
	fail         int32 // the state of the longest other end of what led here
	hit          int32 // what has been found here, -1 for nothing
	more         int32 // the next state on the way along fail that has a hit, 0 for none
}

type edge struct {
	by byte
	to int32
}

// newAutomaton looks for texts, none of which may be empty. What it finds are indices of texts.
func newAutomaton(texts []string) *automaton {
	a := &automaton{states: []state{{hit: -1}}}
	children := []map[byte]int32{{}} // by state
	for n, text := range texts {
		at := int32(0)
		for i := range len(text) {
			next, ok := children[at][text[i]]
			if !ok {
				next = int32(len(a.states))
				a.states = append(a.states, state{hit: -1})
				children = append(children, nil)
				if children[at] == nil {
					children[at] = map[byte]int32{}
				}
				children[at][text[i]] = next
			}
			at = next
		}
		a.states[at].hit = int32(n)
	}
	for by, to := range children[0] {
		a.root[by] = to
	}
	// Breadth first, so that the state to fall back to, whose text is shorter, is complete.
	queue := make([]int32, 0, len(a.states))
	add := func(from int32) {
		s := &a.states[from]
		s.edges = int32(len(a.edges))
		for by, to := range children[from] {
			a.edges = append(a.edges, edge{by, to})
			queue = append(queue, to)
		}
		s.until = int32(len(a.edges))
		slices.SortFunc(a.edges[s.edges:s.until], func(x, y edge) int { return int(x.by) - int(y.by) })
	}
	for _, to := range children[0] {
		queue = append(queue, to)
	}
	for i := 0; i < len(queue); i++ {
		at := queue[i]
		add(at)
		for _, e := range a.edges[a.states[at].edges:a.states[at].until] {
			fail := a.step(a.states[at].fail, e.by)
			s := &a.states[e.to]
			s.fail = fail
			if s.more = fail; a.states[fail].hit < 0 {
				s.more = a.states[fail].more
			}
		}
	}
	return a
}

// step is the state after one more byte. Each step along fail takes back one that led deeper, so a text costs no more
// than two of them for each of its bytes.
func (a *automaton) step(at int32, by byte) int32 {
	for at != 0 {
		s := &a.states[at]
		for _, e := range a.edges[s.edges:s.until] {
			if e.by == by {
				return e.to
			}
		}
		at = s.fail
	}
	return a.root[by]
}

// find calls found with the index of each text that occurs in s, once for each place where it ends.
func (a *automaton) find(s string, found func(int32)) {
	at := int32(0)
	for i := range len(s) {
		if at == 0 {
			if at = a.root[s[i]]; at == 0 {
				continue
			}
		} else if at = a.step(at, s[i]); at == 0 {
			continue
		}
		for hit := at; hit != 0; hit = a.states[hit].more {
			if n := a.states[hit].hit; n >= 0 {
				found(n)
			}
		}
	}
}
