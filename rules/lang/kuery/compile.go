package kuery

import (
	"fmt"
	"strings"
	"time"

	"oktastream/rules/event"
	"oktastream/rules/lang/notation"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// Compile reads a query; places are found in its file. The expression is nil if and only if r got an error. It takes
// time linear in the length of the query, and never panics.
//
// What the language means here, by Kibana 9 with the mappings of Elastic's Okta integration, where every text is a
// keyword:
//
//   - Values compare with regard to case, with any element of an array. An unquoted value may hold blanks.
//   - * stands for any text in an unquoted value; between quotes it is a character. f:* asks for a value that is not
//     empty: the integration drops null and empty members before rules see them, and okta.* names here do so too.
//   - not holds for an event that lacks the field, as in Elasticsearch.
//   - true and false, quoted or not, are equal to booleans and to texts; numbers compare by value, and the texts of
//     one address are equal in a field of addresses. A field of addresses compared with a network (source.ip:"10.0.0.0/8") holds for the addresses inside.
//   - < and its like compare numbers with numbers and times with times, with date math around now, which is the time of
//     the event, and addresses with addresses, an IPv4 one where it stands among the others as IPv6 writes it; any other value
//     compares by the order of its bytes, as keywords do. On the event's own time f:"2024-03-08" means that day, and a number
//     is milliseconds since 1970.
//   - A * in the name of a field stands for the known fields that fit, at most maxFields of them. The field * and a value
//     without field stand for every text, number and boolean of the event as Okta sent it. Elasticsearch takes the fields
//     that the index has, which follows from what was stored before.
//   - f:{ … } asks for one element of the array that meets all of it. Elasticsearch does so only where the mapping says
//     nested, which the integration's never does, and refuses the query elsewhere.
//   - An empty query holds for every event.
//   - A keyword is one only between blanks or brackets: Kibana's grammar also sees one at the end of a word (cannot x).
func Compile(query *source.Node, r *source.Report) match.Expr {
	if query.Kind != source.Scalar {
		r.Error(query.Pos, source.WrongType, "", "a query is text, not %s", query.Kind)
		return nil
	}
	n, problem := parse(query.Text)
	if problem != nil {
		r.Error(query.At(problem.offset), problem.code, problem.hint, "%s", problem.message)
		return nil
	}
	if n == nil {
		return match.Const(true)
	}
	c := &compiler{query: query, report: r, seen: map[string]bool{}}
	x := c.condition(n, nil)
	if !r.OK() {
		return nil
	}
	return x
}

type compiler struct {
	query  *source.Node
	report *source.Report
	seen   map[string]bool // names that were looked up
	said   int             // unknown fields that were reported
}

// maxWarnings is how many unknown fields are reported: finding what each was meant to be takes a while.
const maxWarnings = 20

func (c *compiler) at(t token) match.Pos { return c.query.At(t.offset) }

// condition compiles n. in is the array whose element it is about, nil for the event.
func (c *compiler) condition(n node, in *token) match.Expr {
	switch n := n.(type) {
	case boolean:
		members := make([]match.Expr, len(n.members))
		for i, m := range n.members {
			members[i] = c.condition(m, in)
		}
		switch n.op {
		case not:
			return match.Not{X: members[0]}
		case or:
			return alternatives(members)
		}
		return match.And(members)
	case element:
		return c.element(n, in)
	case clause:
		return c.clause(n, in)
	}
	return match.Const(false)
}

// alternatives joins members by or. Values of one field become one predicate, as authors mean them.
func alternatives(members []match.Expr) match.Expr {
	var out match.Or
	byPath := map[event.Path]*match.Pred{}
	for _, m := range members {
		p, ok := m.(*match.Pred)
		if !ok || p.Op != match.Equal {
			out = append(out, m)
			continue
		}
		if same := byPath[p.Path]; same != nil {
			same.Literals = append(same.Literals, p.Literals...)
			continue
		}
		byPath[p.Path] = p
		out = append(out, p)
	}
	if len(out) == 1 {
		return out[0]
	}
	return out
}

func (c *compiler) element(n element, in *token) match.Expr {
	paths := c.paths(n.field, in)
	if len(paths) != 1 {
		if c.report.OK() {
			c.report.Unsupported(c.at(n.field), NotSupported, "write the name of the array", "a nested condition needs one field, not %s", n.field)
		}
		return match.Const(false)
	}
	return &match.Pred{Path: paths[0], Op: match.Element, Body: c.condition(n.body, &n.field), Pos: c.at(n.field)}
}

func (c *compiler) clause(n clause, in *token) match.Expr {
	if n.op == "" && isStar(n.value) && (n.field == nil || isStar(*n.field)) {
		return match.Const(true)
	}
	var paths []event.Path
	switch {
	case n.field != nil && !isStar(*n.field):
		paths = c.paths(*n.field, in)
	case in != nil:
		c.report.Unsupported(c.at(n.value), NotSupported, "name the member", "a value without a field cannot stand inside a nested condition")
	default:
		paths = []event.Path{everything}
	}
	var any match.Or
	for _, p := range paths {
		any = append(any, c.compare(p, n, in))
	}
	if len(any) == 1 {
		return any[0]
	}
	return any
}

// everything are all values of an event.
var everything = event.MustPath("[*]")

// compare is the condition of a clause on one field.
func (c *compiler) compare(p event.Path, n clause, in *token) match.Expr {
	pos := c.at(n.value)
	if n.field != nil {
		pos = c.at(*n.field)
	}
	if n.op != "" {
		return c.ordered(p, n, in, pos)
	}
	v := n.value
	pred := &match.Pred{Path: p, Op: match.Equal, Literals: []string{v.text}, Pos: pos}
	switch {
	case isStar(v):
		pred.Op, pred.Literals = match.Wildcard, []string{"?*"} // an empty text is no value to the integration
		return pred
	case len(v.stars) > 0:
		pred.Op, pred.Literals = match.Wildcard, []string{v.pattern()}
		return pred
	case v.quoted && strings.Contains(v.text, "*"):
		c.report.Warn(c.at(v), Suspicious, "leave out the quotes if it is a wildcard", "a * between quotes is a character")
	case !v.quoted && v.text == "null":
		c.report.Warn(c.at(v), Suspicious, fmt.Sprintf("write not %s:*", p), "null is compared as a text; to ask for a missing field, negate f:*")
	}
	if net, ok := Networks(p, v.text); ok {
		pred.Op, pred.Literals, pred.Nets = match.InCIDR, nil, net
		return pred
	}
	if from, to, ok := notation.Date(v.text); ok && p.HoldsTimes() {
		return match.And{
			&match.Pred{Path: p, Op: match.GreaterEqual, Literals: []string{from.Format(time.RFC3339Nano)}, Pos: pos},
			&match.Pred{Path: p, Op: match.LessEqual, Literals: []string{to.Format(time.RFC3339Nano)}, Pos: pos},
		}
	}
	return pred
}

func isStar(t token) bool {
	return len(t.stars) > 0 && strings.Trim(t.text, "*") == "" && len(t.stars) == len(t.text)
}

// pattern is the value as a Wildcard of package match.
func (t token) pattern() string {
	var b strings.Builder
	star := 0
	for i := 0; i < len(t.text); i++ {
		switch c := t.text[i]; {
		case star < len(t.stars) && t.stars[star] == i:
			star++
			b.WriteByte('*')
		case c == '*' || c == '?' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
