package sigma

import (
	"slices"
	"strings"

	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// Filter is a filter block: a condition that rules get as well.
type Filter struct {
	Any   bool           // it applies to all rules
	Rules []*source.Node // otherwise names or ids, as written
	// Where must hold for an event that a filtered rule finds. Its places are unknown, because it becomes part of rules in
	// other files.
	Where match.Expr
}

// ParseFilter compiles a filter block. It returns nil if r has an error or something unsupported in it.
func ParseFilter(block *source.Node, lists Lists, r *source.Report) *Filter {
	if block.Kind != source.Map {
		r.Error(block.Pos, Malformed, "name the rules, a selection and a condition", "a filter is a map, not %s", block.Kind)
		return nil
	}
	f := &Filter{}
	f.readRules(block, r)
	detection := *block
	detection.Pairs = slices.DeleteFunc(slices.Clone(block.Pairs), func(p source.Pair) bool { return p.Key.Text == "rules" })
	c := &compiler{report: r, lists: lists, used: &used{}, exception: true}
	f.Where = c.detection(&detection, "a filter")
	if f.Where == nil || !r.OK() {
		return nil
	}
	if positive(f.Where) {
		r.Unsupported(block.Get("condition").Pos, Narrowing, "write not before the selection to leave out what it names",
			"the condition may mean to leave out what it names, or to keep nothing else: the specification shows the one, its tools do the other")
		return nil
	}
	match.Walk(f.Where, func(x match.Expr) {
		if p, ok := x.(*match.Pred); ok {
			p.Pos = match.Pos{}
		}
	})
	return f
}

func (f *Filter) readRules(block *source.Node, r *source.Report) {
	list := block.Get("rules")
	switch {
	case list.IsNull():
		r.Error(block.Pos, BadFilter, "add rules: with names or ids, or rules: any", "the filter does not say which rules it applies to")
		return
	case list.Kind == source.Scalar && strings.EqualFold(list.Text, "any"):
		f.Any = true
		return
	case list.Kind == source.Scalar:
		f.Rules = []*source.Node{list}
	case list.Kind == source.List:
		f.Rules = list.Items
	}
	if len(f.Rules) == 0 {
		r.Error(list.Pos, BadFilter, "write any for all rules", "rules lists no rule")
	}
	seen := map[string]bool{}
	for _, n := range f.Rules {
		switch {
		case n.Kind != source.Scalar || n.IsNull():
			r.Error(n.Pos, BadFilter, "", "rules lists names or ids, not %s", n.Kind)
		case seen[n.Text]:
			r.Error(n.Pos, BadFilter, "", "the rule %s is listed twice", n.Text)
		}
		seen[n.Text] = true
	}
}
