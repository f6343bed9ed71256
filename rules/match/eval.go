package match

import (
	"net/netip"
	"strings"

	"oktastream/rules/event"
)

// Eval reports whether x holds for ev. It is the definition of what expressions mean, written to be read; the Index
// must agree with it and is what the hot path uses.
func Eval(x Expr, ev *event.Event) bool {
	switch x := x.(type) {
	case And:
		for _, member := range x {
			if !Eval(member, ev) {
				return false
			}
		}
		return true
	case Or:
		for _, member := range x {
			if Eval(member, ev) {
				return true
			}
		}
		return false
	case Not:
		return !Eval(x.X, ev)
	case Const:
		return bool(x)
	case *Pred:
		return x != nil && x.holds(ev)
	}
	return false
}

func (p *Pred) holds(ev *event.Event) bool {
	values := ev.Lookup(p.read())
	var other []event.Value
	if p.Op == EqualsField {
		other = ev.Lookup(p.Other)
	}
	n := p.alternatives()
	if p.All && n > 0 {
		for i := range n {
			if !p.only(i).any(values, other) {
				return false
			}
		}
		return true
	}
	return p.any(values, other)
}

// any reports whether some value compares with some alternative.
func (p *Pred) any(values, other []event.Value) bool {
	for _, v := range values {
		for i := range p.alternatives() {
			if p.compares(v, i, other) {
				return true
			}
		}
	}
	return false
}

// compares reports whether v compares with p's i-th alternative.
func (p *Pred) compares(v event.Value, i int, other []event.Value) bool {
	if p.Part != 0 {
		part, ok := p.Part.of(v)
		if !ok {
			return false
		}
		v = part
	}
	switch p.Op {
	case Exists:
		return true
	case Empty:
		return v.Kind == event.String && v.Text == ""
	case Element:
		ev, err := event.NewDecoder(nil).Decode(appendElement(nil, v), elementMeta)
		return err == nil && Eval(p.Body, ev)
	case EqualsField:
		for _, o := range other {
			if p.Form != 0 {
				text, part := v.Text, o.Text
				if p.Fold {
					text, part = fold(text), fold(part)
				}
				if related(p.Form, text, part) {
					return true
				}
				continue
			}
			if p.equal(v, o.Text, o.Kind == event.Number) || p.addresses() && event.Address(o.Text) == event.Address(v.Text) {
				return true
			}
		}
		return false
	case Regexp:
		return p.Re[i].MatchString(v.Text)
	case InCIDR:
		addr, ok := event.ParseAddress(v.Text)
		return ok && plainNet(p.Nets[i]).Contains(addr)
	}
	literal := p.spelt(p.Literals[i])
	switch p.Op {
	case Equal:
		return p.equal(v, literal, true)
	case Wildcard:
		g := parseGlob(literal)
		if p.Fold {
			return g.fold().match(fold(v.Text))
		}
		return g.match(v.Text)
	case Less, LessEqual, Greater, GreaterEqual:
		c, ok := order(parseOperand(v.Text, p.addresses()), parseOperand(literal, p.addresses()))
		return ok && inOrder(p.Op, c)
	}
	text := v.Text
	if p.Fold {
		text, literal = fold(text), fold(literal)
	}
	switch p.Op {
	case Prefix:
		return strings.HasPrefix(text, literal)
	case Suffix:
		return strings.HasSuffix(text, literal)
	case Contains:
		return strings.Contains(text, literal)
	}
	return false
}

// related tells whether text holds part as a form says: at its beginning, its end, or anywhere. An empty part is no part.
func related(form Op, text, part string) bool {
	switch {
	case part == "":
		return false
	case form == Prefix:
		return strings.HasPrefix(text, part)
	case form == Suffix:
		return strings.HasSuffix(text, part)
	}
	return strings.Contains(text, part)
}

func (p *Pred) equal(v event.Value, text string, mayBeNumber bool) bool {
	if v.Text == text || p.Fold && strings.EqualFold(v.Text, text) {
		return true
	}
	if v.Kind != event.Number || !mayBeNumber {
		return false
	}
	a, aIsNumber := parseNumber(v.Text)
	b, bIsNumber := parseNumber(text)
	return aIsNumber && bIsNumber && a.compare(b) == 0
}

// plainNet is p as a network of IPv4 addresses if it is one written as IPv6, and masked.
func plainNet(p netip.Prefix) netip.Prefix {
	const mapped = 96
	if p.Addr().Is4In6() && p.Bits() >= mapped {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mapped)
	}
	return p.Masked()
}
