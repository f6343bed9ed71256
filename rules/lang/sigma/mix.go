package sigma

import (
	"slices"

	"oktastream/rules/lang/source"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// maxMixes bounds the alternatives that a condition in words may come to.
const maxMixes = 256

// parseWords reads the condition in words that version 2.2 of the specification has for the temporal types: and, or, not
// and brackets around the rules that the correlation lists.
func (c *Correlation) parseWords(t *source.Node, r *source.Report) {
	if !c.steps() {
		r.Error(c.condition.Pos, BadThreshold, "write bounds such as gte: 2", "a condition in words about rules is for temporal, and not for %s", t.Text)
		return
	}
	s := &selections{part: "rule", owner: "the correlation", exprs: map[string]match.Expr{}, sizes: map[string]int{}, named: map[string]bool{}, used: &used{}}
	steps := map[match.Expr]int{}
	for i, ref := range c.Rules {
		x := &match.Pred{}
		s.order = append(s.order, ref.Text)
		s.exprs[ref.Text], s.sizes[ref.Text], steps[x] = x, 1, i
	}
	x := parseCondition(c.condition, s, r)
	if x == nil {
		return
	}
	for _, ref := range c.Rules {
		if !s.named[ref.Text] {
			r.Warn(ref.Pos, Unused, "", "the condition does not use the rule %s", ref.Text)
		}
	}
	mixes, ok := mixesOf(x, steps, false)
	switch all := uint64(1)<<len(c.Rules) - 1; {
	case !ok:
		r.Error(c.condition.Pos, TooComplex, "split the correlation", "the condition comes to more than %d alternatives", maxMixes)
	case len(mixes) == 0:
		r.Error(c.condition.Pos, BadThreshold, "", "the condition contradicts itself")
	case slices.ContainsFunc(mixes, func(m window.Mix) bool { return m.With == 0 }):
		r.Unsupported(c.condition.Pos, CannotCorrelate, "name a rule that must have come",
			"the condition holds for nothing at all, and that nothing happens cannot be found: a window begins with an event")
	case len(mixes) == 1 && mixes[0].With == all:
		// All of them, which is what no condition asks for.
	case c.kind == window.Sequence:
		r.Unsupported(c.condition.Pos, CannotCorrelate, "leave the condition out to ask for all rules",
			"the specification does not say what becomes of the order of %s if a rule may be missing, or must", t.Text)
	default:
		c.mixes = mixes
	}
}

// mixesOf are the alternatives of a condition, or of its negation, of which none contradicts itself or asks for more than
// another. ok is false if they are too many.
func mixesOf(x match.Expr, steps map[match.Expr]int, negated bool) (mixes []window.Mix, ok bool) {
	var members []match.Expr
	and := false
	switch x := x.(type) {
	case match.Not:
		return mixesOf(x.X, steps, !negated)
	case match.And:
		members, and = x, true
	case match.Or:
		members = x
	default:
		m := window.Mix{With: 1 << steps[x]}
		if negated {
			m = window.Mix{Without: m.With}
		}
		return []window.Mix{m}, true
	}
	if and != negated {
		mixes = []window.Mix{{}}
	}
	for _, m := range members {
		next, ok := mixesOf(m, steps, negated)
		if !ok {
			return nil, false
		}
		if and == negated {
			mixes = append(mixes, next...)
		} else {
			mixes = product(mixes, next)
		}
		if mixes = least(mixes); len(mixes) > maxMixes {
			return nil, false
		}
	}
	return mixes, true
}

func product(as, bs []window.Mix) []window.Mix {
	var out []window.Mix
	for _, a := range as {
		for _, b := range bs {
			if m := (window.Mix{With: a.With | b.With, Without: a.Without | b.Without}); m.With&m.Without == 0 {
				out = append(out, m)
			}
		}
	}
	return out
}

// least leaves out what asks for all that another asks for.
func least(mixes []window.Mix) []window.Mix {
	var out []window.Mix
	for i, m := range mixes {
		if !slices.ContainsFunc(mixes[:i], func(o window.Mix) bool { return o == m }) && !slices.ContainsFunc(mixes, func(o window.Mix) bool {
			return o != m && m.With&o.With == o.With && m.Without&o.Without == o.Without
		}) {
			out = append(out, m)
		}
	}
	return out
}
