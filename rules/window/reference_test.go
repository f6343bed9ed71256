package window

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
)

// reference is the definition of the operators, with everything recomputed from the set of observations: the times at
// which the condition holds, and their clusters.
func reference(s *Spec, set []Observation) []string {
	seen := map[string]bool{}
	var rows []Observation
	for _, o := range set {
		if (s.Kind == Distinct || s.numeric()) && len(o.Columns[0]) == 0 {
			continue
		}
		if s.perEvent() {
			o.Step = 0
		}
		if k := fmt.Sprint(o.Time, o.ID, o.Step); !seen[k] {
			seen[k] = true
			rows = append(rows, o)
		}
	}
	sort.SliceStable(rows, func(i, j int) bool { return rows[i].Time < rows[j].Time })
	var times []int64
	for i := 0; s.AtClose && i < len(rows); {
		j := i
		for j < len(rows) && rows[j].Time <= rows[i].Time+int64(s.Length) {
			j++
		}
		if content(s, rows[i:j], rows[j-1].Time) {
			times = append(times, rows[j-1].Time)
		}
		i = j
	}
	if n := len(rows); s.Every > 0 && n > 0 {
		for t := rows[0].Time; t <= rows[n-1].Time+int64(s.Length); t++ {
			if t%int64(s.Every) != 0 {
				continue
			}
			var in []Observation
			for _, r := range rows {
				if r.Time > t-int64(s.Length) && r.Time <= t {
					in = append(in, r)
				}
			}
			if len(in) > 0 && content(s, in, t) {
				times = append(times, t)
			}
		}
	}
	for _, r := range rows {
		if s.AtClose || s.Every > 0 {
			break
		}
		if s.Kind == Sequence && completes(s, rows, r) || s.Kind != Sequence && holds(s, rows, r.Time) {
			times = append(times, r.Time)
		}
	}
	since := int64(0)
	if len(rows) > 0 && s.Kind == FirstSeen && rows[0].Since != 0 {
		since = rows[0].Since
		times = append(times, since)
	}
	var after []string
	for _, c := range clusters(s, times) {
		var start, end int64
		fmt.Sscanf(c, "%d..%d", &start, &end)
		if since == 0 || start > since {
			after = append(after, c)
		}
	}
	return after
}

// clusters are those of the times at which the condition holds.
func clusters(s *Spec, times []int64) (clusters []string) {
	slices.Sort(times)
	times = slices.Compact(times)
	for i := 0; i < len(times); {
		j := i
		for j+1 < len(times) && times[j+1]-times[j] <= int64(s.Quiet) && times[j+1]-times[i] <= int64(s.Episode) {
			j++
		}
		clusters = append(clusters, fmt.Sprintf("%d..%d", times[i], times[j]))
		i = j + 1
	}
	return clusters
}

func holds(s *Spec, rows []Observation, t int64) bool {
	var in []Observation
	for _, r := range rows {
		if r.Time >= t-int64(s.Length) && r.Time <= t {
			in = append(in, r)
		}
	}
	return content(s, in, t)
}

// content judges the observations of one interval.
func content(s *Spec, in []Observation, t int64) bool {
	var numbers []float64
	for _, r := range in {
		if s.numeric() {
			for _, v := range r.Columns[0] {
				f, _ := strconv.ParseFloat(v, 64)
				numbers = append(numbers, f)
			}
		}
	}
	quantity := float64(len(in))
	switch sum := 0.0; s.Kind {
	case Distinct:
		values := map[string]bool{}
		for _, r := range in {
			for _, v := range r.Columns[0] {
				values[v] = true
			}
		}
		quantity = float64(len(values))
	case Unordered:
		steps := map[int]bool{}
		for _, r := range in {
			steps[r.Step] = true
		}
		quantity = float64(len(steps))
	case Sum, Avg:
		for _, f := range numbers {
			sum += f
		}
		if quantity = sum; s.Kind == Avg {
			quantity /= float64(len(numbers))
		}
	case Percentile:
		slices.Sort(numbers)
		for _, f := range numbers {
			below := 0
			for _, g := range numbers {
				if g <= f {
					below++
				}
			}
			if quantity = f; float64(below) >= s.Percentile/100*float64(len(numbers)) {
				break
			}
		}
	}
	for _, b := range s.Condition {
		ok := map[Op]bool{AtLeast: quantity >= b.Value, Above: quantity > b.Value, AtMost: quantity <= b.Value, Below: quantity < b.Value,
			Equals: quantity == b.Value, Differs: quantity != b.Value}[b.Op]
		if !ok {
			return false
		}
	}
	for c, col := range s.Distinct {
		values := map[string]bool{}
		for _, r := range in {
			for _, v := range r.Columns[c] {
				values[v] = true
			}
		}
		if len(values) < col.Threshold {
			return false
		}
	}
	switch s.Kind {
	case Count:
		return len(in) >= s.Threshold
	case Unordered:
		steps := map[int]bool{}
		for _, r := range in {
			steps[r.Step] = true
		}
		return len(steps) == s.Steps || s.Threshold > 0 && len(steps) >= s.Threshold
	case Pipeline:
		var texts []string
		for _, r := range in {
			texts = append(texts, r.Columns[0][0])
		}
		return s.Program.(repeats).holdsNaively(texts)
	}
	return true
}
