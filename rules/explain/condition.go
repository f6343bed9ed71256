package explain

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"oktastream/rules/event"
	"oktastream/rules/match"
)

// maxLiterals is the number of alternatives of a comparison that are shown.
const maxLiterals = 6

// condition evaluates x for ev and keeps every step, in the author's order.
func condition(x match.Expr, ev *event.Event) *Node {
	n := node(x, match.Explain(x, ev), ev)
	return &n
}

func node(x match.Expr, t match.Trace, ev *event.Event) Node {
	n := Node{Text: t.Text, Held: t.Held, Line: t.Pos.Line, Col: t.Pos.Col}
	var members []match.Expr
	switch x := x.(type) {
	case match.And:
		members = x
	case match.Or:
		members = x
	case match.Not:
		members = []match.Expr{x.X}
	case *match.Pred:
		n.leaf = true
		if x != nil {
			n.comparison(x, t.Values, ev)
		}
	default:
		n.leaf = true
	}
	for i, m := range members {
		n.Parts = append(n.Parts, node(m, t.Parts[i], ev))
	}
	return n
}

func (n *Node) comparison(p *match.Pred, values []event.Value, ev *event.Event) {
	n.Text = wording(p)
	for _, v := range values {
		shown := Value{Text: v.Text}
		if held, ok := alone(p, v); ok && len(values) > 1 {
			shown.Held = &held
		}
		n.Values = append(n.Values, shown)
	}
	if p.Op == match.EqualsField {
		n.Note = "the other field has " + quoted(texts(ev.Lookup(p.Other)))
	}
	if n.Held {
		return
	}
	if len(values) == 0 {
		if known, suggestion := event.KnownPath(p.Path); !known && suggestion != "" {
			n.Note = "no such field is known; did you mean " + suggestion + "?"
		}
		return
	}
	folded := *p
	folded.Fold = true
	if !p.Fold && match.Eval(&folded, ev) {
		n.Note = "only the case of letters differs"
	}
}

// alone reports whether v by itself satisfies p; ok is false where that cannot be told.
func alone(p *match.Pred, v event.Value) (held, ok bool) {
	if p.Op == match.EqualsField || p.All {
		return false, false
	}
	text := v.Text // the JSON of a number, a boolean or an object
	if v.Kind == event.String {
		b, err := json.Marshal(v.Text)
		if err != nil {
			return false, false
		}
		text = string(b)
	}
	ev, err := event.NewDecoder(event.NewFields()).Decode([]byte(`{"value":`+text+`}`), event.Meta{})
	if err != nil {
		return false, false
	}
	q := *p
	q.Path = event.MustPath("value")
	return match.Eval(&q, ev), true
}

var opWords = map[match.Op]string{
	match.Prefix: "starts with", match.Suffix: "ends with", match.Contains: "contains", match.Wildcard: "is like",
	match.Less: "<", match.LessEqual: "<=", match.Greater: ">", match.GreaterEqual: ">=",
}

// wording is a comparison in words, near to how authors write it.
func wording(p *match.Pred) string {
	path := p.Path.String()
	if p.Part != 0 {
		path = p.Part.String() + " of " + path
	}
	list := func(op string, literals []string) string {
		shown := make([]string, 0, maxLiterals+1)
		for _, l := range literals[:min(len(literals), maxLiterals)] {
			if p.Op == match.Regexp {
				shown = append(shown, "/"+l+"/") // quoting would double every backslash
			} else {
				shown = append(shown, strconv.Quote(l))
			}
		}
		if more := len(literals) - len(shown); more > 0 {
			shown = append(shown, fmt.Sprintf("%d more", more))
		}
		text := strings.Join(shown, ", ")
		if len(literals) != 1 {
			which := "any of"
			if p.All {
				which = "all of"
			}
			text = which + " [" + text + "]"
		}
		return path + " " + op + " " + text
	}
	switch p.Op {
	case match.Exists:
		return path + " exists"
	case match.Empty:
		return path + " is empty"
	case match.Equal:
		return list("=", p.Literals)
	case match.EqualsField:
		if p.Form != 0 {
			return path + " " + p.Form.String() + " field " + p.Other.String()
		}
		return path + " = field " + p.Other.String()
	case match.Element:
		return "an element of " + path + " with " + sentence(p.Body)
	case match.Regexp:
		var res []string
		for _, re := range p.Re {
			res = append(res, re.String())
		}
		return list("matches", res)
	case match.InCIDR:
		var nets []string
		for _, n := range p.Nets {
			nets = append(nets, n.String())
		}
		return list("is in", nets)
	}
	if word, ok := opWords[p.Op]; ok {
		return list(word, p.Literals)
	}
	return match.String(p)
}

