package kuery

import (
	"strings"

	"oktastream/rules/event"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// Compile reads a query, whose places are found in its file. The expression is nil if and only if r got an error.
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
	c := &compiler{query: query, report: r}
	x := c.condition(n)
	if !r.OK() {
		return nil
	}
	return x
}

type compiler struct {
	query  *source.Node
	report *source.Report
}

func (c *compiler) condition(n node) match.Expr {
	switch n := n.(type) {
	case boolean:
		var members []match.Expr
		for _, m := range n.members {
			members = append(members, c.condition(m))
		}
		switch n.op {
		case not:
			return match.Not{X: members[0]}
		case or:
			return match.Or(members)
		}
		return match.And(members)
	case clause:
		return c.clause(n)
	}
	c.report.Unsupported(c.query.Pos, NotSupported, "", "only field:value is supported yet")
	return match.Const(false)
}

func (c *compiler) clause(n clause) match.Expr {
	if n.field == nil || n.op != "" {
		c.report.Unsupported(c.query.At(n.value.offset), NotSupported, "", "only field:value is supported yet")
		return match.Const(false)
	}
	path, err := event.ParsePath(n.field.text)
	if err != nil {
		c.report.Error(c.query.At(n.field.offset), BadField, "", "%v", err)
		return match.Const(false)
	}
	p := &match.Pred{Path: path, Op: match.Equal, Literals: []string{n.value.text}, Pos: c.query.At(n.field.offset)}
	if len(n.value.stars) > 0 {
		p.Op, p.Literals = match.Wildcard, []string{strings.ReplaceAll(n.value.text, "?", `\?`)}
		if n.value.text == "*" {
			p.Op, p.Literals = match.Exists, nil
		}
	}
	return p
}
