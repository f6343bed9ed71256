package esql

import (
	"math"
	"math/big"
	"slices"
	"strings"

	"oktastream/rules/window"
)

// aggregator computes an aggregate over values that come and go. Nulls do not reach it.
type aggregator interface {
	add(d datum)
	remove(d datum)
	result() value
}

// aggregateFunction describes an aggregate: the type of its result and how it is computed.
type aggregateFunction struct {
	args   int // besides the value
	result func(arg typ) typ
	begin  func(arg typ, param float64) aggregator
}

func same(t typ) typ             { return t }
func always(t typ) func(typ) typ { return func(typ) typ { return t } }

// aggregates are the functions of STATS.
var aggregates map[string]*aggregateFunction

func init() {
	aggregates = map[string]*aggregateFunction{
		"count":          {result: always(tLong), begin: func(typ, float64) aggregator { return &count{} }},
		"count_distinct": {args: 1, result: always(tLong), begin: func(typ, float64) aggregator { return &distinct{} }},
		"values":         {result: same, begin: func(t typ, _ float64) aggregator { return &values{typ: t} }},
		"sum":            {result: same, begin: beginSum},
		"avg":            {result: always(tDouble), begin: func(t typ, _ float64) aggregator { return &mean{sum: beginSum(t, 0).(summing)} }},
		"min":            {result: same, begin: func(t typ, _ float64) aggregator { return newRanked(t, (*ranked).min) }},
		"max":            {result: same, begin: func(t typ, _ float64) aggregator { return newRanked(t, (*ranked).max) }},
		"median":         {result: always(tDouble), begin: func(t typ, _ float64) aggregator { return newRanked(t, percentile(50)) }},
		"percentile":     {args: 1, result: always(tDouble), begin: func(t typ, p float64) aggregator { return newRanked(t, percentile(p)) }},
	}
}

// refusedAggregates are those of the language that are not here.
var refusedAggregates = map[string]bool{"median_absolute_deviation": true, "std_dev": true, "variance": true, "top": true, "sample": true,
	"weighted_avg": true, "first": true, "last": true, "absent": true, "present": true, "st_centroid_agg": true, "st_extent_agg": true,
	"earliest": true, "latest": true, "std_dev_over_time": true, "stddev_over_time": true, "variance_over_time": true, "percentile_over_time": true,
	"count_distinct_over_time": true, "present_over_time": true, "absent_over_time": true, "increase": true, "delta": true, "idelta": true, "irate": true,
	"deriv": true, "sparkline": true, "rate": true, "all_first": true, "all_last": true, "first_over_time": true, "last_over_time": true, "count_over_time": true,
	"sum_over_time": true, "max_over_time": true, "min_over_time": true, "avg_over_time": true}

// numeric are the aggregates that take numbers only.
func numeric(name string) bool {
	return name == "sum" || name == "avg" || name == "median" || name == "percentile"
}

type count struct{ n int64 }

func (c *count) add(datum)    { c.n++ }
func (c *count) remove(datum) { c.n-- }

// result is 0, not null, of no values.
func (c *count) result() value { return num(c.n) }

// distinct counts exactly, where Elasticsearch estimates above a few thousand values.
type distinct struct{ window.Bag[datum] }

func (c *distinct) add(d datum)    { c.Add(d) }
func (c *distinct) remove(d datum) { c.Remove(d) }
func (c *distinct) result() value  { return num(int64(c.Len())) }

// values lists the different values in ascending order; Elasticsearch promises none.
type values struct {
	window.Bag[datum]
	typ typ
}

func (c *values) add(d datum)    { c.Add(d) }
func (c *values) remove(d datum) { c.Remove(d) }

func (c *values) result() value {
	if c.Len() == 0 {
		return nil
	}
	return sorted(c.typ, c.All())
}

// summing is a sum that can be told exactly.
type summing interface {
	aggregator
	rat() *big.Rat
	len() int
}

func beginSum(t typ, _ float64) aggregator {
	if t == tDouble {
		return &realSum{}
	}
	return &longSum{}
}

type longSum struct {
	window.Total
	n int
}

func (s *longSum) add(d datum)    { s.Add(d.n); s.n++ }
func (s *longSum) remove(d datum) { s.Remove(d.n); s.n-- }
func (s *longSum) rat() *big.Rat  { return s.Rat() }
func (s *longSum) len() int       { return s.n }

// result is null of no values, and of a sum that does not fit.
func (s *longSum) result() value {
	n, ok := s.Int64()
	if s.n == 0 || !ok {
		return nil
	}
	return num(n)
}

type realSum struct {
	window.RealTotal
	n int
}

