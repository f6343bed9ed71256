package esql

import (
	"slices"
	"time"
)

// lookBack takes the members out of a condition that bound how far the query looks back, such as
// @timestamp >= NOW() - 1 hour before STATS: they become the length of its window. NOW() as the time of each event would make
// them always true. Without a STATS they are, because events are judged as they arrive. It returns nil if nothing is left.
func (c *compiler) lookBack(x *expr) *expr {
	if !c.scope.aggregates || len(c.stages) > 0 || c.scope.columns["@timestamp"] != nil || x.kind != call {
		return x
	}
	if x.name == "and" {
		rest := *x
		rest.args = nil
		for _, a := range x.args {
			if a = c.lookBack(a); a != nil {
				rest.args = append(rest.args, a)
			}
		}
		switch len(rest.args) {
		case 0:
			return nil
		case 1:
			return rest.args[0]
		}
		return &rest
	}
	if len(x.args) != 2 || !slices.Contains([]string{"<", "<=", ">", ">="}, x.name) {
		return x
	}
	field, bound := x.args[0], x.args[1]
	if x.name[0] == '<' {
		field, bound = bound, field
	}
	if field.kind != column || field.name != "@timestamp" || bound.kind != call || bound.name != "-" || bound.args[0].kind != call || bound.args[0].name != "now" {
		return x
	}
	span := bound.args[1]
	if span.kind != literal || span.lit.typ != tSpan || span.lit.v.f != 0 || span.lit.v.n <= 0 || span.lit.v.n > maxBack.Milliseconds() {
		return x
	}
	if d := time.Duration(span.lit.v.n) * time.Millisecond; c.back == 0 || d < c.back {
		c.back = d
	}
	return nil
}

// maxBack is beyond what any rule looks back.
const maxBack = 10 * 366 * 24 * time.Hour
