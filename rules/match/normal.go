package match

// normalise rewrites x for the index: negations stand at predicates only, nested groups of the same kind are one,
// constants are gone (unless x is one), All is an And, and wildcards that say prefix, suffix, contains, equal or exists
// are that. The result holds for the same events.
func normalise(x Expr) Expr { return negated(x, false) }

func negated(x Expr, negate bool) Expr {
	switch x := x.(type) {
	case And:
		return joined(x, negate, !negate)
	case Or:
		return joined(x, negate, negate)
	case Not:
		return negated(x.X, !negate)
	case Const:
		return Const(bool(x) != negate)
	case *Pred:
		if x == nil {
			break
		}
		split := x.split()
		if p, ok := split.(*Pred); ok && negate {
			return Not{p}
		} else if ok {
			return p
		}
		return negated(split, negate)
	}
	return Const(negate)
}

// joined normalises a group's members, which are each negated first if negate is set, and joins them to an And or an Or.
func joined(members []Expr, negate, and bool) Expr {
	var out []Expr
	for _, m := range members {
		switch m := negated(m, negate).(type) {
		case Const:
			if bool(m) != and {
				return m
			}
		case And:
			if and {
				out = append(out, m...)
			} else {
				out = append(out, m)
			}
		case Or:
			if and {
				out = append(out, m)
			} else {
				out = append(out, m...)
			}
		default:
			out = append(out, m)
		}
	}
	switch {
	case len(out) == 0:
		return Const(and)
	case len(out) == 1:
		return out[0]
	case and:
		return And(out)
	}
	return Or(out)
}

// split returns p itself if it is as simple as it can be, else what it is made of.
func (p *Pred) split() Expr {
	n := p.alternatives()
	switch {
	case n == 0:
		return Const(false)
	case p.All && n == 1:
		return p.only(0).split()
	case p.All:
		each := make(And, n)
		for i := range n {
			each[i] = p.only(i)
		}
		return each
	case p.Op == Wildcard:
		return p.splitWildcard()
	}
	return p
}

func (p *Pred) splitWildcard() Expr {
	literals := map[Op][]string{}
	for _, pattern := range p.Literals {
		op, literal, ok := parseGlob(pattern).plain()
		if !ok {
			op, literal = Wildcard, pattern
		}
		literals[op] = append(literals[op], literal)
	}
	if len(literals[Wildcard]) == len(p.Literals) {
		return p
	}
	var kinds Or
	for _, op := range []Op{Exists, Equal, Prefix, Suffix, Contains, Wildcard} {
		if len(literals[op]) > 0 {
			q := *p
			q.Op, q.Literals = op, literals[op]
			kinds = append(kinds, &q)
		}
	}
	if len(kinds) == 1 {
		return kinds[0]
	}
	return kinds
}
