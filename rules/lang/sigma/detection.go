package sigma

import (
	"strings"

	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// selections are the named parts of a detection.
type selections struct {
	order []string
	exprs map[string]match.Expr
	sizes map[string]int
	used  map[string]bool
	total int // predicates used so far, counted as often as they are used
}

func (s *selections) use(name string) (match.Expr, bool) {
	x, ok := s.exprs[name]
	if ok {
		s.used[name] = true
		s.total += s.sizes[name]
	}
	return x, ok
}

// Compile turns a detection block into a condition. It returns nil if r has an error or something unsupported in it.
func Compile(detection *source.Node, r *source.Report) match.Expr {
	if detection.Kind != source.Map {
		r.Error(detection.Pos, Malformed, "name a selection and a condition", "a detection is a map, not %s", detection.Kind)
		return nil
	}
	s := &selections{exprs: map[string]match.Expr{}, sizes: map[string]int{}, used: map[string]bool{}}
	for _, p := range detection.Pairs {
		switch p.Key.Text {
		case "condition":
			continue
		case "timeframe":
			r.Unsupported(p.Key.Pos, NotSupported, "write a correlation document with a timespan",
				"timeframe is Sigma's form before version 2")
			continue
		}
		x := selection(p.Key, p.Value, r)
		s.order = append(s.order, p.Key.Text)
		s.exprs[p.Key.Text] = x
		match.Walk(x, func(match.Expr) { s.sizes[p.Key.Text]++ })
	}
	x := s.condition(detection, r)
	if x == nil || !r.OK() {
		return nil
	}
	for _, name := range s.order {
		if !s.used[name] {
			r.Warn(detection.Pair(name).Key.Pos, Unused, "", "the condition does not use the selection %q", name)
		}
	}
	if !positive(x) {
		r.Warn(detection.Get("condition").Pos, OnlyNegative, "join it with a selection that names what to look for",
			"the condition asks for nothing to be present, so it holds for nearly every event")
	}
	return x
}

// condition reads the condition, which may be a list of alternatives.
func (s *selections) condition(detection *source.Node, r *source.Report) match.Expr {
	text := detection.Get("condition")
	if text.IsNull() {
		r.Error(detection.Pos, Malformed, "add condition: "+strings.Join(s.order, " and "), "the detection has no condition")
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

// selection compiles a map (all members), or a list of maps (any of them).
func selection(name, n *source.Node, r *source.Report) match.Expr {
	base, modifiers, _ := strings.Cut(name.Text, "|")
	if modifiers != "" {
		r.Error(name.Pos, BadModifiers, "put modifiers on fields", "the selection %q cannot have modifiers", base)
	}
	switch n.Kind {
	case source.Map:
		return all(n, r)
	case source.List:
		var any match.Or
		for _, item := range n.Items {
			if item.Kind != source.Map {
				keywords(item, r)
				return match.Const(false)
			}
			any = append(any, all(item, r))
		}
		if len(any) == 0 {
			r.Error(n.Pos, Malformed, "", "the selection %q is empty", name.Text)
		}
		if len(any) == 1 {
			return any[0]
		}
		return any
	}
	if n.IsNull() {
		r.Error(n.Pos, Malformed, "", "the selection %q is empty", name.Text)
		return match.Const(false)
	}
	keywords(n, r)
	return match.Const(false)
}

func keywords(n *source.Node, r *source.Report) {
	r.Unsupported(n.Pos, NotSupported, "name the field: fieldname|contains: text",
		"keywords, which search a whole event whatever the field, cannot be run")
}

// all compiles a map whose members must all hold.
func all(n *source.Node, r *source.Report) match.Expr {
	if len(n.Pairs) == 0 {
		r.Error(n.Pos, Malformed, "", "a selection is empty")
		return match.Const(false)
	}
	var and match.And
	for _, p := range n.Pairs {
		and = append(and, compileField(p.Key, p.Value, r))
	}
	if len(and) == 1 {
		return and[0]
	}
	return and
}
