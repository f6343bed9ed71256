package window

import "slices"

// completes is the definition in sequence.go, by trying every chain that ends with the observation last.
func completes(s *Spec, rows []Observation, last Observation) bool {
	_, ok := chainStart(s, rows, last)
	return ok
}

// chainStart is the beginning of the chain that counts.
func chainStart(s *Spec, rows []Observation, last Observation) (int64, bool) {
	var order []int // the step of each event of a chain
	var gaps [][]int
	gap := []int{}
	until := -1
	for i := range s.Steps {
		role, runs := Occurs, 1
		if s.Plan != nil {
			role, runs = s.Plan[i].Role, max(s.Plan[i].Runs, 1)
		}
		switch role {
		case Until:
			until = i
		case Absent:
			gap = append(gap, i)
		default:
			for n := range runs {
				order = append(order, i)
				if n > 0 {
					gap = nil
				}
				gaps = append(gaps, gap)
			}
			gap = []int{}
		}
	}
	if last.Step != order[len(order)-1] {
		return 0, false
	}
	there := func(steps []int, from, to int64, in func(t, from, to int64) bool) bool {
		return slices.ContainsFunc(rows, func(r Observation) bool { return slices.Contains(steps, r.Step) && in(r.Time, from, to) })
	}
	between := func(t, from, to int64) bool { return from < t && t < to }
	// try extends a chain backwards and returns the latest start of all that begin with the first step.
	var try func(stage int, next Observation) (int64, bool)
	try = func(stage int, next Observation) (int64, bool) {
		if stage < 0 {
			return next.Time, true
		}
		best, found := int64(0), false
		for _, r := range rows {
			agree := len(r.Join) == 0 || len(next.Join) == 0 || slices.ContainsFunc(r.Join, func(v string) bool { return slices.Contains(next.Join, v) })
			if r.Step != order[stage] || r.Time > next.Time || r.Time < last.Time-int64(s.Length) || r.ID == next.ID || !agree {
				continue
			}
			if order[stage] == order[stage+1] && r.Time == next.Time && r.ID > next.ID {
				continue // one order of the events of a step will do
			}
			if there(gaps[stage+1], r.Time, next.Time, between) {
				continue
			}
			if start, ok := try(stage-1, r); ok && (!found || start > best) {
				best, found = start, true
			}
		}
		return best, found
	}
	start, ok := try(len(order)-2, last)
	if !ok || last.Time-start > int64(s.Length) || there([]int{until}, start, last.Time, between) {
		return 0, false
	}
	if there(gaps[0], last.Time-int64(s.Length), start, func(t, from, to int64) bool { return from <= t && t < to }) {
		return 0, false
	}
	return start, !there(gap, last.Time, start+int64(s.Length), func(t, from, to int64) bool { return from < t && t <= to })
}
