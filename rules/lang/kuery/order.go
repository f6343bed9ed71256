package kuery

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"oktastream/rules/event"
	"oktastream/rules/lang/notation"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

var orders = map[string]match.Op{"<": match.Less, "<=": match.LessEqual, ">": match.Greater, ">=": match.GreaterEqual}

var isNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,9})?$`)

// ordered compares by order: as numbers, as times, or as keywords.
func (c *compiler) ordered(p event.Path, n clause, in *token, pos match.Pos) match.Expr {
	v := n.value
	if len(v.stars) > 0 {
		c.report.Unsupported(c.at(v), NotSupported, "write field:value", "%s compares with one value, not with a wildcard", n.op)
		return match.Const(false)
	}
	pred := &match.Pred{Path: p, Op: orders[n.op], Literals: []string{v.text}, Pos: pos}
	if p.HoldsAddresses() {
		if _, ok := event.ParseAddress(v.text); !ok {
			c.report.Warn(c.at(v), Suspicious, "write an address, or field:10.0.0.0/8 for a network", "%s is compared by order with an address, and %s is none: the condition never holds", p, v)
			return match.Const(false)
		}
		return pred
	}
	if isNumber.MatchString(v.text) {
		if !p.HoldsTimes() {
			return pred
		}
		if year(v.text) {
			return c.bound(pred, n.op, v.text)
		}
		if millis, err := strconv.ParseInt(v.text, 10, 64); err == nil {
			pred.Literals = []string{time.UnixMilli(millis).UTC().Format(time.RFC3339Nano)}
		}
		return pred
	}
	if strings.HasPrefix(v.text, "now") {
		return c.now(pred, n, in)
	}
	if strings.Contains(v.text, "||") {
		c.report.Unsupported(c.at(v), NotSupported, "write the date that it comes to", "date math on a date is not supported")
		return match.Const(false)
	}
	if _, _, ok := notation.Date(v.text); ok {
		return c.bound(pred, n.op, v.text)
	}
	holds := map[string]func(a, b string) bool{
		"<": func(a, b string) bool { return a < b }, "<=": func(a, b string) bool { return a <= b },
		">": func(a, b string) bool { return a > b }, ">=": func(a, b string) bool { return a >= b },
	}[n.op]
	return c.computed(pred, n.op+" "+strconv.Quote(v.text), func(value event.Value, _ *event.Event) bool {
		return holds(value.Text, v.text)
	})
}

// computed is a condition on any value of the predicate's field that the operators of match do not have.
func (c *compiler) computed(pred *match.Pred, what string, holds func(event.Value, *event.Event) bool) match.Expr {
	p := pred.Path
	path := event.Computed("=kuery "+strconv.Quote(p.String())+" "+what, []event.Path{p}, func(ev *event.Event) []event.Value {
		for _, v := range ev.Lookup(p) {
			if (v.Kind != event.Object || p.HoldsTimes()) && holds(v, ev) { // {"$date": …} is a time
				return []event.Value{{Kind: event.Bool, Text: "true"}}
			}
		}
		return nil
	})
	return &match.Pred{Path: path, Op: match.Equal, Literals: []string{"true"}, Pos: pred.Pos}
}

// bound compares with a date, which may leave out its end: below it and from it on mean its beginning, up to it and above
// it its end.
func (c *compiler) bound(pred *match.Pred, op, text string) match.Expr {
	from, to, _ := notation.Date(text)
	if op == ">" || op == "<=" {
		from = to
	}
	pred.Literals = []string{from.Format(time.RFC3339Nano)}
	return pred
}

func year(text string) bool { return len(text) == 4 }

// now compares with a time before or after now, which is the time of the event.
func (c *compiler) now(pred *match.Pred, n clause, in *token) match.Expr {
	shift, ok := offset(strings.TrimPrefix(n.value.text, "now"))
	switch {
	case !ok:
		c.report.Unsupported(c.at(n.value), NotSupported, "write now, now-7d or now+1h", "%s cannot be read; times are not rounded", n.value)
		return match.Const(false)
	case in != nil:
		c.report.Unsupported(c.at(n.value), NotSupported, "", "now cannot stand inside a nested condition")
		return match.Const(false)
	}
	op := n.op
	return c.computed(pred, op+" now "+shift.String(), func(value event.Value, ev *event.Event) bool {
		t, _, ok := event.ParseTime(value.Text)
		if !ok {
			return false
		}
		order := t.Compare(time.Unix(0, ev.Time()).Add(shift))
		switch op {
		case "<":
			return order < 0
		case "<=":
			return order <= 0
		case ">":
			return order > 0
		}
		return order >= 0
	})
}

// offset reads +1h-30m and the like; "" is none.
func offset(text string) (time.Duration, bool) {
	var total time.Duration
	for text != "" {
		sign := text[0]
		if sign != '+' && sign != '-' {
			return 0, false
		}
		text = text[1:]
		end := strings.IndexAny(text, "+-")
		if end < 0 {
			end = len(text)
		}
		span := text[:end]
		weeks, isWeeks := strings.CutSuffix(span, "w")
		if isWeeks {
			span = weeks + "d"
		}
		d, err := source.Duration(strings.Replace(span, "H", "h", 1))
		if err != nil {
			return 0, false
		}
		if isWeeks {
			d *= 7
		}
		if sign == '-' {
			d = -d
		}
		if total += d; total > source.MaxDuration || total < -source.MaxDuration {
			return 0, false
		}
		text = text[end:]
	}
	return total, true
}
