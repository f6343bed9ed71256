package sigma

import (
	"math"
	"slices"
	"strconv"

	"oktastream/rules/lang/source"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// conditionFields describes the condition of a correlation. What the bounds may be depends on the type.
var conditionFields = []source.Field{
	{Name: "field", Type: source.Texts, Doc: "the field whose values are counted, or summed up"},
	{Name: "percentile", Type: source.Anything, Doc: "for value_percentile: how many per cent of the values the compared one is not below, above 0 and up to 100"},
	{Name: "gt", Type: source.Anything, Doc: "more than this"},
	{Name: "gte", Type: source.Anything, Doc: "at least this"},
	{Name: "lt", Type: source.Anything, Doc: "less than this"},
	{Name: "lte", Type: source.Anything, Doc: "at most this"},
	{Name: "eq", Type: source.Anything, Doc: "exactly this"},
	{Name: "neq", Type: source.Anything, Doc: "not this"},
}

const (
	maxThreshold = 1_000_000 // of a count
	maxFields    = 8         // whose combinations are counted
)

// bound is one of the condition's, with its place.
type bound struct {
	window.Bound
	at match.Pos
}

var boundOps = map[string]window.Op{
	"gt": window.Above, "gte": window.AtLeast, "lt": window.Below, "lte": window.AtMost, "eq": window.Equals, "neq": window.Differs,
}

// parseCondition reads the bounds and the field.
func (c *Correlation) parseCondition(t *source.Node, r *source.Report) {
	if c.condition.Kind == source.Scalar {
		c.parseWords(t, r)
		return
	}
	before := len(r.Diagnostics)
	v := source.Check(c.condition, "condition", conditionFields, r)
	for _, p := range c.condition.Pairs {
		if op, ok := boundOps[p.Key.Text]; ok {
			if value, ok := c.number(p, r); ok {
				c.bounds = append(c.bounds, bound{window.Bound{Op: op, Value: value}, p.Value.Pos})
			}
		}
	}
	if len(r.Diagnostics) > before {
		return
	}
	c.parseField(t, v, r)
	c.parsePercentile(t, v.Node("percentile"), r)
	if len(c.bounds) == 0 {
		r.Error(c.condition.Pos, BadThreshold, "add gte:", "the condition has no bound")
		return
	}
	c.checkBounds(r)
	if c.steps() && r.OK() {
		c.checkRules(t, r)
	}
}

// number reads the value of a bound.
func (c *Correlation) number(p source.Pair, r *source.Report) (float64, bool) {
	n := p.Value
	value, err := strconv.ParseFloat(n.Text, 64)
	switch {
	case n.Kind != source.Scalar || !numeric(n) || err != nil || value-value != 0:
		r.Error(n.Pos, source.WrongType, p.Key.Text+": 4", "%s of condition is a number, not %q", p.Key.Text, n.Text)
	case c.counts() && (value != math.Trunc(value) || n.Type == source.Float || value < 0 || value > maxThreshold):
		r.Error(n.Pos, source.OutOfRange, "", "%s of condition is a whole number from 0 to %d, not %s", p.Key.Text, maxThreshold, n.Text)
	default:
		return value, true
	}
	return 0, false
}

// numeric tells whether a value is written as a number, be it in quotes: tools write thresholds so.
func numeric(n *source.Node) bool {
	return n.Type == source.Int || n.Type == source.Float || n.Type == source.String && isNumber(n.Text)
}

func (c *Correlation) parseField(t *source.Node, v source.Values, r *source.Report) {
	field := v.Nodes("field")
	takes := !c.steps() && c.kind != window.Count
	switch {
	case !takes && len(field) > 0 && c.kind == window.Count:
		r.Error(field[0].Pos, BadThreshold, "write type: value_count to count different values", "event_count does not count a field")
	case !takes && len(field) > 0:
		r.Error(v.Node("field").Pos, BadThreshold, "", "%s does not count a field", t.Text)
	case takes && len(field) == 0:
		r.Error(v.Pos(), BadThreshold, "add field: to the condition", "%s needs the field whose values are meant", t.Text)
	case takes && len(field) > 1 && c.kind != window.Distinct:
		r.Error(field[1].Pos, BadThreshold, "", "%s is about the numbers of one field", t.Text)
	case takes && len(field) > maxFields:
		r.Error(field[maxFields].Pos, BadThreshold, "", "value_count combines up to %d fields", maxFields)
	case takes:
		c.fields = field
	}
}

func (c *Correlation) parsePercentile(t, n *source.Node, r *source.Report) {
	switch {
	case c.kind != window.Percentile && n != nil:
		r.Error(n.Pos, BadThreshold, "", "percentile is for value_percentile")
	case c.kind == window.Percentile && n == nil:
		r.Unsupported(t.Pos, CannotCorrelate, "add percentile: 95 to the condition",
			"the specification does not say which percentile is meant by value_percentile without percentile:")
	case n != nil:
		value, err := strconv.ParseFloat(n.Text, 64)
		if n.Kind != source.Scalar || !numeric(n) || err != nil || !(value > 0 && value <= 100) {
			r.Error(n.Pos, BadThreshold, "", "percentile is a number above 0 and up to 100")
			return
		}
		c.percentile = value
	}
}

// checkBounds reports bounds that repeat or contradict each other, or say nothing about what a window can hold.
func (c *Correlation) checkBounds(r *source.Report) {
	find := func(ops ...window.Op) (list []bound) {
		for _, b := range c.bounds {
			if slices.Contains(ops, b.Op) {
				list = append(list, b)
			}
		}
		return list
	}
	at := c.condition.Pos
	lower, upper, equal := find(window.AtLeast, window.Above), find(window.AtMost, window.Below), find(window.Equals)
	switch {
	case len(lower) > 1:
		r.Error(lower[1].at, BadThreshold, "", "gt and gte are both lower bounds")
		return
	case len(upper) > 1:
		r.Error(upper[1].at, BadThreshold, "", "lt and lte are both upper bounds")
		return
	case len(equal) > 0 && len(c.bounds) > 1:
		r.Error(at, BadThreshold, "", "eq leaves nothing for other bounds to say")
		return
	}
	if !c.counts() {
		if len(lower)+len(upper) == 2 && (lower[0].Value > upper[0].Value || lower[0].Value == upper[0].Value &&
			(lower[0].Op == window.Above || upper[0].Op == window.Below)) {
			r.Error(at, BadThreshold, "", "no number meets the bounds")
		}
		return
	}
	least, most := 0.0, float64(maxThreshold)
	for _, b := range c.bounds {
		switch b.Op {
		case window.AtLeast:
			least = b.Value
		case window.Above:
			least = b.Value + 1
		case window.AtMost:
			most = b.Value
		case window.Below:
			most = b.Value - 1
		case window.Equals:
			least, most = b.Value, b.Value
		}
	}
	for _, b := range find(window.Differs) {
		if b.Value == 0 && len(c.bounds) == 1 {
			r.Error(b.at, BadThreshold, "", "a window always holds something")
		}
	}
	switch {
	case len(lower) > 0 && least < 1:
		r.Error(lower[0].at, BadThreshold, "write gte: 1 or more", "a window always holds at least 0")
	case most < 1:
		r.Unsupported(at, CannotCorrelate, "", "that nothing happens cannot be found: a window begins with an event")
	case least > most:
		r.Error(at, BadThreshold, "", "no number meets the bounds")
	}
}

// checkRules looks at how many rules the condition of a temporal type asks for. Bounds that only all of them meet are
// left out; those that fewer meet are for temporal alone, because an order of some of the rules is not defined.
func (c *Correlation) checkRules(t *source.Node, r *source.Report) {
	all := float64(len(c.Rules))
	meets := func(n float64) bool {
		return !slices.ContainsFunc(c.bounds, func(b bound) bool { return !b.Holds(rational(n)) })
	}
	some := false
	for n := 1.0; n < all; n++ {
		some = some || meets(n)
	}
	switch {
	case !meets(all) && !some:
		r.Error(c.condition.Pos, BadThreshold, "", "no number of the %d rules meets the condition", len(c.Rules))
	case !some:
		c.bounds = nil
	case c.kind == window.Sequence:
		r.Unsupported(c.condition.Pos, CannotCorrelate, "leave the condition out to ask for all rules",
			"the specification does not say which rules may be missing from the order of %s", t.Text)
	}
}

// shape puts the bounds into a window. A lower bound of a count is its threshold; the others are conditions, judged when
// the window closes if more of it may undo them.
func (c *Correlation) shape(s *window.Spec) {
	s.Percentile = c.percentile
	onlyLower := !slices.ContainsFunc(c.bounds, func(b bound) bool { return !b.Op.Lower() })
	switch {
	case len(c.mixes) > 0:
		s.Mixes, s.AtClose = c.mixes, window.Undone(c.mixes)
		return
	case c.steps() && len(c.bounds) == 0:
		return
	case c.counts() && onlyLower:
		threshold := int(c.bounds[0].Value)
		if c.bounds[0].Op == window.Above {
			threshold++
		}
		if c.kind == window.Distinct {
			s.Distinct[0].Threshold = threshold
		} else {
			s.Threshold = threshold
		}
		return
	}
	if c.kind == window.Unordered {
		s.Threshold = 1 // the bounds decide
	}
	for _, b := range c.bounds {
		s.Condition = append(s.Condition, b.Bound)
	}
	s.AtClose = !onlyLower || c.kind == window.Avg || c.kind == window.Percentile
}
