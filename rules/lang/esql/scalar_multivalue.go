package esql

import (
	"slices"
	"strings"
)

func mvCount(a value) value {
	if len(a) == 0 {
		return nil
	}
	return num(int64(len(a)))
}

func mvConcat(_ typ, a []value) value {
	sep, ok := a[1].single()
	if !ok || len(a[0]) == 0 {
		return nil
	}
	texts := make([]string, len(a[0]))
	for i, d := range a[0] {
		texts[i] = d.s
	}
	return str(strings.Join(texts, sep.s))
}

func dedupe(a value) value {
	if len(a) < 2 {
		return a
	}
	var out value
	seen := map[datum]bool{}
	for _, d := range a {
		if !seen[d] {
			seen[d] = true
			out = append(out, d)
		}
	}
	return out
}

func sorted(t typ, a value) value {
	out := slices.Clone(a)
	slices.SortStableFunc(out, func(a, b datum) int { return compare(t, a, b) })
	return out
}

func mvSum(t typ, a value) value {
	if len(a) == 0 {
		return nil
	}
	sum := a[:1]
	for _, d := range a[1:] {
		if len(sum) == 0 {
			return nil
		}
		if t == tDouble {
			sum = finite(sum[0].f + d.f)
		} else {
			sum = longArithmetic("+", sum[0].n, d.n)
		}
	}
	return sum
}

func mvAvg(_ typ, a []value) value {
	sum := mvSum(tDouble, a[0])
	if len(sum) == 0 {
		return nil
	}
	return finite(sum[0].f / float64(len(a[0])))
}

func mvSort(t typ, a []value) value {
	out := sorted(t, a[0])
	if len(a) == 2 && len(a[1]) == 1 && strings.EqualFold(a[1][0].s, "DESC") {
		slices.Reverse(out)
	}
	return out
}

// mvSlice counts from 0, from the end if negative; both ends are inclusive.
func mvSlice(_ typ, a []value) value {
	last := len(a) - 1
	from, ok := a[1].single()
	to, ok2 := a[last].single()
	n := int64(len(a[0]))
	if !ok || !ok2 || n == 0 {
		return nil
	}
	lo, hi := from.n, to.n
	if lo < 0 {
		lo += n
	}
	if hi < 0 {
		hi += n
	}
	lo, hi = max(lo, 0), min(hi, n-1)
	if lo > hi {
		return nil
	}
	return a[0][lo : hi+1]
}

func mvAppend(_ typ, a []value) value {
	if len(a[0]) == 0 || len(a[1]) == 0 {
		return nil
	}
	return slices.Concat(a[0], a[1])
}

// mvContains is never null: no value contains nothing.
func mvContains(_ typ, a []value) value {
	have := map[datum]bool{}
	for _, d := range a[0] {
		have[d] = true
	}
	for _, d := range a[1] {
		if !have[d] {
			return boolean(false)
		}
	}
	return boolean(true)
}
