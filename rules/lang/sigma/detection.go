package sigma

import (
	"strings"

	"oktastream/rules/event"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// selections are the named parts of a detection.
type selections struct {
	order []string
	exprs map[string]match.Expr
	sizes map[string]int
	named map[string]bool
	used  *used

	part, owner string // what they are called in messages: selections of a detection, if nothing is said
}

// called is what one of them is, and what has it.
func (s *selections) called() (part, owner string) {
	if s.part != "" {
		return s.part, s.owner
	}
	return "selection", "the detection"
}

func (s *selections) use(name string) (match.Expr, bool) {
	x, ok := s.exprs[name]
	if ok {
		s.named[name] = true
		s.used.predicates += s.sizes[name]
	}
	return x, ok
}

// size counts the predicates of x and of the blocks in it.
func size(x match.Expr) int {
	n := 0
	match.Walk(x, func(x match.Expr) {
		n++
		if p, ok := x.(*match.Pred); ok && p.Op == match.Element {
			n += size(p.Body)
		}
	})
	return n
}

// detection compiles a block of selections and a condition. It returns nil if the report has an error in it.
func (c *compiler) detection(block *source.Node, what string) match.Expr {
	r := c.report
	if block.Kind != source.Map {
		r.Error(block.Pos, Malformed, "name a selection and a condition", "%s is a map, not %s", what, block.Kind)
		return nil
	}
	s := &selections{exprs: map[string]match.Expr{}, sizes: map[string]int{}, named: map[string]bool{}, used: c.used}
	for _, p := range block.Pairs {
		switch p.Key.Text {
		case "condition":
			continue
		case "timeframe":
			r.Unsupported(p.Key.Pos, NotSupported, "write a second document with correlation: and timespan: "+p.Value.Text,
				"timeframe is Sigma's form before version 2")
			continue
		}
		base, modifiers, _ := strings.Cut(p.Key.Text, "|")
		if modifiers != "" {
			r.Error(p.Key.Pos, BadModifiers, "put modifiers on fields", "the selection %q cannot have modifiers", base)
		}
		x := c.selection(p.Key.Text, p.Value)
		s.order = append(s.order, p.Key.Text)
		s.exprs[p.Key.Text] = x
		s.sizes[p.Key.Text] = size(x)
	}
	x := s.condition(block, what, r)
	if x == nil || !r.OK() {
		return nil
	}
	for _, name := range s.order {
		if !s.named[name] {
			r.Warn(block.Pair(name).Key.Pos, Unused, fieldHint(name), "the condition does not use the selection %q", name)
		}
	}
	if c.outer == "" && !c.exception && !positive(x) {
		r.Warn(block.Get("condition").Pos, OnlyNegative, "join it with a selection that names what to look for",
			"the condition asks for nothing to be present, so it holds for nearly every event")
	}
	return x
}

// condition reads the condition, which may be a list of alternatives.
func (s *selections) condition(block *source.Node, what string, r *source.Report) match.Expr {
	text := block.Get("condition")
	if text.IsNull() {
		r.Error(block.Pos, Malformed, "add condition: "+strings.Join(s.order, " and "), "%s needs a condition", what)
		return nil
	}
	texts := []*source.Node{text}
	if text.Kind == source.List {
		texts = text.Items
	}
	var any match.Or
	for _, t := range texts {
		if t.Kind != source.Scalar {
			r.Error(t.Pos, Malformed, "", "a condition is text, not %s", t.Kind)
			return nil
		}
		x := parseCondition(t, s, r)
		if x == nil {
			return nil
		}
		any = append(any, x)
	}
	switch len(any) {
	case 0:
		r.Error(text.Pos, Malformed, "", "the list of conditions is empty")
		return nil
	case 1:
		return any[0]
	}
	return any
}

// selection compiles a map, all of whose members must hold, or a list of maps and keywords, any of which must, or one
// keyword.
func (c *compiler) selection(name string, n *source.Node) match.Expr {
	switch {
	case n.Kind == source.Map:
		return c.all(n)
	case n.IsNull() || n.Kind == source.List && len(n.Items) == 0:
		c.report.Error(n.Pos, Malformed, "", "the selection %q is empty", name)
		return match.Const(false)
	}
	var any match.Or
	keywords := &source.Node{Kind: source.List, Pos: n.Pos}
	if n.Kind == source.Scalar {
		keywords.Items = append(keywords.Items, n)
	}
	for _, item := range n.Items {
		switch item.Kind {
		case source.Map:
			any = append(any, c.all(item))
		case source.Scalar:
			keywords.Items = append(keywords.Items, item)
		default:
			c.report.Error(item.Pos, Malformed, "", "an item of a selection is a map or a keyword, not %s", item.Kind)
		}
	}
	if len(keywords.Items) > 0 {
		any = append(any, c.item(keywords, keywords, "", 0))
	}
	if len(any) == 1 {
		return any[0]
	}
	return any
}

// all compiles a map whose members must all hold.
func (c *compiler) all(n *source.Node) match.Expr {
	if len(n.Pairs) == 0 {
		c.report.Error(n.Pos, Malformed, "", "a selection is empty")
		return match.Const(false)
	}
	var and match.And
	for _, p := range n.Pairs {
		and = append(and, c.item(p.Key, p.Value, p.Key.Text, 0))
	}
	if len(and) == 1 {
		return and[0]
	}
	return and
}

// fieldHint is for a selection that has the name of a field: two blanks were forgotten before it.
func fieldHint(name string) string {
	path, err := event.ParsePath(name)
	if err != nil {
		return ""
	}
	if known, near := event.KnownPath(path); !known && near == "" {
		return ""
	}
	return "indent it under the selection if it is a field"
}