// sentence is an expression on one line.
func sentence(x match.Expr) string {
	group := func(members []match.Expr, by string) string {
		var parts []string
		for _, m := range members {
			parts = append(parts, sentence(m))
		}
		if len(parts) == 1 {
			return parts[0]
		}
		return "(" + strings.Join(parts, by) + ")"
	}
	switch x := x.(type) {
	case match.And:
		return group(x, " and ")
	case match.Or:
		return group(x, " or ")
	case match.Not:
		return "not " + sentence(x.X)
	case *match.Pred:
		if x != nil {
			return wording(x)
		}
	}
	return match.String(x)
}

func texts(values []event.Value) []string {
	var out []string
	for _, v := range values {
		out = append(out, strings.Clone(v.Text))
	}
	return out
}

// quoted lists values for a sentence.
func quoted(values []string) string {
	if len(values) == 0 {
		return "nothing"
	}
	var q []string
	for _, v := range values {
		q = append(q, strconv.Quote(v))
	}
	return strings.Join(q, ", ")
}

// decisive is the part that the outcome of n hangs on: a comparison, a not, or an or without a member that holds. Of
// several it is the first in the author's order.
func (n *Node) decisive() *Node {
	if n.leaf || n.Text == "not" {
		return n
	}
	var same []*Node
	for i := range n.Parts {
		if p := &n.Parts[i]; p.Held == n.Held {
			same = append(same, p)
		}
	}
	if len(same) == 0 || n.Text == "or" && !n.Held && len(same) > 1 {
		return n
	}
	return same[0].decisive()
}

// why says in a line why n does not hold.
func (n *Node) why() string {
	d := n.decisive()
	switch {
	case d.Text == "not" && len(d.Parts) == 1:
		inner := d.Parts[0].decisive()
		return "excluded, because " + inner.Text + inner.there()
	case d.Text == "or" && !d.leaf && len(d.Parts) > 0:
		var parts []string
		for i := range d.Parts {
			if i == 3 {
				parts = append(parts, fmt.Sprintf("%d more", len(d.Parts)-i))
				break
			}
			parts = append(parts, d.Parts[i].why())
		}
		return "no alternative holds: (" + strings.Join(parts, ") (") + ")"
	}
	return d.Text + " does not hold" + d.there()
}

// there says what the event has where a comparison looks.
func (n *Node) there() string {
	if !n.leaf {
		return ""
	}
	var vs []string
	for i, v := range n.Values {
		if i == maxShownValues {
			break
		}
		vs = append(vs, clip(v.Text))
	}
	text := ": the event has " + quoted(vs) + " there"
	if n.Note != "" {
		text += "; " + n.Note
	}
	return text
}

// nearness is the share of x that holds for ev, 0 to 1. An event of a type that x cannot match is at most half as near
// as one of the right type.
func nearness(x match.Expr, ev *event.Event) float64 {
	share := fraction(x, ev)
	if types, ok := match.EventTypes(x); ok && !slices.ContainsFunc(types, func(t string) bool { return strings.EqualFold(t, ev.Type()) }) {
		share /= 2
	}
	return share
}

func fraction(x match.Expr, ev *event.Event) float64 {
	switch x := x.(type) {
	case match.And:
		sum := 0.0
		for _, m := range x {
			sum += fraction(m, ev)
		}
		if len(x) == 0 {
			return 1
		}
		return sum / float64(len(x))
	case match.Or:
		best := 0.0
		for _, m := range x {
			best = max(best, fraction(m, ev))
		}
		return best
	}
	if match.Eval(x, ev) {
		return 1
	}
	return 0
}
