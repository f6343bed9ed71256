package explain

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"oktastream/rules/window"
)

// needs compares what the window holds with what the rule asks for, part by part.
func (p *replay) needs(m window.Measure) []Need {
	st := p.about().Stateful
	spec := &st.Window
	var needs []Need
	switch {
	case spec.Kind == window.Sequence:
		needs = p.chainNeeds(m)
	case len(spec.Mixes) > 0:
		n := Need{What: st.Mixed(), Have: "another mix", Met: m.Held, Missing: "not so"}
		if n.Met {
			n.Have, n.Missing, n.share = "so", "", 1
		}
		needs = append(needs, n)
	case spec.Kind == window.Unordered && spec.StepsNeeded() < spec.Steps:
		if len(spec.Condition) == 0 {
			needs = append(needs, atLeast("different steps", seen(m.Steps), spec.Threshold))
		}
	case spec.Kind == window.Unordered:
		for i, in := range st.Inputs {
			n := Need{What: "step " + in.Name, Met: m.Steps[i] > 0, Missing: "has not come"}
			if n.Met {
				n.Have, n.Missing, n.share = "seen", "", 1
			}
			needs = append(needs, n)
		}
	case spec.Kind == window.FirstSeen:
		needs = append(needs, Need{What: "nothing like it before", Have: "see the group", Want: "none within " + short(int64(spec.Length)), Met: m.Held, share: 1})
	case spec.Kind == window.Count && spec.Threshold > 0:
		needs = append(needs, atLeast("events", len(m.Rows), spec.Threshold))
	}
	if spec.Program != nil {
		held := 0
		if m.Held {
			held = 1
		}
		needs = append(needs, atLeast("rows of the query", held, 1))
	}
	for i, c := range spec.Distinct {
		if c.Threshold > 0 && i < len(m.Values) {
			n := atLeast("distinct "+c.Name, m.Values[i], c.Threshold)
			n.Values = distinct(m.Rows, i)
			needs = append(needs, n)
		}
	}
	for _, b := range spec.Condition {
		n := bound(st.Quantity(), m.Quantity, b)
		if spec.Kind == window.Distinct {
			n.Values = distinct(m.Rows, 0)
		}
		needs = append(needs, n)
	}
	return needs
}

func seen(steps []int) int {
	n := 0
	for _, rows := range steps {
		if rows > 0 {
			n++
		}
	}
	return n
}

func atLeast(what string, have, want int) Need {
	n := Need{What: what, Have: strconv.Itoa(have), Want: ">= " + strconv.Itoa(want), Met: have >= want}
	n.share = min(float64(have)/float64(want), 1)
	if !n.Met {
		n.Missing = strconv.Itoa(want-have) + " short"
	}
	return n
}

func bound(what string, have *big.Rat, b window.Bound) Need {
	n := Need{What: what, Have: "nothing", Want: fmt.Sprintf("%s %s", b.Op, decimal(b.Value))}
	if have == nil {
		n.Missing = "nothing was measured"
		return n
	}
	value, _ := have.Float64()
	n.Have, n.Met = decimal(value), b.Holds(have)
	switch {
	case n.Met:
		n.share = 1
	case b.Op.Lower() && b.Value > 0:
		n.share = max(0, min(value/b.Value, 1))
		n.Missing = decimal(b.Value-value) + " short"
		if value == b.Value {
			n.Missing = "must be more"
		}
	case b.Op == window.AtMost || b.Op == window.Below:
		n.Missing = decimal(value-b.Value) + " too many"
	default:
		n.Missing = "does not hold"
	}
	return n
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// distinct lists the values of a column in order of first sight.
func distinct(rows []window.Observation, column int) []string {
	var values []string
	for _, o := range rows {
		if column >= len(o.Columns) {
			continue
		}
		for _, v := range o.Columns[column] {
			if len(values) < MaxIgnored && !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
	}
	return values
}

// progress says how near an observation has brought its group to firing: 1 for nothing but an observation, 2 for all.
func (p *replay) progress(t taken) float64 {
	if t.outcome != Short {
		return 0.9
	}
	return 1 + share(p.needs(p.about().Stateful.Window.Inspect(p.window(t.group), t.o.Time)))
}

func (g *Group) share() float64 {
	if g.Window == nil {
		return 0
	}
	return share(g.Window.Needs)
}

// share is how much of the needs is there, 0 to 1.
func share(needs []Need) float64 {
	sum := 0.0
	for _, n := range needs {
		sum += n.share
	}
	return sum / float64(max(len(needs), 1))
}

// met lists the needs that are met, unmet those that are not.
func met(needs []Need) string {
	return join(needs, func(n Need) bool { return n.Met })
}

func unmet(needs []Need) string {
	return join(needs, func(n Need) bool { return !n.Met })
}

func join(needs []Need, keep func(Need) bool) string {
	var parts []string
	for _, n := range needs {
		if keep(n) {
			parts = append(parts, n.String())
		}
	}
	return strings.Join(parts, "; ")
}

// String is a need in a phrase, such as "events = 3, need >= 5: 2 short".
func (n Need) String() string {
	s := n.What
	if n.Want != "" {
		s += " = " + n.Have + ", need " + n.Want
	} else if n.Have != "" {
		s += " " + n.Have
	}
	if n.Missing == "" {
		return s
	}
	if n.Want != "" {
		return s + ": " + n.Missing
	}
	return s + " " + n.Missing
}

// short prints a span of nanoseconds without the parts that are zero, whole days as such.
func short(ns int64) string {
	d := time.Duration(ns)
	if d >= 24*time.Hour {
		s := strconv.FormatInt(int64(d/(24*time.Hour)), 10) + "d"
		if rest := d % (24 * time.Hour); rest > 0 {
			s += short(int64(rest))
		}
		return s
	}
	s := d.String()
	for _, zero := range []string{"0s", "0m"} {
		if n := len(s) - len(zero); n > 0 && s[n:] == zero && (s[n-1] == 'm' || s[n-1] == 'h') {
			s = s[:n]
		}
	}
	return s
}