func (s *realSum) add(d datum)    { s.Add(d.f); s.n++ }
func (s *realSum) remove(d datum) { s.Remove(d.f); s.n-- }
func (s *realSum) rat() *big.Rat  { return s.Rat() }
func (s *realSum) len() int       { return s.n }

func (s *realSum) result() value {
	if s.n == 0 {
		return nil
	}
	f, _ := s.Rat().Float64()
	return finite(f)
}

type mean struct{ sum summing }

func (m *mean) add(d datum)    { m.sum.add(d) }
func (m *mean) remove(d datum) { m.sum.remove(d) }

func (m *mean) result() value {
	n := m.sum.len()
	if n == 0 {
		return nil
	}
	f, _ := new(big.Rat).Quo(m.sum.rat(), new(big.Rat).SetInt64(int64(n))).Float64()
	return finite(f)
}

// ranked keeps the values in order.
type ranked struct {
	*window.Ranked[datum]
	typ  typ
	pick func(*ranked) value
}

func newRanked(t typ, pick func(*ranked) value) *ranked {
	return &ranked{Ranked: window.NewRanked(func(a, b datum) int { return compare(t, a, b) }), typ: t, pick: pick}
}

func (r *ranked) add(d datum)    { r.Add(d) }
func (r *ranked) remove(d datum) { r.Remove(d) }

func (r *ranked) result() value {
	if r.Len() == 0 {
		return nil
	}
	return r.pick(r)
}

func (r *ranked) min() value { return one(r.At(0)) }
func (r *ranked) max() value { return one(r.At(r.Len() - 1)) }

// percentile is exact, and interpolates between the two nearest ranks.
func percentile(p float64) func(*ranked) value {
	return func(r *ranked) value {
		place := p / 100 * float64(r.Len()-1)
		lo := math.Floor(place)
		a, b := r.real(int(lo)), r.real(min(int(lo)+1, r.Len()-1))
		return finite(a + (b-a)*(place-lo))
	}
}

func (r *ranked) real(i int) float64 {
	if r.typ == tDouble {
		return r.At(i).f
	}
	return float64(r.At(i).n)
}

// aggregate is one aggregate of a stage.
type aggregate struct {
	name  string
	param float64
	arg   *term // over the row before; null where the filter does not hold
	fn    *aggregateFunction
}

func (a *aggregate) typ() typ { return a.fn.result(a.arg.typ) }

func (a *aggregate) begin() aggregator { return a.fn.begin(a.arg.typ, a.param) }

func (a *aggregate) String() string {
	s := "(" + a.name
	if a.fn.args > 0 && a.name != "count_distinct" {
		s += " " + showDouble(a.param)
	}
	return s + " " + a.arg.String() + ")"
}

// newAggregate checks a call in STATS. build makes terms of what it reads, filter is null or the WHERE behind it.
func newAggregate(x *expr, build func(*expr) *term, filter *term) aggregate {
	if refusedAggregates[x.name] {
		unsupported(x.at, "", "the aggregate %s is not supported", strings.ToUpper(x.name))
	}
	a := aggregate{name: x.name, fn: aggregates[x.name]}
	switch {
	case x.name == "count" && (x.star || len(x.args) == 0):
		a.arg = literalTerm(tBool, boolean(true), x.at)
	case x.star:
		fail(x.at, CodeSyntax, "", "only COUNT takes *")
	case len(x.args) == 0 || len(x.args) > 1+a.fn.args || x.name == "percentile" && len(x.args) < 2:
		failNumber(x.at, "%s does not take %d arguments", strings.ToUpper(x.name), len(x.args))
	default:
		a.arg = build(x.args[0])
	}
	if a.arg.typ == tSpan {
		fail(a.arg.at, CodeType, "", "%s does not take a duration", strings.ToUpper(x.name))
	}
	if numeric(x.name) {
		if a.arg.loose() && !a.arg.isLit {
			a.arg = convert(a.arg, tDouble)
		}
		if !slices.Contains([]typ{tLong, tDouble, tNull}, a.arg.typ) {
			fail(a.arg.at, CodeType, "cast it with ::DOUBLE", "%s takes numbers, not a %s", strings.ToUpper(x.name), a.arg.typ)
		}
	}
	if x.name == "percentile" {
		p, ok := implicit(build(x.args[1]), tDouble)
		if !ok || !p.isLit || len(p.lit) != 1 || p.lit[0].f < 0 || p.lit[0].f > 100 {
			fail(x.args[1].at, CodeType, "", "the percentile is a number from 0 to 100")
		}
		a.param = p.lit[0].f
	}
	if filter != nil {
		a.arg = choose(filter.at, []*term{filter, a.arg})
	}
	return a
}
